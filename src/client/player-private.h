/* What the files of the player share. Inner to src/client. */
#pragma once

#include "client/deck.h"
#include "client/output.h"
#include "client/player.h"
#include "client/spectrum.h"

G_BEGIN_DECLS

#define CANTIGA_SEEK_NONE (-1.0)

/* One play and what plays it. */
typedef struct
{
  CantigaPlay *play;     /* owned */
  CantigaSource *source; /* owned; NULL: its chunks are not asked for yet */
  CantigaDeck *deck;     /* owned; NULL: it is not being decoded */
} CantigaTrack;

/* How far GStreamer is with what is wanted of it. */
typedef enum
{
  CANTIGA_FLOW_NONE,    /* nothing is open */
  CANTIGA_FLOW_FILLING, /* the first sample is awaited, of a start or of a seek */
  CANTIGA_FLOW_FLOWING,
  CANTIGA_FLOW_DRY, /* sound ran out while chunks are awaited: time stands still */
} CantigaFlow;

struct _CantigaPlayer
{
  GObject parent_instance;

  /* owned */
  GstElement *pipeline;
  CantigaOutput *output;
  GstElement *pictures; /* the video sink; NULL */
  GSource *watch;
  CantigaSpectra *spectra;

  /* The titles. */
  CantigaTrack now;
  CantigaTrack next;

  /* wanted by who uses it, and how far GStreamer is: two things */
  CantigaPlayerState wanted;
  CantigaFlow flow;
  double seek; /* where to, while it is not there; CANTIGA_SEEK_NONE */
  GstSeekFlags seek_flags;
  gboolean seek_sent;
  CantigaDeck *seeking;   /* borrowed; the one that was told and is at it */
  guint flush_wanted; /* the last seek's number at the output */
  guint flush_seen;
  gboolean started;

  /* Time. stretch: what is heard; waiting: what reached the device already, of the next title. */
  CantigaStretch stretch;
  CantigaStretch waiting; /* stream 0: none */
  double position;        /* the last one known */
  double buffered;
  gboolean buffering;
  gboolean ending;
  gboolean dumb;   /* the device failed, once since sound flowed */
  gboolean chosen; /* the device is another than the machine's own */
  guint tick;
  guint arrival; /* of what waits, at the ear */
  guint spectrum_timer;
  guint watchers;

  double volume;
  gboolean muted;
  CantigaReplayGain gain;

  /* What GStreamer's threads say. */
  GMutex lock;
  gboolean waking;
  GCond sought; /* when a seek was sent */
  guint seeks;  /* that are being sent */
};

/* player.c */
typedef enum
{
  CANTIGA_PLAYER_TOLD_POSITION,
  CANTIGA_PLAYER_TOLD_DURATION,
  CANTIGA_PLAYER_TOLD_BUFFERED,
  CANTIGA_PLAYER_TOLD_BUFFERING,
} CantigaPlayerTold;

typedef enum
{
  CANTIGA_PLAYER_STARTED,
  CANTIGA_PLAYER_ENDING,
  CANTIGA_PLAYER_ADVANCED,
  CANTIGA_PLAYER_ENDED,
  CANTIGA_PLAYER_SILENT,
  CANTIGA_PLAYER_DEVICE_LOST,
} CantigaPlayerEvent;

void cantiga_player_tell (CantigaPlayer *self, CantigaPlayerTold told);
void cantiga_player_emit (CantigaPlayer *self, CantigaPlayerEvent event);
void cantiga_player_emit_seeked (CantigaPlayer *self);
void cantiga_player_emit_spectrum (CantigaPlayer *self, const float *bands);
/* Stops, then says so. */
void cantiga_player_fail (CantigaPlayer *self, const GError *error);
void cantiga_player_fail_next (CantigaPlayer *self, const GError *error);
/* A sample is at the device: time goes on. */
void cantiga_player_flow (CantigaPlayer *self);
/* The state that is wanted, as far as it can be had now. */
void cantiga_player_apply_state (CantigaPlayer *self);

/* player-bus.c */
gboolean cantiga_player_message_cb (GstBus *bus, GstMessage *message, gpointer player);
/* What was said so far is not about what comes; but that there is no device is. */
void cantiga_player_pass_over_messages (CantigaPlayer *self);
/* The seek that is kept, now that it can be. */
void cantiga_player_send_seek (CantigaPlayer *self);
/* Waits for a seek that is being sent, before its title is taken apart. */
void cantiga_player_end_seek (CantigaPlayer *self);

/* player-track.c */
void cantiga_player_start_track (CantigaPlayer *self, CantigaTrack *track);
/* Out of the pipeline; its source and its play stay. */
void cantiga_player_stop_track (CantigaPlayer *self, CantigaTrack *track);
void cantiga_player_drop_track (CantigaPlayer *self, CantigaTrack *track);
/* What plays goes on from seconds in a pipeline that was emptied. */
void cantiga_player_reopen (CantigaPlayer *self, double seconds);
/* The same, with the sound device opened anew. */
void cantiga_player_renew (CantigaPlayer *self, double seconds);
/* The next title is heard. */
void cantiga_player_advance (CantigaPlayer *self);
/* Nothing is left in the pipeline. */
void cantiga_player_empty (CantigaPlayer *self);

/* player-time.c */
/* Something reached the device, or ran out: on one of GStreamer's threads. */
void cantiga_player_noted_cb (gpointer player);
void cantiga_player_start_or_stop_ticking (CantigaPlayer *self);
void cantiga_player_stop_timers (CantigaPlayer *self);
void cantiga_player_look_at_chunks (CantigaPlayer *self);
void cantiga_player_look_at_time (CantigaPlayer *self);
void cantiga_player_take_spectrum (CantigaPlayer *self, GstMessage *message);

G_END_DECLS
