/* One loading of a passphrase, or one look at how things stand, as a program of its own: for test-keyring.py, which starts it in many surroundings.
 *
 *     keyring-loader FOLDER automatic|file|secret-service [make]
 *     keyring-loader FOLDER status */
#include <stdio.h>

#include "client/keyring.h"
#include "core/wire.h"
#include "loop.h"

static void
print (JsonObject *object)
{
  g_autoptr (GBytes) text = cantiga_json_format (object);

  printf ("%.*s\n", (int)g_bytes_get_size (text), (const char *)g_bytes_get_data (text, NULL));
}

static void
set_error (JsonObject *object, const GError *error)
{
  static const struct
  {
    CantigaError code;
    const char *name;
  } codes[] = { { CANTIGA_ERROR_KEYRING_ABSENT, "absent" }, { CANTIGA_ERROR_KEYRING_LOCKED, "locked" },       { CANTIGA_ERROR_KEYRING_LOST, "lost" },
                { CANTIGA_ERROR_DAMAGED, "damaged" },       { CANTIGA_ERROR_CONFIGURATION, "configuration" }, { CANTIGA_ERROR_USAGE, "usage" } };

  json_object_set_string_member (object, "message", error->message);
  json_object_set_string_member (object, "error", "other");
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, CANTIGA_ERROR, (int)codes[i].code))
      json_object_set_string_member (object, "error", codes[i].name);
}

static void
tell_status (const char *folder, JsonObject *object)
{
  static const char *const kept[] = { "nowhere", "file", "secret-service" };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaKeyringStatus) status = NULL;

  cantiga_keyring_ask_status_async (folder, NULL, loop_result_cb, &result);
  status = cantiga_keyring_ask_status_finish (loop_wait (&result), &error);
  g_assert_no_error (error);
  json_object_set_string_member (object, "kept", kept[status->kept]);
  json_object_set_boolean_member (object, "reachable", status->reachable);
  if (status->trouble != NULL)
    set_error (object, status->trouble);
}

static void
load (const char *folder, const char *word, gboolean make, JsonObject *object)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSecret) passphrase = NULL;
  g_autofree char *notice = NULL;
  CantigaKeyringChoice choice;

  g_assert_true (cantiga_keyring_choice_parse (word, &choice, &error));
  cantiga_keyring_load_async (folder, choice, make, NULL, loop_result_cb, &result);
  passphrase = cantiga_keyring_load_finish (loop_wait (&result), &notice, &error);
  if (passphrase == NULL)
    set_error (object, error);
  else
    json_object_set_string_member (object, "passphrase", (const char *)cantiga_secret_bytes (passphrase));
  if (notice != NULL)
    json_object_set_string_member (object, "notice", notice);
}

int
main (int argc, char **argv)
{
  g_autoptr (JsonObject) object = json_object_new ();

  g_assert_cmpint (argc, >=, 3);
  if (g_str_equal (argv[2], "status"))
    tell_status (argv[1], object);
  else
    load (argv[1], argv[2], argc > 3, object);
  print (object);
  return 0;
}
