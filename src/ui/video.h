/* Pictures of what plays, from GStreamer to a GdkPaintable: by gtk4paintablesink where there is one, else by frames taken from an appsink. */
#pragma once

#include <gdk/gdk.h>
#include <gst/gst.h>

G_BEGIN_DECLS

/* The sink for cantiga_player_set_video_sink() (transfer floating), and what it draws on (transfer full). NULL if GStreamer lacks what it needs:
 * then titles are heard alone. Thread: main. */
GstElement *cantiga_video_make_sink (GdkPaintable **ret_paintable);

G_END_DECLS
