/* libsecret: the desktop's keyring (the Secret Service), or in a Flatpak a file of libsecret's own under a secret that the portal gives. */
#include <libsecret/secret.h>

#include "client/keyring-bus.h"
#include "client/keyring-private.h"

#define APPLICATION "io.github.cantiga.Cantiga"
#define LABEL "Cantiga: passphrase of this player’s keys"
#define PASSPHRASE_MAX 256

/* A locked keyring finds an item by its attributes, but not by the schema's name: with it, "locked" would look like "not there". */
static const SecretSchema schema = {
  APPLICATION ".Passphrase",
  SECRET_SCHEMA_DONT_MATCH_NAME,
  { { "application", SECRET_SCHEMA_ATTRIBUTE_STRING }, { "item", SECRET_SCHEMA_ATTRIBUTE_STRING }, { NULL, 0 } },
};

/* ---- what a request has in common ---- */

typedef struct
{
  GHashTable *attributes;
  CantigaSecret *passphrase; /* to be stored */
  gboolean ask;
  CantigaPortalWatch *watch;
} Request;

static void
request_free (Request *request)
{
  cantiga_portal_watch_stop (request->watch);
  g_hash_table_unref (request->attributes);
  cantiga_secret_free (request->passphrase);
  g_free (request);
}

static GTask *
request_new (const CantigaId *item, CantigaSecret *passphrase, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Request *request = g_new0 (Request, 1);
  char text[CANTIGA_ID_TEXT_LENGTH];

  request->attributes = secret_attributes_build (&schema, "application", APPLICATION, "item", cantiga_id_format (item, text), NULL);
  if (passphrase != NULL)
    request->passphrase = cantiga_secret_new_copy (cantiga_secret_bytes (passphrase), cantiga_secret_length (passphrase));
  g_task_set_source_tag (task, request_new);
  g_task_set_task_data (task, request, (GDestroyNotify)request_free);
  return task;
}

/* Codes, never words. The portal has two for a person who said no, or could not be asked; and for libsecret a refusal is a cancellation too. */
static void
return_reason (GTask *task, GError *reason)
{
  g_autoptr (GError) owned = reason;
  gboolean unknown
      = g_error_matches (reason, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) || g_error_matches (reason, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER)
        || g_error_matches (reason, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT) || g_error_matches (reason, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
  gboolean locked = g_error_matches (reason, SECRET_ERROR, SECRET_ERROR_IS_LOCKED) || g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED)
                    || (cantiga_keyring_is_sandboxed () && g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_FAILED));

  if (g_task_return_error_if_cancelled (task))
    return;
  if (unknown || locked)
    {
      CantigaError code = unknown ? CANTIGA_ERROR_KEYRING_ABSENT : CANTIGA_ERROR_KEYRING_LOCKED;
      g_task_return_new_error (task, CANTIGA_ERROR, (int)code, "%s", cantiga_error_get_sentence (code));
    }
  else
    g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION, "The desktop's keyring fails: %s.", reason->message);
}

static void
return_code (GTask *task, CantigaError code)
{
  g_task_return_new_error (task, CANTIGA_ERROR, (int)code, "%s", cantiga_error_get_sentence (code));
}

static void
asked_again_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_list_free_full (secret_password_search_finish (result, NULL), g_object_unref);
}

static void
ask_again (gpointer attributes)
{
  secret_password_searchv (&schema, attributes, SECRET_SEARCH_NONE, NULL, asked_again_cb, NULL);
}

/* Between the two of them libsecret does its work. */
static void
start_libsecret (GTask *task, GAsyncResult *reached)
{
  Request *request = g_task_get_task_data (task);

  request->watch = cantiga_portal_watch_start (cantiga_keyring_reach_get_bus (reached), ask_again, request->attributes);
}

/* libsecret keeps its connection's session, which does not outlive the keyring's daemon, and in a sandbox what its file held. */
static void
stop_libsecret (GTask *task)
{
  g_clear_pointer (&((Request *)g_task_get_task_data (task))->watch, cantiga_portal_watch_stop);
  secret_service_disconnect ();
}

static gboolean
boolean_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- lookup ---- */

static void
retrieved_cb (GObject *item, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  SecretValue *value = secret_retrievable_retrieve_secret_finish (SECRET_RETRIEVABLE (item), result, &error);
  gsize length = 0;
  const char *text = value != NULL ? secret_value_get (value, &length) : NULL;

  stop_libsecret (task);
  if (error != NULL)
    return_reason (task, error);
  else if (length == 0 || length > PASSPHRASE_MAX)
    return_code (task, CANTIGA_ERROR_KEYRING_LOST);
  else
    g_task_return_pointer (task, cantiga_secret_new_copy ((const guint8 *)text, length), (GDestroyNotify)cantiga_secret_free);
  g_clear_pointer (&value, secret_value_unref);
}

static gboolean
is_locked (gpointer item)
{
  return SECRET_IS_ITEM (item) && secret_item_get_locked (item);
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GList *items = secret_password_search_finish (result, &error);
  GList *open = items;

  while (open != NULL && is_locked (open->data))
    open = open->next;
  if (open != NULL)
    secret_retrievable_retrieve_secret (open->data, g_task_get_cancellable (task), retrieved_cb, g_object_ref (task));
  else
    {
      stop_libsecret (task);
      if (error != NULL)
        return_reason (task, error);
      else
        return_code (task, items != NULL ? CANTIGA_ERROR_KEYRING_LOCKED : CANTIGA_ERROR_KEYRING_LOST);
    }
  g_list_free_full (items, g_object_unref);
}

static void
lookup_reached_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;

  if (!cantiga_keyring_reach_finish (result, &error))
    return g_task_return_error (task, error);
  start_libsecret (task, result);
  secret_password_searchv (&schema, request->attributes, SECRET_SEARCH_ALL | (request->ask ? SECRET_SEARCH_UNLOCK : 0), g_task_get_cancellable (task),
                           found_cb, g_object_ref (task));
}

static void
lookup_async (const char *folder, const CantigaId *item, gboolean ask, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = request_new (item, NULL, cancellable, callback, user_data);

  ((Request *)g_task_get_task_data (task))->ask = ask;
  cantiga_keyring_reach_async (cancellable, lookup_reached_cb, task);
}

static CantigaSecret *
lookup_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- store ---- */

static void
read_back_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaSecret *passphrase = ((Request *)g_task_get_task_data (task))->passphrase;
  GError *error = NULL;
  g_autoptr (CantigaSecret) kept = lookup_finish (result, &error);
  gsize length = cantiga_secret_length (passphrase);

  if (kept == NULL)
    g_task_return_error (task, error);
  else if (cantiga_secret_length (kept) != length || !cantiga_bytes_equal (cantiga_secret_bytes (kept), cantiga_secret_bytes (passphrase), length))
    return_code (task, CANTIGA_ERROR_KEYRING_LOST);
  else
    g_task_return_boolean (task, TRUE);
}

static void
stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaId item;
  GError *error = NULL;
  gboolean stored = secret_password_store_finish (result, &error);

  stop_libsecret (task);
  if (!stored)
    return return_reason (task, error);
  if (!cantiga_id_parse (g_hash_table_lookup (((Request *)g_task_get_task_data (task))->attributes, "item"), &item))
    g_assert_not_reached ();
  lookup_async (NULL, &item, TRUE, g_task_get_cancellable (task), read_back_cb, g_object_ref (task));
}

static void
store_reached_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;
  SecretValue *value;

  if (!cantiga_keyring_reach_finish (result, &error))
    return g_task_return_error (task, error);
  start_libsecret (task, result);
  value = secret_value_new ((const char *)cantiga_secret_bytes (request->passphrase), (gssize)cantiga_secret_length (request->passphrase),
                            "text/plain");
  secret_password_storev_binary (&schema, request->attributes, SECRET_COLLECTION_DEFAULT, LABEL, value, g_task_get_cancellable (task), stored_cb,
                                 g_object_ref (task));
  secret_value_unref (value);
}

static void
store_async (const char *folder, const CantigaId *item, CantigaSecret *passphrase, GCancellable *cancellable, GAsyncReadyCallback callback,
             gpointer user_data)
{
  cantiga_keyring_reach_async (cancellable, store_reached_cb, request_new (item, passphrase, cancellable, callback, user_data));
}

/* ---- clear ---- */

static void
cleared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  /* FALSE without an error: there was nothing to clear. */
  secret_password_clear_finish (result, &error);
  stop_libsecret (task);
  if (error != NULL)
    return_reason (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
clear_reached_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;

  if (!cantiga_keyring_reach_finish (result, &error))
    return g_task_return_error (task, error);
  start_libsecret (task, result);
  secret_password_clearv (&schema, request->attributes, g_task_get_cancellable (task), cleared_cb, g_object_ref (task));
}

static void
clear_async (const char *folder, const CantigaId *item, CantigaSecret *passphrase, GCancellable *cancellable, GAsyncReadyCallback callback,
             gpointer user_data)
{
  cantiga_keyring_reach_async (cancellable, clear_reached_cb, request_new (item, NULL, cancellable, callback, user_data));
}

const CantigaKeyringBackend cantiga_keyring_secret = { "secret-service",
                                                       cantiga_keyring_reach_async,
                                                       cantiga_keyring_reach_finish,
                                                       store_async,
                                                       boolean_finish,
                                                       NULL,
                                                       lookup_async,
                                                       lookup_finish,
                                                       clear_async,
                                                       boolean_finish };
