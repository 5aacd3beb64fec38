#include "core/envelope.h"

#include "core/aead.h"
#include "core/error.h"
#include "core/kdf.h"

static const char *const direction_names[] = { [CANTIGA_ROLE_PLAYER] = "player", [CANTIGA_ROLE_SERVER] = "server" };

/* "A = lp("cantiga/1 envelope") || lp(direction) || lp(session) || lp(u8 kind) || lp(u64 number) || lp(method) || lp(path)
 *  and for an answer: || lp(u64 number of the request) || lp(tag of the request)" (docs/protocol.md 5.3). */
static CantigaBuffer *
create_associated_data (const CantigaPlace *place)
{
  CantigaBuffer *fields = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (fields, CANTIGA_LABEL_ENVELOPE);
  cantiga_buffer_add_field_text (fields, direction_names[place->direction]);
  cantiga_buffer_add_field (fields, place->session->bytes, CANTIGA_ID_LENGTH);
  cantiga_buffer_add_field_u8 (fields, (guint8)place->kind);
  cantiga_buffer_add_field_u64 (fields, place->number);
  cantiga_buffer_add_field_text (fields, place->method);
  cantiga_buffer_add_field_text (fields, place->path);
  if (place->request_tag != NULL)
    {
      cantiga_buffer_add_field_u64 (fields, place->request_number);
      cantiga_buffer_add_field (fields, place->request_tag, place->request_tag_length);
    }
  return fields;
}

/* "u8 version = 1 || u8 kind (1 control, 2 chunk) || u64 number" (docs/protocol.md 5.1). */
static void
put_header (guint8 *at, const CantigaPlace *place)
{
  at[0] = CANTIGA_ENVELOPE_VERSION;
  at[1] = (guint8)place->kind;
  cantiga_put_u64 (at + 2, place->number);
}

gsize
cantiga_envelope_length (const CantigaSuite *suite, gsize text_length)
{
  return CANTIGA_ENVELOPE_HEADER_LENGTH + cantiga_aead_sealed_length (suite, text_length);
}

gboolean
cantiga_envelope_peek (GBytes *envelope, CantigaKind *ret_kind, guint64 *ret_number)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (envelope, &length);

  if (length < CANTIGA_ENVELOPE_HEADER_LENGTH || bytes[0] != CANTIGA_ENVELOPE_VERSION)
    return FALSE;
  if (bytes[1] != CANTIGA_KIND_CONTROL && bytes[1] != CANTIGA_KIND_CHUNK)
    return FALSE;
  *ret_kind = bytes[1];
  *ret_number = cantiga_get_u64 (bytes + 2);
  return TRUE;
}

const guint8 *
cantiga_envelope_get_tag (const CantigaSuite *suite, GBytes *envelope)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (envelope, &length);

  g_assert (length >= cantiga_envelope_length (suite, 0));
  return bytes + length - cantiga_suite_get_tag_length (suite);
}

gboolean
cantiga_envelope_seal_into (const CantigaSuite *suite, const CantigaKey *key, const CantigaPlace *place, gconstpointer text, gsize text_length,
                            guint8 *envelope, GError **error)
{
  g_autoptr (CantigaBuffer) ad = create_associated_data (place);

  if (cantiga_buffer_failed (ad))
    return cantiga_fail (error, CANTIGA_ERROR_TOO_LARGE);
  put_header (envelope, place);
  return cantiga_aead_seal (suite, key, cantiga_buffer_bytes (ad), cantiga_buffer_length (ad), envelope, CANTIGA_ENVELOPE_HEADER_LENGTH, text,
                            text_length, envelope + CANTIGA_ENVELOPE_HEADER_LENGTH, error);
}

GBytes *
cantiga_envelope_seal (const CantigaSuite *suite, const CantigaKey *key, const CantigaPlace *place, GBytes *text, GError **error)
{
  gsize text_length;
  gconstpointer start = g_bytes_get_data (text, &text_length);
  gsize length = cantiga_envelope_length (suite, text_length);
  g_autofree guint8 *envelope = g_malloc (length);

  if (!cantiga_envelope_seal_into (suite, key, place, start, text_length, envelope, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&envelope), length);
}

/* The header stands in A as well, by what place says, so one of another kind or number could not verify. */
static gboolean
is_for (GBytes *envelope, const CantigaPlace *place)
{
  CantigaKind kind;
  guint64 number;

  return cantiga_envelope_peek (envelope, &kind, &number) && kind == place->kind && number == place->number;
}

GBytes *
cantiga_envelope_open (const CantigaSuite *suite, const CantigaKey *key, const CantigaPlace *place, GBytes *envelope, GError **error)
{
  g_autoptr (CantigaBuffer) ad = create_associated_data (place);
  g_autofree guint8 *text = NULL;
  gsize length, text_length;
  const guint8 *bytes = g_bytes_get_data (envelope, &length);

  if (cantiga_buffer_failed (ad) || !is_for (envelope, place))
    {
      cantiga_fail (error, CANTIGA_ERROR_FORGED);
      return NULL;
    }
  length -= CANTIGA_ENVELOPE_HEADER_LENGTH;
  text = g_malloc (cantiga_aead_text_bound (suite, length) + 1);
  if (!cantiga_aead_open (suite, key, cantiga_buffer_bytes (ad), cantiga_buffer_length (ad), bytes, CANTIGA_ENVELOPE_HEADER_LENGTH,
                          bytes + CANTIGA_ENVELOPE_HEADER_LENGTH, length, text, &text_length, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&text), text_length);
}
