#include "core/manifest.h"

#include <string.h>

#include "core/buffer.h"
#include "core/kdf.h"
#include "core/secret.h"
#include "core/stream.h"

#define HASH CANTIGA_HASH_LENGTH
#define SIGNATURE_MAX 1024
#define CERTIFICATES_MAX 8
#define CERTIFICATE_MAX (16 * 1024)

CantigaManifest *
cantiga_manifest_new (const CantigaId *title, guint64 size, const char *type, guint32 chunk_size, const guint8 root[32])
{
  CantigaManifest *manifest = g_new0 (CantigaManifest, 1);

  manifest->title = *title;
  manifest->size = size;
  manifest->type = g_strdup (type);
  manifest->chunk_size = chunk_size;
  memcpy (manifest->root, root, HASH);
  return manifest;
}

void
cantiga_manifest_free (CantigaManifest *manifest)
{
  if (manifest == NULL)
    return;
  g_free (manifest->type);
  g_clear_pointer (&manifest->signature, g_bytes_unref);
  g_clear_pointer (&manifest->certificates, g_ptr_array_unref);
  g_free (manifest);
}

guint64
cantiga_manifest_get_chunks (const CantigaManifest *manifest)
{
  return manifest->size / manifest->chunk_size + (manifest->size % manifest->chunk_size != 0);
}

gsize
cantiga_manifest_get_chunk_length (const CantigaManifest *manifest, guint64 index)
{
  guint64 chunks = cantiga_manifest_get_chunks (manifest);

  g_return_val_if_fail (index < chunks, 0);
  return index + 1 < chunks ? manifest->chunk_size : (gsize)(manifest->size - index * manifest->chunk_size);
}

/* What the publisher signs, behind its label (docs/protocol.md 13.2). */
static CantigaBuffer *
write_signed (const CantigaManifest *manifest)
{
  CantigaBuffer *buffer = cantiga_buffer_new ();

  cantiga_buffer_add_field (buffer, manifest->title.bytes, CANTIGA_ID_LENGTH);
  cantiga_buffer_add_field_u64 (buffer, manifest->size);
  cantiga_buffer_add_field_text (buffer, manifest->type);
  cantiga_buffer_add_field_u32 (buffer, manifest->chunk_size);
  cantiga_buffer_add_field (buffer, manifest->root, HASH);
  return buffer;
}

gboolean
cantiga_manifest_sign (CantigaManifest *manifest, EVP_PKEY *publisher, GPtrArray *certificates, GError **error)
{
  g_autoptr (CantigaBuffer) buffer = write_signed (manifest);
  GBytes *signature = cantiga_sign (publisher, CANTIGA_LABEL_MANIFEST, cantiga_buffer_bytes (buffer), cantiga_buffer_length (buffer), error);

  if (signature == NULL)
    return FALSE;
  g_clear_pointer (&manifest->signature, g_bytes_unref);
  manifest->signature = signature;
  g_clear_pointer (&manifest->certificates, g_ptr_array_unref);
  manifest->certificates = certificates != NULL ? g_ptr_array_ref (certificates) : NULL;
  return TRUE;
}

static X509 *
verify_publisher (const CantigaManifest *manifest, X509 *authority, gint64 now, GError **error)
{
  g_autoptr (GPtrArray) authorities = g_ptr_array_new ();

  if (manifest->certificates == NULL || manifest->certificates->len == 0)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "The manifest names no publisher.");
      return NULL;
    }
  g_ptr_array_add (authorities, authority);
  return cantiga_chain_verify (manifest->certificates, authorities, NULL, CANTIGA_USAGE_PUBLISHER, now, error);
}

gboolean
cantiga_manifest_verify (const CantigaManifest *manifest, X509 *authority, gint64 now, GError **error)
{
  g_autoptr (CantigaBuffer) buffer = write_signed (manifest);
  g_autoptr (GError) reason = NULL;
  g_autoptr (X509) publisher = verify_publisher (manifest, authority, now, error);

  if (publisher == NULL)
    return FALSE;
  if (manifest->signature == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_FORGED, "The title's manifest is not signed.");
  if (cantiga_verify (X509_get0_pubkey (publisher), CANTIGA_LABEL_MANIFEST, cantiga_buffer_bytes (buffer), cantiga_buffer_length (buffer),
                      manifest->signature, &reason))
    return TRUE;
  if (!g_error_matches (reason, CANTIGA_ERROR, CANTIGA_ERROR_SIGNATURE_REFUSED))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  return cantiga_fail_with (error, CANTIGA_ERROR_FORGED, "The title's manifest was not signed by its publisher.");
}

/* docs/protocol.md 10.3: u8 n || n × 32 bytes || chunk. */
gboolean
cantiga_manifest_check_chunk (const CantigaManifest *manifest, guint64 index, GBytes *text, const guint8 **ret_chunk, gsize *ret_length,
                              GError **error)
{
  guint64 chunks = cantiga_manifest_get_chunks (manifest);
  gsize length;
  const guint8 *bytes = g_bytes_get_data (text, &length);
  guint8 leaf[HASH];
  gsize path_end;

  if (index >= chunks || length == 0 || bytes[0] > CANTIGA_MERKLE_PATH_MAX)
    return cantiga_fail (error, CANTIGA_ERROR_FORGED);
  path_end = 1 + (gsize)bytes[0] * HASH;
  if (length < path_end || length - path_end != cantiga_manifest_get_chunk_length (manifest, index))
    return cantiga_fail (error, CANTIGA_ERROR_FORGED);
  cantiga_merkle_leaf (index, bytes + path_end, length - path_end, leaf);
  if (!cantiga_merkle_verify (manifest->root, chunks, index, leaf, bytes + 1, bytes[0], error))
    return FALSE;
  *ret_chunk = bytes + path_end;
  *ret_length = length - path_end;
  return TRUE;
}

/* docs/protocol.md 9.4. */
JsonObject *
cantiga_manifest_encode (const CantigaManifest *manifest)
{
  JsonObject *object = json_object_new ();
  g_autoptr (GPtrArray) none = g_ptr_array_new ();

  cantiga_json_set_bytes (object, "root", manifest->root, HASH);
  if (manifest->signature != NULL)
    cantiga_json_set_gbytes (object, "signature", manifest->signature);
  cantiga_json_set_bytes_list (object, "certificates", manifest->certificates != NULL ? manifest->certificates : none);
  return object;
}

/* Fills in root, signature and certificates from the answer's member "manifest". */
static gboolean
decode_signed (JsonObject *object, CantigaManifest *manifest, GError **error)
{
  g_autoptr (GBytes) root = cantiga_json_get_bytes (object, "root", HASH, HASH, error);

  if (root == NULL)
    return FALSE;
  memcpy (manifest->root, g_bytes_get_data (root, NULL), HASH);
  manifest->signature = cantiga_json_get_bytes (object, "signature", 1, SIGNATURE_MAX, error);
  if (manifest->signature == NULL)
    return FALSE;
  manifest->certificates = cantiga_json_get_bytes_list (object, "certificates", CERTIFICATES_MAX, CERTIFICATE_MAX, error);
  return manifest->certificates != NULL;
}

CantigaManifest *
cantiga_manifest_decode (JsonObject *answer, GError **error)
{
  g_autoptr (CantigaManifest) manifest = NULL;
  static const guint8 no_root[HASH];
  JsonObject *object;
  const char *type;
  CantigaId title;
  gint64 size, chunk_size, chunks;

  if (!cantiga_json_get_id (answer, "title", &title, error)
      || !cantiga_json_get_int (answer, "size", 1, (gint64)CANTIGA_CHUNKS_MAX * CANTIGA_CHUNK_SIZE, &size, error)
      || !cantiga_json_get_text (answer, "type", CANTIGA_TYPE_MAX, &type, error)
      || !cantiga_json_get_int (answer, "chunk_size", CANTIGA_CHUNK_SIZE, CANTIGA_CHUNK_SIZE, &chunk_size, error)
      || !cantiga_json_get_int (answer, "chunks", 1, CANTIGA_CHUNKS_MAX, &chunks, error)
      || (object = cantiga_json_get_object (answer, "manifest", error)) == NULL)
    return NULL;
  manifest = cantiga_manifest_new (&title, (guint64)size, type, (guint32)chunk_size, no_root);
  if ((guint64)chunks != cantiga_manifest_get_chunks (manifest))
    {
      cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The member “chunks” does not go with the member “size”.");
      return NULL;
    }
  return decode_signed (object, manifest, error) ? g_steal_pointer (&manifest) : NULL;
}
