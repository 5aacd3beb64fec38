#include "core/sealed.h"

#include <string.h>

#include "core/kdf.h"

#define DURATION_MAX (100.0 * 366 * 24 * 3600)
#define SIGNATURE_MAX 1024

CantigaMetadata *
cantiga_metadata_new (void)
{
  CantigaMetadata *metadata = g_new0 (CantigaMetadata, 1);

  metadata->name = g_strdup ("");
  metadata->artist = g_strdup ("");
  metadata->album = g_strdup ("");
  metadata->type = g_strdup ("");
  metadata->cover_type = g_strdup ("");
  return metadata;
}

CantigaMetadata *
cantiga_metadata_copy (const CantigaMetadata *metadata)
{
  CantigaMetadata *copy = g_new (CantigaMetadata, 1);

  *copy = *metadata;
  copy->name = g_strdup (metadata->name);
  copy->artist = g_strdup (metadata->artist);
  copy->album = g_strdup (metadata->album);
  copy->type = g_strdup (metadata->type);
  copy->cover_type = g_strdup (metadata->cover_type);
  copy->signature = metadata->signature != NULL ? g_bytes_ref (metadata->signature) : NULL;
  return copy;
}

void
cantiga_metadata_free (CantigaMetadata *metadata)
{
  if (metadata == NULL)
    return;
  g_free (metadata->name);
  g_free (metadata->artist);
  g_free (metadata->album);
  g_free (metadata->type);
  g_free (metadata->cover_type);
  g_clear_pointer (&metadata->signature, g_bytes_unref);
  g_free (metadata);
}

JsonObject *
cantiga_metadata_encode (const CantigaMetadata *metadata)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "name", metadata->name);
  json_object_set_string_member (object, "artist", metadata->artist);
  json_object_set_string_member (object, "album", metadata->album);
  json_object_set_int_member (object, "track", metadata->track);
  json_object_set_int_member (object, "year", metadata->year);
  json_object_set_double_member (object, "duration", metadata->duration);
  json_object_set_string_member (object, "type", metadata->type);
  json_object_set_string_member (object, "cover_type", metadata->cover_type);
  json_object_set_boolean_member (object, "exportable", metadata->exportable);
  cantiga_json_set_bytes (object, "root", metadata->root, CANTIGA_HASH_LENGTH);
  if (metadata->signature != NULL)
    cantiga_json_set_gbytes (object, "signature", metadata->signature);
  return object;
}

static gboolean
decode_text (JsonObject *object, const char *member, gsize min, gsize max, char **text, GError **error)
{
  const char *value;

  if (!cantiga_json_get_text (object, member, max, &value, error))
    return FALSE;
  if (strlen (value) < min)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The member “%s” is empty.", member);
  g_free (*text);
  *text = g_strdup (value);
  return TRUE;
}

static gboolean
decode_texts (JsonObject *object, CantigaMetadata *metadata, GError **error)
{
  return decode_text (object, "name", 1, CANTIGA_METADATA_TEXT_MAX, &metadata->name, error)
         && decode_text (object, "artist", 0, CANTIGA_METADATA_TEXT_MAX, &metadata->artist, error)
         && decode_text (object, "album", 0, CANTIGA_METADATA_TEXT_MAX, &metadata->album, error)
         && decode_text (object, "type", 1, CANTIGA_TYPE_MAX, &metadata->type, error)
         && decode_text (object, "cover_type", 0, CANTIGA_TYPE_MAX, &metadata->cover_type, error);
}

static gboolean
decode_numbers (JsonObject *object, CantigaMetadata *metadata, GError **error)
{
  gint64 track, year;

  if (!cantiga_json_get_int (object, "track", 0, G_MAXINT32, &track, error) || !cantiga_json_get_int (object, "year", 0, G_MAXINT32, &year, error)
      || !cantiga_json_get_number (object, "duration", 0, DURATION_MAX, &metadata->duration, error)
      || !cantiga_json_get_boolean (object, "exportable", &metadata->exportable, error))
    return FALSE;
  metadata->track = (guint)track;
  metadata->year = (guint)year;
  return TRUE;
}

static gboolean
decode_signed (JsonObject *object, CantigaMetadata *metadata, GError **error)
{
  g_autoptr (GBytes) root = cantiga_json_get_bytes (object, "root", CANTIGA_HASH_LENGTH, CANTIGA_HASH_LENGTH, error);

  if (root == NULL)
    return FALSE;
  memcpy (metadata->root, g_bytes_get_data (root, NULL), CANTIGA_HASH_LENGTH);
  if (!cantiga_json_has (object, "signature"))
    return TRUE;
  metadata->signature = cantiga_json_get_bytes (object, "signature", 1, SIGNATURE_MAX, error);
  return metadata->signature != NULL;
}

CantigaMetadata *
cantiga_metadata_decode (JsonObject *object, GError **error)
{
  g_autoptr (CantigaMetadata) metadata = cantiga_metadata_new ();

  if (!decode_texts (object, metadata, error) || !decode_numbers (object, metadata, error) || !decode_signed (object, metadata, error))
    return NULL;
  return g_steal_pointer (&metadata);
}
