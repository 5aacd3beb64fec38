#include "server/journal.h"

#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define REFUSALS_A_SECOND 20

static gboolean
is_journal (void)
{
  static gsize known;

  if (g_once_init_enter (&known))
    g_once_init_leave (&known, g_log_writer_is_journald (STDERR_FILENO) ? 1 : 2);
  return known == 1;
}

void
cantiga_journal_tell (int priority, const char *sentence)
{
  if (!is_journal () || sd_journal_send ("MESSAGE=%s", sentence, "PRIORITY=%d", priority, NULL) < 0)
    g_printerr ("cantiga-server: %s\n", sentence);
}

static gboolean
is_one_too_many (void)
{
  static gint second;
  static gint lines;
  gint now = (gint)(g_get_monotonic_time () / G_USEC_PER_SEC);

  if (g_atomic_int_get (&second) != now)
    {
      g_atomic_int_set (&second, now);
      g_atomic_int_set (&lines, 0);
    }
  return g_atomic_int_add (&lines, 1) >= REFUSALS_A_SECOND;
}

void
cantiga_journal_refusal (const char *address, const char *path, const char *type, const char *detail)
{
  g_autofree char *route = g_strndup (path, strcspn (path, "?"));

  if (is_one_too_many ())
    return;
  if (!is_journal ()
      || sd_journal_send ("MESSAGE=%s %s: %s: %s", address, route, type, detail, "PRIORITY=%d", LOG_NOTICE, "CANTIGA_TYPE=%s", type,
                          "CANTIGA_ADDRESS=%s", address, "CANTIGA_ROUTE=%s", route, NULL)
             < 0)
    g_printerr ("cantiga-server: %s %s: %s: %s\n", address, route, type, detail);
}
