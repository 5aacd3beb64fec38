/* cantigactl doctor: what the server stands on. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include <glib/gstdio.h>
#include <libsoup/soup.h>

#include "server/ctl-doctor.h"
#include "server/import.h"

#define MEBIBYTE (1024 * 1024)
#define DISK_LOW ((guint64)1024 * MEBIBYTE)
#define DISK_FULL ((guint64)100 * MEBIBYTE)
/* What keys need (core/secret.c), and some for the rest. */
#define LOCK_WANTED (2 * MEBIBYTE)
/* Nobody ran this program before. */
#define BEGINNING G_GINT64_CONSTANT (1767225600)
#define PORT_SECONDS 3

void
cantiga_doctor_check_clock (CantigaCtl *ctl, CantigaDiagnosis *diagnosis)
{
  if (ctl->now < BEGINNING)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "clock", "Set this computer's clock: timedatectl set-ntp true",
                           "The clock is years behind.");
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "clock", NULL, "The clock can be right.");
}

void
cantiga_doctor_check_disk (CantigaCtl *ctl, CantigaDiagnosis *diagnosis)
{
  struct statvfs about;
  guint64 left;
  CantigaFindingState state;

  if (statvfs (ctl->folder, &about) != 0)
    return;
  left = (guint64)about.f_bavail * about.f_frsize;
  state = left < DISK_FULL ? CANTIGA_FINDING_FAIL : left < DISK_LOW ? CANTIGA_FINDING_WARN : CANTIGA_FINDING_OK;
  cantiga_diagnosis_add (diagnosis, state, "disk", state == CANTIGA_FINDING_OK ? NULL : "Make room: plays are recorded there, not only titles kept.",
                         "%" G_GUINT64_FORMAT " MiB are left on the state's disk.", left / MEBIBYTE);
}

/* ---- memory ---- */

/* The first line is a heading; swap in compressed memory is no disk. */
static gboolean
has_swap (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents ("/proc/swaps", &text, NULL, NULL))
    return FALSE;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    if (*lines[i] != '\0' && !g_str_has_prefix (lines[i], "/dev/zram"))
      return TRUE;
  return FALSE;
}

void
cantiga_doctor_check_memory (CantigaDiagnosis *diagnosis)
{
  struct rlimit lock = { 0, 0 };
  gboolean locks = getrlimit (RLIMIT_MEMLOCK, &lock) == 0 && lock.rlim_cur >= LOCK_WANTED;
  gboolean swap = has_swap ();

  if (!locks)
    cantiga_diagnosis_add (diagnosis, swap ? CANTIGA_FINDING_WARN : CANTIGA_FINDING_OK, "memory",
                           swap ? "LimitMEMLOCK=8M in the service (systemctl edit cantiga-server), or swapoff -a." : NULL,
                           "Keys cannot be locked in memory from here%s.",
                           swap ? ", and there is swap that they may be written to" : "; there is no swap");
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "memory", NULL, "Keys are locked in memory%s.",
                           swap ? "; what is being played may reach the swap, which should be encrypted" : ", and there is no swap");
}

/* ---- import ---- */

/* A tenth of a second of silence: RIFF/WAVE, one channel, 8 bit, 8,000 a second. */
static gboolean
write_silence (const char *path, GError **error)
{
  static const guint8 head[] = "RIFF\x44\x03\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00"
                               "data\x20\x03\x00\x00";
  char bytes[44 + 800];

  memset (bytes, 0x80, sizeof bytes);
  memcpy (bytes, head, 44);
  return g_file_set_contents (path, bytes, sizeof bytes, error);
}

void
cantiga_doctor_check_import (CantigaDiagnosis *diagnosis)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("cantiga-XXXXXX", &error);
  g_autofree char *path = folder != NULL ? g_build_filename (folder, "silence.wav", NULL) : NULL;

  if (path == NULL || !write_silence (path, &error) || !cantiga_import_check (path, &error))
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "import",
                           "apt install gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-libav", "Media files cannot be read: %s",
                           error->message);
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "import", NULL, "Media files can be read.");
  if (path != NULL)
    g_unlink (path);
  if (folder != NULL)
    g_rmdir (folder);
}

/* ---- systemd ---- */

static char *
ask_systemd (void)
{
  g_autoptr (GSubprocess) child
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL, "systemctl", "show", "--property=LoadState",
                          "--property=ActiveState", "--property=UnitFileState", "cantiga-server.service", NULL);
  char *output = NULL;

  if (child == NULL || !g_subprocess_communicate_utf8 (child, NULL, NULL, &output, NULL, NULL))
    return NULL;
  return output;
}

void
cantiga_doctor_check_systemd (CantigaDiagnosis *diagnosis)
{
  g_autofree char *output = g_file_test ("/run/systemd/system", G_FILE_TEST_IS_DIR) ? ask_systemd () : NULL;

  if (output == NULL)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "systemd", NULL, "systemd does not run here: the server is started in another way.");
  else if (strstr (output, "LoadState=loaded") == NULL)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "systemd", NULL,
                           "There is no service cantiga-server: the server is started in another way.");
  else if (strstr (output, "ActiveState=failed") != NULL)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "systemd", "journalctl -u cantiga-server says why; then systemctl restart cantiga-server",
                           "The service cantiga-server has failed.");
  else if (strstr (output, "ActiveState=active") == NULL)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "systemd", "systemctl enable --now cantiga-server",
                           "The service cantiga-server does not run.");
  else if (strstr (output, "UnitFileState=enabled") == NULL)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "systemd", "systemctl enable cantiga-server",
                           "The service cantiga-server runs, but would not be started with the computer.");
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "systemd", NULL, "The service cantiga-server runs, and starts with the computer.");
}

/* ---- port ---- */

/* "0.0.0.0:22684" and "[::]:22684" are heard at this computer's own address too. */
static char *
dup_url (const char *listen)
{
  const char *colon = strrchr (listen, ':');
  g_autofree char *host = g_strndup (listen, colon != NULL ? (gsize)(colon - listen) : strlen (listen));
  const char *own = g_str_equal (host, "0.0.0.0") || *host == '\0' ? "127.0.0.1" : g_str_equal (host, "[::]") ? "[::1]" : host;

  return g_strdup_printf ("http://%s%s/api/pair", own, colon != NULL ? colon : ":22684");
}

static JsonObject *
ask_server (const char *url, GError **error)
{
  g_autoptr (SoupSession) session = soup_session_new_with_options ("timeout", PORT_SECONDS, "proxy-resolver", NULL, NULL);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", url);
  g_autoptr (GBytes) body = message != NULL ? soup_session_send_and_read (session, message, NULL, error) : NULL;

  if (message == NULL)
    cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "There is no such address.");
  return body != NULL ? cantiga_json_parse (g_bytes_get_data (body, NULL), g_bytes_get_size (body), error) : NULL;
}

static void
judge_server (CantigaCtl *ctl, CantigaDiagnosis *diagnosis, JsonObject *answer)
{
  const char *server;

  if (!cantiga_json_get_text (answer, "server", 64, &server, NULL))
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "port", "End that program, or choose another port ([server] listen).",
                           "Another program listens on %s.", ctl->configuration->listen);
  else if (ctl->pki != NULL && !g_str_equal (server, cantiga_pki_get_server (ctl->pki)))
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "port", "Give one of them another port ([server] listen), or doctor the other's --state.",
                           "Another Cantiga server listens on %s.", ctl->configuration->listen);
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "port", NULL, "The server answers on %s.", ctl->configuration->listen);
}

void
cantiga_doctor_check_port (CantigaCtl *ctl, CantigaDiagnosis *diagnosis)
{
  g_autofree char *url = dup_url (ctl->configuration->listen);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = ask_server (url, &error);

  if (answer != NULL)
    judge_server (ctl, diagnosis, answer);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "port", "systemctl start cantiga-server, or start cantiga-server yourself.",
                           "No server runs: nothing listens on %s.", ctl->configuration->listen);
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "port", "End what listens there, or restart the server: systemctl restart cantiga-server",
                           "What listens on %s does not answer as a Cantiga server does.", ctl->configuration->listen);
}
