/* A text as a code that cameras read. */
#pragma once

#include <gdk/gdk.h>

G_BEGIN_DECLS

/* Black on white with its quiet margin, for any background; NULL if text is too long for one. Transfer full. */
GdkTexture *cantiga_qr_new (const char *text);

G_END_DECLS
