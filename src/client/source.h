/* Feeds one play to GStreamer: chunks fetched as they are needed and a few ahead, a small cache of them in memory, nothing on disk.
 *
 * What the feed wants is said on GStreamer's threads, which wakes the main context; chunks are fetched and given from there. */
#pragma once

#include "client/feed.h"
#include "client/play.h"

G_BEGIN_DECLS

/* Signals: "arrived": a chunk came. "failed" (GError): a chunk that GStreamer waits for could not be had; no more come. What is fetched ahead may
 * fail without that: what is here plays on. */
#define CANTIGA_TYPE_SOURCE (cantiga_source_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSource, cantiga_source, CANTIGA, SOURCE, GObject)

/* Starts to fetch the first chunk, then the last and the second: demuxers look there first. Thread: main. */
CantigaSource *cantiga_source_new (CantigaPlay *play);
CantigaPlay *cantiga_source_get_play (CantigaSource *source);
/* Feeds feed from now on (a deck's). Thread: any; once at a time. */
void cantiga_source_attach (CantigaSource *source, CantigaFeed *feed);
/* Lets go of the feed; the chunks that are here stay. Thread: main. */
void cantiga_source_pause (CantigaSource *source);
/* Fetches no more, and lets go of the feed. Thread: main. */
void cantiga_source_stop (CantigaSource *source);

/* For who shows it: whether chunk index is in memory. Thread: main. */
gboolean cantiga_source_has_chunk (CantigaSource *source, guint64 index);
/* Whether GStreamer waits for a chunk that is not there yet. */
gboolean cantiga_source_is_waiting (CantigaSource *source);
/* How many chunks came over the wire so far. */
guint64 cantiga_source_get_fetched (CantigaSource *source);

G_END_DECLS
