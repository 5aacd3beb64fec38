/* GStreamer's end of a source: an element that asks whoever feeds it for exactly the bytes that its reader wants, and
 * waits for them. It is no appsrc, because an appsrc asked by a demuxer keeps what came too late for one question (a seek was faster) and gives it as
 * the answer to the next. Thread: any, unless it says otherwise. */
#pragma once

#include <gst/base/gstbasesrc.h>

G_BEGIN_DECLS

#define CANTIGA_TYPE_FEED (cantiga_feed_get_type ())
G_DECLARE_FINAL_TYPE (CantigaFeed, cantiga_feed, CANTIGA, FEED, GstBaseSrc)

/* Something is wanted: called on one of GStreamer's threads, with the feed's lock held, so it must not call back. */
typedef void (*CantigaFeedWanted) (gpointer user_data);
/* Who feeds it, with how many bytes in all; once, before it is started. */
void cantiga_feed_attach (CantigaFeed *feed, guint64 size, CantigaFeedWanted wanted, gpointer user_data, GDestroyNotify user_data_free);
/* What is wanted now: FALSE for nothing. */
gboolean cantiga_feed_peek (CantigaFeed *feed, guint64 *ret_at, gsize *ret_length);
/* The bytes from at on (taken over); dropped if that is not what is wanted any more. */
void cantiga_feed_give (CantigaFeed *feed, guint64 at, GstBuffer *buffer);
/* Nobody feeds it any more: whoever waits is sent away. */
void cantiga_feed_detach (CantigaFeed *feed);

G_END_DECLS
