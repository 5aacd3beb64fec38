/* What is taken of a request's head, and what an answer's says. */
#include "server/head.h"

#include <string.h>

#include "core/error.h"

static void
test_taken (void)
{
  static const struct
  {
    const char *text, *method, *target, *path, *value; /* of the query's "a" */
    gsize body_length;
    gboolean closes, expects;
  } heads[] = {
    { "GET /api/auth HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/api/auth", "/api/auth", NULL, 0, FALSE, FALSE },
    { "POST /api/suite?a=b%20c&d HTTP/1.1\r\nHost: x\r\ncontent-length: 17\r\n\r\n", "POST", "/api/suite?a=b%20c&d", "/api/suite", "b c", 17, FALSE, FALSE },
    { "GET /? HTTP/1.1\r\nhost: x\r\nConnection: Keep-Alive, Close\r\n\r\n", "GET", "/?", "/", NULL, 0, TRUE, FALSE },
    { "GET / HTTP/1.0\r\n\r\n", "GET", "/", "/", NULL, 0, TRUE, FALSE },
    { "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", "PUT", "/", "/", NULL, 1, FALSE, TRUE },
    { "GET http://x:1 HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/", "/", NULL, 0, FALSE, FALSE },
    { "GET http://x/b?a=1 HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/b?a=1", "/b", "1", 0, FALSE, FALSE },
    { "POST / HTTP/1.0\r\nConnection: Content-Length, keep-alive\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n", "POST", "/", "/", NULL, 9, TRUE, FALSE },
    /* What the keeper reads is letters, whatever was sent. */
    { "GET /\x1b[2J\xc3\xa9?a=\x01 HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/%1B[2J%C3%A9?a=%01", "/%1B[2J%C3%A9", "\x01", 0, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_auto (CantigaHead) head = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_true (cantiga_head_parse (&head, heads[i].text, strlen (heads[i].text), &error));
      g_assert_no_error (error);
      g_assert_cmpstr (head.method, ==, heads[i].method);
      g_assert_cmpstr (head.target, ==, heads[i].target);
      g_assert_cmpstr (head.path, ==, heads[i].path);
      g_assert_cmpstr (head.query != NULL ? g_hash_table_lookup (head.query, "a") : NULL, ==, heads[i].value);
      g_assert_cmpuint (head.body_length, ==, heads[i].body_length);
      g_assert_cmpint (head.closes, ==, heads[i].closes);
      g_assert_cmpint (head.expects, ==, heads[i].expects);
    }
}

static void
test_refused (void)
{
#define ASKED "GET / HTTP/1.1\r\nHost: x\r\n"
  static const char *const heads[] = {
    "\r\n\r\n",
    "GET\r\n\r\n",
    "GET /\r\n\r\n",
    "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "GET / HTTP/9\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET api HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET https://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
    ASKED "Content-Length : 5\r\n\r\n",
    ASKED "Transfer-Encoding\x0b: chunked\r\n\r\n",
    ASKED "Content-Length\r\n\r\n",
    ASKED "Host: y\r\n\r\n",
    ASKED "A: b\r\n c\r\n\r\n",
    ASKED "A: b\nContent-Length: 5\r\n\r\n",
    ASKED "A: b\rContent-Length: 5\r\n\r\n",
    ASKED ": b\r\n\r\n",
    "GET / HTTP/1.1\nHost: x\n\nGET / HTTP/1.1\r\nHost: y\r\n\r\n",
    "GET /a\r\nHost: y HTTP/1.1\r\nHost: x\r\n\r\n",
    "G\r\nET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.11\r\nHost: x\r\n\r\n",
    "GET /% HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /?a=%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /?a=%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET http:x/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    ASKED "Transfer-Encoding: chunked\r\n\r\n",
    ASKED "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\n",
    ASKED "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ASKED "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
    ASKED "Content-Length: +1\r\n\r\n",
    ASKED "Content-Length: -1\r\n\r\n",
    ASKED "Content-Length: 0x1\r\n\r\n",
    ASKED "Content-Length: 1 1\r\n\r\n",
    ASKED "Content-Length: 18446744073709551617\r\n\r\n",
    ASKED "Expect: something\r\n\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_auto (CantigaHead) head = { 0 };
      g_autoptr (GError) error = NULL;

      if (cantiga_head_parse (&head, heads[i], strlen (heads[i]), &error))
        g_error ("taken: %s", heads[i]);
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
      g_assert_null (head.headers);
    }
}

static void
test_nul (void)
{
  static const char text[] = ASKED "A: \0Content-Length: 5\r\n\r\n";
  g_auto (CantigaHead) head = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_head_parse (&head, text, sizeof text - 1, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

static void
test_answer (void)
{
  CantigaAnswerHead head = { .status = 200, .type = "application/json", .body_length = 12 };
  g_autofree char *kept = cantiga_answer_head_format (&head, "then");
  g_autofree char *closed = NULL;

  g_assert_cmpstr (kept, ==,
                   "HTTP/1.1 200 OK\r\nServer: cantiga\r\nDate: then\r\nCache-Control: no-store\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n");
  head = (CantigaAnswerHead){ .status = 429, .type = "text/plain", .retry_after = 7, .allow = "GET", .closes = TRUE };
  closed = cantiga_answer_head_format (&head, "then");
  g_assert_cmpstr (closed, ==,
                   "HTTP/1.1 429 Too Many Requests\r\nServer: cantiga\r\nDate: then\r\nCache-Control: no-store\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n"
                   "Allow: GET\r\nRetry-After: 7\r\nConnection: close\r\n\r\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/head/taken", test_taken);
  g_test_add_func ("/head/refused", test_refused);
  g_test_add_func ("/head/nul", test_nul);
  g_test_add_func ("/head/answer", test_answer);
  return g_test_run ();
}
