#include "ui/qr.h"

#include <qrencode.h>

#define SIDE 4   /* pixels of a module, so that scaling stays sharp */
#define MARGIN 4 /* modules, as the standard has it */

static void
draw (const QRcode *code, guint8 *pixels, int width)
{
  for (int y = 0; y < width; y++)
    for (int x = 0; x < width; x++)
      {
        int column = x / SIDE - MARGIN, row = y / SIDE - MARGIN;
        gboolean inside = column >= 0 && column < code->width && row >= 0 && row < code->width;
        gboolean dark = inside && (code->data[row * code->width + column] & 1);
        guint8 *pixel = pixels + 3 * ((gsize)y * (gsize)width + (gsize)x);

        pixel[0] = pixel[1] = pixel[2] = dark ? 0 : 255;
      }
}

GdkTexture *
cantiga_qr_new (const char *text)
{
  QRcode *code = QRcode_encodeString (text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
  int width = code != NULL ? (code->width + 2 * MARGIN) * SIDE : 0;
  gsize length = 3 * (gsize)width * (gsize)width;
  g_autoptr (GBytes) bytes = NULL;
  guint8 *pixels;

  if (code == NULL)
    return NULL;
  pixels = g_malloc (length);
  draw (code, pixels, width);
  QRcode_free (code);
  bytes = g_bytes_new_take (pixels, length);
  return gdk_memory_texture_new (width, width, GDK_MEMORY_R8G8B8, bytes, 3 * (gsize)width);
}
