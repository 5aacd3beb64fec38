#include "core/clean.h"

#include <string.h>

/* How many bytes at text are a character that is not to be written; 0: none. */
static gsize
find_unfit (const guchar *text)
{
  if (text[0] < 0x20 || text[0] == 0x7f)
    return 1;
  /* U+0080 to U+009F. */
  if (text[0] == 0xc2 && text[1] >= 0x80 && text[1] <= 0x9f)
    return 2;
  /* U+202A to U+202E, U+2066 to U+2069. */
  if (text[0] == 0xe2 && ((text[1] == 0x80 && text[2] >= 0xaa && text[2] <= 0xae) || (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9)))
    return 3;
  return 0;
}

void
cantiga_clean (char *text)
{
  while (*text != '\0')
    {
      gsize unfit = find_unfit ((const guchar *)text);

      memset (text, ' ', unfit);
      text += MAX (unfit, 1);
    }
}
