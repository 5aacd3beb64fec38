#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "client/folder.h"
#include "client/keyring-private.h"

#define MARKER_FILE "keyring.json"

gboolean
cantiga_marker_equal (const CantigaMarker *a, const CantigaMarker *b)
{
  return a->backend == b->backend && (a->backend == NULL || cantiga_id_equal (&a->item, &b->item));
}

static const CantigaKeyringBackend *
find_backend (const char *name)
{
  if (g_str_equal (name, cantiga_keyring_file.name))
    return &cantiga_keyring_file;
  return g_str_equal (name, cantiga_keyring_secret.name) ? &cantiga_keyring_secret : NULL;
}

static gboolean
decode (const char *text, gsize length, CantigaMarker *ret_marker, GError **error)
{
  g_autoptr (JsonObject) object = cantiga_json_parse (text, length, error);
  CantigaMarker marker = { NULL };
  const char *name;

  if (object == NULL || !cantiga_json_get_text (object, "backend", 64, &name, error) || !cantiga_json_get_id (object, "item", &marker.item, error))
    return FALSE;
  marker.backend = find_backend (name);
  if (marker.backend == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "it names a keyring that this version does not know");
  *ret_marker = marker;
  return TRUE;
}

gboolean
cantiga_marker_read (const char *folder, CantigaMarker *ret_marker, GError **error)
{
  g_autofree char *path = g_build_filename (folder, MARKER_FILE, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) reason = NULL;
  gsize length;

  if (g_file_get_contents (path, &text, &length, &reason))
    {
      if (decode (text, length, ret_marker, &reason))
        return TRUE;
      return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED,
                                "%s, which says where the keys' passphrase is, is damaged (%s): restore it from a backup.", path, reason->message);
    }
  if (!g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be read: %s.", path, reason->message);
  *ret_marker = (CantigaMarker){ NULL };
  return TRUE;
}

/* In one step, on the disk before this returns. */
static gboolean
write_marker (const char *folder, const CantigaMarker *marker, GError **error)
{
  g_autofree char *path = g_build_filename (folder, MARKER_FILE, NULL);
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GError) reason = NULL;

  json_object_set_string_member (object, "backend", marker->backend->name);
  cantiga_json_set_id (object, "item", &marker->item);
  text = cantiga_json_format (object);
  if (!g_file_set_contents_full (path, g_bytes_get_data (text, NULL), (gssize)g_bytes_get_size (text),
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &reason))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be written: %s.", path, reason->message);
  return TRUE;
}

static gboolean
settle_locked (const char *folder, CantigaMarker *ret_marker, GError **error)
{
  g_autofree char *passphrase = g_build_filename (folder, CANTIGA_KEYRING_PASSPHRASE_FILE, NULL);
  CantigaMarker marker;

  if (!cantiga_marker_read (folder, &marker, error))
    return FALSE;
  if (marker.backend == NULL && g_file_test (passphrase, G_FILE_TEST_EXISTS))
    {
      marker.backend = &cantiga_keyring_file;
      cantiga_id_new_random (&marker.item);
      if (!write_marker (folder, &marker, error))
        return FALSE;
    }
  *ret_marker = marker;
  return TRUE;
}

gboolean
cantiga_marker_settle (const char *folder, CantigaMarker *ret_marker, GError **error)
{
  int lock = cantiga_folder_lock (folder, error);
  gboolean settled;

  if (lock < 0)
    return FALSE;
  settled = settle_locked (folder, ret_marker, error);
  close (lock);
  return settled;
}

/* Killed in between, it leaves a file that the marker does not name: the next loading takes it away, or without a marker takes it. */
static gboolean
replace_locked (const char *folder, const CantigaMarker *fresh, CantigaSecret *passphrase, GError **error)
{
  return (fresh->backend->place == NULL || fresh->backend->place (folder, passphrase, error)) && write_marker (folder, fresh, error);
}

gboolean
cantiga_marker_replace (const char *folder, const CantigaMarker *former, const CantigaMarker *fresh, CantigaSecret *passphrase, gboolean *ret_done,
                        GError **error)
{
  int lock = cantiga_folder_lock (folder, error);
  CantigaMarker marker;
  gboolean replaced = lock >= 0 && cantiga_marker_read (folder, &marker, error);
  gboolean same = replaced && cantiga_marker_equal (&marker, former);

  if (same)
    replaced = replace_locked (folder, fresh, passphrase, error);
  if (lock >= 0)
    close (lock);
  if (replaced)
    *ret_done = same;
  return replaced;
}
