/* cantigactl add, list, remove, verify. */
#include "server/ctl.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "core/clean.h"
#include "server/import.h"

static volatile sig_atomic_t interrupted;

static void
interrupted_cb (int signal_number)
{
  interrupted = 1;
}

/* ---- add ---- */

/* What a run of add has to do and has done. */
typedef struct
{
  CantigaCtl *ctl;
  CantigaImport import;
  GPtrArray *paths;  /* of files, in order */
  GHashTable *named; /* those that were named on the command line, not found in a folder */
  guint at;
  guint passed_over;
  gint64 shown;  /* when the progress line was last drawn; monotonic */
  GError *first; /* of the files that were named and could not be added */
} Adding;

static gboolean
progress_cb (const char *path, guint64 done, guint64 size, gpointer user_data)
{
  Adding *adding = user_data;
  gint64 now = g_get_monotonic_time ();
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = g_filename_display_name (base);

  if (isatty (STDERR_FILENO) && now - adding->shown > G_USEC_PER_SEC / 10)
    {
      adding->shown = now;
      g_printerr ("\r\033[K%u of %u  %3u %%  %s", adding->at + 1, adding->paths->len, (guint)(100 * done / size), name);
    }
  return !interrupted;
}

static void
clear_progress (void)
{
  if (isatty (STDERR_FILENO))
    g_printerr ("\r\033[K");
}

JsonObject *
cantiga_ctl_encode_title (const CantigaTitle *title)
{
  JsonObject *object = json_object_new ();

  cantiga_json_set_id (object, "id", &title->id);
  json_object_set_string_member (object, "title", title->metadata->name);
  json_object_set_string_member (object, "artist", title->metadata->artist);
  json_object_set_string_member (object, "album", title->metadata->album);
  json_object_set_int_member (object, "track", title->metadata->track);
  json_object_set_int_member (object, "year", title->metadata->year);
  json_object_set_double_member (object, "duration", title->metadata->duration);
  json_object_set_string_member (object, "type", title->metadata->type);
  json_object_set_int_member (object, "size", (gint64)title->size);
  json_object_set_int_member (object, "chunks", (gint64)title->chunks);
  json_object_set_boolean_member (object, "cover", title->cover != NULL);
  json_object_set_boolean_member (object, "exportable", title->metadata->exportable);
  json_object_set_int_member (object, "added", title->added);
  return object;
}

void
cantiga_ctl_print_title (const CantigaTitle *title, const char *note)
{
  char id[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *duration = cantiga_ctl_dup_duration (title->metadata->duration);

  cantiga_ctl_print ("%.8s  %6s  %s%s%s%s", cantiga_id_format (&title->id, id), duration, title->metadata->name,
                     *title->metadata->artist != '\0' ? " · " : "", title->metadata->artist, note);
}

static void
print_added (Adding *adding, const CantigaTitle *title, gboolean is_new)
{
  clear_progress ();
  if (adding->ctl->json)
    {
      JsonObject *object = cantiga_ctl_encode_title (title);

      json_object_set_boolean_member (object, "new", is_new);
      cantiga_ctl_print_object (object);
    }
  else
    cantiga_ctl_print_title (title, is_new ? "" : "  (was there already)");
}

/* Whether to go on. A file in a folder that is not media is passed over; one that was named is an error at the end; a failure of the store ends it
 * all. */
static gboolean
add_one (Adding *adding, const char *path, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gboolean is_new = FALSE;
  g_autoptr (CantigaTitle) title = cantiga_import_file (&adding->import, path, adding->ctl->now, &is_new, &failure);
  gboolean of_the_file
      = g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_MEDIA) || g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);

  if (title != NULL)
    {
      print_added (adding, title, is_new);
      return TRUE;
    }
  clear_progress ();
  if (!of_the_file)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  adding->passed_over++;
  cantiga_clean (failure->message);
  /* The first of those that were named is said at the end, as what the whole ends with. */
  if (adding->first == NULL && g_hash_table_contains (adding->named, path))
    adding->first = g_steal_pointer (&failure);
  else
    g_printerr ("cantigactl: passed over: %s\n", failure->message);
  return TRUE;
}

static gboolean
add_all (Adding *adding, GError **error)
{
  CantigaCtl *ctl = adding->ctl;

  for (guint i = 0; ctl->arguments[i] != NULL; i++)
    {
      g_hash_table_add (adding->named, ctl->arguments[i]);
      if (!cantiga_import_collect (ctl->arguments[i], adding->paths, error))
        return FALSE;
    }
  for (adding->at = 0; adding->at < adding->paths->len; adding->at++)
    if (!add_one (adding, g_ptr_array_index (adding->paths, adding->at), error))
      return FALSE;
  if (adding->first != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&adding->first));
      return FALSE;
    }
  return TRUE;
}

gboolean
cantiga_command_add (CantigaCtl *ctl, GError **error)
{
  Adding adding = { .ctl = ctl };
  gboolean succeeded;

  if (!cantiga_ctl_check_arguments (ctl, 1, G_MAXUINT, "add FILE-OR-FOLDER… [--exportable]", error) || !cantiga_ctl_open (ctl, error))
    return FALSE;
  if (ctl->watch)
    return cantiga_ctl_follow (ctl, error);
  signal (SIGINT, interrupted_cb);
  signal (SIGTERM, interrupted_cb);
  adding.paths = g_ptr_array_new_with_free_func (g_free);
  adding.named = g_hash_table_new (g_str_hash, g_str_equal);
  adding.import = (CantigaImport){ ctl->state, ctl->pki, ctl->ledger, ctl->exportable, progress_cb, &adding };
  succeeded = add_all (&adding, error);
  g_ptr_array_unref (adding.paths);
  g_hash_table_unref (adding.named);
  g_clear_error (&adding.first);
  return succeeded;
}

/* ---- list, remove ---- */

gboolean
cantiga_command_list (CantigaCtl *ctl, GError **error)
{
  g_autoptr (GPtrArray) titles = NULL;
  JsonArray *array;

  if (!cantiga_ctl_check_arguments (ctl, 0, 0, "list", error) || !cantiga_ctl_open (ctl, error))
    return FALSE;
  titles = cantiga_ledger_list_titles (ctl->ledger, error);
  if (titles == NULL)
    return FALSE;
  array = json_array_new ();
  for (guint i = 0; i < titles->len; i++)
    if (ctl->json)
      json_array_add_object_element (array, cantiga_ctl_encode_title (g_ptr_array_index (titles, i)));
    else
      cantiga_ctl_print_title (g_ptr_array_index (titles, i), "");
  if (ctl->json)
    cantiga_ctl_print_array (json_array_ref (array));
  else if (titles->len == 0)
    g_printerr ("No titles yet: cantigactl add FILE-OR-FOLDER…\n");
  json_array_unref (array);
  return TRUE;
}

static char *
dup_container_path (CantigaCtl *ctl, const CantigaId *id)
{
  char text[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *name = g_strconcat ("library/", cantiga_id_format (id, text), ".cantiga", NULL);

  return cantiga_state_dup_path (ctl->state, name);
}

/* The row first: a file without a row is offered to nobody, and replaced when the same is added again; a row without its file would be offered to listeners. */
static gboolean
remove_title (CantigaCtl *ctl, const CantigaTitle *title, GError **error)
{
  g_autofree char *path = dup_container_path (ctl, &title->id);

  if (!cantiga_ledger_remove_title (ctl->ledger, &title->id, error))
    return FALSE;
  if (g_unlink (path) != 0 && errno != ENOENT)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be removed: %s.", path, g_strerror (errno));
  cantiga_ctl_print_title (title, "  (removed)");
  return TRUE;
}

gboolean
cantiga_command_remove (CantigaCtl *ctl, GError **error)
{
  g_autoptr (GPtrArray) titles = NULL;
  g_autoptr (GPtrArray) chosen = g_ptr_array_new ();

  if (!cantiga_ctl_check_arguments (ctl, 1, G_MAXUINT, "remove TITLE…", error) || !cantiga_ctl_open (ctl, error))
    return FALSE;
  titles = cantiga_ledger_list_titles (ctl->ledger, error);
  /* All are found before one is removed. */
  for (guint i = 0; titles != NULL && ctl->arguments[i] != NULL; i++)
    {
      CantigaTitle *title = cantiga_ctl_find_title (titles, ctl->arguments[i], error);

      if (title == NULL)
        return FALSE;
      g_ptr_array_add (chosen, title);
    }
  for (guint i = 0; i < chosen->len; i++)
    if (!remove_title (ctl, g_ptr_array_index (chosen, i), error))
      return FALSE;
  return titles != NULL;
}

/* ---- verify ---- */

static gboolean
verify_title (CantigaCtl *ctl, const CantigaTitle *title, GError **error)
{
  g_autofree char *path = dup_container_path (ctl, &title->id);
  g_autoptr (CantigaSealed) sealed = cantiga_sealed_open (path, cantiga_state_get_master (ctl->state), error);
  g_autoptr (CantigaManifest) manifest = NULL;

  if (sealed == NULL)
    return FALSE;
  /* Whole, under another's name: it is not what the ledger offers. */
  if (!cantiga_id_equal (cantiga_sealed_get_title (sealed), &title->id))
    return cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "The file is another title's: restore it, or add the title again.");
  if (!cantiga_sealed_verify (sealed, NULL, NULL, error))
    return FALSE;
  manifest = cantiga_sealed_dup_manifest (sealed);
  manifest->certificates = g_ptr_array_ref (cantiga_pki_get_publisher (ctl->pki)->certificates);
  return cantiga_manifest_verify (manifest, cantiga_pki_get_authority (ctl->pki), ctl->now, error);
}

static gboolean
print_verified (CantigaCtl *ctl, guint n, GPtrArray *damaged, gboolean ledger_is_whole, GError **error)
{
  JsonArray *names = json_array_new ();
  g_autoptr (JsonObject) object = json_object_new ();

  for (guint i = 0; i < damaged->len; i++)
    json_array_add_string_element (names, g_ptr_array_index (damaged, i));
  json_object_set_int_member (object, "titles", n);
  json_object_set_boolean_member (object, "ledger", ledger_is_whole);
  json_object_set_array_member (object, "damaged", names);
  if (!ctl->json)
    cantiga_ctl_print ("%u titles, %u damaged; the ledger is %s.", n, damaged->len, ledger_is_whole ? "whole" : "damaged");
  if (ledger_is_whole && !cantiga_ctl_tell_restored (ctl, object, error))
    return FALSE;
  if (ctl->json)
    cantiga_ctl_print_object (json_object_ref (object));
  return TRUE;
}

static gboolean
verify_all (CantigaCtl *ctl, GPtrArray *titles, GError **error)
{
  g_autoptr (GPtrArray) damaged = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) of_ledger = NULL;
  gboolean ledger_is_whole = cantiga_ledger_verify (ctl->ledger, &of_ledger);

  for (guint i = 0; i < titles->len; i++)
    {
      CantigaTitle *title = g_ptr_array_index (titles, i);
      g_autoptr (GError) failure = NULL;

      if (verify_title (ctl, title, &failure))
        continue;
      g_printerr ("cantigactl: %s: %s\n", title->metadata->name, failure->message);
      g_ptr_array_add (damaged, g_strdup (title->metadata->name));
    }
  if (!print_verified (ctl, titles->len, damaged, ledger_is_whole, error))
    return FALSE;
  if (!ledger_is_whole)
    {
      g_propagate_error (error, g_steal_pointer (&of_ledger));
      return FALSE;
    }
  return damaged->len == 0
         || cantiga_fail_with (error, CANTIGA_ERROR_DAMAGED, "%u titles are damaged: restore them from a backup, or remove them and add them again.",
                               damaged->len);
}

gboolean
cantiga_command_verify (CantigaCtl *ctl, GError **error)
{
  g_autoptr (GPtrArray) titles = NULL;

  if (!cantiga_ctl_check_arguments (ctl, 0, 0, "verify", error) || !cantiga_ctl_open (ctl, error))
    return FALSE;
  titles = cantiga_ledger_list_titles (ctl->ledger, error);
  return titles != NULL && verify_all (ctl, titles, error);
}
