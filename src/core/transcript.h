/* What both sides hash and sign (docs/protocol.md 3.5), on one page. */
#pragma once

#include "core/kdf.h"
#include "core/wire.h"

G_BEGIN_DECLS

/* Everything said up to the player's share; all borrowed. */
typedef struct
{
  GBytes *server_leaf;
  GBytes *player_leaf;
  GBytes *player_nonce;
  const CantigaId *session;
  GBytes *server_nonce;
  const char *const *offered;
  const char *suite;
  const char *group;
  GBytes *player_public;
} CantigaTranscript;

void cantiga_transcript_t1 (const CantigaTranscript *transcript, guint8 ret_t1[32]);
void cantiga_transcript_t2 (const guint8 t1[32], GBytes *player_signature, GBytes *server_public, guint8 ret_t2[32]);
/* lp(t): what cantiga_sign() is given with one of the two key-exchange labels. */
GBytes *cantiga_transcript_signed (const guint8 t[32]);

G_END_DECLS
