/* What the two roles of the handshake share: handshake.c has the orders, handshake-player.c and handshake-server.c their steps. Inner to these three. */
#pragma once

#include "core/handshake.h"

#include "core/kdf.h"
#include "core/kex.h"

G_BEGIN_DECLS

#define CANTIGA_SUITES_MAX 72
#define CANTIGA_CERTIFICATES_MAX 8
#define CANTIGA_CERTIFICATE_LENGTH_MAX 16384
#define CANTIGA_PUBLIC_LENGTH_MAX 1024
#define CANTIGA_SIGNATURE_LENGTH_MAX 2048
#define CANTIGA_GROUP_NAME_MAX 16

/* What may come, for either role. */
typedef enum
{
  CANTIGA_MESSAGE_CERTIFICATES, /* player: answer of 3.1 */
  CANTIGA_MESSAGE_SESSION,      /* player: answer of 3.2 */
  CANTIGA_MESSAGE_HELLO,        /* server: request of 3.2 */
  CANTIGA_MESSAGE_SUITE,        /* 3.3 */
  CANTIGA_MESSAGE_KEY,          /* 3.4 */
} CantigaMessage;

struct _CantigaHandshake
{
  CantigaRole role;
  CantigaAwaits awaits;  /* written by set_state() alone */
  gint64 now;

  CantigaIdentity *identity;  /* one's own; server: from hello on */
  CantigaId session;
  CantigaSuite suite;         /* from AWAITS_KEY on */
  CantigaChannel *channel;    /* in AWAITS_NOTHING, until it is taken */

  /* What the transcript needs; dropped with the last message. */
  GBytes *peer_leaf;  /* the other's, verified */
  GBytes *player_nonce;
  GBytes *server_nonce;
  GStrv offered;

  char *player;      /* server alone: UUID */
  gboolean is_older; /* server alone: of the older authority */

  /* Player alone. */
  X509 *peer;   /* the server's leaf, verified */
  char *group;  /* wanted; NULL for the default */
  X509 *authority;
  char *server;
  gint64 crl_number;
  CantigaShare *share;
  guint8 t1[CANTIGA_HASH_LENGTH];
  GBytes *signature;
};

CantigaHandshake *cantiga_handshake_new (CantigaRole role, CantigaAwaits awaits, gint64 now);

/* The one door for messages: refuses what does not follow by the table of orders, runs the step that it names, and goes on to the next state; to
 * CANTIGA_AWAITS_FAILED if anything is wrong. */
gboolean cantiga_handshake_take (CantigaHandshake *handshake, CantigaRole role, CantigaMessage message, const CantigaServerTerms *terms, GBytes *body,
                                 GBytes **ret_reply, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A step: takes a message apart and makes the reply, if one follows. */
typedef gboolean (*CantigaStep) (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply,
                                 GError **error);
gboolean cantiga_handshake_player_certificates (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply,
                                                GError **error);
gboolean cantiga_handshake_player_session (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply,
                                           GError **error);
gboolean cantiga_handshake_player_suite (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply,
                                         GError **error);
gboolean cantiga_handshake_player_key (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply,
                                       GError **error);
gboolean cantiga_handshake_server_hello (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply,
                                         GError **error);
gboolean cantiga_handshake_server_suite (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply,
                                         GError **error);
gboolean cantiga_handshake_server_key (CantigaHandshake *handshake, const CantigaServerTerms *terms, JsonObject *message, GBytes **ret_reply,
                                       GError **error);

/* Parts that both roles do alike. */
gboolean cantiga_handshake_check_protocol (JsonObject *message, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *cantiga_handshake_create_nonce (void);
/* Remembers the DER of a verified leaf. */
void cantiga_handshake_set_peer_leaf (CantigaHandshake *handshake, GBytes *der);
void cantiga_handshake_hash_t1 (const CantigaHandshake *handshake, const char *group, GBytes *player_public, guint8 ret_t1[CANTIGA_HASH_LENGTH]);
GBytes *cantiga_handshake_sign (const CantigaHandshake *handshake, const char *label, const guint8 t[CANTIGA_HASH_LENGTH],
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_handshake_verify (X509 *signer, const char *label, const guint8 t[CANTIGA_HASH_LENGTH], GBytes *signature,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Agrees on Z, derives all keys, and leaves the channel in handshake and finished (|D| bytes) in ret_finished. */
gboolean cantiga_handshake_agree (CantigaHandshake *handshake, CantigaShare *share, GBytes *peer_public, const guint8 t2[CANTIGA_HASH_LENGTH],
                                  guint8 ret_finished[CANTIGA_KEY_MAX], GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
