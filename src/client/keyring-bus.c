#include "client/keyring-bus.h"

#include "core/error.h"

#define REACH_MILLISECONDS 3000
#define SECRETS_NAME "org.freedesktop.secrets"
#define PORTAL_NAME "org.freedesktop.portal.Desktop"
#define AGAIN_MILLISECONDS 400
#define AGAIN_MAX 10

typedef struct
{
  GCancellable *limit;
  guint timer;
  gulong chained; /* to the task's own cancellable */
  GDBusConnection *bus;
} Reach;

static void
reach_free (Reach *reach)
{
  if (reach->timer != 0)
    g_source_remove (reach->timer);
  g_clear_object (&reach->bus);
  g_object_unref (reach->limit);
  g_free (reach);
}

static gboolean
reach_timed_out_cb (gpointer user_data)
{
  Reach *reach = user_data;

  reach->timer = 0;
  g_cancellable_cancel (reach->limit);
  return G_SOURCE_REMOVE;
}

static void
reach_cancelled_cb (GCancellable *cancellable, gpointer limit)
{
  g_cancellable_cancel (limit);
}

static void
reach_end (GTask *task, gboolean reached)
{
  Reach *reach = g_task_get_task_data (task);

  g_cancellable_disconnect (g_task_get_cancellable (task), reach->chained);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (reached)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_KEYRING_ABSENT, "%s", cantiga_error_get_sentence (CANTIGA_ERROR_KEYRING_ABSENT));
}

gboolean
cantiga_keyring_is_sandboxed (void)
{
  return g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS) || g_getenv ("SNAP_NAME") != NULL;
}

static gboolean
names_have (GVariant *answer)
{
  g_autofree const char **names = NULL;

  g_variant_get (answer, "(^a&s)", &names);
  return g_strv_contains (names, SECRETS_NAME) || (cantiga_keyring_is_sandboxed () && g_strv_contains (names, PORTAL_NAME));
}

static void
activatable_names_cb (GObject *bus, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (bus), result, NULL);

  reach_end (task, answer != NULL && names_have (answer));
}

static void
ask_names (GTask *task, const char *method, GAsyncReadyCallback callback)
{
  Reach *reach = g_task_get_task_data (task);

  g_dbus_connection_call (reach->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method, NULL, G_VARIANT_TYPE ("(as)"),
                          G_DBUS_CALL_FLAGS_NONE, REACH_MILLISECONDS, reach->limit, callback, g_object_ref (task));
}

static void
names_cb (GObject *bus, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (bus), result, NULL);

  if (answer != NULL && !names_have (answer))
    ask_names (task, "ListActivatableNames", activatable_names_cb);
  else
    reach_end (task, answer != NULL);
}

static void
bus_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Reach *reach = g_task_get_task_data (task);

  reach->bus = g_bus_get_finish (result, NULL);
  if (reach->bus == NULL)
    return reach_end (task, FALSE);
  /* What plays goes on playing when the session's bus ends. */
  g_dbus_connection_set_exit_on_close (reach->bus, FALSE);
  ask_names (task, "ListNames", names_cb);
}

/* Who says so goes without the bus: libsecret then asks nobody for the names. */
static gboolean
is_file_by_order (void)
{
  return g_strcmp0 (g_getenv ("SECRET_BACKEND"), "file") == 0;
}

void
cantiga_keyring_reach_async (GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Reach *reach = g_new0 (Reach, 1);

  g_task_set_source_tag (task, cantiga_keyring_reach_async);
  g_task_set_task_data (task, reach, (GDestroyNotify)reach_free);
  reach->limit = g_cancellable_new ();
  if (is_file_by_order ())
    return reach_end (task, TRUE);
  reach->timer = g_timeout_add (REACH_MILLISECONDS, reach_timed_out_cb, reach);
  if (cancellable != NULL)
    reach->chained = g_cancellable_connect (cancellable, G_CALLBACK (reach_cancelled_cb), g_object_ref (reach->limit), g_object_unref);
  g_bus_get (G_BUS_TYPE_SESSION, reach->limit, bus_cb, g_object_ref (task));
}

gboolean
cantiga_keyring_reach_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

GDBusConnection *
cantiga_keyring_reach_get_bus (GAsyncResult *result)
{
  return ((Reach *)g_task_get_task_data (G_TASK (result)))->bus;
}

/* ---- the portal's answers ---- */

struct _CantigaPortalWatch
{
  GDBusConnection *bus;
  guint subscription;
  guint timer;
  guint times;
  void (*again) (gpointer user_data);
  gpointer user_data;
};

static gboolean
again_cb (gpointer user_data)
{
  CantigaPortalWatch *watch = user_data;

  watch->timer = 0;
  watch->again (watch->user_data);
  return G_SOURCE_REMOVE;
}

static void
response_cb (GDBusConnection *bus, const char *sender, const char *path, const char *interface, const char *signal, GVariant *parameters,
             gpointer user_data)
{
  CantigaPortalWatch *watch = user_data;

  if (watch->timer == 0 && watch->times++ < AGAIN_MAX)
    watch->timer = g_timeout_add (AGAIN_MILLISECONDS, again_cb, watch);
}

CantigaPortalWatch *
cantiga_portal_watch_start (GDBusConnection *bus, void (*again) (gpointer user_data), gpointer user_data)
{
  CantigaPortalWatch *watch;

  if (bus == NULL || !cantiga_keyring_is_sandboxed ())
    return NULL;
  watch = g_new0 (CantigaPortalWatch, 1);
  watch->bus = g_object_ref (bus);
  watch->again = again;
  watch->user_data = user_data;
  watch->subscription = g_dbus_connection_signal_subscribe (bus, PORTAL_NAME, "org.freedesktop.portal.Request", "Response", NULL, NULL,
                                                            G_DBUS_SIGNAL_FLAGS_NO_MATCH_RULE, response_cb, watch, NULL);
  return watch;
}

void
cantiga_portal_watch_stop (CantigaPortalWatch *watch)
{
  if (watch == NULL)
    return;
  g_dbus_connection_signal_unsubscribe (watch->bus, watch->subscription);
  if (watch->timer != 0)
    g_source_remove (watch->timer);
  g_object_unref (watch->bus);
  g_free (watch);
}
