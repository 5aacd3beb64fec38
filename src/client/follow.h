/* What an object says follows what is newly known: a value of it that is another one is set, and its property notified. Inner to src/client. Thread: main. */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

void cantiga_follow_text (gpointer object, char **text, const char *newer, GParamSpec *property);
/* Also of gboolean. */
void cantiga_follow_int (gpointer object, int *value, int newer, GParamSpec *property);
void cantiga_follow_uint (gpointer object, guint *value, guint newer, GParamSpec *property);
void cantiga_follow_int64 (gpointer object, gint64 *value, gint64 newer, GParamSpec *property);
void cantiga_follow_uint64 (gpointer object, guint64 *value, guint64 newer, GParamSpec *property);
void cantiga_follow_double (gpointer object, double *value, double newer, GParamSpec *property);

G_END_DECLS
