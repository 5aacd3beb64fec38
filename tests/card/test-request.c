#include "card/request.h"

#include <string.h>
#include <unistd.h>

/* A pipe that holds bytes and is then closed. */
static int
pipe_with (gconstpointer bytes, gsize length)
{
  int ends[2];

  g_assert_cmpint (pipe (ends), ==, 0);
  g_assert_cmpint (write (ends[1], bytes, length), ==, (gssize)length);
  close (ends[1]);
  return ends[0];
}

static void
assert_refused (gconstpointer bytes, gsize length)
{
  g_autoptr (GError) error = NULL;
  int fd = pipe_with (bytes, length);

  g_assert_null (cantiga_request_read (fd, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
  close (fd);
}

static void
test_reads_a_list (void)
{
  static const char line[] = "{\"id\":7,\"command\":\"list\"}\n";
  g_autoptr (CantigaRequest) request = NULL;
  g_autoptr (GError) error = NULL;
  int fd = pipe_with (line, strlen (line));

  request = cantiga_request_read (fd, &error);
  g_assert_no_error (error);
  g_assert_cmpint (request->id, ==, 7);
  g_assert_cmpint (request->command, ==, CANTIGA_COMMAND_LIST);
  close (fd);
}

static void
test_reads_a_sign_without_pin (void)
{
  static const char line[] = "{\"id\":1,\"command\":\"sign\",\"certificate\":\"pkcs11:id=%45\",\"message\":\"aGk=\"}\n";
  g_autoptr (CantigaRequest) request = NULL;
  g_autoptr (GError) error = NULL;
  int fd = pipe_with (line, strlen (line));

  request = cantiga_request_read (fd, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (request->certificate, ==, "pkcs11:id=%45");
  g_assert_cmpmem (g_bytes_get_data (request->message, NULL), g_bytes_get_size (request->message), "hi", 2);
  g_assert_null (request->pin);
  close (fd);
}

/* Whatever bytes it has: it is not text to anybody. */
static void
test_pin_is_bytes_after_the_line (void)
{
  static const char bytes[]
      = "{\"id\":1,\"command\":\"sign\",\"certificate\":\"c\",\"message\":\"aGk=\",\"pin_length\":6}\n1\"\n\0}9{\"id\":2,\"command\":\"list\"}\n";
  g_autoptr (CantigaRequest) request = NULL;
  g_autoptr (CantigaRequest) next = NULL;
  g_autoptr (GError) error = NULL;
  int fd = pipe_with (bytes, sizeof bytes - 1);

  request = cantiga_request_read (fd, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (cantiga_secret_bytes (request->pin), cantiga_secret_length (request->pin), "1\"\n\0}9", 6);
  next = cantiga_request_read (fd, &error);
  g_assert_no_error (error);
  g_assert_cmpint (next->id, ==, 2);
  close (fd);
}

static void
test_refuses_what_is_no_request (void)
{
  static const char *const lines[] = {
    "\n",
    "hello\n",
    "[1]\n",
    "{\"command\":\"list\"}\n",
    "{\"id\":-1,\"command\":\"list\"}\n",
    "{\"id\":\"1\",\"command\":\"list\"}\n",
    "{\"id\":1}\n",
    "{\"id\":1,\"command\":\"format\"}\n",
    "{\"id\":1,\"command\":\"sign\",\"message\":\"aGk=\"}\n",
    "{\"id\":1,\"command\":\"sign\",\"certificate\":\"c\"}\n",
    "{\"id\":1,\"command\":\"sign\",\"certificate\":\"c\",\"message\":\"\"}\n",
    "{\"id\":1,\"command\":\"sign\",\"certificate\":\"c\",\"message\":\"not Base64\"}\n",
    "{\"id\":1,\"command\":\"sign\",\"certificate\":\"c\",\"message\":\"aGk=\",\"pin_length\":-1}\n1234",
    "{\"id\":1,\"command\":\"sign\",\"certificate\":\"c\",\"message\":\"aGk=\",\"pin_length\":65}\n1234",
    "{\"id\":1,\"command\":\"sign\",\"certificate\":\"c\",\"message\":\"aGk=\",\"pin_length\":\"4\"}\n1234",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    assert_refused (lines[i], strlen (lines[i]));
}

static void
test_refuses_a_pin_that_does_not_come (void)
{
  static const char line[] = "{\"id\":1,\"command\":\"sign\",\"certificate\":\"c\",\"message\":\"aGk=\",\"pin_length\":4}\n123";

  assert_refused (line, strlen (line));
}

static void
test_refuses_a_line_that_does_not_end (void)
{
  g_autofree char *line = g_strnfill (65000, ' ');

  assert_refused ("{\"id\":1,\"command\":\"list\"}", 25);
  assert_refused (line, strlen (line));
}

static void
test_end_is_no_error (void)
{
  g_autoptr (GError) error = NULL;
  int fd = pipe_with ("", 0);

  g_assert_null (cantiga_request_read (fd, &error));
  g_assert_no_error (error);
  close (fd);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request/reads-a-list", test_reads_a_list);
  g_test_add_func ("/request/reads-a-sign-without-pin", test_reads_a_sign_without_pin);
  g_test_add_func ("/request/pin-is-bytes-after-the-line", test_pin_is_bytes_after_the_line);
  g_test_add_func ("/request/refuses-what-is-no-request", test_refuses_what_is_no_request);
  g_test_add_func ("/request/refuses-a-pin-that-does-not-come", test_refuses_a_pin_that_does_not_come);
  g_test_add_func ("/request/refuses-a-line-that-does-not-end", test_refuses_a_line_that_does_not_end);
  g_test_add_func ("/request/end-is-no-error", test_end_is_no_error);
  return g_test_run ();
}
