/* The channel after the handshake: control messages sealed under two rotating chains (docs/protocol.md 4 to 6). Not thread-safe: its owner locks. */
#pragma once

#include "core/authorization.h"
#include "core/envelope.h"
#include "core/stream.h"

G_BEGIN_DECLS

typedef struct _CantigaChannel CantigaChannel;

/* Derives all keys of section 4 from prk (not kept). */
CantigaChannel *cantiga_channel_new (CantigaRole role, const CantigaSuite *suite, const CantigaId *session, const guint8 server_leaf_hash[32],
                                     const CantigaKey *prk, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_channel_free (CantigaChannel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaChannel, cantiga_channel_free)

const CantigaSuite *cantiga_channel_get_suite (const CantigaChannel *channel);
const CantigaId *cantiga_channel_get_session (const CantigaChannel *channel);
/* Messages so far: the number of the next request. */
guint64 cantiga_channel_get_number (const CantigaChannel *channel);

/* What the card signs (7), ready for the card: lp(label) || lp(binding) || lp(hash of the server's leaf). */
GBytes *cantiga_channel_get_card_message (const CantigaChannel *channel);

/* Player. Seals the next request; text may be NULL for none. CANTIGA_ERROR_OUT_OF_TURN while an answer is awaited. */
GBytes *cantiga_channel_seal_request (CantigaChannel *channel, const char *method, const char *path, GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Player. Opens the answer to it. CANTIGA_ERROR_FORGED changes nothing: the true answer may still come. */
GBytes *cantiga_channel_open_answer (CantigaChannel *channel, GBytes *envelope, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Server. Opens a request. Exactly one of ret_text and ret_answer is set: ret_answer is the last answer, for a request that came again (6.2).
 * CANTIGA_ERROR_NOT_AUTHENTICATED: it does not open, nothing changed. CANTIGA_ERROR_OUT_OF_TURN: the caller ends the session. CANTIGA_ERROR_BUSY: the last one has no answer yet. */
gboolean cantiga_channel_open_request (CantigaChannel *channel, const char *method, const char *path, GBytes *envelope, GBytes **ret_text,
                                       GBytes **ret_answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Server. Seals the answer to the request that was opened last; kept for a repeat. */
GBytes *cantiga_channel_seal_answer (CantigaChannel *channel, GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Both, right after the answer that carries the grant was sealed or opened, and before the next message: its stream (10.1). Once:
 * the key that it comes from is wiped then. CANTIGA_ERROR_OUT_OF_TURN else. */
CantigaStream *cantiga_channel_derive_stream (CantigaChannel *channel, const CantigaId *grant, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
