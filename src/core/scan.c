#include "core/scan.h"

#include <math.h>
#include <string.h>

#include "core/error.h"

/* The longest fraction that a sane writer makes has 24 characters. */
#define NUMBER_MAX 63

typedef struct
{
  const char *at;
  const char *end;
  guint depth;
  guint depth_max;
  gsize members;
} Scan;

static char
peek (const Scan *scan)
{
  return scan->at < scan->end ? *scan->at : '\0';
}

static gboolean
take (Scan *scan, char wanted)
{
  if (peek (scan) != wanted)
    return FALSE;
  scan->at++;
  return TRUE;
}

static gboolean
take_any (Scan *scan, const char *wanted)
{
  if (peek (scan) == '\0' || strchr (wanted, peek (scan)) == NULL)
    return FALSE;
  scan->at++;
  return TRUE;
}

static gboolean
take_hex4 (Scan *scan, guint *ret_unit)
{
  *ret_unit = 0;
  for (guint i = 0; i < 4; i++)
    {
      if (!g_ascii_isxdigit (peek (scan)))
        return FALSE;
      *ret_unit = *ret_unit * 16 + (guint)g_ascii_xdigit_value (*scan->at++);
    }
  return TRUE;
}

/* After the backslash. \u0000 is NUL by another name, half a surrogate pair is no character. */
static gboolean
take_escape (Scan *scan)
{
  guint unit, low;

  if (take_any (scan, "\"\\/bfnrt"))
    return TRUE;
  if (!take (scan, 'u') || !take_hex4 (scan, &unit) || unit == 0)
    return FALSE;
  if (unit < 0xd800 || unit > 0xdfff)
    return TRUE;
  return unit < 0xdc00 && take (scan, '\\') && take (scan, 'u') && take_hex4 (scan, &low) && low >= 0xdc00 && low <= 0xdfff;
}

/* After the opening quote. */
static gboolean
take_string (Scan *scan)
{
  while (scan->at < scan->end)
    {
      guchar c = (guchar)*scan->at++;

      if (c == '"')
        return TRUE;
      if (c < 0x20 || (c == '\\' && !take_escape (scan)))
        return FALSE;
    }
  return FALSE;
}

static gboolean
take_digits (Scan *scan)
{
  const char *start = scan->at;

  while (g_ascii_isdigit (peek (scan)))
    scan->at++;
  return scan->at > start;
}

/* json-glib would wrap what does not fit, and make infinity of 1e999. */
static gboolean
fits (const char *start, const char *end, gboolean fraction)
{
  char number[NUMBER_MAX + 1];

  if (end - start > NUMBER_MAX)
    return FALSE;
  memcpy (number, start, (gsize)(end - start));
  number[end - start] = '\0';
  if (fraction)
    return isfinite (g_ascii_strtod (number, NULL));
  return g_ascii_string_to_signed (number, 10, G_MININT64, G_MAXINT64, NULL, NULL);
}

static gboolean
take_number (Scan *scan)
{
  const char *start = scan->at;
  gboolean fraction = FALSE;

  take (scan, '-');
  if (!take (scan, '0') && !take_digits (scan))
    return FALSE;
  if (take (scan, '.'))
    {
      fraction = TRUE;
      if (!take_digits (scan))
        return FALSE;
    }
  if (take_any (scan, "eE"))
    {
      fraction = TRUE;
      take_any (scan, "+-");
      if (!take_digits (scan))
        return FALSE;
    }
  return fits (start, scan->at, fraction);
}

static gboolean
take_literal (Scan *scan)
{
  static const char *const literals[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (literals); i++)
    {
      gsize length = strlen (literals[i]);

      if ((gsize)(scan->end - scan->at) >= length && memcmp (scan->at, literals[i], length) == 0) /* public */
        {
          scan->at += length;
          return TRUE;
        }
    }
  return FALSE;
}

/* Numbers and literals end where another kind of word begins: "01" and "truefalse" are no two words. */
static gboolean
take_bare_word (Scan *scan)
{
  gboolean number = peek (scan) == '-' || g_ascii_isdigit (peek (scan));

  return (number ? take_number (scan) : take_literal (scan)) && (scan->at == scan->end || strchr (" \t\r\n,]}", *scan->at) != NULL);
}

static gboolean
take_word (Scan *scan)
{
  if (take_any (scan, " \t\r\n,"))
    return TRUE;
  if (take_any (scan, "{["))
    return ++scan->depth <= scan->depth_max;
  if (take_any (scan, "}]"))
    return scan->depth-- > 0;
  if (take (scan, '"'))
    return take_string (scan);
  if (take (scan, ':'))
    {
      scan->members++;
      return TRUE;
    }
  return take_bare_word (scan);
}

static void
skip_space (Scan *scan)
{
  while (take_any (scan, " \t\r\n"))
    ;
}

static gboolean
scan_whole (Scan *scan)
{
  skip_space (scan);
  if (peek (scan) != '{')
    return FALSE;
  do
    if (!take_word (scan))
      return FALSE;
  while (scan->depth > 0);
  skip_space (scan);
  return scan->at == scan->end;
}

gboolean
cantiga_json_scan (const char *text, gsize length, guint depth, gsize *ret_members, GError **error)
{
  /* No bytes at all may be at no address. */
  Scan scan = { .at = text, .end = length > 0 ? text + length : text, .depth_max = depth };

  /* Given a length, g_utf8_validate() takes NUL for invalid. */
  if (length > G_MAXINT || (length > 0 && !g_utf8_validate (text, (gssize)length, NULL)))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The message is not a text in UTF-8.");
  if (!scan_whole (&scan))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The message is not one JSON object of the form that the protocol asks for.");
  *ret_members = scan.members;
  return TRUE;
}
