/* The switch, and what is told. */
#include "server/inside-private.h"

#include <string.h>

#include "server/master.h"

#define LOOK_SECONDS 1

/* A session that is open. */
typedef struct
{
  CantigaId session;
  char *player; /* UUID: its next session takes this one's place */
  char *name;
  char *title;
  gint64 since;
} Guest;

static void
guest_free (Guest *guest)
{
  g_free (guest->player);
  g_free (guest->name);
  g_free (guest->title);
  g_free (guest);
}

/* ---- telling ---- */

typedef struct
{
  CantigaInside *inside;
  CantigaInsideEvent event;
  char *who, *what;
} Telling;

static void
telling_free (gpointer user_data)
{
  Telling *telling = user_data;

  cantiga_inside_unref (telling->inside);
  g_free (telling->who);
  g_free (telling->what);
  g_free (telling);
}

static gboolean
tell_cb (gpointer user_data)
{
  Telling *telling = user_data;

  if (!g_atomic_int_get (&telling->inside->silent))
    telling->inside->told (&telling->event, telling->inside->told_data);
  return G_SOURCE_REMOVE;
}

void
cantiga_inside_tell (CantigaInside *inside, CantigaInsideKind kind, const char *who, const char *what, guint plays_left)
{
  Telling *telling;

  if (g_atomic_int_get (&inside->silent))
    return;
  telling = g_new0 (Telling, 1);
  telling->inside = cantiga_inside_ref (inside);
  telling->who = g_strdup (who);
  telling->what = g_strdup (what);
  telling->event = (CantigaInsideEvent){ kind, g_get_real_time () / G_USEC_PER_SEC, telling->who, telling->what, plays_left };
  g_main_context_invoke_full (inside->main, G_PRIORITY_DEFAULT, tell_cb, telling, telling_free);
}

/* ---- who is here ---- */

/* With the lock held. */
static Guest *
find_guest (CantigaInside *inside, const CantigaId *session)
{
  for (guint i = 0; i < inside->guests->len; i++)
    {
      Guest *guest = g_ptr_array_index (inside->guests, i);

      if (cantiga_id_equal (&guest->session, session))
        return guest;
    }
  return NULL;
}

static void
welcome (CantigaInside *inside, const CantigaServerEvent *event)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&inside->lock);
  Guest *guest = NULL;

  for (guint i = 0; guest == NULL && i < inside->guests->len; i++)
    if (g_strcmp0 (((Guest *)inside->guests->pdata[i])->player, event->player) == 0)
      guest = inside->guests->pdata[i];
  if (guest == NULL)
    {
      guest = g_new0 (Guest, 1);
      guest->player = g_strdup (event->player);
      guest->since = g_get_real_time () / G_USEC_PER_SEC;
      g_ptr_array_add (inside->guests, guest);
    }
  guest->session = *event->session;
  g_free (guest->name);
  guest->name = g_strdup (event->name);
}

/* The listener's name, for what is told; free with g_free(). */
static char *
note_title (CantigaInside *inside, const CantigaServerEvent *event)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&inside->lock);
  Guest *guest = find_guest (inside, event->session);

  if (guest == NULL)
    return NULL;
  g_free (guest->title);
  guest->title = g_strdup (event->title);
  return g_strdup (guest->name);
}

/* On a worker. */
static void
happened_cb (const CantigaServerEvent *event, gpointer user_data)
{
  CantigaInside *inside = user_data;
  g_autofree char *who = NULL;

  switch (event->kind)
    {
    case CANTIGA_SERVER_PAIRED:
      return cantiga_inside_tell (inside, CANTIGA_INSIDE_JOINED, event->name, NULL, 0);
    case CANTIGA_SERVER_SIGNED_IN:
      welcome (inside, event);
      return cantiga_inside_tell (inside, CANTIGA_INSIDE_SIGNED_IN, event->name, NULL, 0);
    default:
      who = note_title (inside, event);
      return cantiga_inside_tell (inside, CANTIGA_INSIDE_BEGAN, who, event->title, event->plays_left);
    }
}

static void
refused_cb (const char *address, const char *path, const char *type, const char *detail, gpointer user_data)
{
  cantiga_inside_tell (user_data, CANTIGA_INSIDE_REFUSED, address, detail, 0);
}

static void
told_cb (const char *sentence, gpointer user_data)
{
  cantiga_inside_tell (user_data, CANTIGA_INSIDE_NOTICE, NULL, sentence, 0);
}

/* Those whose session is over. With the lock held; free with g_ptr_array_unref(). */
static GPtrArray *
take_gone (CantigaInside *inside)
{
  GPtrArray *gone = g_ptr_array_new_with_free_func ((GDestroyNotify)guest_free);

  for (guint i = inside->guests->len; i > 0; i--)
    {
      Guest *guest = g_ptr_array_index (inside->guests, i - 1);

      if (!cantiga_sessions_has_open (inside->server->sessions, &guest->session))
        g_ptr_array_add (gone, g_ptr_array_steal_index (inside->guests, i - 1));
    }
  return gone;
}

static gboolean
look_cb (gpointer user_data)
{
  CantigaInside *inside = user_data;
  g_autoptr (GPtrArray) gone = NULL;

  g_mutex_lock (&inside->lock);
  gone = take_gone (inside);
  g_mutex_unlock (&inside->lock);
  for (guint i = 0; i < gone->len; i++)
    cantiga_inside_tell (inside, CANTIGA_INSIDE_LEFT, ((Guest *)gone->pdata[i])->name, NULL, 0);
  return G_SOURCE_CONTINUE;
}

static void
listener_free (CantigaInsideListener *listener)
{
  g_free (listener->id);
  g_free (listener->name);
  g_free (listener->title);
  g_free (listener);
}

GPtrArray *
cantiga_inside_list_listeners (CantigaInside *inside)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&inside->lock);
  GPtrArray *listeners = g_ptr_array_new_with_free_func ((GDestroyNotify)listener_free);
  char id[CANTIGA_ID_TEXT_LENGTH];

  for (guint i = 0; i < inside->guests->len; i++)
    {
      const Guest *guest = g_ptr_array_index (inside->guests, i);
      CantigaInsideListener *listener = g_new0 (CantigaInsideListener, 1);

      listener->id = g_strdup (cantiga_id_format (&guest->session, id));
      listener->name = g_strdup (guest->name);
      listener->title = g_strdup (guest->title);
      listener->since = guest->since;
      g_ptr_array_add (listeners, listener);
    }
  return listeners;
}

/* ---- the thread ---- */

CantigaInside *
cantiga_inside_ref (CantigaInside *inside)
{
  g_atomic_ref_count_inc (&inside->refs);
  return inside;
}

void
cantiga_inside_unref (CantigaInside *inside)
{
  if (!g_atomic_ref_count_dec (&inside->refs))
    return;
  cantiga_secret_free (inside->master);
  g_clear_pointer (&inside->loop, g_main_loop_unref);
  g_clear_pointer (&inside->context, g_main_context_unref);
  g_clear_pointer (&inside->main, g_main_context_unref);
  g_ptr_array_unref (inside->guests);
  g_mutex_clear (&inside->lock);
  g_cond_clear (&inside->worked);
  g_free (inside->folder);
  g_free (inside->name);
  g_free (inside->listen);
  g_free (inside->address);
  g_free (inside->server_id);
  g_free (inside);
}

/* One at a time: each has a master key of its own to give. */
static GMutex opening;

static gboolean
open_all (CantigaInside *inside, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&opening);
  g_autofree char *config = g_build_filename (inside->folder, "server.conf", NULL);

  cantiga_master_give (inside->master);
  if (!cantiga_state_exists (inside->folder)
      && !cantiga_state_init (inside->folder, inside->name, g_get_real_time () / G_USEC_PER_SEC, error))
    return FALSE;
  inside->state = cantiga_state_open (inside->folder, error);
  inside->config = inside->state != NULL ? cantiga_config_load (config, FALSE, error) : NULL;
  inside->server = inside->config != NULL ? cantiga_server_new (inside->state, inside->config, error) : NULL;
  return inside->server != NULL;
}

static gboolean
start (CantigaInside *inside, GError **error)
{
  if (!open_all (inside, error))
    return FALSE;
  cantiga_server_set_happened_func (inside->server, happened_cb, inside);
  cantiga_server_set_refused_func (inside->server, refused_cb, inside);
  cantiga_server_set_told_func (inside->server, told_cb, inside);
  if (!cantiga_server_start (inside->server, inside->listen, &inside->address, error))
    return FALSE;
  g_free (inside->name);
  inside->name = g_strdup (cantiga_pki_get_name (inside->server->pki));
  inside->server_id = g_strdup (cantiga_pki_get_server (inside->server->pki));
  return TRUE;
}

static void
serve (CantigaInside *inside)
{
  g_autoptr (GSource) look = g_timeout_source_new_seconds (LOOK_SECONDS);

  g_source_set_callback (look, look_cb, inside, NULL);
  g_source_attach (look, inside->context);
  g_main_loop_run (inside->loop);
  g_source_destroy (look);
  cantiga_server_stop (inside->server);
}

/* On the server's own thread, as it was opened there. */
static void
close_all (CantigaInside *inside)
{
  g_clear_pointer (&inside->server, cantiga_server_free);
  g_clear_pointer (&inside->config, cantiga_config_free);
  g_clear_pointer (&inside->state, cantiga_state_free);
}

typedef struct
{
  CantigaInside *inside;
  GTask *task;
} Starting;

static gpointer
run_thread (gpointer user_data)
{
  g_autofree Starting *starting = user_data;
  CantigaInside *inside = starting->inside;
  g_autoptr (GTask) task = starting->task;
  GError *error = NULL;

  g_main_context_push_thread_default (inside->context);
  if (!start (inside, &error))
    g_task_return_error (task, error);
  else
    {
      g_task_return_pointer (task, inside, NULL);
      g_clear_object (&task);
      serve (inside);
    }
  close_all (inside);
  g_main_context_pop_thread_default (inside->context);
  return NULL;
}

void
cantiga_inside_start_async (const char *folder, CantigaSecret *master, const char *name, const char *listen, CantigaInsideTold told,
                            gpointer user_data, GAsyncReadyCallback callback, gpointer callback_data)
{
  CantigaInside *inside = g_new0 (CantigaInside, 1);
  Starting *starting = g_new0 (Starting, 1);

  g_atomic_ref_count_init (&inside->refs);
  inside->folder = g_strdup (folder);
  inside->name = g_strdup (name);
  inside->listen = g_strdup (listen);
  inside->master = cantiga_secret_new_copy (cantiga_secret_bytes (master), cantiga_secret_length (master));
  inside->told = told;
  inside->told_data = user_data;
  inside->main = g_main_context_ref_thread_default ();
  inside->context = g_main_context_new ();
  inside->loop = g_main_loop_new (inside->context, FALSE);
  inside->guests = g_ptr_array_new_with_free_func ((GDestroyNotify)guest_free);
  g_mutex_init (&inside->lock);
  g_cond_init (&inside->worked);
  starting->inside = inside;
  starting->task = g_task_new (NULL, NULL, callback, callback_data);
  g_task_set_source_tag (starting->task, cantiga_inside_start_async);
  g_task_set_task_data (starting->task, inside, NULL);
  inside->thread = g_thread_new ("cantiga-inside", run_thread, starting);
}

CantigaInside *
cantiga_inside_start_finish (GAsyncResult *result, GError **error)
{
  CantigaInside *inside = g_task_get_task_data (G_TASK (result));

  if (g_task_propagate_pointer (G_TASK (result), error) != NULL)
    return inside;
  g_thread_join (inside->thread);
  cantiga_inside_unref (inside);
  return NULL;
}

/* ---- work, and stopping ---- */

static void
unref_cb (gpointer inside, GClosure *closure)
{
  cantiga_inside_unref (inside);
}

static void
completed_cb (GTask *task, GParamSpec *pspec, CantigaInside *inside)
{
  g_mutex_lock (&inside->lock);
  inside->works--;
  g_cond_broadcast (&inside->worked);
  g_mutex_unlock (&inside->lock);
}

GTask *
cantiga_inside_task_new (CantigaInside *inside, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_mutex_lock (&inside->lock);
  inside->works++;
  g_mutex_unlock (&inside->lock);
  g_signal_connect_data (task, "notify::completed", G_CALLBACK (completed_cb), cantiga_inside_ref (inside), unref_cb, 0);
  return task;
}

static void
await_works (CantigaInside *inside)
{
  g_mutex_lock (&inside->lock);
  while (inside->works > 0)
    g_cond_wait (&inside->worked, &inside->lock);
  g_mutex_unlock (&inside->lock);
}

static gboolean
quit_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
stop_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  CantigaInside *inside = task_data;
  g_autoptr (GSource) quit = g_idle_source_new ();

  await_works (inside);
  /* By the loop itself, so that one that has not begun to run yet hears it too. */
  g_source_set_callback (quit, quit_cb, inside->loop, NULL);
  g_source_attach (quit, inside->context);
  g_thread_join (inside->thread);
  g_task_return_boolean (task, TRUE);
}

static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  cantiga_inside_unref (g_task_get_task_data (G_TASK (result)));
  g_task_return_boolean (task, TRUE);
}

void
cantiga_inside_stop_async (CantigaInside *inside, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  g_autoptr (GTask) inner = g_task_new (NULL, NULL, stopped_cb, task);

  g_atomic_int_set (&inside->silent, TRUE);
  g_task_set_source_tag (task, cantiga_inside_stop_async);
  g_task_set_task_data (inner, inside, NULL);
  g_task_run_in_thread (inner, stop_thread);
}

void
cantiga_inside_stop_finish (GAsyncResult *result)
{
  g_return_if_fail (g_async_result_is_tagged (result, cantiga_inside_stop_async));
}

const char *
cantiga_inside_get_address (CantigaInside *inside)
{
  return inside->address;
}

const char *
cantiga_inside_get_name (CantigaInside *inside)
{
  return inside->name;
}

const char *
cantiga_inside_get_server (CantigaInside *inside)
{
  return inside->server_id;
}
