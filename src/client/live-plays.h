/* Where the listener hears something now, and ending it there (docs/protocol.md 9.9). Thread: main. */
#pragma once

#include "client/session.h"

G_BEGIN_DECLS

/* A play that is not over. */
typedef struct
{
  CantigaId play;
  CantigaId title;
  char *name;    /* of the title; "" if it was removed */
  char *player;  /* as the keeper calls it; may be "" */
  gint64 at;
  gint64 ends;
  gboolean here; /* asked for by this player, in this session or an older one */
} CantigaLivePlay;
void cantiga_live_play_free (CantigaLivePlay *play);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaLivePlay, cantiga_live_play_free)

/* GPtrArray of CantigaLivePlay. */
void cantiga_session_list_plays_async (CantigaSession *session, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *cantiga_session_list_plays_finish (CantigaSession *session, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends a play, wherever it is heard: that player stops at its next chunk. Once more is no error. */
void cantiga_session_end_play_async (CantigaSession *session, const CantigaId *play, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean cantiga_session_end_play_finish (CantigaSession *session, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
