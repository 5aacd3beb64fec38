#include "card/request.h"

#include <errno.h>
#include <unistd.h>

#define LINE_MAX_LENGTH (64 * 1024)
#define URI_MAX 4096
#define MESSAGE_MAX (32 * 1024)
#define PIN_MAX 64

void
cantiga_request_free (CantigaRequest *request)
{
  g_free (request->certificate);
  g_clear_pointer (&request->message, g_bytes_unref);
  g_clear_pointer (&request->pin, cantiga_secret_free);
  g_free (request);
}

/* length bytes, or fewer at the end. */
static gsize
read_bytes (int fd, guint8 *bytes, gsize length)
{
  gsize got = 0;

  while (got < length)
    {
      gssize n = read (fd, bytes + got, length - got);

      if (n == 0 || (n < 0 && errno != EINTR))
        break;
      got += n > 0 ? (gsize)n : 0;
    }
  return got;
}

/* A byte at a time: what follows the line is a PIN, which must not be read into a buffer that nobody wipes. */
static GString *
read_line (int fd, GError **error)
{
  g_autoptr (GString) line = g_string_new (NULL);
  guint8 byte;

  while (read_bytes (fd, &byte, 1) == 1 && line->len < LINE_MAX_LENGTH)
    {
      if (byte == '\n')
        return g_steal_pointer (&line);
      g_string_append_c (line, (char)byte);
    }
  if (line->len > 0)
    cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "A request's line is not ended, or too long.");
  return NULL;
}

static gboolean
read_pin (int fd, gsize length, CantigaSecret **ret_pin, GError **error)
{
  g_autoptr (CantigaSecret) pin = NULL;

  if (length == 0)
    return TRUE;
  pin = cantiga_secret_new (length);
  if (read_bytes (fd, cantiga_secret_bytes (pin), length) != length)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The PIN that a request announced did not come.");
  *ret_pin = g_steal_pointer (&pin);
  return TRUE;
}

static gboolean
read_sign (CantigaRequest *request, JsonObject *object, int fd, GError **error)
{
  const char *certificate;
  gint64 pin_length = 0;

  if (!cantiga_json_get_text (object, "certificate", URI_MAX, &certificate, error))
    return FALSE;
  request->certificate = g_strdup (certificate);
  request->message = cantiga_json_get_bytes (object, "message", 1, MESSAGE_MAX, error);
  if (request->message == NULL)
    return FALSE;
  if (cantiga_json_has (object, "pin_length") && !cantiga_json_get_int (object, "pin_length", 0, PIN_MAX, &pin_length, error))
    return FALSE;
  return read_pin (fd, (gsize)pin_length, &request->pin, error);
}

static gboolean
read_object (CantigaRequest *request, JsonObject *object, int fd, GError **error)
{
  const char *command;

  if (!cantiga_json_get_int (object, "id", 0, G_MAXINT64, &request->id, error) || !cantiga_json_get_text (object, "command", 16, &command, error))
    return FALSE;
  if (g_str_equal (command, "list") || g_str_equal (command, "inspect"))
    {
      request->command = g_str_equal (command, "list") ? CANTIGA_COMMAND_LIST : CANTIGA_COMMAND_INSPECT;
      return TRUE;
    }
  request->command = CANTIGA_COMMAND_SIGN;
  if (!g_str_equal (command, "sign"))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "A request's command is none of list, inspect and sign.");
  return read_sign (request, object, fd, error);
}

CantigaRequest *
cantiga_request_read (int fd, GError **error)
{
  g_autoptr (CantigaRequest) request = g_new0 (CantigaRequest, 1);
  g_autoptr (GString) line = read_line (fd, error);
  g_autoptr (JsonObject) object = NULL;

  if (line == NULL)
    return NULL;
  object = cantiga_json_parse (line->str, line->len, error);
  if (object == NULL || !read_object (request, object, fd, error))
    return NULL;
  return g_steal_pointer (&request);
}
