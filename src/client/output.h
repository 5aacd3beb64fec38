/* Where decks play into, one after another without a gap: a bin that joins them, limits, measures the spectrum, sets the volume, and sounds. Inner to
 * src/client; main thread, unless it says otherwise. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Decoded sound that is kept before the device, in milliseconds. What follows must be there so long before it is heard, and the device's own 200. */
#define CANTIGA_OUTPUT_AHEAD_MS 400

/* The name of an element message: a seek passed; "number" (uint) says which. */
#define CANTIGA_OUTPUT_FLUSHED "cantiga-flushed"

#define CANTIGA_TYPE_OUTPUT (cantiga_output_get_type ())
G_DECLARE_FINAL_TYPE (CantigaOutput, cantiga_output, CANTIGA, OUTPUT, GstBin)

/* A stretch of one stream, as it reaches the device. */
typedef struct
{
  guint stream;      /* the number that its deck bears */
  GstClockTime base; /* running time of its first sample */
  double start;      /* that sample's place in the title, in seconds */
} CantigaStretch;

/* On one of GStreamer's threads: something was noted: take it, soon. */
typedef void (*CantigaOutputNoted) (gpointer user_data);

/* sink is taken. NULL if GStreamer lacks what it is made of. */
CantigaOutput *cantiga_output_new (GstElement *sink, CantigaOutputNoted noted, gpointer user_data);
/* Plays pad after all that were joined before. Thread: any. */
gboolean cantiga_output_join (CantigaOutput *output, GstPad *pad);
/* What passes queue, of a deck without sound, is noted as if it passed here. Thread: any; before the first of it. */
void cantiga_output_follow (CantigaOutput *output, GstElement *queue);
/* Lets go of pad, and of whoever waits for its turn there. */
void cantiga_output_part (CantigaOutput *output, GstPad *pad);
/* The next stretch that reached the device, in order; a seek drops all before it. */
gboolean cantiga_output_take_stretch (CantigaOutput *output, CantigaStretch *ret_stretch);
/* The same for all that were noted so far. */
void cantiga_output_forget (CantigaOutput *output);
/* How many seeks passed so far. */
guint cantiga_output_get_flushes (CantigaOutput *output);
/* Whether it ran dry since it was last asked. */
gboolean cantiga_output_take_dryness (CantigaOutput *output);
/* Whether the device keeps time: of others nothing can be said but what reached them. */
gboolean cantiga_output_keeps_time (CantigaOutput *output);
/* What the sink says, in seconds; for one that keeps no time. */
double cantiga_output_get_reached (CantigaOutput *output);

/* Another device; sink is taken. Nothing plays: the output's state is NULL. */
void cantiga_output_set_sink (CantigaOutput *output, GstElement *sink);
void cantiga_output_set_volume (CantigaOutput *output, double factor);
void cantiga_output_set_muted (CantigaOutput *output, gboolean muted);
void cantiga_output_set_limited (CantigaOutput *output, gboolean limited);
/* element, of the output's own, measures the sound as it is before the volume is set; NULL takes it out. */
void cantiga_output_set_meter (CantigaOutput *output, GstElement *element);

G_END_DECLS
