/* cantiga-server: options, signals, the journal's notices. The server itself is behind server/server.h. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib-unix.h>
#include <systemd/sd-daemon.h>

#include "core/error.h"
#include "server/journal.h"
#include "server/server.h"

typedef struct
{
  char *state;
  char *config;
  char *listen;
  int ready_fd;
  gboolean version;
} Options;

static CantigaExit
fail (const GError *error)
{
  cantiga_journal_tell (LOG_ERR, error->message);
  return cantiga_error_to_exit (error);
}

static gboolean
parse_options (int argc, char **argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &options->state, "Keep keys, ledger and titles in FOLDER (/var/lib/cantiga)", "FOLDER" },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options->config, "Read the configuration from FILE (FOLDER/server.conf, /etc/cantiga/server.conf)",
      "FILE" },
    { "listen", 0, 0, G_OPTION_ARG_STRING, &options->listen, "Listen on ADDRESS:PORT; port 0 picks one", "ADDRESS:PORT" },
    { "ready-fd", 0, 0, G_OPTION_ARG_INT, &options->ready_fd, "Write “ready ADDRESS:PORT” to file descriptor N when serving", "N" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Say which version this is", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("— serves sealed titles to people with cards");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!cantiga_parse_options (context, &argc, &argv, error))
    return FALSE;
  if (argc > 1)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "“%s” is not an option: --help lists them.", argv[1]);
  if (options->ready_fd >= 0 && fcntl (options->ready_fd, F_GETFD) < 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "File descriptor %d (--ready-fd) is not open.", options->ready_fd);
  if (options->state == NULL)
    options->state = g_strdup (g_getenv ("STATE_DIRECTORY") != NULL ? g_getenv ("STATE_DIRECTORY") : "/var/lib/cantiga");
  return TRUE;
}

/* Keys are in this memory: no core of it, no other process of the same user reading it, no file of it for others. */
static void
keep_to_oneself (void)
{
  const struct rlimit none = { 0, 0 };

  umask (077);
  (void)!prctl (PR_SET_DUMPABLE, 0);
  (void)!setrlimit (RLIMIT_CORE, &none);
}

/* A first start on an empty box works: the state is made, and that is said. */
static CantigaState *
open_state (const Options *options, GError **error)
{
  if (!cantiga_state_exists (options->state))
    {
      if (!cantiga_state_init (options->state, g_get_host_name (), g_get_real_time () / G_USEC_PER_SEC, error))
        return NULL;
      g_printerr ("cantiga-server: made a new state in %s\n", options->state);
    }
  return cantiga_state_open (options->state, error);
}

static CantigaConfig *
load_config (const Options *options, CantigaState *state, GError **error)
{
  g_autofree char *own = cantiga_state_dup_path (state, "server.conf");

  if (options->config != NULL)
    return cantiga_config_load (options->config, TRUE, error);
  return cantiga_config_load (g_file_test (own, G_FILE_TEST_EXISTS) ? own : "/etc/cantiga/server.conf", FALSE, error);
}

static void
refused_cb (const char *address, const char *path, const char *type, const char *detail, gpointer user_data)
{
  cantiga_journal_refusal (address, path, type, detail);
}

static void
told_cb (const char *sentence, gpointer user_data)
{
  cantiga_journal_tell (LOG_WARNING, sentence);
}

static gboolean
write_ready (int fd, const char *address, GError **error)
{
  g_autofree char *line = g_strdup_printf ("ready %s\n", address);

  if (fd >= 0 && write (fd, line, strlen (line)) != (gssize)strlen (line))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "File descriptor %d cannot be written to: %s.", fd, g_strerror (errno));
  return TRUE;
}

/* ---- serving ---- */

/* What lives as long as the loop. */
typedef struct
{
  const Options *options;
  CantigaState *state;
  GPtrArray *configs; /* CantigaConfig, the last one in force: the server may still read the others */
  CantigaServer *server;
} Service;

static gboolean
terminated_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

/* A configuration with a mistake changes nothing. */
static gboolean
reload (Service *service, GError **error)
{
  CantigaConfig *config = load_config (service->options, service->state, error);

  if (config == NULL)
    return FALSE;
  g_ptr_array_add (service->configs, config);
  return cantiga_server_reload (service->server, config, error);
}

static gboolean
hung_up_cb (gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  sd_notifyf (0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time ());
  if (reload (user_data, &error))
    cantiga_journal_tell (LOG_NOTICE, "the configuration was read again");
  else
    cantiga_journal_tell (LOG_ERR, error->message);
  sd_notify (0, "READY=1");
  return G_SOURCE_CONTINUE;
}

static gboolean
watchdog_cb (gpointer server)
{
  if (cantiga_server_is_well (server))
    sd_notify (0, "WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

/* Health and metrics. A port that is taken keeps nobody from serving. */
static void
start_watching (Service *service, const CantigaConfig *config)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *address = NULL;
  g_autofree char *sentence = NULL;
  guint64 watchdog = 0;

  if (sd_watchdog_enabled (0, &watchdog) > 0)
    g_timeout_add ((guint)(watchdog / 3000), watchdog_cb, service->server);
  else if (config->metrics == NULL)
    return;
  if (cantiga_server_watch (service->server, config->metrics, &address, &failure))
    sentence = address != NULL ? g_strdup_printf ("answers /healthz, /readyz and /metrics on %s", address) : NULL;
  else
    sentence = g_strdup_printf ("nobody can watch this server: %s", failure->message);
  if (sentence != NULL)
    cantiga_journal_tell (failure == NULL ? LOG_INFO : LOG_WARNING, sentence);
}

/* Sockets that systemd listens on for us (cantiga-server.socket). */
static gboolean
take_sockets (CantigaServer *server, GError **error)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);
  int n = sd_listen_fds (1);

  for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++)
    {
      GSocket *socket;

      if (sd_is_socket (fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "systemd gave a socket that is not a stream that listens.");
      socket = g_socket_new_from_fd (fd, error);
      if (socket == NULL)
        return FALSE;
      g_ptr_array_add (sockets, socket);
    }
  if (sockets->len > 0)
    cantiga_server_set_sockets (server, sockets);
  return TRUE;
}

static gboolean
start (Service *service, GError **error)
{
  const CantigaConfig *config = g_ptr_array_index (service->configs, 0);
  const Options *options = service->options;
  g_autofree char *address = NULL;
  g_autofree char *sentence = NULL;

  if (!take_sockets (service->server, error)
      || !cantiga_server_start (service->server, options->listen != NULL ? options->listen : config->listen, &address, error))
    return FALSE;
  /* Who is told that it serves may ask at once how it is. */
  start_watching (service, config);
  if (!write_ready (options->ready_fd, address, error))
    return FALSE;
  sentence = g_strdup_printf ("serving on %s", address);
  cantiga_journal_tell (LOG_INFO, sentence);
  sd_notifyf (0, "READY=1\nSTATUS=Serving on %s", address);
  return TRUE;
}

static gboolean
serve (Service *service, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_unix_signal_add (SIGTERM, terminated_cb, loop);
  g_unix_signal_add (SIGINT, terminated_cb, loop);
  g_unix_signal_add (SIGHUP, hung_up_cb, service);
  if (!start (service, error))
    return FALSE;
  g_main_loop_run (loop);
  sd_notify (0, "STOPPING=1");
  cantiga_server_stop (service->server);
  return TRUE;
}

static CantigaExit
run (const Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaState) state = open_state (options, &error);
  g_autoptr (GPtrArray) configs = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_config_free);
  CantigaConfig *config = state != NULL ? load_config (options, state, &error) : NULL;
  g_autoptr (CantigaServer) server = config != NULL ? cantiga_server_new (state, config, &error) : NULL;
  Service service = { .options = options, .state = state, .configs = configs, .server = server };

  if (config != NULL)
    g_ptr_array_add (configs, config);
  if (server == NULL)
    return fail (error);
  cantiga_server_set_refused_func (server, refused_cb, NULL);
  cantiga_server_set_told_func (server, told_cb, NULL);
  return serve (&service, &error) ? CANTIGA_EXIT_DONE : fail (error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  Options options = { .ready_fd = -1 };
  CantigaExit code = CANTIGA_EXIT_DONE;

  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN);
  keep_to_oneself ();
  if (!parse_options (argc, argv, &options, &error))
    {
      fail (error);
      code = CANTIGA_EXIT_USAGE;
    }
  else if (options.version)
    g_print ("cantiga-server " CANTIGA_VERSION "\n");
  else
    code = run (&options);
  g_free (options.state);
  g_free (options.config);
  g_free (options.listen);
  return code;
}
