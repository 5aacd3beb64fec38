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

static gboolean
parse (CantigaHead *head, const char *bytes, gsize length, GError **error)
{
  SoupHTTPVersion version;
  const char *query;

  /* libsoup takes what stands after a NUL for the rest of the line before it. */
  if (memchr (bytes, '\0', length) != NULL
      || soup_headers_parse_request (bytes, (int)length - 2, head->headers, &head->method, &head->target, &version) != SOUP_STATUS_OK)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "This is not a request of HTTP/1.1.");
  if (version == SOUP_HTTP_1_1 && soup_message_headers_get_one (head->headers, "Host") == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The request has no Host.");
  if (!to_origin_form (&head->target) || !escape (&head->target))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The request's target is not an address here.");
  query = strchr (head->target, '?');
  head->path = query != NULL ? g_strndup (head->target, (gsize)(query - head->target)) : g_strdup (head->target);
  head->query = query != NULL ? soup_form_decode (query + 1) : NULL;
  head->closes = version != SOUP_HTTP_1_1 || soup_message_headers_header_contains (head->headers, "Connection", "close");
  head->expects = (soup_message_headers_get_expectations (head->headers) & SOUP_EXPECTATION_CONTINUE) != 0;
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

char *
cantiga_answer_head_format (const CantigaAnswerHead *head, const char *date)
{
  char retry_after[40] = "";

  if (head->retry_after > 0)
    g_snprintf (retry_after, sizeof retry_after, "Retry-After: %u\r\n", head->retry_after);
  return g_strdup_printf ("HTTP/1.1 %u %s\r\nServer: cantiga\r\nDate: %s\r\nCache-Control: no-store\r\nContent-Type: %s\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n%s%s\r\n",
                          head->status, soup_status_get_phrase (head->status), date, head->type, head->body_length, retry_after,
                          head->closes ? "Connection: close\r\n" : "");
}
