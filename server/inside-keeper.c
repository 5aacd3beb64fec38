/* What the keeper of a server inside does by hand: in GTask's pool, as each is one transaction; files are added in a thread of their own. */
#include "server/inside-private.h"

#include <string.h>

#include "server/import.h"

#define INVITATION_SECONDS (15 * 60)
#define TELL_EVERY (G_USEC_PER_SEC / 10)

static gint64
get_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/* ---- as it stands ---- */

static void
card_free (CantigaInsideCard *card)
{
  g_free (card->id);
  g_free (card->name);
  g_free (card->last_four);
  g_free (card);
}

void
cantiga_inside_standing_free (CantigaInsideStanding *standing)
{
  if (standing == NULL)
    return;
  g_ptr_array_unref (standing->cards);
  g_ptr_array_unref (standing->listeners);
  g_free (standing);
}

static CantigaInsideCard *
describe_card (const CantigaCardRow *row)
{
  CantigaInsideCard *card = g_new0 (CantigaInsideCard, 1);
  CantigaCardStanding standing = cantiga_card_row_get_standing (row);
  char id[CANTIGA_ID_TEXT_LENGTH];

  card->id = g_strdup (cantiga_id_format (&row->id, id));
  card->name = g_strdup (row->name);
  card->last_four = g_strdup (card->id + strlen (card->id) - 4);
  card->waits = standing == CANTIGA_CARD_WAITS;
  card->revoked = standing == CANTIGA_CARD_REVOKED;
  return card;
}

static void
look_thread (GTask *task, gpointer source, gpointer inside, GCancellable *cancellable)
{
  CantigaServer *server = ((CantigaInside *)inside)->server;
  GError *error = NULL;
  g_autoptr (GPtrArray) cards = cantiga_ledger_list_cards (server->ledger, &error);
  g_autoptr (CantigaCatalogue) catalogue = cards != NULL ? cantiga_library_get_catalogue (server->library, &error) : NULL;
  CantigaInsideStanding *standing;

  if (catalogue == NULL)
    return g_task_return_error (task, error);
  standing = g_new0 (CantigaInsideStanding, 1);
  standing->titles = cantiga_catalogue_get_n (catalogue);
  standing->cards = g_ptr_array_new_with_free_func ((GDestroyNotify)card_free);
  for (guint i = 0; i < cards->len; i++)
    g_ptr_array_add (standing->cards, describe_card (g_ptr_array_index (cards, i)));
  standing->listeners = cantiga_inside_list_listeners (inside);
  g_task_return_pointer (task, standing, (GDestroyNotify)cantiga_inside_standing_free);
}

void
cantiga_inside_look_async (CantigaInside *inside, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = cantiga_inside_task_new (inside, cantiga_inside_look_async, NULL, callback, user_data);

  g_task_set_task_data (task, inside, NULL);
  g_task_run_in_thread (task, look_thread);
}

CantigaInsideStanding *
cantiga_inside_look_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_inside_look_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- invitations ---- */

typedef struct
{
  CantigaInside *inside;
  char *name;
  char *url;
  gboolean with_card;
  gint64 expires;
} Inviting;

static void
inviting_free (Inviting *inviting)
{
  g_free (inviting->name);
  g_free (inviting->url);
  g_free (inviting);
}

static void
invite_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Inviting *inviting = task_data;
  CantigaServer *server = inviting->inside->server;
  GError *error = NULL;
  g_autoptr (CantigaInvitation) invitation = cantiga_invitation_new (inviting->url, cantiga_pki_get_authority (server->pki), &error);

  inviting->expires = get_now () + INVITATION_SECONDS;
  if (invitation == NULL
      || !cantiga_ledger_add_invitation (server->ledger, invitation, inviting->name, inviting->with_card, inviting->expires, &error))
    return g_task_return_error (task, error);
  g_task_return_pointer (task, cantiga_invitation_format (invitation), (GDestroyNotify)cantiga_link_free);
}

void
cantiga_inside_invite_async (CantigaInside *inside, const char *name, const char *url, gboolean with_card, GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = cantiga_inside_task_new (inside, cantiga_inside_invite_async, NULL, callback, user_data);
  Inviting *inviting = g_new0 (Inviting, 1);

  inviting->inside = inside;
  inviting->name = g_strdup (name);
  inviting->url = g_strdup (url);
  inviting->with_card = with_card;
  g_task_set_task_data (task, inviting, (GDestroyNotify)inviting_free);
  g_task_run_in_thread (task, invite_thread);
}

char *
cantiga_inside_invite_finish (GAsyncResult *result, gint64 *ret_expires, GError **error)
{
  char *link;

  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_inside_invite_async), NULL);
  link = g_task_propagate_pointer (G_TASK (result), error);
  if (link != NULL)
    *ret_expires = ((Inviting *)g_task_get_task_data (G_TASK (result)))->expires;
  return link;
}

/* ---- cards ---- */

typedef struct CardWork CardWork;
typedef gboolean (*CardFunc) (const CardWork *work, GError **error);
struct CardWork
{
  CantigaInside *inside;
  CardFunc does;
  char *what; /* an identifier, or a path */
};

static void
card_work_free (CardWork *work)
{
  g_free (work->what);
  g_free (work);
}

static gboolean
find_id (const CardWork *work, CantigaId *ret_id, GError **error)
{
  return cantiga_id_parse (work->what, ret_id) || cantiga_fail (error, CANTIGA_ERROR_NOT_FOUND);
}

static gboolean
approve_card (const CardWork *work, GError **error)
{
  CantigaId id;

  return find_id (work, &id, error) && cantiga_ledger_approve_card (work->inside->server->ledger, &id, error);
}

static gboolean
revoke_card (const CardWork *work, GError **error)
{
  CantigaId id;

  return find_id (work, &id, error) && cantiga_ledger_revoke_card (work->inside->server->ledger, &id, get_now (), error);
}

static gboolean
add_card (const CardWork *work, GError **error)
{
  g_autofree char *contents = NULL;
  g_autoptr (GBytes) file = NULL;
  g_autoptr (X509) certificate = NULL;
  CantigaId id;
  gsize length;

  if (!g_file_get_contents (work->what, &contents, &length, error))
    return FALSE;
  file = g_bytes_new_take (g_steal_pointer (&contents), length);
  certificate = cantiga_certificate_decode_any (file, error);
  return certificate != NULL && cantiga_ledger_add_card (work->inside->server->ledger, certificate, get_now (), &id, NULL, error);
}

static void
work_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const CardWork *work = task_data;
  GError *error = NULL;

  if (work->does (work, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
work_on_card (CantigaInside *inside, const char *what, CardFunc does, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = cantiga_inside_task_new (inside, work_on_card, NULL, callback, user_data);
  CardWork *work = g_new0 (CardWork, 1);

  work->inside = inside;
  work->does = does;
  work->what = g_strdup (what);
  g_task_set_task_data (task, work, (GDestroyNotify)card_work_free);
  g_task_run_in_thread (task, work_thread);
}

void
cantiga_inside_approve_card_async (CantigaInside *inside, const char *id, GAsyncReadyCallback callback, gpointer user_data)
{
  work_on_card (inside, id, approve_card, callback, user_data);
}

void
cantiga_inside_revoke_card_async (CantigaInside *inside, const char *id, GAsyncReadyCallback callback, gpointer user_data)
{
  work_on_card (inside, id, revoke_card, callback, user_data);
}

void
cantiga_inside_add_card_async (CantigaInside *inside, const char *path, GAsyncReadyCallback callback, gpointer user_data)
{
  work_on_card (inside, path, add_card, callback, user_data);
}

gboolean
cantiga_inside_card_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, work_on_card), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- adding ---- */

typedef struct
{
  CantigaInside *inside;
  GPtrArray *paths;  /* of files, in order */
  GHashTable *named; /* those that were named, not found in a folder */
  gboolean exportable;
  CantigaInsideProgress progress;
  gpointer progress_data;
  GCancellable *cancellable;
  CantigaInsideAdded *added;
  guint at;
  gint64 told;      /* when progress was last told; monotonic */
  gint telling;     /* atomic: it has not been heard yet */
} Adding;

void
cantiga_inside_added_free (CantigaInsideAdded *added)
{
  if (added == NULL)
    return;
  g_ptr_array_unref (added->failed);
  g_free (added);
}

static void
adding_free (Adding *adding)
{
  g_ptr_array_unref (adding->paths);
  g_hash_table_unref (adding->named);
  g_clear_object (&adding->cancellable);
  cantiga_inside_added_free (adding->added);
  g_free (adding);
}

/* As a person reads it. */
static char *
dup_display_name (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);

  return g_filename_display_name (base);
}

typedef struct
{
  GTask *task; /* keeps what the callback is for */
  guint at, n;
  double part;
  char *name;
} Step;

static void
step_free (gpointer user_data)
{
  Step *step = user_data;

  g_object_unref (step->task);
  g_free (step->name);
  g_free (step);
}

static gboolean
step_cb (gpointer user_data)
{
  Step *step = user_data;
  Adding *adding = g_task_get_task_data (step->task);

  g_atomic_int_set (&adding->telling, FALSE);
  if (!g_task_get_completed (step->task))
    adding->progress (step->at, step->n, step->part, step->name, adding->progress_data);
  return G_SOURCE_REMOVE;
}

/* On the adding thread. One at a time: a window that is slow is not buried under what was. */
static gboolean
progress_cb (const char *path, guint64 done, guint64 size, gpointer user_data)
{
  GTask *task = user_data;
  Adding *adding = g_task_get_task_data (task);
  gint64 now = g_get_monotonic_time ();
  Step *step;

  if (now - adding->told < TELL_EVERY || !g_atomic_int_compare_and_exchange (&adding->telling, FALSE, TRUE))
    return !g_cancellable_is_cancelled (adding->cancellable);
  adding->told = now;
  step = g_new0 (Step, 1);
  step->task = g_object_ref (task);
  step->at = adding->at;
  step->n = adding->paths->len;
  step->part = size > 0 ? (double)done / (double)size : 0;
  step->name = dup_display_name (path);
  g_main_context_invoke_full (adding->inside->main, G_PRIORITY_DEFAULT, step_cb, step, step_free);
  return !g_cancellable_is_cancelled (adding->cancellable);
}

/* Whether to go on. */
static gboolean
add_one (GTask *task, const CantigaImport *import, const char *path, GError **error)
{
  Adding *adding = g_task_get_task_data (task);
  g_autoptr (GError) failure = NULL;
  gboolean is_new = FALSE;
  g_autoptr (CantigaTitle) title = cantiga_import_file (import, path, get_now (), &is_new, &failure);

  if (title != NULL)
    {
      *(is_new ? &adding->added->added : &adding->added->there) += 1;
      return TRUE;
    }
  if (!g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_MEDIA) && !g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (g_hash_table_contains (adding->named, path))
    g_ptr_array_add (adding->added->failed, dup_display_name (path));
  return TRUE;
}

static gboolean
add_all (GTask *task, const char *const *paths, GError **error)
{
  Adding *adding = g_task_get_task_data (task);
  CantigaServer *server = adding->inside->server;
  const CantigaImport import
      = { server->state, server->pki, server->ledger, .exportable = adding->exportable, .progress = progress_cb, .user_data = task };

  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_hash_table_add (adding->named, g_strdup (paths[i]));
      if (!cantiga_import_collect (paths[i], adding->paths, error))
        return FALSE;
    }
  for (adding->at = 0; adding->at < adding->paths->len; adding->at++)
    if (g_cancellable_set_error_if_cancelled (adding->cancellable, error)
        || !add_one (task, &import, g_ptr_array_index (adding->paths, adding->at), error))
      return FALSE;
  return TRUE;
}

typedef struct
{
  GTask *task;
  GStrv paths;
} AddThread;

static gpointer
add_thread (gpointer user_data)
{
  g_autofree AddThread *thread = user_data;
  g_autoptr (GTask) task = thread->task;
  g_auto (GStrv) paths = thread->paths;
  Adding *adding = g_task_get_task_data (task);
  GError *error = NULL;

  if (add_all (task, (const char *const *)paths, &error))
    g_task_return_pointer (task, g_steal_pointer (&adding->added), (GDestroyNotify)cantiga_inside_added_free);
  else
    g_task_return_error (task, error);
  return NULL;
}

void
cantiga_inside_add_async (CantigaInside *inside, const char *const *paths, gboolean exportable, CantigaInsideProgress progress,
                          gpointer progress_data, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = cantiga_inside_task_new (inside, cantiga_inside_add_async, cancellable, callback, user_data);
  Adding *adding = g_new0 (Adding, 1);
  AddThread *thread = g_new0 (AddThread, 1);

  adding->inside = inside;
  adding->paths = g_ptr_array_new_with_free_func (g_free);
  adding->named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  adding->exportable = exportable;
  adding->progress = progress;
  adding->progress_data = progress_data;
  adding->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  adding->added = g_new0 (CantigaInsideAdded, 1);
  adding->added->failed = g_ptr_array_new_with_free_func (g_free);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, adding, (GDestroyNotify)adding_free);
  thread->task = task;
  thread->paths = g_strdupv ((char **)paths);
  g_thread_unref (g_thread_new ("cantiga-import", add_thread, thread));
}

CantigaInsideAdded *
cantiga_inside_add_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_inside_add_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
