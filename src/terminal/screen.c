#include "terminal/screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <glib-unix.h>

#include "core/clean.h"
#include "core/error.h"

#define SECRET_MAX 64

/* The one terminal that there is. */
static struct
{
  gboolean aside;
  gboolean drawn;   /* a line stands there that the next one takes the place of */
  gboolean changed; /* the terminal's mode is not the one that we found */
  struct termios found;
  CantigaScreenKeyFunc func;
  gpointer user_data;
  guint keys; /* source */
} screen;

void
cantiga_screen_set_aside (gboolean aside)
{
  screen.aside = aside;
}

gboolean
cantiga_screen_is_attended (void)
{
  return isatty (STDIN_FILENO);
}

/* ---- saying ---- */

static FILE *
stream (void)
{
  return screen.aside ? stderr : stdout;
}

static void
clear_drawn (void)
{
  if (screen.drawn)
    fputs ("\r\033[K", stream ());
  screen.drawn = FALSE;
}

/* Names come from strangers' files and cards. */
static void
write_clean (FILE *file, const char *format, va_list arguments)
{
  g_autofree char *text = g_strdup_vprintf (format, arguments);

  cantiga_clean (text);
  fputs (text, file);
}

void
cantiga_screen_say (const char *format, ...)
{
  va_list arguments;

  clear_drawn ();
  va_start (arguments, format);
  write_clean (stream (), format, arguments);
  va_end (arguments);
  fputc ('\n', stream ());
  fflush (stream ());
}

void
cantiga_screen_draw (const char *format, ...)
{
  va_list arguments;

  if (!isatty (fileno (stream ())))
    return;
  clear_drawn ();
  va_start (arguments, format);
  write_clean (stream (), format, arguments);
  va_end (arguments);
  fflush (stream ());
  screen.drawn = TRUE;
}

void
cantiga_screen_complain (const char *format, ...)
{
  va_list arguments;

  clear_drawn ();
  fflush (stream ());
  va_start (arguments, format);
  write_clean (stderr, format, arguments);
  va_end (arguments);
  fputc ('\n', stderr);
}

/* ---- the terminal's mode ---- */

static void
restore_mode (void)
{
  if (screen.changed)
    tcsetattr (STDIN_FILENO, TCSAFLUSH, &screen.found);
  screen.changed = FALSE;
}

/* Single bytes as they are typed, without echo; whatever ends the program puts the mode back. */
static void
change_mode (void)
{
  static gboolean registered;
  struct termios mode;

  if (tcgetattr (STDIN_FILENO, &screen.found) != 0)
    return;
  if (!registered)
    atexit (restore_mode);
  registered = TRUE;
  screen.changed = TRUE;
  mode = screen.found;
  mode.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &mode);
}

/* ---- asking ---- */

/* A line being typed: its bytes stay in locked memory, be it a number or a PIN. */
typedef struct
{
  CantigaSecret *bytes;
  gsize length;
  enum
  {
    LINE_OPEN,
    LINE_DONE,
    LINE_CLOSED
  } state;
  gboolean editing; /* we see each key: backspace is ours */
} Line;

static gboolean
typed_cb (int fd, GIOCondition condition, gpointer user_data)
{
  Line *line = user_data;
  guint8 *bytes = cantiga_secret_bytes (line->bytes);
  guint8 byte = 0;
  gssize n = read (fd, &byte, 1);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (n <= 0 || (line->editing && byte == 4))
    line->state = line->length > 0 && n == 0 ? LINE_DONE : LINE_CLOSED;
  else if (byte == '\n' || byte == '\r')
    line->state = LINE_DONE;
  else if (line->editing && (byte == 127 || byte == 8))
    line->length -= line->length > 0;
  else if (line->length < cantiga_secret_length (line->bytes))
    bytes[line->length++] = byte;
  cantiga_wipe (&byte, 1);
  return line->state == LINE_OPEN;
}

static gboolean
wake_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static CantigaSecret *
read_line (gsize max, gboolean editing, GCancellable *cancellable, GError **error)
{
  g_autoptr (CantigaSecret) bytes = cantiga_secret_new (max);
  Line line = { .bytes = bytes, .editing = editing };
  guint typing = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, typed_cb, &line);
  guint waking = g_timeout_add (100, wake_cb, NULL);

  while (line.state == LINE_OPEN && !g_cancellable_is_cancelled (cancellable))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (waking);
  if (line.state == LINE_OPEN)
    g_source_remove (typing);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (line.state == LINE_CLOSED)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "Nobody is there to answer.");
      return NULL;
    }
  cantiga_secret_truncate (bytes, line.length);
  return g_steal_pointer (&bytes);
}

char *
cantiga_screen_ask (const char *question, GCancellable *cancellable, GError **error)
{
  g_autoptr (CantigaSecret) line = NULL;

  clear_drawn ();
  fputs (question, stream ());
  fflush (stream ());
  line = read_line (1024, FALSE, cancellable, error);
  return line != NULL ? g_strndup ((const char *)cantiga_secret_bytes (line), cantiga_secret_length (line)) : NULL;
}

CantigaSecret *
cantiga_screen_ask_secret (const char *question, GCancellable *cancellable, GError **error)
{
  g_autoptr (CantigaSecret) line = NULL;

  clear_drawn ();
  change_mode ();
  fputs (question, stream ());
  fflush (stream ());
  line = read_line (SECRET_MAX, TRUE, cancellable, error);
  restore_mode ();
  fputc ('\n', stream ());
  if (line != NULL && cantiga_secret_length (line) == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "No PIN was given.");
      return NULL;
    }
  return g_steal_pointer (&line);
}

/* ---- keys ---- */

/* Several keys may come at once; what is no key of ours is passed over. */
static void
tell_keys (const char *bytes, gsize n)
{
  static const struct
  {
    const char *bytes;
    CantigaScreenKey key;
  } keys[] = {
    { "q", CANTIGA_SCREEN_KEY_QUIT },      { "Q", CANTIGA_SCREEN_KEY_QUIT },         { " ", CANTIGA_SCREEN_KEY_PAUSE },
    { "\033[D", CANTIGA_SCREEN_KEY_BACK }, { "\033[C", CANTIGA_SCREEN_KEY_FORWARD },
  };

  for (gsize at = 0; at < n;)
    {
      gsize length = 1;

      for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
        {
          gsize wanted = strlen (keys[i].bytes);

          if (n - at < wanted || strncmp (bytes + at, keys[i].bytes, wanted) != 0)
            continue;
          length = wanted;
          if (screen.func != NULL)
            screen.func (keys[i].key, screen.user_data);
        }
      at += length;
    }
}

static gboolean
key_cb (int fd, GIOCondition condition, gpointer user_data)
{
  char bytes[16];
  gssize n = read (fd, bytes, sizeof bytes);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  if (n > 0)
    {
      tell_keys (bytes, (gsize)n);
      return G_SOURCE_CONTINUE;
    }
  screen.keys = 0;
  return G_SOURCE_REMOVE;
}

void
cantiga_screen_start_keys (CantigaScreenKeyFunc func, gpointer user_data)
{
  if (!cantiga_screen_is_attended ())
    return;
  screen.func = func;
  screen.user_data = user_data;
  change_mode ();
  screen.keys = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, key_cb, NULL);
}

void
cantiga_screen_stop_keys (void)
{
  if (screen.keys != 0)
    g_source_remove (screen.keys);
  screen.keys = 0;
  screen.func = NULL;
  restore_mode ();
}
