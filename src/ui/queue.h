/* What is played now and what follows: asks for the licence of each title when its turn comes, plays it, tells the server that it was heard. No title
 * spends a play that is not heard, and none is spent a second time without asking once. */
#pragma once

#include "client/player.h"
#include "ui/entry.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_QUEUE_EMPTY,
  CANTIGA_QUEUE_LOADED, /* a title's turn is come, but nothing was asked for it: after a restart, a stop, the end, a question */
  CANTIGA_QUEUE_ASKING, /* for the licence; also while it is held */
  CANTIGA_QUEUE_PLAYING,
  CANTIGA_QUEUE_PAUSED,
} CantigaQueueState;

typedef enum
{
  CANTIGA_REPEAT_OFF,
  CANTIGA_REPEAT_ALL,
  CANTIGA_REPEAT_ONE,
} CantigaRepeat;

/* A GListModel of CantigaEntry in the order in which their titles are played; a title may stand in it more than once.
 *
 * Properties (notified; enums as ints): "state" (CantigaQueueState; read-only), "title" (CantigaTitle; read-only: what plays or is asked for, NULL
 * when empty), "place" (uint; read-only: where it stands), "next-title" (CantigaTitle; read-only: what would follow by itself, NULL for nothing),
 * "plays-left" (int; read-only: of the title that is heard; -1 before), "shuffle" (boolean), "repeat" (CantigaRepeat), "gapless" (boolean, TRUE
 * unless told), "held" (boolean): no further title begins; what plays, plays on.
 *
 * Signals: "refused" (CantigaTitle, GError, gboolean chosen): it cannot be played; chosen: the person chose it, else the queue passed on over it.
 * "failed" (CantigaTitle, GError, gboolean counted): it broke off; counted: it cost a play. "silent": there is no sound device. "again" (CantigaTitle, gboolean all): repeating would spend
 * plays a second time, of this title or of all: until cantiga_queue_answer() nothing plays. "awaits": it is held, and a title's turn is come. */
#define CANTIGA_TYPE_QUEUE (cantiga_queue_get_type ())
G_DECLARE_FINAL_TYPE (CantigaQueue, cantiga_queue, CANTIGA, QUEUE, GObject)

/* CANTIGA_ERROR_MEDIA if GStreamer lacks what every title needs. */
CantigaQueue *cantiga_queue_new (GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For tests: over a player of their own. */
CantigaQueue *cantiga_queue_new_for_player (CantigaPlayer *player);

/* Plays titles (CantigaTitle) of session from place on. A title that plays already goes on, and costs nothing. */
void cantiga_queue_play (CantigaQueue *queue, CantigaSession *session, GPtrArray *titles, guint place);
/* The same, but LOADED: it is played from seconds on when the person says so. */
void cantiga_queue_load (CantigaQueue *queue, CantigaSession *session, GPtrArray *titles, guint place, double seconds);
/* Stops and lets everything go. */
void cantiga_queue_clear (CantigaQueue *queue);
/* Stops; the title stays loaded. */
void cantiga_queue_stop (CantigaQueue *queue);

/* Changes of what follows. The title that plays plays on, unless it is removed: then the next one does. Of another session than the queue's: ignored,
 * unless it is empty. */
void cantiga_queue_append (CantigaQueue *queue, CantigaSession *session, GPtrArray *titles);
void cantiga_queue_play_next (CantigaQueue *queue, CantigaSession *session, GPtrArray *titles);
void cantiga_queue_remove (CantigaQueue *queue, guint place);
void cantiga_queue_move (CantigaQueue *queue, guint from, guint to);

CantigaQueueState cantiga_queue_get_state (CantigaQueue *queue);
CantigaTitle *cantiga_queue_get_title (CantigaQueue *queue);
guint cantiga_queue_get_place (CantigaQueue *queue);
/* NULL: nothing stands there. */
CantigaEntry *cantiga_queue_get_entry (CantigaQueue *queue, guint place);
CantigaTitle *cantiga_queue_get_title_at (CantigaQueue *queue, guint place);
CantigaTitle *cantiga_queue_get_next_title (CantigaQueue *queue);
int cantiga_queue_get_plays_left (CantigaQueue *queue);
CantigaPlayer *cantiga_queue_get_player (CantigaQueue *queue);
CantigaSession *cantiga_queue_get_session (CantigaQueue *queue);
/* By hand, so that repeating all counts and repeating one does not. */
gboolean cantiga_queue_has_next (CantigaQueue *queue);
/* What would not be played again by itself, added up: how many seconds are left, and how many titles spend a play. */
double cantiga_queue_get_seconds_left (CantigaQueue *queue);
guint cantiga_queue_get_plays_due (CantigaQueue *queue);

void cantiga_queue_toggle (CantigaQueue *queue);
void cantiga_queue_next (CantigaQueue *queue);
/* To the title's start, or to the title before if it has just begun. */
void cantiga_queue_previous (CantigaQueue *queue);
void cantiga_queue_go_to (CantigaQueue *queue, guint place);

gboolean cantiga_queue_get_shuffle (CantigaQueue *queue);
void cantiga_queue_set_shuffle (CantigaQueue *queue, gboolean shuffle);
CantigaRepeat cantiga_queue_get_repeat (CantigaQueue *queue);
void cantiga_queue_set_repeat (CantigaQueue *queue, CantigaRepeat repeat);
gboolean cantiga_queue_get_gapless (CantigaQueue *queue);
void cantiga_queue_set_gapless (CantigaQueue *queue, gboolean gapless);
/* A card that was taken out holds the queue; put back, it goes on by itself. */
void cantiga_queue_set_held (CantigaQueue *queue, gboolean held);
/* To "again". */
void cantiga_queue_answer (CantigaQueue *queue, gboolean again);

G_END_DECLS
