/* What the files of the queue share. Inner to src/ui. */
#pragma once

#include "ui/order.h"
#include "ui/queue.h"

G_BEGIN_DECLS

/* What is known of the title that follows, while the one before it plays. */
typedef enum
{
  CANTIGA_NEXT_NONE,
  CANTIGA_NEXT_ASKED,   /* for its licence */
  CANTIGA_NEXT_READY,   /* the player has it */
  CANTIGA_NEXT_REFUSED, /* next_error says why */
} CantigaNextState;

typedef enum
{
  CANTIGA_QUESTION_NONE,
  CANTIGA_QUESTION_ONE, /* hear this one again? */
  CANTIGA_QUESTION_ALL, /* hear them all again? */
} CantigaQuestion;

struct _CantigaQueue
{
  GObject parent_instance;

  /* owned */
  CantigaPlayer *player;
  CantigaSession *session;
  CantigaOrder *order;
  CantigaPlay *play;  /* what is heard, or about to be */
  GPtrArray *spared;  /* CantigaPlay: spent at the server, not heard here; those that come back first stand first */

  /* The title whose turn it is. */
  CantigaQueueState state;
  guint place;
  double from;     /* where it begins, in seconds */
  gboolean chosen; /* the person chose it, and did not only let it follow */
  gboolean heard;  /* its first sample was */
  gboolean lost;   /* it stopped because the server was gone: it goes on when that is back */
  guint passed;    /* titles passed over in a row */

  /* Questions to the server: only the answer to the last one counts. */
  guint number;
  gboolean withheld; /* it is not asked at all: held */

  /* The one that follows. */
  CantigaNextState next_state;
  guint next_place;
  CantigaPlay *next;
  GError *next_error;
  gboolean ending; /* it is time for it */

  /* wanted */
  gboolean shuffle;
  CantigaRepeat repeat;
  gboolean gapless;
  gboolean held;
  CantigaQuestion question;
  gboolean agreed; /* to repeating, as it is set now */

  /* as was last notified */
  CantigaTitle *shown_title; /* owned */
  CantigaTitle *shown_next;  /* owned */
  guint shown_place;
  int shown_left;
};

#define CANTIGA_PLACE_NONE G_MAXUINT

/* queue.c */
void cantiga_queue_set_state (CantigaQueue *self, CantigaQueueState state);
/* Notifies what changed of title, place, next title, plays left. */
void cantiga_queue_tell (CantigaQueue *self);
void cantiga_queue_emit_refused (CantigaQueue *self, CantigaTitle *title, const GError *error, gboolean chosen);
void cantiga_queue_emit_failed (CantigaQueue *self, CantigaTitle *title, const GError *error, gboolean counted);
void cantiga_queue_emit_awaits (CantigaQueue *self);
/* Where titles stand changed: all from place on. */
void cantiga_queue_emit_order (CantigaQueue *self, guint place, guint removed, guint added);
/* Where what follows by itself stands; CANTIGA_PLACE_NONE. */
guint cantiga_queue_find_following (CantigaQueue *self);
void cantiga_queue_ask_again (CantigaQueue *self, CantigaQuestion question);

/* queue-edit.c */
void cantiga_queue_take_session (CantigaQueue *self, CantigaSession *session);

/* queue-turn.c */
void cantiga_queue_connect_player (CantigaQueue *self);
/* The title at place, from its start. */
void cantiga_queue_turn_to (CantigaQueue *self, guint place, gboolean chosen);
/* The one that is loaded, from where it is loaded. */
void cantiga_queue_take_turn (CantigaQueue *self, gboolean chosen);
/* What is heard and what was to follow are let go. */
void cantiga_queue_let_go (CantigaQueue *self);
/* What follows may be another one now. */
void cantiga_queue_revise_next (CantigaQueue *self);
/* From the end to the start. */
void cantiga_queue_wrap (CantigaQueue *self, gboolean chosen);

G_END_DECLS
