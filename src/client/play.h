/* One play of one title: the licence spent on it, and its chunks, verified, in memory alone (docs/protocol.md 9, 10, 13.2). Thread: main; chunks are
 * opened in GTask's pool. */
#pragma once

#include "client/session.h"
#include "client/title.h"

G_BEGIN_DECLS

#define CANTIGA_PLAY_CHUNKS_IN_FLIGHT 4

/* Properties (read-only): "plays-left" (int), "expires", "ends" (int64), "size", "chunks" (uint64), "type" (string), "exportable" (boolean). */
#define CANTIGA_TYPE_PLAY (cantiga_play_get_type ())
G_DECLARE_FINAL_TYPE (CantigaPlay, cantiga_play, CANTIGA, PLAY, GObject)

/* Asks for the licence with a fresh play, and verifies the manifest. title's licence follows. CANTIGA_ERROR_LICENCE_*, CANTIGA_ERROR_FORGED … */
void cantiga_play_start_async (CantigaSession *session, CantigaTitle *title, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
CantigaPlay *cantiga_play_start_finish (CantigaSession *session, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a title whose turn is not come: nothing is shown on it before cantiga_play_announce(). Until its first chunk is read the server takes
 * nothing: cantiga_play_end_async() before that gives the play back. Ended by cantiga_play_start_finish(). */
void cantiga_play_prepare_async (CantigaSession *session, CantigaTitle *title, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
/* The title's licence follows from now on. */
void cantiga_play_announce (CantigaPlay *play);

CantigaTitle *cantiga_play_get_title (CantigaPlay *play);
const CantigaId *cantiga_play_get_id (CantigaPlay *play);
guint cantiga_play_get_plays_left (CantigaPlay *play);
gint64 cantiga_play_get_expires (CantigaPlay *play);
gint64 cantiga_play_get_ends (CantigaPlay *play);
guint64 cantiga_play_get_size (CantigaPlay *play);
const char *cantiga_play_get_media_type (CantigaPlay *play);
double cantiga_play_get_duration (CantigaPlay *play);
guint64 cantiga_play_get_chunks (CantigaPlay *play);
guint32 cantiga_play_get_chunk_size (CantigaPlay *play);
gsize cantiga_play_get_chunk_length (CantigaPlay *play, guint64 index);
gboolean cantiga_play_is_exportable (CantigaPlay *play);

/* Chunk index, plain and verified. Several at once; CANTIGA_PLAY_CHUNKS_IN_FLIGHT go over the wire, the others wait. A lost session is signed in
 * again and the same play goes on. CANTIGA_ERROR_FORGED after one more try. */
void cantiga_play_read_chunk_async (CantigaPlay *play, guint64 index, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
GBytes *cantiga_play_read_chunk_finish (CantigaPlay *play, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the server may have given a chunk: then the play is spent, else cantiga_play_end_async() gives it back. */
gboolean cantiga_play_has_begun (CantigaPlay *play);

/* The title was heard (9.3): hearing it again is a new play. */
void cantiga_play_end_async (CantigaPlay *play, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_play_end_finish (CantigaPlay *play, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
