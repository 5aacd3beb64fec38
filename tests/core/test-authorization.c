#include "core/authorization.h"

#define SESSION "000102030405060708090a0b0c0d0e0f"

static const CantigaId session = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };

static void
test_create (void)
{
  static const guint8 bytes[] = { 0xfb, 0xff, 0xfe, 0x01 };
  g_autoptr (GBytes) envelope = g_bytes_new_static (bytes, sizeof bytes);
  g_autofree char *with_body = cantiga_authorization_create (&session, NULL);
  g_autofree char *without_body = cantiga_authorization_create (&session, envelope);

  g_assert_cmpstr (with_body, ==, "Cantiga " SESSION);
  g_assert_cmpstr (without_body, ==, "Cantiga " SESSION ".-__-AQ");
}

static const struct
{
  const char *header;
  const char *parts[3];
} accepted[] = {
  { "Cantiga " SESSION, { NULL } },
  { "cantiga " SESSION, { NULL } },
  { "Cantiga " SESSION ".AQEA", { "AQEA" } },
  { "Cantiga " SESSION ".17.bWFj", { "17", "bWFj" } },
};

static void
test_consume (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (accepted); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (GStrv) parts = NULL;
      CantigaId found;

      g_assert_true (cantiga_authorization_consume (accepted[i].header, &found, &parts, &error));
      g_assert_no_error (error);
      g_assert_true (cantiga_id_equal (&found, &session));
      g_assert_cmpstrv (parts, accepted[i].parts);
    }
}

static const char *const refused[] = {
  NULL,
  "",
  "Cantiga",
  "Cantiga ",
  "Cantiga  " SESSION,
  "Bearer " SESSION,
  SESSION,
  "Cantiga " SESSION "0",
  "Cantiga 000102030405060708090A0B0C0D0E0F",
  "Cantiga 000102030405060708090a0b0c0d0e",
  "Cantiga " SESSION ".",
  "Cantiga " SESSION "..",
  "Cantiga " SESSION ".1.",
  "Cantiga " SESSION "..bWFj",
  "Cantiga " SESSION ".1.bWFj.x",
  "Cantiga " SESSION ".1.bWFj.",
  "Cantiga ." SESSION,
  "Cantiga " SESSION " .1",
};

static void
test_refuse (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;
      GStrv parts = NULL;
      CantigaId found;

      g_assert_false (cantiga_authorization_consume (refused[i], &found, &parts, &error));
      g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_AUTHENTICATED);
      g_assert_null (parts);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/authorization/names-the-session-and-carries-an-envelope", test_create);
  g_test_add_func ("/authorization/is-taken-apart-at-its-full-stops", test_consume);
  g_test_add_func ("/authorization/refuses-any-other-form", test_refuse);
  return g_test_run ();
}
