#include <string.h>

#include "client/keyring-private.h"

#define PASSPHRASE_RANDOM 32
/* Each turn but the last ends in another program having been quicker. */
#define TURNS 8

typedef struct
{
  const char *name;
  CantigaKeyringChoice choice;
} Word;

static const Word words[] = {
  { "automatic", CANTIGA_KEYRING_AUTOMATIC },
  { "file", CANTIGA_KEYRING_FILE },
  { "secret-service", CANTIGA_KEYRING_SECRET_SERVICE },
};

gboolean
cantiga_keyring_choice_parse (const char *word, CantigaKeyringChoice *ret_choice, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i].name, word))
      {
        *ret_choice = words[i].choice;
        return TRUE;
      }
  return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "“%s” is not a keyring: file, secret-service or automatic is.", word);
}

static gboolean
resolve_choice (CantigaKeyringChoice *choice, GError **error)
{
  const char *word = g_getenv ("CANTIGA_KEYRING");

  if (*choice != CANTIGA_KEYRING_AUTOMATIC || word == NULL || *word == '\0')
    return TRUE;
  return cantiga_keyring_choice_parse (word, choice, error);
}

static const CantigaKeyringBackend *
backend_of_choice (CantigaKeyringChoice choice)
{
  return choice == CANTIGA_KEYRING_FILE ? &cantiga_keyring_file : choice == CANTIGA_KEYRING_SECRET_SERVICE ? &cantiga_keyring_secret : NULL;
}

/* ---- one loading: settle the marker, look up what it names; or make, or move, and start over ---- */

typedef struct
{
  char *folder;
  gboolean make;
  const CantigaKeyringBackend *wanted; /* NULL: as it is */
  guint turns;
  CantigaMarker marker; /* as it was found */
  CantigaMarker fresh;  /* what is to be written */
  CantigaMarker unused; /* what is to be cleared */
  CantigaSecret *passphrase;
  GError *fallback; /* why a new passphrase does not go to the keyring */
  char *notice;
} Load;

typedef struct
{
  CantigaSecret *passphrase;
  char *notice;
} Loaded;

static void
load_free (Load *load)
{
  g_free (load->folder);
  cantiga_secret_free (load->passphrase);
  g_clear_error (&load->fallback);
  g_free (load->notice);
  g_free (load);
}

static void
loaded_free (Loaded *loaded)
{
  cantiga_secret_free (loaded->passphrase);
  g_free (loaded->notice);
  g_free (loaded);
}

static void load_turn (GTask *task);

static void
load_done (GTask *task)
{
  Load *load = g_task_get_task_data (task);
  Loaded *loaded = g_new0 (Loaded, 1);

  loaded->passphrase = g_steal_pointer (&load->passphrase);
  loaded->notice = g_steal_pointer (&load->notice);
  g_task_return_pointer (task, loaded, (GDestroyNotify)loaded_free);
}

/* What could not be cleared does no harm: nothing names it any more. */
static void
cleared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!load->unused.backend->clear_finish (result, &error) && g_task_return_error_if_cancelled (task))
    return;
  load_turn (task);
}

/* Then starts over, and so ends with what the marker names. */
static void
clear_unused (GTask *task, const CantigaMarker *unused)
{
  Load *load = g_task_get_task_data (task);

  load->unused = *unused;
  unused->backend->clear_async (load->folder, &unused->item, load->passphrase, g_task_get_cancellable (task), cleared_cb, g_object_ref (task));
}

/* ---- the marker changes ---- */

static char *
dup_notice (Load *load)
{
  if (load->fresh.backend == &cantiga_keyring_secret)
    return load->marker.backend != NULL ? g_strdup ("The passphrase of this player's keys is in the keyring now.") : NULL;
  if (load->marker.backend != NULL)
    return g_strdup ("The passphrase of this player's keys is now in a file that only you can read.");
  if (load->fallback == NULL)
    return NULL;
  if (g_error_matches (load->fallback, CANTIGA_ERROR, CANTIGA_ERROR_KEYRING_ABSENT))
    return g_strdup ("There is no keyring here: the passphrase of this player's keys is kept in a file that only you can read.");
  return g_strdup_printf ("%s The passphrase of this player's keys is kept in a file that only you can read.", load->fallback->message);
}

static void
replace_thread (GTask *inner, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Load *load = g_task_get_task_data (G_TASK (task_data));
  GError *error = NULL;
  gboolean done;

  if (cantiga_marker_replace (load->folder, &load->marker, &load->fresh, load->passphrase, &done, &error))
    g_task_return_int (inner, done);
  else
    g_task_return_error (inner, error);
}

static void
replaced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;
  gssize done = g_task_propagate_int (G_TASK (result), &error);

  if (done < 0)
    return g_task_return_error (task, error);
  if (done)
    load->notice = dup_notice (load);
  if (!done)
    clear_unused (task, &load->fresh);
  else if (load->marker.backend != NULL)
    clear_unused (task, &load->marker);
  else
    load_turn (task);
}

/* Not cancelled from here on: what was stored is named, or cleared. */
static void
replace_marker (GTask *task)
{
  g_autoptr (GTask) inner = g_task_new (NULL, NULL, replaced_cb, g_object_ref (task));

  g_task_set_task_data (inner, g_object_ref (task), g_object_unref);
  g_task_run_in_thread (inner, replace_thread);
}

static void store_in (GTask *task, const CantigaKeyringBackend *backend);

static void
stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;

  if (load->fresh.backend->store_finish (result, &error))
    return replace_marker (task);
  if (load->wanted != NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_task_return_error (task, error);
  /* A locked keyring is one all the same: what belongs into it is not put elsewhere unasked. */
  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_KEYRING_LOCKED))
    {
      g_error_free (error);
      return g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_KEYRING_LOCKED,
                                      "The keyring is locked: unlock it and try again; or keep the passphrase in a file, with --keyring file "
                                      "(CANTIGA_KEYRING=file).");
    }
  g_clear_error (&load->fallback);
  load->fallback = error;
  store_in (task, &cantiga_keyring_file);
}

static void
store_in (GTask *task, const CantigaKeyringBackend *backend)
{
  Load *load = g_task_get_task_data (task);

  load->fresh.backend = backend;
  cantiga_id_new_random (&load->fresh.item);
  if (backend->place != NULL)
    return replace_marker (task);
  backend->store_async (load->folder, &load->fresh.item, load->passphrase, g_task_get_cancellable (task), stored_cb, g_object_ref (task));
}

static CantigaSecret *
draw_passphrase (void)
{
  g_autoptr (CantigaSecret) random = cantiga_secret_new_random (PASSPHRASE_RANDOM);
  char *text = cantiga_base64url_encode (cantiga_secret_bytes (random), PASSPHRASE_RANDOM);
  gsize length = strlen (text);
  CantigaSecret *passphrase = cantiga_secret_new_copy ((const guint8 *)text, length);

  cantiga_wipe (text, length);
  g_free (text);
  return passphrase;
}

static void
make_passphrase (GTask *task)
{
  Load *load = g_task_get_task_data (task);
  g_autofree char *path = g_build_filename (load->folder, CANTIGA_KEYRING_PASSPHRASE_FILE, NULL);

  if (!load->make)
    return g_task_return_new_error (
        task, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION,
        "%s, without which the keys cannot be opened, is not there: put it back from a backup, or pair again in an empty state "
        "folder.",
        path);
  cantiga_secret_free (load->passphrase);
  load->passphrase = draw_passphrase ();
  store_in (task, load->wanted != NULL ? load->wanted : &cantiga_keyring_secret);
}

/* ---- what the marker names ---- */

/* A move that was killed half way may have left the file behind. */
static void
leftover_cleared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;

  if (!cantiga_keyring_file.clear_finish (result, &error) && g_task_return_error_if_cancelled (task))
    return;
  load_done (task);
}

static void
looked_up_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;

  load->passphrase = load->marker.backend->lookup_finish (result, &error);
  if (load->passphrase == NULL)
    return g_task_return_error (task, error);
  if (load->wanted != NULL && load->wanted != load->marker.backend)
    store_in (task, load->wanted);
  else if (load->marker.backend != &cantiga_keyring_file)
    cantiga_keyring_file.clear_async (load->folder, &load->marker.item, load->passphrase, g_task_get_cancellable (task), leftover_cleared_cb,
                                      g_object_ref (task));
  else
    load_done (task);
}

static void
settle_thread (GTask *inner, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Load *load = g_task_get_task_data (G_TASK (task_data));
  GError *error = NULL;

  if (cantiga_marker_settle (load->folder, &load->marker, &error))
    g_task_return_boolean (inner, TRUE);
  else
    g_task_return_error (inner, error);
}

static void
settled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    return g_task_return_error (task, error);
  if (load->marker.backend == NULL)
    return make_passphrase (task);
  g_clear_pointer (&load->passphrase, cantiga_secret_free);
  load->marker.backend->lookup_async (load->folder, &load->marker.item, TRUE, g_task_get_cancellable (task), looked_up_cb, g_object_ref (task));
}

static void
load_turn (GTask *task)
{
  Load *load = g_task_get_task_data (task);
  g_autoptr (GTask) inner = NULL;

  if (++load->turns > TURNS)
    return g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION,
                                    "Other programs keep moving this player's passphrase: end them, and try again.");
  inner = g_task_new (NULL, g_task_get_cancellable (task), settled_cb, g_object_ref (task));
  g_task_set_task_data (inner, g_object_ref (task), g_object_unref);
  g_task_run_in_thread (inner, settle_thread);
}

void
cantiga_keyring_load_async (const char *folder, CantigaKeyringChoice choice, gboolean make, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Load *load = g_new0 (Load, 1);
  GError *error = NULL;

  g_return_if_fail (folder != NULL);
  g_task_set_source_tag (task, cantiga_keyring_load_async);
  g_task_set_task_data (task, load, (GDestroyNotify)load_free);
  if (!resolve_choice (&choice, &error))
    return g_task_return_error (task, error);
  load->folder = g_strdup (folder);
  load->make = make;
  load->wanted = backend_of_choice (choice);
  load_turn (task);
}

CantigaSecret *
cantiga_keyring_load_finish (GAsyncResult *result, char **ret_notice, GError **error)
{
  Loaded *loaded;
  CantigaSecret *passphrase;

  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_keyring_load_async), NULL);
  loaded = g_task_propagate_pointer (G_TASK (result), error);
  if (loaded == NULL)
    return NULL;
  passphrase = g_steal_pointer (&loaded->passphrase);
  if (ret_notice != NULL)
    *ret_notice = g_steal_pointer (&loaded->notice);
  loaded_free (loaded);
  return passphrase;
}
