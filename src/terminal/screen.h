/* The terminal as a screen: lines with marks, a line that is drawn over, questions without blocking the main loop. Thread: main. */
#pragma once

#include <gio/gio.h>

#include "core/secret.h"

G_BEGIN_DECLS

/* What is said to a person goes to stdout; to stderr if aside, so that stdout is a program's alone. */
void cantiga_screen_set_aside (gboolean aside);
/* Whether somebody sits there: stdin is a terminal. */
gboolean cantiga_screen_is_attended (void);

void cantiga_screen_say (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* A line that the next one takes the place of; nothing where that cannot be drawn. */
void cantiga_screen_draw (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* One line to stderr. */
void cantiga_screen_complain (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Asks, and reads a line from stdin. NULL with G_IO_ERROR_CLOSED at its end, or G_IO_ERROR_CANCELLED. Free with g_free(). */
char *cantiga_screen_ask (const char *question, GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Asks without echo; the bytes go straight into locked memory. NULL with an error; an empty line is G_IO_ERROR_CANCELLED. */
CantigaSecret *cantiga_screen_ask_secret (const char *question, GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  CANTIGA_SCREEN_KEY_QUIT,
  CANTIGA_SCREEN_KEY_PAUSE,
  CANTIGA_SCREEN_KEY_BACK,
  CANTIGA_SCREEN_KEY_FORWARD,
} CantigaScreenKey;
typedef void (*CantigaScreenKeyFunc) (CantigaScreenKey key, gpointer user_data);
/* Single keys from now on, until stopped; nothing if nobody sits there. */
void cantiga_screen_start_keys (CantigaScreenKeyFunc func, gpointer user_data);
void cantiga_screen_stop_keys (void);

G_END_DECLS
