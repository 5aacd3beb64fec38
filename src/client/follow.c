#include "client/follow.h"

void
cantiga_follow_text (gpointer object, char **text, const char *newer, GParamSpec *property)
{
  if (g_strcmp0 (*text, newer) == 0)
    return;
  g_free (*text);
  *text = g_strdup (newer);
  g_object_notify_by_pspec (object, property);
}

/* The same for each type of number. */
#define FOLLOW(name, type)                                                                                                                           \
  void cantiga_follow_##name (gpointer object, type *value, type newer, GParamSpec *property)                                                        \
  {                                                                                                                                                  \
    if (*value == newer)                                                                                                                             \
      return;                                                                                                                                        \
    *value = newer;                                                                                                                                  \
    g_object_notify_by_pspec (object, property);                                                                                                     \
  }

FOLLOW (int, int)
FOLLOW (uint, guint)
FOLLOW (int64, gint64)
FOLLOW (uint64, guint64)
FOLLOW (double, double)
