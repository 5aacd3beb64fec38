/* What the tests of the handshake share: a world of one authority, a server and a player with a key of each kind, and runs of the handshake between
 * them, a message at a time. */
#pragma once

#include "core/handshake-private.h"
#include "core/transcript.h"

#include <string.h>

#define DAY (24 * 3600)
#define NOW 1800000000
#define SERVER_UUID "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d"
#define PLAYER_UUID "0b6e2f39-7e06-4c53-9d6d-5b0d3f0c8a11"
#define CRL_NUMBER 7

typedef struct
{
  EVP_PKEY *authority_key;
  X509 *authority;
  GPtrArray *authorities;
  X509_CRL *crl;
  EVP_PKEY *server_keys[CANTIGA_N_AUTHS];
  EVP_PKEY *player_keys[CANTIGA_N_AUTHS];
  CantigaIdentity *servers[CANTIGA_N_AUTHS];
  CantigaIdentity *players[CANTIGA_N_AUTHS];
  GStrv all_suites;
} World;

static inline X509 *
issue (X509 *authority, EVP_PKEY *authority_key, EVP_PKEY *key, CantigaUsage usage, const char *uuid, gint64 from, gint64 until)
{
  g_autoptr (GError) error = NULL;
  X509 *leaf = cantiga_certificate_issue (authority, authority_key, key, usage, "leaf", uuid, from, until, &error);

  g_assert_no_error (error);
  return leaf;
}

static inline CantigaIdentity *
identity_of (EVP_PKEY *key, X509 *leaf)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  CantigaIdentity *identity;

  g_ptr_array_add (certificates, cantiga_certificate_encode (leaf));
  identity = cantiga_identity_new (key, certificates, &error);
  g_assert_no_error (error);
  return identity;
}

/* An identity with a certificate of the world's authority, valid now. */
static inline CantigaIdentity *
identity_new (const World *world, EVP_PKEY *key, CantigaUsage usage, const char *uuid)
{
  g_autoptr (X509) leaf = issue (world->authority, world->authority_key, key, usage, uuid, NOW - DAY, NOW + DAY);

  return identity_of (key, leaf);
}

static inline X509_CRL *
crl_new (const World *world, gint64 number, const char *serial, gint64 next_update)
{
  g_autoptr (GError) error = NULL;
  const char *serials[] = { serial, NULL };
  X509_CRL *crl = cantiga_crl_issue (world->authority, world->authority_key, number, serials, NOW - DAY, next_update, &error);

  g_assert_no_error (error);
  return crl;
}

/* Made once and kept: RSA keys take their time. */
static inline const World *
get_world (void)
{
  static World world;
  g_autoptr (GError) error = NULL;
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  const CantigaSuite *suites;
  gsize n_suites;

  if (world.authority != NULL)
    return &world;
  world.authority_key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, &error);
  world.authority = cantiga_authority_issue (world.authority_key, "authority", NOW - DAY, NOW + 1000 * DAY, &error);
  g_assert_no_error (error);
  world.authorities = g_ptr_array_new ();
  g_ptr_array_add (world.authorities, world.authority);
  world.crl = crl_new (&world, CRL_NUMBER, NULL, NOW + DAY);
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      world.server_keys[auth] = cantiga_key_pair_new (auth, &error);
      world.player_keys[auth] = cantiga_key_pair_new (auth, &error);
      g_assert_no_error (error);
      world.servers[auth] = identity_new (&world, world.server_keys[auth], CANTIGA_USAGE_SERVER, SERVER_UUID);
      world.players[auth] = identity_new (&world, world.player_keys[auth], CANTIGA_USAGE_PLAYER, PLAYER_UUID);
    }
  suites = cantiga_suites_all (&n_suites);
  for (gsize i = 0; i < n_suites; i++)
    g_strv_builder_add (names, cantiga_suite_get_name (&suites[i]));
  world.all_suites = g_strv_builder_end (names);
  return &world;
}

static inline CantigaServerTerms
terms_of (const World *world)
{
  CantigaServerTerms terms = {
    .name = "Casa",
    .server = SERVER_UUID,
    .first = CANTIGA_AUTH_ECDSA,
    .authorities = world->authorities,
    .crl = world->crl,
    .suites = (const char *const *)world->all_suites,
    .selection = CANTIGA_SELECTION_STRONGEST,
  };

  memcpy (terms.identities, world->servers, sizeof terms.identities);
  return terms;
}

/* The messages in their order; also: how many were delivered. */
typedef enum
{
  CERTIFICATES,
  HELLO,
  SESSION,
  OFFER,
  CHOICE,
  PLAYER_KEY,
  SERVER_KEY,
  DONE,
} Stage;

/* One run. message is what is about to be delivered, and may be changed before. */
typedef struct
{
  CantigaServerTerms terms;
  CantigaHandshake *player;
  CantigaHandshake *server;
  Stage stage;
  GBytes *message;
} Run;

static inline Run *
run_new_with (const CantigaServerTerms *terms, CantigaIdentity *player, const char *const *offered, const char *group)
{
  g_autoptr (GError) error = NULL;
  Run *run = g_new0 (Run, 1);
  CantigaId session;

  cantiga_id_new_random (&session);
  run->terms = *terms;
  run->player = cantiga_handshake_new_player (player, offered, group, get_world ()->authority, SERVER_UUID, -1, NOW);
  run->server = cantiga_handshake_new_server (&session, NOW);
  run->message = cantiga_server_terms_create_certificates (&run->terms, cantiga_auth_get_name (player->auth), &error);
  g_assert_no_error (error);
  return run;
}

static inline Run *
run_new (CantigaAuth auth, const char *const *offered)
{
  CantigaServerTerms terms = terms_of (get_world ());

  return run_new_with (&terms, get_world ()->players[auth], offered, NULL);
}

static inline void
run_free (Run *run)
{
  cantiga_handshake_free (run->player);
  cantiga_handshake_free (run->server);
  g_clear_pointer (&run->message, g_bytes_unref);
  g_free (run);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Run, run_free)

static inline gboolean
deliver_to (Run *run, Stage stage, GBytes **ret_reply, GError **error)
{
  switch (stage)
    {
    case CERTIFICATES:
      return cantiga_handshake_consume_certificates (run->player, run->message, ret_reply, error);
    case HELLO:
      return cantiga_handshake_answer_hello (run->server, &run->terms, run->message, ret_reply, error);
    case SESSION:
      return cantiga_handshake_consume_session (run->player, run->message, ret_reply, error);
    case OFFER:
      return cantiga_handshake_answer_suite (run->server, &run->terms, run->message, ret_reply, error);
    case CHOICE:
      return cantiga_handshake_consume_suite (run->player, run->message, ret_reply, error);
    case PLAYER_KEY:
      return cantiga_handshake_answer_key (run->server, &run->terms, run->message, ret_reply, error);
    case SERVER_KEY:
      return cantiga_handshake_consume_key (run->player, run->message, error);
    case DONE:
      break;
    }
  g_assert_not_reached ();
}

static inline void
run_deliver (Run *run)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) reply = NULL;

  g_assert_true (deliver_to (run, run->stage, &reply, &error));
  g_assert_no_error (error);
  g_clear_pointer (&run->message, g_bytes_unref);
  run->message = g_steal_pointer (&reply);
  run->stage++;
}

/* Delivers what comes before stage. */
static inline void
run_until (Run *run, Stage stage)
{
  while (run->stage < stage)
    run_deliver (run);
}

static inline CantigaHandshake *
receiver_of (Run *run, Stage stage)
{
  return stage == HELLO || stage == OFFER || stage == PLAYER_KEY ? run->server : run->player;
}

/* A failure ends the handshake for good and leaves nothing behind. */
static inline void
assert_failed (CantigaHandshake *handshake)
{
  g_assert_cmpint (cantiga_handshake_get_awaits (handshake), ==, CANTIGA_AWAITS_FAILED);
  g_assert_null (cantiga_handshake_take_channel (handshake));
  g_assert_null (cantiga_handshake_get_suite (handshake));
  g_assert_null (cantiga_handshake_get_server_certificate (handshake));
  g_assert_null (cantiga_handshake_get_player (handshake));
  g_assert_null (handshake->share);
}

static inline void
assert_refused (Run *run, CantigaError code)
{
  g_autoptr (GError) error = NULL;
  GBytes *reply = NULL;

  g_assert_false (deliver_to (run, run->stage, &reply, &error));
  g_assert_error (error, CANTIGA_ERROR, (int)code);
  g_assert_null (reply);
  assert_failed (receiver_of (run, run->stage));
}

/* The message taken apart, to be changed and put back. */
static inline JsonObject *
run_take_message (Run *run)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object = cantiga_json_parse (g_bytes_get_data (run->message, NULL), g_bytes_get_size (run->message), &error);

  g_assert_no_error (error);
  return object;
}

static inline void
run_put_message (Run *run, JsonObject *object)
{
  g_bytes_unref (run->message);
  run->message = cantiga_json_format (object);
}

static inline void
run_set_text (Run *run, const char *member, const char *value)
{
  g_autoptr (JsonObject) object = run_take_message (run);

  json_object_set_string_member (object, member, value);
  run_put_message (run, object);
}

static inline void
run_set_bytes (Run *run, const char *member, GBytes *value)
{
  g_autoptr (JsonObject) object = run_take_message (run);

  cantiga_json_set_gbytes (object, member, value);
  run_put_message (run, object);
}

static inline GBytes *
run_get_bytes (Run *run, const char *member)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = run_take_message (run);
  GBytes *bytes = cantiga_json_get_bytes (object, member, 0, 65536, &error);

  g_assert_no_error (error);
  return bytes;
}

/* Turns one bit of the last byte. */
static inline void
run_flip (Run *run, const char *member)
{
  g_autoptr (GBytes) bytes = run_get_bytes (run, member);
  gsize length = g_bytes_get_size (bytes);
  guint8 *flipped = g_memdup2 (g_bytes_get_data (bytes, NULL), length);
  g_autoptr (GBytes) changed = g_bytes_new_take (flipped, length);

  flipped[length - 1] ^= 1;
  run_set_bytes (run, member, changed);
}
