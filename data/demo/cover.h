/* A cover for a cantiga: a rosette, drawn pixel by pixel in the score's colours. */
#pragma once

#include "data/demo/score.h"

#include <gst/gst.h>

G_BEGIN_DECLS

#define CANTIGA_COVER_SIDE 480

/* (transfer full): a PNG or JPEG image, as the score says, with the caps and the image type that tags ask for; NULL on failure. */
GstSample *cantiga_cover_create (const CantigaScore *score, GError **error);

G_END_DECLS
