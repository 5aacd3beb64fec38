#include "core/error.h"

#include <openssl/err.h>

G_DEFINE_QUARK (cantiga - error - quark, cantiga_error)

/* Programs with a catalogue of words look these up in it; nothing is done to them here. */
#define N_(sentence) (sentence)

/* One row a code. A type of NULL: never on the wire. */
static const struct
{
  const char *type;
  guint status;
  CantigaExit exit;
  const char *sentence;
} table[CANTIGA_N_ERRORS] = {
  [CANTIGA_ERROR_MALFORMED] = { "/problems/malformed", 400, CANTIGA_EXIT_FAILED, N_ ("The message is not of the form that the protocol asks for.") },
  [CANTIGA_ERROR_PROTOCOL_VERSION]
  = { "/problems/protocol-version", 400, CANTIGA_EXIT_FAILED, N_ ("Player and server speak different versions of the protocol: update the older one.") },
  [CANTIGA_ERROR_BAD_PUBLIC_VALUE]
  = { "/problems/bad-public-value", 400, CANTIGA_EXIT_FAILED, N_ ("The public value of the key exchange is not a valid one.") },
  [CANTIGA_ERROR_BAD_GROUP] = { "/problems/bad-group", 400, CANTIGA_EXIT_FAILED, N_ ("The group of the key exchange is not one of the registered ones.") },
  [CANTIGA_ERROR_NOT_AUTHENTICATED]
  = { "/problems/not-authenticated", 401, CANTIGA_EXIT_REFUSED, N_ ("The server does not know this session (any more): sign in again.") },
  [CANTIGA_ERROR_CERTIFICATE_REFUSED]
  = { "/problems/certificate-refused", 401, CANTIGA_EXIT_REFUSED, N_ ("The certificate is not accepted: ask the keeper for a new invitation.") },
  [CANTIGA_ERROR_SIGNATURE_REFUSED] = { "/problems/signature-refused", 401, CANTIGA_EXIT_REFUSED, N_ ("The signature does not verify: sign in again.") },
  [CANTIGA_ERROR_CARD_UNKNOWN]
  = { "/problems/card-unknown", 401, CANTIGA_EXIT_REFUSED, N_ ("This server does not know the card: ask its keeper to enrol it.") },
  [CANTIGA_ERROR_CARD_EXPIRED]
  = { "/problems/card-expired", 401, CANTIGA_EXIT_REFUSED, N_ ("The card's certificate is not valid now: check the card's date, or renew the card.") },
  [CANTIGA_ERROR_CARD_REVOKED] = { "/problems/card-revoked", 401, CANTIGA_EXIT_REFUSED, N_ ("The card was revoked: ask the server's keeper.") },
  [CANTIGA_ERROR_CARD_UNCHECKED] = { "/problems/card-unchecked", 401, CANTIGA_EXIT_REFUSED,
                                     N_ ("Whether the card was revoked cannot be told now: try again later, or ask the server's keeper.") },
  [CANTIGA_ERROR_CARD_WAITING]
  = { "/problems/card-waiting", 401, CANTIGA_EXIT_REFUSED, N_ ("The card is waiting for the server's keeper: ask to be let in, then sign in again.") },
  [CANTIGA_ERROR_CARD_PROOF]
  = { "/problems/card-proof", 401, CANTIGA_EXIT_REFUSED, N_ ("The card's signature does not prove this session: sign in again.") },
  [CANTIGA_ERROR_CARD_NEEDED] = { "/problems/card-needed", 401, CANTIGA_EXIT_REFUSED, N_ ("This needs a card: show it first.") },
  [CANTIGA_ERROR_LICENCE_EXHAUSTED]
  = { "/problems/licence-exhausted", 401, CANTIGA_EXIT_REFUSED, N_ ("The licence for this title is used up: sign in again to renew it.") },
  [CANTIGA_ERROR_LICENCE_EXPIRED]
  = { "/problems/licence-expired", 401, CANTIGA_EXIT_REFUSED, N_ ("The licence for this title is past its end: sign in again to renew it.") },
  [CANTIGA_ERROR_LICENCE_REFUSED] = { "/problems/licence-refused", 401, CANTIGA_EXIT_REFUSED,
                                      N_ ("This session gets no licence for this title any more: sign in again, or ask the keeper.") },
  [CANTIGA_ERROR_RENEWAL_REFUSED]
  = { "/problems/renewal-refused", 401, CANTIGA_EXIT_REFUSED, N_ ("This licence cannot be renewed now: ask the server's keeper.") },
  [CANTIGA_ERROR_TOO_MANY_PLAYS]
  = { "/problems/too-many-plays", 401, CANTIGA_EXIT_REFUSED, N_ ("You are listening elsewhere already: end that first.") },
  [CANTIGA_ERROR_PLAY_OVER] = { "/problems/play-over", 401, CANTIGA_EXIT_REFUSED, N_ ("This play is over: hearing the title again is a new play.") },
  [CANTIGA_ERROR_INVITATION_REFUSED]
  = { "/problems/invitation-refused", 401, CANTIGA_EXIT_REFUSED, N_ ("The invitation is not valid (any more): ask the keeper for a new one.") },
  [CANTIGA_ERROR_NOT_FOUND] = { "/problems/not-found", 404, CANTIGA_EXIT_NOT_FOUND, N_ ("There is nothing here.") },
  [CANTIGA_ERROR_TITLE_UNKNOWN] = { "/problems/title-unknown", 404, CANTIGA_EXIT_NOT_FOUND, N_ ("There is no such title: look at the catalogue.") },
  [CANTIGA_ERROR_GRANT_UNKNOWN]
  = { "/problems/grant-unknown", 404, CANTIGA_EXIT_REFUSED, N_ ("There is no such grant (any more): ask for the play again.") },
  [CANTIGA_ERROR_METHOD] = { "/problems/method", 405, CANTIGA_EXIT_FAILED, N_ ("This address does not take that method.") },
  [CANTIGA_ERROR_NO_COMMON_SUITE]
  = { "/problems/no-common-suite", 406, CANTIGA_EXIT_REFUSED, N_ ("Player and server have no cipher suite in common: enable one on both sides.") },
  [CANTIGA_ERROR_TOO_SLOW] = { "/problems/too-slow", 408, CANTIGA_EXIT_FAILED, N_ ("The request took too long to arrive.") },
  [CANTIGA_ERROR_OUT_OF_TURN]
  = { "/problems/out-of-turn", 409, CANTIGA_EXIT_FAILED, N_ ("The message came out of turn; the session has ended: sign in again.") },
  [CANTIGA_ERROR_TOO_LARGE] = { "/problems/too-large", 413, CANTIGA_EXIT_FAILED, N_ ("The message is larger than the protocol allows.") },
  [CANTIGA_ERROR_SLOW_DOWN]
  = { "/problems/slow-down", 429, CANTIGA_EXIT_REFUSED, N_ ("Too many requests, or too many failures, from here: wait a little.") },
  [CANTIGA_ERROR_HEADER_TOO_LARGE]
  = { "/problems/header-too-large", 431, CANTIGA_EXIT_FAILED, N_ ("The request's headers are larger than the protocol allows.") },
  [CANTIGA_ERROR_INTERNAL] = { "/problems/internal", 500, CANTIGA_EXIT_FAILED, N_ ("The server failed: its keeper finds the reason in its log.") },
  [CANTIGA_ERROR_TITLE_DAMAGED] = { "/problems/title-damaged", 500, CANTIGA_EXIT_FAILED,
                                     N_ ("The server's file of this title is damaged: tell its keeper, who finds it with “cantigactl verify”.") },
  [CANTIGA_ERROR_BUSY] = { "/problems/busy", 503, CANTIGA_EXIT_FAILED, N_ ("The server is busy: try again in a moment.") },
  [CANTIGA_ERROR_CRYPTO] = { NULL, 500, CANTIGA_EXIT_FAILED, N_ ("The cryptographic library failed.") },
  [CANTIGA_ERROR_FORGED] = { NULL, 500, CANTIGA_EXIT_FAILED, N_ ("What arrived is not what was sent: it was refused.") },
  [CANTIGA_ERROR_DAMAGED] = { NULL, 500, CANTIGA_EXIT_FAILED, N_ ("The file is not what was written: restore it, or add the title again.") },
  [CANTIGA_ERROR_SERVER_REFUSED] = { NULL, 500, CANTIGA_EXIT_REFUSED, N_ ("This is not the server that was paired with: ask its keeper.") },
  [CANTIGA_ERROR_UNREACHABLE] = { NULL, 500, CANTIGA_EXIT_FAILED, N_ ("The server cannot be reached: check that it runs and that the address is right.") },
  [CANTIGA_ERROR_CONFIGURATION] = { NULL, 500, CANTIGA_EXIT_FAILED, N_ ("The configuration is not right.") },
  [CANTIGA_ERROR_USAGE] = { NULL, 500, CANTIGA_EXIT_USAGE, N_ ("The command line is not right: --help says how.") },
  [CANTIGA_ERROR_MEDIA] = { NULL, 500, CANTIGA_EXIT_FAILED, N_ ("This is not a media file that can be played.") },
  [CANTIGA_ERROR_CARD] = { NULL, 500, CANTIGA_EXIT_REFUSED, N_ ("The card could not be used.") },
  [CANTIGA_ERROR_PIN_WRONG] = { NULL, 500, CANTIGA_EXIT_REFUSED, N_ ("The PIN is wrong.") },
  [CANTIGA_ERROR_PIN_BLOCKED]
  = { NULL, 500, CANTIGA_EXIT_REFUSED, N_ ("The card's PIN is blocked: unblock it with the PUK in the card's letter, or at a Citizen Shop.") },
  [CANTIGA_ERROR_NOT_EXPORTABLE]
  = { NULL, 500, CANTIGA_EXIT_REFUSED, N_ ("The keeper did not mark this title exportable: it can be played, not written to a file.") },
  [CANTIGA_ERROR_KEYRING_ABSENT]
  = { NULL, 500, CANTIGA_EXIT_FAILED, N_ ("The desktop's keyring cannot be reached from here: run this in the desktop's own session.") },
  [CANTIGA_ERROR_KEYRING_LOCKED] = { NULL, 500, CANTIGA_EXIT_FAILED, N_ ("The keyring is locked: unlock it, and try again. Nothing is lost.") },
  [CANTIGA_ERROR_KEYRING_LOST] = { NULL, 500, CANTIGA_EXIT_FAILED,
                                   N_ ("The keyring does not have what it was given: restore it from a backup, or pair again in an empty state folder.") },
};

const char *
cantiga_error_get_type (CantigaError code)
{
  g_return_val_if_fail (code < CANTIGA_N_ERRORS, NULL);
  return table[code].type;
}

guint
cantiga_error_get_status (CantigaError code)
{
  g_return_val_if_fail (code < CANTIGA_N_ERRORS, 500);
  return table[code].status;
}

CantigaExit
cantiga_error_get_exit (CantigaError code)
{
  g_return_val_if_fail (code < CANTIGA_N_ERRORS, CANTIGA_EXIT_FAILED);
  return table[code].exit;
}

const char *
cantiga_error_get_sentence (CantigaError code)
{
  g_return_val_if_fail (code < CANTIGA_N_ERRORS, "");
  return table[code].sentence;
}

CantigaError
cantiga_error_from_type (const char *type)
{
  for (guint code = 0; code < CANTIGA_N_ERRORS; code++)
    if (table[code].type != NULL && g_strcmp0 (table[code].type, type) == 0)
      return code;
  return CANTIGA_ERROR_INTERNAL;
}

gboolean
cantiga_fail (GError **error, CantigaError code)
{
  g_set_error_literal (error, CANTIGA_ERROR, code, cantiga_error_get_sentence (code));
  return FALSE;
}

gboolean
cantiga_fail_with (GError **error, CantigaError code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  if (error != NULL)
    *error = g_error_new_valist (CANTIGA_ERROR, code, format, arguments);
  va_end (arguments);
  return FALSE;
}

gboolean
cantiga_fail_crypto (GError **error, const char *doing)
{
  unsigned long code = ERR_peek_last_error ();
  const char *reason = code != 0 ? ERR_reason_error_string (code) : NULL;

  ERR_clear_error ();
  return cantiga_fail_with (error, CANTIGA_ERROR_CRYPTO, "The cryptographic library failed %s: %s.", doing,
                            reason != NULL ? reason : "it gives no reason");
}

gboolean
cantiga_parse_options (GOptionContext *context, int *argc, char ***argv, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (g_option_context_parse (context, argc, argv, &failure))
    return TRUE;
  if (failure->domain == G_OPTION_ERROR)
    return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "%s: --help lists the options.", failure->message);
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

CantigaExit
cantiga_error_to_exit (const GError *error)
{
  if (error == NULL)
    return CANTIGA_EXIT_DONE;
  if (error->domain == CANTIGA_ERROR)
    return cantiga_error_get_exit ((CantigaError)error->code);
  return error->domain == G_OPTION_ERROR ? CANTIGA_EXIT_USAGE : CANTIGA_EXIT_FAILED;
}
