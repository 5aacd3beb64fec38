#include "server/head.h"

#include <string.h>

#include "core/error.h"

/* What may not stand in a target as it is (RFC 3986 2) is escaped, so that it may stand in what the keeper reads. FALSE: what is escaped cannot be read. */
static gboolean
escape (char **target)
{
  g_autofree char *readable = g_uri_unescape_string (*target, NULL);
  char *escaped = g_uri_escape_bytes ((const guint8 *)*target, strlen (*target), G_URI_RESERVED_CHARS_GENERIC_DELIMITERS G_URI_RESERVED_CHARS_SUBCOMPONENT_DELIMITERS "%");

  g_free (*target);
  *target = escaped;
  return readable != NULL;
}

/* RFC 9112 3.2.2: who takes us for a proxy names us too. FALSE: that is no address. */
static gboolean
to_origin_form (char **target)
{
  g_autoptr (GUri) uri = NULL;
  const char *query;
  char *origin;

  if (**target == '/')
    return TRUE;
  uri = g_uri_parse (*target, SOUP_HTTP_URI_FLAGS, NULL);
  if (uri == NULL || !g_str_equal (g_uri_get_scheme (uri), "http") || g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0')
    return FALSE;
  query = g_uri_get_query (uri);
  origin = g_strconcat (*g_uri_get_path (uri) == '\0' ? "/" : g_uri_get_path (uri), query != NULL ? "?" : NULL, query, NULL);
  g_free (*target);
  *target = origin;
  return **target == '/';
}

/* RFC 9112 2 to 5, as narrow as it may be written: libsoup skips lines that it dislikes, and takes some for a line's end that are none, where whoever stands before us may read a body's length. */
static GRegex *
get_form (void)
{
  static GRegex *form;
  static gsize once;

#define TOKEN "[-!#$%&'*+.^_`|~0-9A-Za-z]++"
  if (g_once_init_enter (&once))
    {
      form = g_regex_new ("\\A(" TOKEN ") ([^\\x00 \\t\\r\\n]++) HTTP/1\\.([01])\\r\\n(?:" TOKEN ":[^\\x00\\r\\n]*+\\r\\n)*+\\r\\n\\z", G_REGEX_RAW | G_REGEX_OPTIMIZE, 0, NULL);
      g_once_init_leave (&once, 1);
    }
  return form;
}

/* A length said twice, or beside another way to tell where the body ends, would let two readers of one connection see two requests (RFC 9112 6.3). */
static gboolean
find_body (CantigaHead *head, GError **error)
{
  const char *length = soup_message_headers_get_list (head->headers, "Content-Length");
  guint64 n = 0;

  if (soup_message_headers_get_list (head->headers, "Transfer-Encoding") != NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "A body is sent with its Content-Length.");
  if (length != NULL && !g_ascii_string_to_unsigned (length, 10, 0, G_MAXSSIZE, &n, NULL))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The Content-Length is not a number.");
  head->body_length = (gsize)n;
  return TRUE;
}

/* The request's line, and the headers as libsoup reads them. It cleans those of none: what a load balancer said of whom it speaks for is not the sender's to take back. */
static gboolean
parse_lines (CantigaHead *head, const char *bytes, gsize length, gboolean *ret_is_1_1)
{
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *minor = NULL;

  if (!g_regex_match_full (get_form (), bytes, (gssize)length, 0, 0, &match, NULL) || !soup_headers_parse (bytes, (int)length - 2, head->headers)
      || (soup_message_headers_get_expectations (head->headers) & SOUP_EXPECTATION_UNRECOGNIZED) != 0)
    return FALSE;
  head->method = g_match_info_fetch (match, 1);
  head->target = g_match_info_fetch (match, 2);
  minor = g_match_info_fetch (match, 3);
  *ret_is_1_1 = *minor == '1';
  return TRUE;
}

static gboolean
parse (CantigaHead *head, const char *bytes, gsize length, GError **error)
{
  gboolean is_1_1;
  const char *query, *host;

  if (!parse_lines (head, bytes, length, &is_1_1))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "This is not a request of HTTP/1.1.");
  host = soup_message_headers_get_list (head->headers, "Host");
  if ((is_1_1 && host == NULL) || (host != NULL && strchr (host, ',') != NULL))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The request has no Host, or two.");
  if (!to_origin_form (&head->target) || !escape (&head->target))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The request's target is not an address here.");
  query = strchr (head->target, '?');
  head->path = query != NULL ? g_strndup (head->target, (gsize)(query - head->target)) : g_strdup (head->target);
  head->query = query != NULL ? soup_form_decode (query + 1) : NULL;
  head->closes = !is_1_1 || soup_message_headers_header_contains (head->headers, "Connection", "close");
  head->expects = is_1_1 && (soup_message_headers_get_expectations (head->headers) & SOUP_EXPECTATION_CONTINUE) != 0;
  return find_body (head, error);
}

gboolean
cantiga_head_parse (CantigaHead *ret_head, const char *bytes, gsize length, GError **error)
{
  g_auto (CantigaHead) head = { .headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST) };

  if (!parse (&head, bytes, length, error))
    return FALSE;
  *ret_head = head;
  head = (CantigaHead){ 0 };
  return TRUE;
}

void
cantiga_head_clear (CantigaHead *head)
{
  g_clear_pointer (&head->headers, soup_message_headers_unref);
  g_clear_pointer (&head->method, g_free);
  g_clear_pointer (&head->target, g_free);
  g_clear_pointer (&head->path, g_free);
  g_clear_pointer (&head->query, g_hash_table_unref);
}

/* RFC 6585 is younger than libsoup's list. */
static const char *
get_phrase (guint status)
{
  return status == 429 ? "Too Many Requests" : status == 431 ? "Request Header Fields Too Large" : soup_status_get_phrase (status);
}

char *
cantiga_answer_head_format (const CantigaAnswerHead *head, const char *date)
{
  g_autoptr (GString) text = g_string_sized_new (256);

  g_string_append_printf (text, "HTTP/1.1 %u %s\r\nServer: cantiga\r\nDate: %s\r\nCache-Control: no-store\r\nContent-Type: %s\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n",
                          head->status, get_phrase (head->status), date, head->type, head->body_length);
  if (head->allow != NULL)
    g_string_append_printf (text, "Allow: %s\r\n", head->allow);
  if (head->retry_after > 0)
    g_string_append_printf (text, "Retry-After: %u\r\n", head->retry_after);
  g_string_append (text, head->closes ? "Connection: close\r\n\r\n" : "\r\n");
  return g_string_free (g_steal_pointer (&text), FALSE);
}
