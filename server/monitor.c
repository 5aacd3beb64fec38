#include "server/monitor.h"

#include "server/listening.h"
#include "server/routes.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define PLAIN_TYPE "text/plain; charset=utf-8"

struct _CantigaMonitor
{
  CantigaServer *server; /* borrowed */
  CantigaHealth *health; /* borrowed */
  CantigaConfig limits;  /* of this listener: a few connections, short clocks */
  CantigaDoors *doors;
  CantigaAcceptor *acceptor;
  gint64 started;
};

/* ---- /metrics ---- */

static void
append_sessions (CantigaServer *server, GString *text)
{
  static const char *const states[CANTIGA_N_SESSION_STATES] = { "state=\"handshake\"", "state=\"card\"", "state=\"open\"" };
  const char *help = "Sessions, by what they await.";

  for (CantigaSessionState state = 0; state < CANTIGA_SESSION_ENDED; state++)
    {
      cantiga_metrics_append_value (text, "cantiga_sessions", "gauge", help, states[state], cantiga_sessions_count (server->sessions, state));
      help = NULL;
    }
}

static void
append_certificates (CantigaServer *server, GString *text)
{
  static const char *const names[CANTIGA_N_AUTHS] = {
    [CANTIGA_AUTH_RSA] = "certificate=\"server-rsa\"",
    [CANTIGA_AUTH_ECDSA] = "certificate=\"server-ecdsa\"",
    [CANTIGA_AUTH_EDDSA] = "certificate=\"server-eddsa\"",
  };
  const char *name = "cantiga_certificate_end_timestamp_seconds";

  cantiga_metrics_append_value (text, name, "gauge", "When a certificate of the server ends.", "certificate=\"authority\"",
                                (double)cantiga_certificate_get_not_after (cantiga_pki_get_authority (server->pki)));
  cantiga_metrics_append_value (text, name, NULL, NULL, "certificate=\"publisher\"",
                                (double)cantiga_health_get_end (cantiga_pki_get_publisher (server->pki)));
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    cantiga_metrics_append_value (text, name, NULL, NULL, names[auth], (double)cantiga_health_get_end (cantiga_pki_get_identity (server->pki, auth)));
}

static void
append_ledger (CantigaServer *server, GString *text)
{
  gint64 begun = g_get_monotonic_time ();
  gint64 generation;
  gboolean answers = cantiga_ledger_get_generation (server->ledger, &generation, NULL);
  double seconds = (double)(g_get_monotonic_time () - begun) / 1e6;
  g_autoptr (CantigaCatalogue) catalogue = answers ? cantiga_library_get_catalogue (server->library, NULL) : NULL;

  cantiga_metrics_append_value (text, "cantiga_ledger_up", "gauge", "1 if the ledger answers.", NULL, answers);
  cantiga_metrics_append_value (text, "cantiga_ledger_answer_seconds", "gauge", "How long the ledger took to answer just now.", NULL, seconds);
  if (catalogue != NULL)
    cantiga_metrics_append_value (text, "cantiga_titles", "gauge", "Titles in the catalogue.", NULL, cantiga_catalogue_get_n (catalogue));
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (folder != NULL && g_dir_read_name (folder) != NULL)
    n++;
  return n;
}

static guint64
read_resident (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return 0;
  fields = g_strsplit (text, " ", 3);
  return g_strv_length (fields) < 2 ? 0 : g_ascii_strtoull (fields[1], NULL, 10) * (guint64)sysconf (_SC_PAGESIZE);
}

static void
append_program (CantigaMonitor *monitor, GString *text)
{
  struct rusage used;

  if (getrusage (RUSAGE_SELF, &used) == 0)
    cantiga_metrics_append_value (text, "process_cpu_seconds_total", "counter", "CPU time that the program used.", NULL,
                                  (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
                                      + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
  cantiga_metrics_append_value (text, "process_resident_memory_bytes", "gauge", "Memory that the program has.", NULL, (double)read_resident ());
  cantiga_metrics_append_value (text, "process_open_fds", "gauge", "Open descriptors.", NULL, count_descriptors ());
  cantiga_metrics_append_value (text, "process_start_time_seconds", "gauge", "When the program started.", NULL, (double)monitor->started);
}

static char *
dup_metrics (CantigaMonitor *monitor)
{
  CantigaServer *server = monitor->server;
  GString *text = g_string_new (NULL);
  CantigaDoorCounts doors;

  cantiga_metrics_append (server->metrics, text, cantiga_routes_dup_name);
  cantiga_doors_get_counts (server->doors, &doors);
  cantiga_metrics_append_value (text, "cantiga_connections", "gauge", "Connections that are open.", NULL, doors.open);
  cantiga_metrics_append_value (text, "cantiga_connections_total", "counter", "Connections that were accepted.", NULL, (double)doors.accepted);
  cantiga_metrics_append_value (text, "cantiga_connections_refused_total", "counter", "Connections that were closed unread, past a limit.", NULL,
                                (double)doors.refused);
  cantiga_metrics_append_value (text, "cantiga_connections_late_total", "counter", "Connections that were cut at a deadline.", NULL,
                                (double)doors.late);
  append_sessions (server, text);
  append_ledger (server, text);
  append_certificates (server, text);
  cantiga_metrics_append_value (text, "cantiga_disk_free_bytes", "gauge", "Free bytes where the state lies.", NULL,
                                (double)cantiga_health_get_disk (monitor->health));
  append_program (monitor, text);
  return g_string_free (text, FALSE);
}

/* ---- the listener ---- */

/* Takes text. */
static void
respond (CantigaConnection *connection, guint status, const char *type, char *text)
{
  g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));

  cantiga_connection_answer (connection, status, type, body, 0);
}

static gboolean
check (const CantigaHead *head, GError **error)
{
  return g_str_equal (head->method, "GET") || cantiga_fail_with (error, CANTIGA_ERROR_METHOD, "GET alone.");
}

static void
refuse (CantigaConnection *connection, const GError *error, gpointer user_data)
{
  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_METHOD))
    cantiga_connection_set_allow (connection, "GET");
  respond (connection, cantiga_problem_get_status (error), PLAIN_TYPE, g_strconcat (error->message, "\n", NULL));
}

static void
ask (CantigaConnection *connection, gpointer user_data)
{
  CantigaMonitor *monitor = user_data;
  const char *path = cantiga_connection_get_head (connection)->path;
  char *why = NULL;
  gboolean is_good;

  if (g_str_equal (path, "/metrics"))
    {
      respond (connection, 200, METRICS_TYPE, dup_metrics (monitor));
      return;
    }
  if (!g_str_equal (path, "/healthz") && !g_str_equal (path, "/readyz"))
    {
      respond (connection, 404, PLAIN_TYPE, g_strdup ("/healthz, /readyz and /metrics are here.\n"));
      return;
    }
  is_good = g_str_equal (path, "/healthz") ? cantiga_health_is_well (monitor->health, &why)
                                           : cantiga_health_is_ready (monitor->health, g_get_real_time () / G_USEC_PER_SEC, &why);
  respond (connection, is_good ? 200 : 503, PLAIN_TYPE, is_good ? g_strdup ("well\n") : g_strconcat (why, "\n", NULL));
  g_free (why);
}

static const CantigaResponder responder = { .check = check, .ask = ask, .refuse = refuse };

CantigaMonitor *
cantiga_monitor_new (CantigaServer *server, CantigaHealth *health, const char *address, char **ret_address, GError **error)
{
  g_autoptr (GSocket) socket = cantiga_listening_open (address, FALSE, error);
  g_autofree char *bound = socket != NULL ? cantiga_listening_dup_address (socket, error) : NULL;
  CantigaMonitor *monitor;

  if (bound == NULL)
    return NULL;
  monitor = g_new0 (CantigaMonitor, 1);
  monitor->server = server;
  monitor->health = health;
  monitor->started = g_get_real_time () / G_USEC_PER_SEC;
  monitor->limits = (CantigaConfig){ .connections = 32, .connections_per_address = 32, .header_seconds = 5, .body_seconds = 5, .answer_seconds = 10 };
  monitor->doors = cantiga_doors_new (&monitor->limits);
  monitor->acceptor = cantiga_acceptor_new (monitor->doors, socket, &responder, monitor);
  *ret_address = g_steal_pointer (&bound);
  return monitor;
}

void
cantiga_monitor_free (CantigaMonitor *monitor)
{
  cantiga_acceptor_free (monitor->acceptor);
  cantiga_doors_unref (monitor->doors);
  g_free (monitor);
}
