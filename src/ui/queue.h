/* What is played now and what follows: asks for the licence of each title when its turn comes, plays it, tells the server that it was heard. */
#pragma once

#include "client/player.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_QUEUE_EMPTY,
  CANTIGA_QUEUE_ASKING, /* for the licence */
  CANTIGA_QUEUE_PLAYING,
  CANTIGA_QUEUE_PAUSED,
} CantigaQueueState;

/* Properties (read-only, notified): "state" (int), "title" (CantigaTitle: what plays, or is asked for; NULL when empty), "place" (uint, changes with
 * it). Signals: "refused" (CantigaTitle, GError, gboolean chosen): it cannot be played; chosen: the person chose it, else the queue passed on over
 * it. "failed" (CantigaTitle, GError): it broke off. "silent": there is no sound device. */
#define CANTIGA_TYPE_QUEUE (cantiga_queue_get_type ())
G_DECLARE_FINAL_TYPE (CantigaQueue, cantiga_queue, CANTIGA, QUEUE, GObject)

/* CANTIGA_ERROR_MEDIA if GStreamer lacks what every title needs. */
CantigaQueue *cantiga_queue_new (GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Plays titles (CantigaTitle) of session from place on. A title that plays already goes on, and costs nothing. */
void cantiga_queue_play (CantigaQueue *queue, CantigaSession *session, GPtrArray *titles, guint place);
/* Stops and lets everything go. */
void cantiga_queue_clear (CantigaQueue *queue);

CantigaQueueState cantiga_queue_get_state (CantigaQueue *queue);
CantigaTitle *cantiga_queue_get_title (CantigaQueue *queue);
CantigaPlayer *cantiga_queue_get_player (CantigaQueue *queue);
gboolean cantiga_queue_has_next (CantigaQueue *queue);

void cantiga_queue_toggle (CantigaQueue *queue);
void cantiga_queue_next (CantigaQueue *queue);
/* To the title's start, or to the title before if it has just begun. */
void cantiga_queue_previous (CantigaQueue *queue);

G_END_DECLS
