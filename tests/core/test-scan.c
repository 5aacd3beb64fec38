#include "core/wire.h"

#include <string.h>

/* Each is one JSON object, or not, by RFC 8259 and docs/protocol.md 1 and 12. */
static const struct
{
  const char *text;
  gboolean accepted;
} messages[] = {
  { "{}", TRUE },
  { " \t\r\n{ } \n", TRUE },
  { "{\"a\":1,\"b\":[true,false,null,-0.5e+3,\"x\"],\"c\":{}}", TRUE },
  { "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}", TRUE },
  { "{\"a\":[[[[[[[]]]]]]]}", TRUE },
  { "{\"a\":[[[[[[[[]]]]]]]]}", FALSE },
  { "{\"a\":\"[[[[[[[[[{{{{{{{{{ /* // */ :::,\"}", TRUE },
  { "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83c\\udfb5\"}", TRUE },
  { "{\"a\":9223372036854775807,\"b\":-9223372036854775808}", TRUE },
  { "{\"a\":9223372036854775808}", FALSE },
  { "{\"a\":-9223372036854775809}", FALSE },
  { "{\"a\":18446744073709551617}", FALSE },
  { "{\"a\":1e308}", TRUE },
  { "{\"a\":1e999}", FALSE },
  { "{\"a\":-1e999}", FALSE },
  { "{\"a\":0,\"b\":-0,\"c\":0.0,\"d\":0e0}", TRUE },
  { "{\"a\":1e-400}", TRUE },
  { "{\"a\":01}", FALSE },
  { "{\"a\":-01}", FALSE },
  { "{\"a\":0x10}", FALSE },
  { "{\"a\":+1}", FALSE },
  { "{\"a\":.5}", FALSE },
  { "{\"a\":1.}", FALSE },
  { "{\"a\":1e}", FALSE },
  { "{\"a\":- 1}", FALSE },
  { "{\"a\":--1}", FALSE },
  { "{\"a\":NaN}", FALSE },
  { "{\"a\":Infinity}", FALSE },
  { "{\"a\":True}", FALSE },
  { "{\"a\":truefalse}", FALSE },
  { "{\"a\":nul}", FALSE },
  { "{\"a\":1}x", FALSE },
  { "{\"a\":1}{}", FALSE },
  { "{\"a\":1},", FALSE },
  { "{\"a\":1}}", FALSE },
  { "{\"a\":1", FALSE },
  { "{\"a\":[1}", FALSE },
  { "{\"a\":[1}]", FALSE },
  { "{\"a\":1,}", FALSE },
  { "{\"a\":[1,]}", FALSE },
  { "{\"a\":[,1]}", FALSE },
  { "{\"a\":[1 2]}", FALSE },
  { "{\"a\":[1,,2]}", FALSE },
  { "{\"a\":[1:2]}", FALSE },
  { "{,}", FALSE },
  { "{\"a\"}", FALSE },
  { "{\"a\":}", FALSE },
  { "{\"a\" 1}", FALSE },
  { "{\"a\"::1}", FALSE },
  { "{\"a\":1:2}", FALSE },
  { "{\"a\":1 \"b\":2}", FALSE },
  { "{\"a\":\"x\" \"y\"}", FALSE },
  { "{\"a\",\"b\":1}", FALSE },
  { "{a:1}", FALSE },
  { "{1:1}", FALSE },
  { "{true:1}", FALSE },
  { "{'a':1}", FALSE },
  { "{\"a\":'x'}", FALSE },
  { "{\"a\":1,\"a\":2}", FALSE },
  { "{\"a\":1,\"\\u0061\":2}", FALSE },
  { "{\"b\":{\"a\":1,\"a\":1}}", FALSE },
  { "{\"b\":[{\"a\":1,\"a\":1}]}", FALSE },
  { "/* x */{}", FALSE },
  { "{}// x", FALSE },
  { "{\"a\":/* x */1}", FALSE },
  { "{\"a\":1 # x\n}", FALSE },
  { "var x = {};", FALSE },
  { "[]", FALSE },
  { "[{}]", FALSE },
  { "\"a\"", FALSE },
  { "1", FALSE },
  { "null", FALSE },
  { "", FALSE },
  { " ", FALSE },
  { "\xef\xbb\xbf{}", FALSE },
  { "{\"a\":\"\xff\"}", FALSE },
  { "{\"a\":\"\xc0\x80\"}", FALSE },
  { "{\"a\":\"\xed\xa0\x80\"}", FALSE },
  { "{\"a\":\"\\u0000\"}", FALSE },
  { "{\"a\":\"\\ud800\"}", FALSE },
  { "{\"a\":\"\\ud800\\u0041\"}", FALSE },
  { "{\"a\":\"\\ud800\\ue000\"}", FALSE },
  { "{\"a\":\"\\udc00\"}", FALSE },
  { "{\"a\":\"\\u12\"}", FALSE },
  { "{\"a\":\"\\x41\"}", FALSE },
  { "{\"a\":\"\\'\"}", FALSE },
  { "{\"a\":\"\n\"}", FALSE },
  { "{\"a\":\"\t\"}", FALSE },
  { "{\"a\":\"x}", FALSE },
  { "{\"a\":\"x\\\"}", FALSE },
};

static void
test_messages (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) object = cantiga_json_parse (messages[i].text, strlen (messages[i].text), &error);

      g_test_message ("message %u", i);
      g_assert_true ((object != NULL) == messages[i].accepted);
      if (messages[i].accepted)
        g_assert_no_error (error);
      else
        g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
    }
}

static void
test_nul (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_json_parse ("{\"a\":\"\0\"}", 9, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_null (cantiga_json_parse ("{}\0", 3, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_null (cantiga_json_parse (NULL, 0, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

/* 64 KiB of brackets are refused at the ninth. */
static void
test_deep (void)
{
  g_autofree char *text = g_strnfill (65536, '[');
  g_autoptr (GError) error = NULL;

  memcpy (text, "{\"a\":", 5);
  g_assert_null (cantiga_json_parse (text, 65536, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scan/takes-one-json-object-and-nothing-else", test_messages);
  g_test_add_func ("/scan/refuses-nul", test_nul);
  g_test_add_func ("/scan/refuses-depth-without-end", test_deep);
  return g_test_run ();
}
