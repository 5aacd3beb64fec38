#include "core/transcript.h"

/* "A list of fields is itself one field: lp(lp(x1) || lp(x2) || …)" (docs/protocol.md 1). */
static void
add_list (CantigaBuffer *fields, const char *const *names)
{
  g_autoptr (CantigaBuffer) list = cantiga_buffer_new ();

  for (gsize i = 0; names[i] != NULL; i++)
    cantiga_buffer_add_field_text (list, names[i]);
  cantiga_buffer_add_field (fields, cantiga_buffer_bytes (list), cantiga_buffer_length (list));
}

/* Section 12 bounds every field long before a buffer can fail. */
static void
hash_fields (const CantigaBuffer *fields, guint8 ret_hash[CANTIGA_HASH_LENGTH])
{
  g_assert (!cantiga_buffer_failed (fields));
  cantiga_sha256 (cantiga_buffer_bytes (fields), cantiga_buffer_length (fields), ret_hash);
}

/* "t1 = H("cantiga/1 t1", server leaf, player leaf, player nonce, session, server nonce, list(offered suites), chosen suite, group,
 * player public)" (docs/protocol.md 3.5). */
void
cantiga_transcript_t1 (const CantigaTranscript *transcript, guint8 ret_t1[32])
{
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (fields, CANTIGA_LABEL_T1);
  cantiga_buffer_add_field_bytes (fields, transcript->server_leaf);
  cantiga_buffer_add_field_bytes (fields, transcript->player_leaf);
  cantiga_buffer_add_field_bytes (fields, transcript->player_nonce);
  cantiga_buffer_add_field (fields, transcript->session->bytes, CANTIGA_ID_LENGTH);
  cantiga_buffer_add_field_bytes (fields, transcript->server_nonce);
  add_list (fields, transcript->offered);
  cantiga_buffer_add_field_text (fields, transcript->suite);
  cantiga_buffer_add_field_text (fields, transcript->group);
  cantiga_buffer_add_field_bytes (fields, transcript->player_public);
  hash_fields (fields, ret_t1);
}

/* "t2 = H("cantiga/1 t2", t1, player signature, server public)" (docs/protocol.md 3.5). */
void
cantiga_transcript_t2 (const guint8 t1[32], GBytes *player_signature, GBytes *server_public, guint8 ret_t2[32])
{
  g_autoptr (CantigaBuffer) fields = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (fields, CANTIGA_LABEL_T2);
  cantiga_buffer_add_field (fields, t1, CANTIGA_HASH_LENGTH);
  cantiga_buffer_add_field_bytes (fields, player_signature);
  cantiga_buffer_add_field_bytes (fields, server_public);
  hash_fields (fields, ret_t2);
}

GBytes *
cantiga_transcript_signed (const guint8 t[32])
{
  CantigaBuffer *field = cantiga_buffer_new ();

  cantiga_buffer_add_field (field, t, CANTIGA_HASH_LENGTH);
  return cantiga_buffer_free_to_bytes (field);
}
