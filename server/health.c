#include "server/health.h"

#include <string.h>
#include <sys/statvfs.h>

#include "server/worker.h"

#define LOOK_SECONDS 2
/* After this long without a sign of it something is not well. A loaded machine is not a sick one. */
#define STALE_SECONDS 15
#define PROBE_SECONDS 10
#define DISK_MIN ((guint64)64 * 1024 * 1024)

static const char question[] = "GET /api/pair HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
static const char answer_begins[] = "HTTP/1.1 200";

struct _CantigaHealth
{
  CantigaServer *server; /* borrowed */
  char *address;         /* of the listener, as seen from here */
  GSource *look;
  GCancellable *cancellable;
  GSocketClient *client;
  gboolean is_probing;
  gint64 answered; /* monotonic; when the listener last did */
};

/* One question to our own listener. */
typedef struct
{
  CantigaHealth *health; /* borrowed; gone if it was cancelled */
  GSocketConnection *connection;
  char answer[sizeof answer_begins - 1];
} Probe;

static void
probe_end (Probe *probe, gboolean answered)
{
  CantigaHealth *health = probe->health;

  /* Who closes the door because the house is full has heard the knock. */
  if (answered || cantiga_doors_are_full (health->server->doors))
    health->answered = g_get_monotonic_time ();
  health->is_probing = FALSE;
}

static void
probe_free (Probe *probe)
{
  g_clear_object (&probe->connection);
  g_free (probe);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Probe, probe_free)

static void
answered_cb (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Probe) probe = user_data;
  g_autoptr (GError) error = NULL;
  gsize length;
  gboolean read = g_input_stream_read_all_finish (G_INPUT_STREAM (stream), result, &length, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  probe_end (probe, read && length == sizeof probe->answer && strncmp (probe->answer, answer_begins, sizeof probe->answer) == 0);
}

static void
asked_cb (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Probe) probe = user_data;
  g_autoptr (GError) error = NULL;
  CantigaHealth *health = probe->health;
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (probe->connection));

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (stream), result, NULL, &error))
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        probe_end (probe, FALSE);
      return;
    }
  g_input_stream_read_all_async (input, probe->answer, sizeof probe->answer, G_PRIORITY_DEFAULT, health->cancellable, answered_cb, probe);
  g_steal_pointer (&probe);
}

static void
connected_cb (GObject *client, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Probe) probe = user_data;
  g_autoptr (GError) error = NULL;
  CantigaHealth *health = probe->health;

  probe->connection = g_socket_client_connect_to_host_finish (G_SOCKET_CLIENT (client), result, &error);
  if (probe->connection == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        probe_end (probe, FALSE);
      return;
    }
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (probe->connection)), question, sizeof question - 1, G_PRIORITY_DEFAULT,
                                   health->cancellable, asked_cb, probe);
  g_steal_pointer (&probe);
}

static gboolean
look_cb (gpointer user_data)
{
  CantigaHealth *health = user_data;
  GPtrArray *workers = health->server->workers;
  Probe *probe;

  for (guint i = 0; i < workers->len; i++)
    cantiga_worker_ask (g_ptr_array_index (workers, i));
  if (health->is_probing)
    return G_SOURCE_CONTINUE;
  health->is_probing = TRUE;
  probe = g_new0 (Probe, 1);
  probe->health = health;
  g_socket_client_connect_to_host_async (health->client, health->address, 0, health->cancellable, connected_cb, probe);
  return G_SOURCE_CONTINUE;
}

/* "0.0.0.0:1" is not an address to go to. */
static char *
dup_own_address (const char *listen)
{
  const char *colon = strrchr (listen, ':');

  if (g_str_has_prefix (listen, "0.0.0.0:"))
    return g_strconcat ("127.0.0.1", colon, NULL);
  if (g_str_has_prefix (listen, "[::]:"))
    return g_strconcat ("[::1]", colon, NULL);
  return g_strdup (listen);
}

CantigaHealth *
cantiga_health_new (CantigaServer *server, const char *address)
{
  CantigaHealth *health = g_new0 (CantigaHealth, 1);

  health->server = server;
  health->address = dup_own_address (address);
  health->cancellable = g_cancellable_new ();
  health->client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (health->client, FALSE);
  g_socket_client_set_timeout (health->client, PROBE_SECONDS);
  health->answered = g_get_monotonic_time ();
  health->look = g_timeout_source_new_seconds (LOOK_SECONDS);
  g_source_set_callback (health->look, look_cb, health, NULL);
  g_source_attach (health->look, g_main_context_get_thread_default ());
  return health;
}

void
cantiga_health_free (CantigaHealth *health)
{
  g_source_destroy (health->look);
  g_source_unref (health->look);
  g_cancellable_cancel (health->cancellable);
  g_object_unref (health->cancellable);
  g_object_unref (health->client);
  g_free (health->address);
  g_free (health);
}

gboolean
cantiga_health_is_well (CantigaHealth *health, char **ret_why)
{
  GPtrArray *workers = health->server->workers;
  gint64 stale = g_get_monotonic_time () - STALE_SECONDS * G_USEC_PER_SEC;

  for (guint i = 0; i < workers->len; i++)
    if (cantiga_worker_get_turned (g_ptr_array_index (workers, i)) < stale)
      {
        *ret_why = g_strdup ("a thread that serves does not turn");
        return FALSE;
      }
  if (health->answered >= stale)
    return TRUE;
  *ret_why = g_strdup ("the listener does not answer");
  return FALSE;
}

guint64
cantiga_health_get_disk (CantigaHealth *health)
{
  struct statvfs disk;

  return statvfs (cantiga_state_get_folder (health->server->state), &disk) == 0 ? (guint64)disk.f_bavail * disk.f_frsize : 0;
}

gint64
cantiga_health_get_end (CantigaIdentity *identity)
{
  g_autoptr (X509) leaf = cantiga_certificate_decode (g_ptr_array_index (identity->certificates, 0), NULL);

  return leaf != NULL ? cantiga_certificate_get_not_after (leaf) : 0;
}

static gboolean
certificates_hold (CantigaPki *pki, gint64 now)
{
  if (cantiga_certificate_get_not_after (cantiga_pki_get_authority (pki)) <= now)
    return FALSE;
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    if (cantiga_health_get_end (cantiga_pki_get_identity (pki, auth)) <= now)
      return FALSE;
  return TRUE;
}

gboolean
cantiga_health_is_ready (CantigaHealth *health, gint64 now, char **ret_why)
{
  CantigaServer *server = health->server;
  g_autoptr (GError) error = NULL;
  const char *why = NULL;
  gint64 generation;

  if (!cantiga_health_is_well (health, ret_why))
    return FALSE;
  if (!cantiga_ledger_get_generation (server->ledger, &generation, &error))
    why = "the ledger does not answer";
  else if (!certificates_hold (server->pki, now))
    why = "a certificate of the server has ended";
  else if (cantiga_health_get_disk (health) < DISK_MIN)
    why = "the disk is full";
  if (why == NULL)
    return TRUE;
  *ret_why = g_strdup (why);
  return FALSE;
}
