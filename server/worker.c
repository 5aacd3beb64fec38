#include "server/worker.h"

#include "server/routes.h"

struct _CantigaWorker
{
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  CantigaServer *server; /* borrowed */
  GSocket *socket;

  /* of the worker's thread */
  CantigaAcceptor *acceptor;
  gint64 patience_ends; /* monotonic */

  gint64 turned; /* atomic, monotonic */
};

static gpointer
run (gpointer user_data)
{
  CantigaWorker *worker = user_data;

  g_main_context_push_thread_default (worker->context);
  worker->acceptor = cantiga_acceptor_new (worker->server->doors, worker->socket, &cantiga_routes, worker->server);
  g_main_loop_run (worker->loop);
  cantiga_acceptor_free (worker->acceptor);
  g_main_context_pop_thread_default (worker->context);
  return NULL;
}

CantigaWorker *
cantiga_worker_start (CantigaServer *server, GSocket *socket)
{
  CantigaWorker *worker = g_new0 (CantigaWorker, 1);

  worker->server = server;
  worker->turned = g_get_monotonic_time ();
  worker->socket = g_object_ref (socket);
  worker->context = g_main_context_new ();
  worker->loop = g_main_loop_new (worker->context, FALSE);
  worker->thread = g_thread_new ("cantiga-worker", run, worker);
  return worker;
}

static gboolean
turn_cb (gpointer user_data)
{
  CantigaWorker *worker = user_data;

  __atomic_store_n (&worker->turned, g_get_monotonic_time (), __ATOMIC_RELAXED);
  return G_SOURCE_REMOVE;
}

void
cantiga_worker_ask (CantigaWorker *worker)
{
  g_autoptr (GSource) turn = g_idle_source_new ();

  g_source_set_priority (turn, G_PRIORITY_DEFAULT);
  g_source_set_callback (turn, turn_cb, worker, NULL);
  g_source_attach (turn, worker->context);
}

gint64
cantiga_worker_get_turned (CantigaWorker *worker)
{
  return __atomic_load_n (&worker->turned, __ATOMIC_RELAXED);
}

static gboolean
drained_cb (gpointer user_data)
{
  CantigaWorker *worker = user_data;

  if (cantiga_acceptor_count (worker->acceptor) > 0 && g_get_monotonic_time () < worker->patience_ends)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (worker->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
drain_cb (gpointer user_data)
{
  CantigaWorker *worker = user_data;
  g_autoptr (GSource) drained = g_timeout_source_new (10);

  cantiga_acceptor_close (worker->acceptor);
  g_source_set_callback (drained, drained_cb, worker, NULL);
  g_source_attach (drained, worker->context);
  return G_SOURCE_REMOVE;
}

void
cantiga_worker_drain (CantigaWorker *worker, guint seconds)
{
  g_autoptr (GSource) drain = g_idle_source_new ();

  worker->patience_ends = g_get_monotonic_time () + (gint64)seconds * G_USEC_PER_SEC;
  /* As who asks: where the epoll set is never quiet, an idle source has no turn. */
  g_source_set_priority (drain, G_PRIORITY_DEFAULT);
  g_source_set_callback (drain, drain_cb, worker, NULL);
  g_source_attach (drain, worker->context);
}

void
cantiga_worker_join (CantigaWorker *worker)
{
  g_thread_join (worker->thread);
}

void
cantiga_worker_free (CantigaWorker *worker)
{
  /* What the pool was done with since is let go of. */
  while (g_main_context_iteration (worker->context, FALSE))
    ;
  g_main_loop_unref (worker->loop);
  g_main_context_unref (worker->context);
  g_object_unref (worker->socket);
  g_free (worker);
}
