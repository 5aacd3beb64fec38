/* Pipelines that are fed from memory: an appsrc named "in", and whatever comes after it. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* (transfer full): the pipeline of a gst-launch description; NULL when it cannot be made. */
GstElement *cantiga_pipeline_create (const char *description, GError **error);

/* Pushes content through in buffers of chunk bytes, each of them duration long, and waits until all of it has come to the end.
 * The pipeline stays as it is then, for its results to be taken; the caller sets it to GST_STATE_NULL. After a failure that is done. */
gboolean cantiga_pipeline_run (GstElement *pipeline, const char *caps, GBytes *content, gsize chunk, GstClockTime duration,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
