#include "terminal/options.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/pairing.h"

#define PIN_MAX 64

/* "--suite A,B --suite C" and "--suite A --suite B --suite C" are the same. */
static GStrv
split_suites (GStrv given)
{
  g_autofree char *joined = NULL;

  if (given == NULL)
    return NULL;
  joined = g_strjoinv (",", given);
  return g_strsplit (joined, ",", -1);
}

static gboolean
check (CantigaOptions *options, GError **error)
{
  int wanted = options->list + options->licences + options->find + (options->title != NULL) + (options->renew != NULL) + (options->give_back != NULL);

  if (wanted > 1 || (options->find && options->invitation != NULL))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE,
                              "--list, --title, --licences, --renew, --give-back and --find are different things: give one of them.");
  if (options->output != NULL && options->title == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "--output needs a --title.");
  if (options->card != NULL && !g_str_equal (options->card, "ask") && !g_str_has_prefix (options->card, "pkcs11:"))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "--card needs a certificate's PKCS#11 address (pkcs11:…), or “ask”.");
  if (options->output != NULL && *options->output == '\0')
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "--output needs a file's name, or “none”.");
  return TRUE;
}

static gboolean
keyring_cb (const char *name, const char *word, gpointer options, GError **error)
{
  return cantiga_keyring_choice_parse (word, &((CantigaOptions *)options)->keyring, error);
}

static gboolean
take_command (CantigaOptions *options, const char *word)
{
  if (g_str_equal (word, "doctor"))
    options->command = CANTIGA_COMMAND_DOCTOR;
  else if (g_str_equal (word, "cards"))
    options->command = CANTIGA_COMMAND_CARDS;
  return options->command != CANTIGA_COMMAND_NONE;
}

gboolean
cantiga_options_parse (CantigaOptions *options, int argc, char **argv, GError **error)
{
  g_auto (GStrv) suites = NULL;
  const GOptionEntry entries[] = {
    { "server", 0, 0, G_OPTION_ARG_STRING, &options->server, "Which server: its name, address or identity (the last used)", "SERVER" },
    { "invitation", 0, 0, G_OPTION_ARG_STRING, &options->invitation, "Pair with the server that this link invites to", "LINK" },
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &options->state, "Keep keys and servers in FOLDER", "FOLDER" },
    { "keyring", 0, 0, G_OPTION_ARG_CALLBACK, (gpointer)(GOptionArgFunc)keyring_cb,
      "Keep the keys' passphrase in the desktop's keyring (secret-service) or in a file that only you can read (file); also $CANTIGA_KEYRING",
      "KEYRING" },
    { "title", 0, 0, G_OPTION_ARG_STRING, &options->title, "Play this title, by name, number or identifier, and leave", "TITLE" },
    { "list", 0, 0, G_OPTION_ARG_NONE, &options->list, "Show the catalogue, and leave", NULL },
    { "licences", 0, 0, G_OPTION_ARG_NONE, &options->licences, "Show your licences, and leave", NULL },
    { "renew", 0, 0, G_OPTION_ARG_STRING, &options->renew, "Renew the licence of this title, and leave", "TITLE" },
    { "give-back", 0, 0, G_OPTION_ARG_STRING, &options->give_back, "Give the licence of this title back, and leave", "TITLE" },
    { "find", 0, 0, G_OPTION_ARG_NONE, &options->find, "Show the servers on the local network, and leave", NULL },
    { "take-over", 0, 0, G_OPTION_ARG_NONE, &options->take_over, "End what you are listening to at other players, if that is too many", NULL },
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &options->output,
      "Write the title to FILE instead of playing it (exportable titles only); none: fetch and check it only", "FILE|none" },
    { "card-module", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->modules,
      "Look for cards with this PKCS#11 module instead of those that p11-kit knows", "PATH" },
    { "card", 0, 0, G_OPTION_ARG_STRING, &options->card,
      "Sign in with the certificate of this PKCS#11 address (cantiga-play cards shows them), from now on; ask: choose again among several",
      "CERTIFICATE|ask" },
    { "pin-fd", 0, 0, G_OPTION_ARG_INT, &options->pin_fd, "Read the card's PIN from file descriptor N", "N" },
    { "last-try", 0, 0, G_OPTION_ARG_NONE, &options->last_try, "Give the PIN of --pin-fd even if it is the card's last try", NULL },
    { "suite", 0, 0, G_OPTION_ARG_STRING_ARRAY, &suites, "Offer only these cipher suites, by name or pattern (DH_RSA_*)", "SUITE" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Write for programs", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Say which version this is", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("[doctor|cards] — plays what a Cantiga server has for your card");
  GOptionGroup *group = g_option_group_new (NULL, NULL, NULL, options, NULL);

  options->pin_fd = -1;
  g_option_context_set_summary (context, "  doctor  says what is installed, what runs, which card module sees what, and what to type\n"
                                         "  cards   shows the certificates that can sign in, and their addresses for --card");
  g_option_group_add_entries (group, entries);
  g_option_context_set_main_group (context, group);
  if (!cantiga_parse_options (context, &argc, &argv, error))
    return FALSE;
  if (argc > 1 && !take_command (options, argv[1]))
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "“%s” is neither an option nor a command: --help lists them.", argv[1]);
  if (argc > 2)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "“%s” is too much: one command at a time.", argv[2]);
  options->suites = split_suites (suites);
  return check (options, error);
}

void
cantiga_options_clear (CantigaOptions *options)
{
  g_clear_pointer (&options->invitation, cantiga_link_free);
  g_free (options->server);
  g_free (options->state);
  g_free (options->title);
  g_free (options->renew);
  g_free (options->give_back);
  g_free (options->output);
  g_free (options->card);
  g_strfreev (options->modules);
  g_strfreev (options->suites);
}

CantigaSecret *
cantiga_options_read_pin (int fd, GError **error)
{
  g_autoptr (CantigaSecret) pin = cantiga_secret_new (PIN_MAX);
  guint8 *bytes = cantiga_secret_bytes (pin);
  gsize length = 0;

  while (length < PIN_MAX)
    {
      gssize n = read (fd, bytes + length, 1);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "The PIN cannot be read from file descriptor %d: %s.", fd, g_strerror (errno));
          return NULL;
        }
      if (n == 0 || bytes[length] == '\n')
        break;
      length++;
    }
  if (length > 0 && bytes[length - 1] == '\r')
    length--;
  if (length == 0)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "File descriptor %d holds no PIN.", fd);
      return NULL;
    }
  cantiga_secret_truncate (pin, length);
  return g_steal_pointer (&pin);
}
