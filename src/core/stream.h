/* A grant's chunks: one key a chunk, one MAC a request (docs/protocol.md 10). Thread: locks inside, so that several chunks can be in flight. */
#pragma once

#include "core/secret.h"
#include "core/suite.h"
#include "core/wire.h"

G_BEGIN_DECLS

#define CANTIGA_CHUNK_SIZE 262144u
#define CANTIGA_CHUNK_FETCHES_MAX 32

typedef struct _CantigaStream CantigaStream;

/* response_key: the chain key of the answer that carried the grant. Reference counted. */
CantigaStream *cantiga_stream_new (const CantigaSuite *suite, const CantigaId *session, const CantigaId *grant, const CantigaKey *response_key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CantigaStream *cantiga_stream_ref (CantigaStream *stream);
void cantiga_stream_unref (CantigaStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaStream, cantiga_stream_unref)

const CantigaId *cantiga_stream_get_grant (const CantigaStream *stream);

/* One request as both sides see it. A plain value. */
typedef struct
{
  guint64 counter;
  guint8 mac[64];
  gsize mac_length;
} CantigaChunkRequest;

/* Player. The next request for path; ret_authorization is the header's value (10.2). */
gboolean cantiga_stream_create_request (CantigaStream *stream, const char *method, const char *path, CantigaChunkRequest *ret_request, char **ret_authorization,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Server. counter and mac are the two parts after the session. Checks the MAC, then that the counter is fresh. CANTIGA_ERROR_NOT_AUTHENTICATED. */
gboolean cantiga_stream_consume_request (CantigaStream *stream, const char *method, const char *path, const char *counter, const char *mac,
                                         CantigaChunkRequest *ret_request, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Server: room that the envelope of path_length Merkle hashes and length bytes takes. */
gsize cantiga_stream_envelope_length (CantigaStream *stream, guint path_length, gsize length);
/* Server. text is `u8 n || n hashes || chunk` (10.3), in memory that the caller recycles; envelope has room for cantiga_stream_envelope_length(). */
gboolean cantiga_stream_seal_chunk (CantigaStream *stream, const CantigaChunkRequest *request, const char *method, const char *path, guint64 index,
                                    gconstpointer text, gsize text_length, guint8 *envelope, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Server. A refusal of an authenticated chunk request: kind 1. */
GBytes *cantiga_stream_seal_refusal (CantigaStream *stream, const CantigaChunkRequest *request, const char *method, const char *path, guint64 index, GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Player. Opens either; ret_text is `u8 n || …` for a chunk. A refusal sets error from the problem. */
GBytes *cantiga_stream_open_chunk (CantigaStream *stream, const CantigaChunkRequest *request, const char *method, const char *path, guint64 index,
                                   GBytes *envelope, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
