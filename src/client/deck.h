/* One title being decoded: a bin from the feed of a source to a pad "audio" of F32 samples, made even in loudness, and a pad "video" if there are
 * pictures and somebody wants them. Inner to src/client; main thread, unless it says otherwise. */
#pragma once

#include <gst/gst.h>

#include "client/source.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_DECK (cantiga_deck_get_type ())
G_DECLARE_FINAL_TYPE (CantigaDeck, cantiga_deck, CANTIGA, DECK, GstBin)

/* A pad is there: "audio" or "video", a ghost pad of the deck; NULL when there are no more. On one of GStreamer's threads, under the deck's lock. */
typedef void (*CantigaDeckPad) (CantigaDeck *deck, GstPad *pad, gpointer user_data);

typedef enum
{
  CANTIGA_DECK_PLAIN, /* as it was recorded */
  CANTIGA_DECK_EVEN,  /* each title as loud as any other */
  CANTIGA_DECK_ALBUM, /* each album */
} CantigaDeckLoudness;

/* Whether GStreamer has what a deck is made of. */
gboolean cantiga_deck_is_possible (void);
/* Never NULL where it is possible. */
CantigaDeck *cantiga_deck_new (CantigaSource *source, gboolean pictures, CantigaDeckLoudness loudness, CantigaDeckPad pad_cb, gpointer user_data);
CantigaSource *cantiga_deck_get_source (CantigaDeck *deck);
/* No other deck has it; the stream-start of "audio" bears it as its id, or that of "video" where there is no sound. */
guint cantiga_deck_get_number (CantigaDeck *deck);
/* Whether it has given a pad "audio"; for who is given NULL. */
gboolean cantiga_deck_has_audio (CantigaDeck *deck);
/* Gives no more pads. Returns "audio" if it was given; NULL. */
GstPad *cantiga_deck_close (CantigaDeck *deck);
/* FALSE: it cannot any more, as its last sample left it, or not yet. Takes as long as what it has to read there. Thread: any but the main one. */
gboolean cantiga_deck_seek (CantigaDeck *deck, double seconds, GstSeekFlags flags);
/* In seconds; 0 while not known. */
double cantiga_deck_get_duration (CantigaDeck *deck);

G_END_DECLS
