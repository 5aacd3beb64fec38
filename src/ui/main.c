/* cantiga: the player for the desktop. */
#include <locale.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <glib/gi18n.h>

#include "ui/application.h"

/* A PIN and keys are in this memory: no core of it, and no file for others. */
static void
keep_to_oneself (void)
{
  const struct rlimit none = { 0, 0 };

  umask (077);
  (void)!setrlimit (RLIMIT_CORE, &none);
}

int
main (int argc, char **argv)
{
  g_autoptr (CantigaApplication) application = NULL;
  const char *words = g_getenv ("CANTIGA_LOCALEDIR");

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, words != NULL ? words : CANTIGA_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  signal (SIGPIPE, SIG_IGN);
  /* GStreamer tries OpenAL among its sinks, and OpenAL complains on stderr by itself where there is no device. */
  g_setenv ("ALSOFT_LOGLEVEL", "0", FALSE);
  keep_to_oneself ();
  application = cantiga_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
