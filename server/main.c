/* cantiga-server: options, signals, the journal's notices. The server itself is behind server/server.h. */
#include <errno.h>
#include <locale.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib-unix.h>
#include <systemd/sd-daemon.h>

#include "core/error.h"
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
  g_printerr ("cantiga-server: %s\n", error->message);
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
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (argc > 1)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "“%s” is not an option: --help lists them.", argv[1]);
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

/* One line a refusal; refusals that a person causes by hand (a PIN, a licence) are few, others are counted and not written one by one: at most 20 a
 * second. */
static void
refused_cb (const char *address, const char *path, const char *type, const char *detail, gpointer user_data)
{
  static gint64 second;
  static gint lines;
  gint64 now = g_get_monotonic_time () / G_USEC_PER_SEC;
  g_autofree char *route = g_strndup (path, strcspn (path, "?"));

  if (second != now)
    {
      second = now;
      g_atomic_int_set (&lines, 0);
    }
  if (g_atomic_int_add (&lines, 1) < 20)
    g_printerr ("cantiga-server: %s %s: %s: %s\n", address, route, type, detail);
}

static void
told_cb (const char *sentence, gpointer user_data)
{
  g_printerr ("cantiga-server: %s\n", sentence);
}

static gboolean
write_ready (int fd, const char *address, GError **error)
{
  g_autofree char *line = g_strdup_printf ("ready %s\n", address);

  if (fd >= 0 && write (fd, line, strlen (line)) != (gssize)strlen (line))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "File descriptor %d cannot be written to: %s.", fd, g_strerror (errno));
  return TRUE;
}

static gboolean
terminated_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
serve (CantigaServer *server, const char *listen, int ready_fd, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autofree char *address = NULL;

  g_unix_signal_add (SIGTERM, terminated_cb, loop);
  g_unix_signal_add (SIGINT, terminated_cb, loop);
  if (!cantiga_server_start (server, listen, &address, error) || !write_ready (ready_fd, address, error))
    return FALSE;
  g_printerr ("cantiga-server: serving on %s\n", address);
  sd_notifyf (0, "READY=1\nSTATUS=Serving on %s", address);
  g_main_loop_run (loop);
  sd_notify (0, "STOPPING=1");
  cantiga_server_stop (server);
  return TRUE;
}

static CantigaExit
run (const Options *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaState) state = open_state (options, &error);
  g_autoptr (CantigaConfig) config = state != NULL ? load_config (options, state, &error) : NULL;
  g_autoptr (CantigaServer) server = config != NULL ? cantiga_server_new (state, config, &error) : NULL;

  if (server == NULL)
    return fail (error);
  cantiga_server_set_refused_func (server, refused_cb, NULL);
  cantiga_server_set_told_func (server, told_cb, NULL);
  if (!serve (server, options->listen != NULL ? options->listen : config->listen, options->ready_fd, &error))
    return fail (error);
  return CANTIGA_EXIT_DONE;
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
