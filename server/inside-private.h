/* What the files behind inside.h share. Not for other files. */
#pragma once

#include "server/inside.h"
#include "server/server-private.h"

G_BEGIN_DECLS

struct _CantigaInside
{
  gatomicrefcount refs; /* what is still to be told keeps it */

  /* written before the thread is started, or by it before the answer */
  char *folder;
  char *name;
  char *listen;
  char *address;
  char *server_id;
  CantigaSecret *master;
  CantigaState *state;
  CantigaConfig *config;
  CantigaServer *server;
  GMainContext *main; /* of who is told */
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  CantigaInsideTold told;
  gpointer told_data;
  gint silent; /* atomic: nothing is told any more */

  GMutex lock;
  GPtrArray *guests; /* of who is signed in; inside.c */
  guint works;       /* what the keeper asked for and was not answered yet: it has the server until then */
  GCond worked;
};

CantigaInside *cantiga_inside_ref (CantigaInside *inside);
void cantiga_inside_unref (CantigaInside *inside);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaInside, cantiga_inside_unref)
/* From any thread; copied. who and what may be NULL. */
void cantiga_inside_tell (CantigaInside *inside, CantigaInsideKind kind, const char *who, const char *what, guint plays_left);
/* A task of the keeper's: the server stays until it is completed. */
GTask *cantiga_inside_task_new (CantigaInside *inside, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* Who is signed in now: CantigaInsideListener. */
GPtrArray *cantiga_inside_list_listeners (CantigaInside *inside);

G_END_DECLS
