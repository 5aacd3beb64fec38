/* The handshake, both roles, as one table of legal orders (docs/protocol.md 3). No sockets: a message in, a message out. A failure ends it for good. */
#pragma once

#include "core/chain.h"
#include "core/channel.h"

G_BEGIN_DECLS

/* A key with its certificate. Reference counted, immutable, any thread. */
typedef struct
{
  gatomicrefcount refs;
  CantigaAuth auth;
  EVP_PKEY *key;
  GPtrArray *certificates;  /* GBytes, DER, leaf first, without the authority */
} CantigaIdentity;

/* Takes references/copies. CANTIGA_ERROR_CERTIFICATE_REFUSED if key and leaf do not belong together. */
CantigaIdentity *cantiga_identity_new (EVP_PKEY *key, GPtrArray *certificates, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CantigaIdentity *cantiga_identity_ref (CantigaIdentity *identity);
void cantiga_identity_unref (CantigaIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaIdentity, cantiga_identity_unref)

typedef enum
{
  CANTIGA_AWAITS_START,    /* player: the server's certificates */
  CANTIGA_AWAITS_SESSION,  /* player */
  CANTIGA_AWAITS_HELLO,    /* server */
  CANTIGA_AWAITS_SUITE,
  CANTIGA_AWAITS_KEY,
  CANTIGA_AWAITS_NOTHING,  /* done: the channel is there (server: card comes next, on the channel) */
  CANTIGA_AWAITS_FAILED,
} CantigaAwaits;

typedef struct _CantigaHandshake CantigaHandshake;
void cantiga_handshake_free (CantigaHandshake *handshake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaHandshake, cantiga_handshake_free)
CantigaAwaits cantiga_handshake_get_awaits (const CantigaHandshake *handshake);
/* Known once the suite was chosen, else NULL. */
const CantigaSuite *cantiga_handshake_get_suite (const CantigaHandshake *handshake);
/* After CANTIGA_AWAITS_NOTHING, once: the channel. NULL else. */
CantigaChannel *cantiga_handshake_take_channel (CantigaHandshake *handshake);

/* ---- player: each consume takes the body of an answer and leaves the body of the next request in ret_request ---- */

/* offered: suite names of identity's AUTH; group: NULL for the default of the chosen KEX. authority: pinned; server: pinned UUID; crl_number: the highest seen, -1 for none; now: seconds. */
CantigaHandshake *cantiga_handshake_new_player (CantigaIdentity *identity, const char *const *offered, const char *group, X509 *authority,
                                                const char *server, gint64 crl_number, gint64 now);
/* 3.1. CANTIGA_ERROR_SERVER_REFUSED with the reason. */
gboolean cantiga_handshake_consume_certificates (CantigaHandshake *handshake, GBytes *body, GBytes **ret_request, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_handshake_consume_session (CantigaHandshake *handshake, GBytes *body, GBytes **ret_request, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_handshake_consume_suite (CantigaHandshake *handshake, GBytes *body, GBytes **ret_request, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_handshake_consume_key (CantigaHandshake *handshake, GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After 3.1: the server's leaf, borrowed; the list's number. */
X509 *cantiga_handshake_get_server_certificate (const CantigaHandshake *handshake);
gint64 cantiga_handshake_get_crl_number (const CantigaHandshake *handshake);

/* ---- server: each answer takes the body of a request and leaves the body of its answer in ret_answer ---- */

/* What a server answers by; all borrowed and outliving the handshakes. */
typedef struct _CantigaServerTerms CantigaServerTerms;
struct _CantigaServerTerms
{
  const char *name;
  const char *server;                             /* UUID */
  CantigaIdentity *identities[CANTIGA_N_AUTHS];   /* by CantigaAuth; NULL for one it does not have */
  CantigaAuth first;                              /* when the player does not say */
  GPtrArray *authorities;                         /* X509, of players */
  X509_CRL *crl;
  CantigaHeldChains *players;                     /* of these authorities and this list; NULL: every chain is checked anew */
  const char *const *suites;                      /* enabled, by name */
  CantigaSelection selection;
  const CantigaServerTerms *older;                /* those of an authority that is being retired (14.8), or NULL */
};

/* The terms of the authority that a player pinned: its pin in base64url, of GET /api/auth. NULL, or one that is not known: the newest. */
const CantigaServerTerms *cantiga_server_terms_find (const CantigaServerTerms *terms, const char *pin);

/* Body of GET /api/auth; auth may be NULL. */
GBytes *cantiga_server_terms_create_certificates (const CantigaServerTerms *terms, const char *auth, GError **error) G_GNUC_WARN_UNUSED_RESULT;

CantigaHandshake *cantiga_handshake_new_server (const CantigaId *session, gint64 now);
gboolean cantiga_handshake_answer_hello (CantigaHandshake *handshake, const CantigaServerTerms *terms, GBytes *body, GBytes **ret_answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* On CANTIGA_ERROR_NO_COMMON_SUITE the caller adds "suites" to the problem (3.3). */
gboolean cantiga_handshake_answer_suite (CantigaHandshake *handshake, const CantigaServerTerms *terms, GBytes *body, GBytes **ret_answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_handshake_answer_key (CantigaHandshake *handshake, const CantigaServerTerms *terms, GBytes *body, GBytes **ret_answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After hello: whether the player's leaf, and so the server's, is of the older authority. */
gboolean cantiga_handshake_is_older (const CantigaHandshake *handshake);
/* After hello: the UUID in the player's leaf, borrowed; NULL if it has none. */
const char *cantiga_handshake_get_player (const CantigaHandshake *handshake);
/* Session named in a body of 3.3 or 3.4, so that the caller can find the handshake. */
gboolean cantiga_handshake_peek_session (GBytes *body, CantigaId *ret_session, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
