/* One error domain, and one table: code → problem type, HTTP status, exit code, sentence (docs/protocol.md 11). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CANTIGA_ERROR (cantiga_error_quark ())
GQuark cantiga_error_quark (void);

typedef enum
{
  /* 400 */
  CANTIGA_ERROR_MALFORMED,
  CANTIGA_ERROR_PROTOCOL_VERSION,
  CANTIGA_ERROR_BAD_PUBLIC_VALUE,
  CANTIGA_ERROR_BAD_GROUP,
  /* 401 */
  CANTIGA_ERROR_NOT_AUTHENTICATED,
  CANTIGA_ERROR_CERTIFICATE_REFUSED,
  CANTIGA_ERROR_SIGNATURE_REFUSED,
  CANTIGA_ERROR_CARD_UNKNOWN,
  CANTIGA_ERROR_CARD_EXPIRED,
  CANTIGA_ERROR_CARD_REVOKED,
  CANTIGA_ERROR_CARD_UNCHECKED, /* whether it was revoked cannot be told */
  CANTIGA_ERROR_CARD_WAITING,   /* for the keeper */
  CANTIGA_ERROR_CARD_PROOF,
  CANTIGA_ERROR_CARD_NEEDED,
  CANTIGA_ERROR_LICENCE_EXHAUSTED,
  CANTIGA_ERROR_LICENCE_EXPIRED,
  CANTIGA_ERROR_LICENCE_REFUSED,
  CANTIGA_ERROR_RENEWAL_REFUSED,
  CANTIGA_ERROR_TOO_MANY_PLAYS,
  CANTIGA_ERROR_PLAY_OVER,
  CANTIGA_ERROR_INVITATION_REFUSED,
  /* 404, 405, 406, 408, 409 */
  CANTIGA_ERROR_NOT_FOUND,
  CANTIGA_ERROR_TITLE_UNKNOWN,
  CANTIGA_ERROR_GRANT_UNKNOWN,
  CANTIGA_ERROR_METHOD,
  CANTIGA_ERROR_NO_COMMON_SUITE,
  CANTIGA_ERROR_TOO_SLOW,
  CANTIGA_ERROR_OUT_OF_TURN,
  /* 413, 429, 431, 500, 503 */
  CANTIGA_ERROR_TOO_LARGE,
  CANTIGA_ERROR_SLOW_DOWN,
  CANTIGA_ERROR_HEADER_TOO_LARGE,
  CANTIGA_ERROR_INTERNAL,
  CANTIGA_ERROR_TITLE_DAMAGED, /* a title's file at the server is not what was written, or gone */
  CANTIGA_ERROR_BUSY,
  /* Never on the wire. */
  CANTIGA_ERROR_CRYPTO,         /* OpenSSL failed where it must not */
  CANTIGA_ERROR_FORGED,         /* a tag, signature, hash or Merkle path does not verify */
  CANTIGA_ERROR_DAMAGED,        /* a file at rest is not what was written */
  CANTIGA_ERROR_SERVER_REFUSED, /* the player refuses the server's certificate */
  CANTIGA_ERROR_UNREACHABLE,    /* no connection, or it was lost */
  CANTIGA_ERROR_CONFIGURATION,  /* configuration file or state folder */
  CANTIGA_ERROR_USAGE,          /* command line */
  CANTIGA_ERROR_MEDIA,          /* not a media file, or one that cannot be decoded */
  CANTIGA_ERROR_CARD,           /* the card or its module failed; the card's state says more */
  CANTIGA_ERROR_PIN_WRONG,
  CANTIGA_ERROR_PIN_BLOCKED,
  CANTIGA_ERROR_NOT_EXPORTABLE,
  CANTIGA_ERROR_KEYRING_ABSENT, /* there is none that can be reached from here */
  CANTIGA_ERROR_KEYRING_LOCKED, /* and nobody unlocked it */
  CANTIGA_ERROR_KEYRING_LOST,   /* it does not have what it was given (any more) */
  CANTIGA_N_ERRORS
} CantigaError;

typedef enum
{
  CANTIGA_EXIT_DONE = 0,
  CANTIGA_EXIT_FAILED = 1,
  CANTIGA_EXIT_USAGE = 2,
  CANTIGA_EXIT_NOT_FOUND = 3,
  CANTIGA_EXIT_REFUSED = 4,
} CantigaExit;

/* "/problems/…", or NULL for a code that is never on the wire. */
const char *cantiga_error_get_type (CantigaError code);
guint cantiga_error_get_status (CantigaError code);
CantigaExit cantiga_error_get_exit (CantigaError code);
/* The sentence for a person: what, and what to do. */
const char *cantiga_error_get_sentence (CantigaError code);
/* The code of a problem type; CANTIGA_ERROR_INTERNAL for one that is not known. */
CantigaError cantiga_error_from_type (const char *type);

/* Sets error to code with its sentence of the table. Returns FALSE, so that it can end a function. */
gboolean cantiga_fail (GError **error, CantigaError code);
/* The same with a sentence of one's own. */
gboolean cantiga_fail_with (GError **error, CantigaError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* CANTIGA_ERROR_CRYPTO with what was being done and OpenSSL's own reason; empties OpenSSL's error queue. */
gboolean cantiga_fail_crypto (GError **error, const char *doing);
/* g_option_context_parse() whose failures are sentences that say where help is. */
gboolean cantiga_parse_options (GOptionContext *context, int *argc, char ***argv, GError **error);
/* The exit code for any error, also of other domains. */
CantigaExit cantiga_error_to_exit (const GError *error);

G_END_DECLS
