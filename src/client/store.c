#include "client/store.h"

#include <string.h>

#include "client/folder.h"

struct _CantigaStore
{
  GObject parent;
  char *path;
  CantigaKeyringChoice keyring;
  char *keyring_notice;
  GListStore *servers;
  GError *trouble; /* of a pairing that could not be read */
  guint under_way; /* tasks that work on the folder */
  GQueue flushes;  /* GTask, owned: each waits for under_way to be 0 */
};

G_DEFINE_FINAL_TYPE (CantigaStore, cantiga_store, G_TYPE_OBJECT)

static void
cantiga_store_finalize (GObject *object)
{
  CantigaStore *self = CANTIGA_STORE (object);

  g_free (self->path);
  g_free (self->keyring_notice);
  g_clear_error (&self->trouble);
  g_clear_object (&self->servers);
  G_OBJECT_CLASS (cantiga_store_parent_class)->finalize (object);
}

static void
cantiga_store_class_init (CantigaStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_store_finalize;
}

static void
cantiga_store_init (CantigaStore *self)
{
  self->servers = g_list_store_new (CANTIGA_TYPE_PAIRED);
}

/* What one run in the pool needs; members that it does not need stay zero. */
typedef struct
{
  char *folder;
  CantigaPaired *paired;
  GPtrArray *identities;
  X509 *authority;
  CantigaSecret *passphrase;
  CantigaAuth auth;
  char *name; /* NULL: as before */
  gint64 crl_number;
  gint64 now;
} Job;

static void
job_free (Job *job)
{
  g_free (job->folder);
  g_clear_object (&job->paired);
  g_clear_pointer (&job->identities, g_ptr_array_unref);
  cantiga_secret_free (job->passphrase);
  X509_free (job->authority);
  g_free (job->name);
  g_free (job);
}

static Job *
job_new (CantigaStore *self, CantigaPaired *paired)
{
  Job *job = g_new0 (Job, 1);

  job->folder = g_strdup (self->path);
  job->paired = g_object_ref (paired);
  return job;
}

static void
end_flushes (CantigaStore *self)
{
  GTask *flush;

  while (self->under_way == 0 && (flush = g_queue_pop_head (&self->flushes)) != NULL)
    {
      g_task_return_boolean (flush, TRUE);
      g_object_unref (flush);
    }
}

static void
task_completed_cb (GTask *task)
{
  CantigaStore *self = g_task_get_source_object (task);

  self->under_way--;
  end_flushes (self);
}

static GTask *
store_task_new (CantigaStore *self, Job *job, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  /* What was written stays written: a late cancel must not make this list differ from the disk. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, job, (GDestroyNotify)job_free);
  self->under_way++;
  g_signal_connect (task, "notify::completed", G_CALLBACK (task_completed_cb), NULL);
  return task;
}

static gint
compare_used (gconstpointer a, gconstpointer b, gpointer user_data)
{
  gint64 used_a = cantiga_paired_get_last_used ((CantigaPaired *)a), used_b = cantiga_paired_get_last_used ((CantigaPaired *)b);

  return (used_a < used_b) - (used_a > used_b);
}

/* ---- opening ---- */

char *
cantiga_store_dup_default_path (void)
{
  return g_build_filename (g_get_user_state_dir (), "cantiga", NULL);
}

static void
open_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  CantigaStore *self = task_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) servers = cantiga_folder_prepare (self->path, &error) ? cantiga_folder_read (self->path, &self->trouble, &error) : NULL;

  if (servers == NULL)
    return g_task_return_error (task, g_steal_pointer (&error));
  g_list_store_splice (self->servers, 0, 0, servers->pdata, servers->len);
  g_list_store_sort (self->servers, compare_used, NULL);
  g_task_return_boolean (task, TRUE);
}

void
cantiga_store_open_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  CantigaStore *self = g_object_new (CANTIGA_TYPE_STORE, NULL);

  self->path = path != NULL ? g_canonicalize_filename (path, NULL) : cantiga_store_dup_default_path ();
  g_task_set_source_tag (task, cantiga_store_open_async);
  g_task_set_task_data (task, self, g_object_unref);
  g_task_run_in_thread (task, open_thread);
}

CantigaStore *
cantiga_store_open_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_store_open_async), NULL);
  return g_task_propagate_boolean (G_TASK (result), error) ? g_object_ref (g_task_get_task_data (G_TASK (result))) : NULL;
}

/* ---- finding ---- */

const char *
cantiga_store_get_path (CantigaStore *self)
{
  g_return_val_if_fail (CANTIGA_IS_STORE (self), NULL);
  return self->path;
}

GListModel *
cantiga_store_get_servers (CantigaStore *self)
{
  g_return_val_if_fail (CANTIGA_IS_STORE (self), NULL);
  return G_LIST_MODEL (self->servers);
}

void
cantiga_store_set_keyring (CantigaStore *self, CantigaKeyringChoice choice)
{
  g_return_if_fail (CANTIGA_IS_STORE (self));
  self->keyring = choice;
}

char *
cantiga_store_take_keyring_notice (CantigaStore *self)
{
  g_return_val_if_fail (CANTIGA_IS_STORE (self), NULL);
  return g_steal_pointer (&self->keyring_notice);
}

static CantigaPaired *
peek_server (CantigaStore *self, guint index)
{
  g_autoptr (CantigaPaired) paired = g_list_model_get_item (G_LIST_MODEL (self->servers), index);

  return paired; /* the list keeps it */
}

static gboolean
equal_folded (const char *a, const char *b)
{
  g_autofree char *folded_a = g_utf8_casefold (a, -1);
  g_autofree char *folded_b = g_utf8_casefold (b, -1);

  return g_str_equal (folded_a, folded_b);
}

/* "http://host:port", "host:port", "host". */
static gboolean
url_is (const char *url, const char *which)
{
  const char *address = strstr (url, "://") != NULL ? strstr (url, "://") + 3 : url;
  const char *port = strrchr (address, ':');
  g_autofree char *host = port != NULL ? g_strndup (address, port - address) : g_strdup (address);
  g_autofree char *plain = g_strdup (which);

  g_strchomp (plain);
  while (g_str_has_suffix (plain, "/"))
    plain[strlen (plain) - 1] = '\0';
  return g_ascii_strcasecmp (url, plain) == 0 || g_ascii_strcasecmp (address, plain) == 0 || g_ascii_strcasecmp (host, plain) == 0;
}

static gboolean
paired_is (CantigaPaired *paired, const char *which)
{
  return g_ascii_strcasecmp (cantiga_paired_get_server (paired), which) == 0 || equal_folded (cantiga_paired_get_name (paired), which)
         || url_is (cantiga_paired_get_url (paired), which);
}

static CantigaPaired *
fail_not_found (CantigaStore *self, const char *which, GError **error)
{
  if (self->trouble != NULL)
    g_propagate_error (error, g_error_copy (self->trouble));
  else if (which == NULL)
    cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "This player is not paired with a server yet: ask a server's keeper for an invitation.");
  else
    cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "This player is not paired with a server “%s”: ask its keeper for an invitation.", which);
  return NULL;
}

CantigaPaired *
cantiga_store_find (CantigaStore *self, const char *which, GError **error)
{
  CantigaPaired *found = NULL;
  guint n;

  g_return_val_if_fail (CANTIGA_IS_STORE (self), NULL);
  n = g_list_model_get_n_items (G_LIST_MODEL (self->servers));
  if (which == NULL && n > 0)
    return peek_server (self, 0);
  for (guint i = 0; i < n; i++)
    {
      CantigaPaired *paired = peek_server (self, i);
      if (!paired_is (paired, which))
        continue;
      if (found != NULL)
        {
          cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND,
                             "There is more than one server “%s”: say which by its address (host:port) or its identity.", which);
          return NULL;
        }
      found = paired;
    }
  return found != NULL ? found : fail_not_found (self, which, error);
}

/* ---- the passphrase ---- */

/* Keys that are sealed under a passphrase are never left behind by drawing another one. */
static void
load_passphrase (CantigaStore *self, gboolean make, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  gboolean empty = g_list_model_get_n_items (G_LIST_MODEL (self->servers)) == 0 && self->trouble == NULL;

  cantiga_keyring_load_async (self->path, self->keyring, make && empty, cancellable, callback, user_data);
}

static CantigaSecret *
load_passphrase_finish (CantigaStore *self, GAsyncResult *result, GError **error)
{
  g_autofree char *notice = NULL;
  CantigaSecret *passphrase = cantiga_keyring_load_finish (result, &notice, error);

  if (notice != NULL)
    {
      g_free (self->keyring_notice);
      self->keyring_notice = g_steal_pointer (&notice);
    }
  return passphrase;
}

static void
prepared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (CantigaSecret) passphrase = load_passphrase_finish (g_task_get_source_object (task), result, &error);

  if (passphrase != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
cantiga_store_prepare_async (CantigaStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, cantiga_store_prepare_async);
  load_passphrase (self, TRUE, cancellable, prepared_cb, task);
}

gboolean
cantiga_store_prepare_finish (CantigaStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_store_prepare_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- keeping a pairing ---- */

static gint
find_server (CantigaStore *self, const char *server)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->servers)); i++)
    if (g_ascii_strcasecmp (cantiga_paired_get_server (peek_server (self, i)), server) == 0)
      return (gint)i;
  return -1;
}

static void
keep_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  CantigaStore *self = source;
  Job *job = task_data;
  GError *error = NULL;

  if (cantiga_folder_keep (self->path, job->paired, job->identities, job->passphrase, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
keep_passphrase_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Job *job = g_task_get_task_data (task);
  GError *error = NULL;

  job->passphrase = load_passphrase_finish (g_task_get_source_object (task), result, &error);
  if (job->passphrase == NULL)
    g_task_return_error (task, error);
  else
    g_task_run_in_thread (task, keep_thread);
}

void
cantiga_store_keep_async (CantigaStore *self, const char *name, const char *url, const char *server, X509 *authority, GPtrArray *identities,
                          GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (CantigaPaired) paired = cantiga_paired_new (name, url, server, authority, -1, g_get_real_time () / G_USEC_PER_SEC);
  Job *job = job_new (self, paired);

  job->identities = g_ptr_array_ref (identities);
  load_passphrase (self, TRUE, cancellable, keep_passphrase_cb,
                   store_task_new (self, job, cantiga_store_keep_async, cancellable, callback, user_data));
}

CantigaPaired *
cantiga_store_keep_finish (CantigaStore *self, GAsyncResult *result, GError **error)
{
  Job *job;
  gint former;

  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_store_keep_async), NULL);
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  job = g_task_get_task_data (G_TASK (result));
  former = find_server (self, cantiga_paired_get_server (job->paired));
  if (former >= 0)
    g_list_store_remove (self->servers, former);
  g_list_store_insert_sorted (self->servers, job->paired, compare_used, NULL);
  g_clear_error (&self->trouble);
  return g_object_ref (job->paired);
}

/* ---- identities ---- */

/* What is on the disk holds: another program may have renewed what both use. */
static void
pin_authority (GTask *task)
{
  Job *job = g_task_get_task_data (task);

  if (!g_task_had_error (task) && job->authority != NULL)
    cantiga_paired_set_authority (job->paired, job->authority);
}

static void
renew_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;

  if (cantiga_folder_renew (job->folder, cantiga_paired_get_server (job->paired), job->authority, job->identities, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
cantiga_store_renew_async (CantigaStore *self, CantigaPaired *paired, X509 *authority, GPtrArray *identities, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  Job *job = job_new (self, paired);
  g_autoptr (GTask) task = store_task_new (self, job, cantiga_store_renew_async, cancellable, callback, user_data);

  job->authority = authority != NULL ? X509_dup (authority) : NULL;
  job->identities = g_ptr_array_ref (identities);
  g_task_run_in_thread (task, renew_thread);
}

gboolean
cantiga_store_renew_finish (CantigaStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_store_renew_async), FALSE);
  pin_authority (G_TASK (result));
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
load_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;
  CantigaIdentity *identity
      = cantiga_folder_load_identity (job->folder, cantiga_paired_get_server (job->paired), job->auth, job->passphrase, &job->authority, &error);

  if (identity != NULL)
    g_task_return_pointer (task, identity, (GDestroyNotify)cantiga_identity_unref);
  else
    g_task_return_error (task, error);
}

static void
load_passphrase_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Job *job = g_task_get_task_data (task);
  GError *error = NULL;

  job->passphrase = load_passphrase_finish (g_task_get_source_object (task), result, &error);
  if (job->passphrase == NULL)
    g_task_return_error (task, error);
  else
    g_task_run_in_thread (task, load_thread);
}

void
cantiga_store_load_identity_async (CantigaStore *self, CantigaPaired *paired, CantigaAuth auth, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data)
{
  Job *job = job_new (self, paired);

  job->auth = auth;
  load_passphrase (self, FALSE, cancellable, load_passphrase_cb,
                   store_task_new (self, job, cantiga_store_load_identity_async, cancellable, callback, user_data));
}

CantigaIdentity *
cantiga_store_load_identity_finish (CantigaStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_store_load_identity_async), NULL);
  pin_authority (G_TASK (result));
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- what a session leaves behind; the end of a pairing ---- */

static void
note_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;

  if (cantiga_folder_note (job->folder, cantiga_paired_get_server (job->paired), job->crl_number, job->now, job->name, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
cantiga_store_note_async (CantigaStore *self, CantigaPaired *paired, gint64 crl_number, gint64 now, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
  Job *job = job_new (self, paired);
  g_autoptr (GTask) task = store_task_new (self, job, cantiga_store_note_async, cancellable, callback, user_data);

  job->crl_number = crl_number;
  job->now = now;
  cantiga_paired_set_seen (paired, crl_number, now);
  g_list_store_sort (self->servers, compare_used, NULL);
  g_task_run_in_thread (task, note_thread);
}

gboolean
cantiga_store_note_finish (CantigaStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_store_note_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
cantiga_store_rename_async (CantigaStore *self, CantigaPaired *paired, const char *name, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  Job *job = job_new (self, paired);
  g_autoptr (GTask) task = store_task_new (self, job, cantiga_store_rename_async, cancellable, callback, user_data);

  job->crl_number = cantiga_paired_get_crl_number (paired);
  job->now = cantiga_paired_get_last_used (paired);
  job->name = g_strdup (name);
  cantiga_paired_set_name (paired, name);
  g_task_run_in_thread (task, note_thread);
}

gboolean
cantiga_store_rename_finish (CantigaStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_store_rename_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
forget_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  GError *error = NULL;

  if (cantiga_folder_forget (job->folder, cantiga_paired_get_server (job->paired), &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
cantiga_store_forget_async (CantigaStore *self, CantigaPaired *paired, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = store_task_new (self, job_new (self, paired), cantiga_store_forget_async, cancellable, callback, user_data);

  g_task_run_in_thread (task, forget_thread);
}

gboolean
cantiga_store_forget_finish (CantigaStore *self, GAsyncResult *result, GError **error)
{
  Job *job = g_task_get_task_data (G_TASK (result));
  guint at;

  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_store_forget_async), FALSE);
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  if (g_list_store_find (self->servers, job->paired, &at))
    g_list_store_remove (self->servers, at);
  return TRUE;
}

void
cantiga_store_flush_async (CantigaStore *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task;

  g_return_if_fail (CANTIGA_IS_STORE (self));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, cantiga_store_flush_async);
  g_queue_push_tail (&self->flushes, task);
  end_flushes (self);
}

gboolean
cantiga_store_flush_finish (CantigaStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_store_flush_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
