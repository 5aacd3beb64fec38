/* cantiga-card: the one program that speaks PKCS#11, for the program that started it. Modules hang, crash and print; so it may be killed at any time,
 * and holds nothing that is worth keeping but cards that are signed in to. */

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "card/answer.h"
#include "card/request.h"

#define FINISH_SECONDS 2

/* A PIN passes through here: no debugger, no core, and no life after the parent. */
static gboolean
harden (void)
{
  static const struct rlimit none = { 0, 0 };

  /* A module may write to a pcscd that is gone. */
  signal (SIGPIPE, SIG_IGN);
  return prctl (PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl (PR_SET_DUMPABLE, 0) == 0 && setrlimit (RLIMIT_CORE, &none) == 0;
}

/* Modules print, and their children inherit: neither may reach the two pipes. */
static gboolean
move_pipes (int *ret_requests, int *ret_answers)
{
  int null = open ("/dev/null", O_RDWR | O_CLOEXEC);

  *ret_requests = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  *ret_answers = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  return null >= 0 && *ret_requests >= 0 && *ret_answers >= 0 && dup2 (null, STDIN_FILENO) >= 0 && dup2 (null, STDOUT_FILENO) >= 0;
}

static gboolean
answer (int fd, GPtrArray *modules, const char *const *paths, const CantigaRequest *request)
{
  if (request->command == CANTIGA_COMMAND_SIGN)
    {
      g_auto (CantigaSigned) signed_ = { 0 };

      cantiga_sign_with_card (modules, request->certificate, request->message, request->pin, &signed_);
      return cantiga_answer_sign (fd, request->id, &signed_);
    }
  else
    {
      g_autoptr (CantigaSurvey) survey = cantiga_survey_take (modules);
      g_autoptr (GPtrArray) inspected = NULL, unloaded = NULL;

      if (request->command == CANTIGA_COMMAND_LIST)
        return cantiga_answer_list (fd, request->id, survey);
      inspected = cantiga_inspect_modules (modules);
      unloaded = cantiga_unloaded_find (paths);
      return cantiga_answer_inspect (fd, request->id, survey, inspected, unloaded);
    }
}

static int
answer_all (int requests, int answers, GPtrArray *modules, const char *const *paths)
{
  g_autoptr (GError) error = NULL;
  gboolean heard = TRUE;

  while (heard)
    {
      g_autoptr (CantigaRequest) request = cantiga_request_read (requests, &error);

      if (request == NULL)
        break;
      heard = answer (answers, modules, paths, request);
    }
  if (error != NULL)
    g_printerr ("cantiga-card: %s\n", error->message);
  return cantiga_error_to_exit (error);
}

static void G_GNUC_NORETURN
leave (GPtrArray *modules, int status)
{
  /* Modules may hang at the end as well, and crash in their destructors. */
  alarm (FINISH_SECONDS);
  cantiga_modules_finish (modules);
  _exit (status);
}

int
main (int argc, char *argv[])
{
  g_auto (GStrv) paths = NULL;
  const GOptionEntry entries[] = {
    { "module", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, "A PKCS#11 module instead of those p11-kit is configured with; may be repeated",
      "PATH" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- speak to cards for Cantiga, requests and answers on standard input and output");
  g_autoptr (GError) error = NULL;
  GPtrArray *modules;
  int requests, answers;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("cantiga-card: %s\n", error->message);
      return CANTIGA_EXIT_USAGE;
    }
  if (!harden () || !move_pipes (&requests, &answers))
    {
      g_printerr ("cantiga-card: the system does not let a PIN be protected here.\n");
      return CANTIGA_EXIT_FAILED;
    }
  modules = cantiga_modules_load ((const char *const *)paths);
  leave (modules, answer_all (requests, answers, modules, (const char *const *)paths));
}
