/* Vectors are printed as hexadecimal digits: this reads them. */
#pragma once

#include <glib.h>

/* Into bytes, which has room for strlen (hex) / 2; returns how many. */
static inline gsize
read_hex (const char *hex, guint8 *bytes)
{
  gsize n = 0;

  for (; *hex != '\0'; hex += 2)
    bytes[n++] = (guint8)(g_ascii_xdigit_value (hex[0]) * 16 + g_ascii_xdigit_value (hex[1]));
  return n;
}

static inline void
assert_hex (const guint8 *bytes, gsize length, const char *hex)
{
  g_autofree guint8 *expected = g_malloc (strlen (hex) / 2 + 1);

  g_assert_cmpmem (bytes, length, expected, read_hex (hex, expected));
}
