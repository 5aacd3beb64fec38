/* The gate: grants, and the chunks that leave under them (docs/protocol.md 10). Thread: any. */
#pragma once

#include "server/ledger.h"
#include "server/library.h"
#include "server/sessions.h"

G_BEGIN_DECLS

typedef struct _CantigaGate CantigaGate;
typedef struct _CantigaGrant CantigaGrant;

CantigaGate *cantiga_gate_new (CantigaLedger *ledger);
void cantiga_gate_free (CantigaGate *gate);

/* A grant of play to session; it opens when its stream is known. Takes title. */
CantigaGrant *cantiga_grant_new (CantigaServerSession *session, const CantigaPlay *play, CantigaOpenTitle *title);
void cantiga_grant_unref (CantigaGrant *grant);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaGrant, cantiga_grant_unref)
const CantigaId *cantiga_grant_get_id (CantigaGrant *grant);
/* Right after the answer that carries it was sealed. Takes stream; a session's older grants of the same play end. */
void cantiga_gate_open (CantigaGate *gate, CantigaGrant *grant, CantigaStream *stream);

/* NULL if there is none for this session. */
CantigaGrant *cantiga_gate_find (CantigaGate *gate, const CantigaId *grant, const CantigaServerSession *session);
CantigaStream *cantiga_grant_get_stream (CantigaGrant *grant);
/* One chunk, sealed for the request: the body of the answer, in memory that is used again. Checks that the grant is alive and the chunk was not
 * fetched too often; before the first one the ledger writes that the play has started. Errors are to be sealed. */
GBytes *cantiga_gate_read_chunk (CantigaGate *gate, CantigaGrant *grant, const CantigaChunkRequest *request, const char *method, const char *path,
                                 guint64 index, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The play is over: its grants end. */
void cantiga_gate_end_play (CantigaGate *gate, const CantigaServerSession *session, const CantigaId *play);
/* Drops grants whose session or window has ended. */
void cantiga_gate_sweep (CantigaGate *gate, gint64 now);

G_END_DECLS
