/* Samples become a tagged file of the kind that its name says: mp3, ogg, opus, flac, m4a or wav. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_MOOV_LAST, /* of M4A: where the index stands */
  CANTIGA_MOOV_FIRST,
} CantigaMoov;

/* samples: as sound.h makes them. */
gboolean cantiga_encode (GBytes *samples, const GstTagList *tags, CantigaMoov moov, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
