#include "server/gate.h"

#include "server/opened.h"
#include "server/recycler.h"

/* How old the ledger's word on a play may be, in seconds: a revocation reaches the listener within that. */
#define RECHECK_AFTER 1

struct _CantigaGrant
{
  gatomicrefcount refs;
  CantigaId id;
  CantigaServerSession *session; /* owned */
  CantigaPlay play;
  CantigaOpenTitle *title; /* owned */
  CantigaStream *stream;   /* owned; NULL until it is open */

  GMutex lock;     /* of what follows */
  gint64 checked;  /* when the ledger was last asked; 0: the play has not started */
  guint8 *fetches; /* one a chunk */
};

struct _CantigaGate
{
  CantigaLedger *ledger; /* borrowed */
  CantigaOpened *opened;
  CantigaRecycler *envelopes;
  GMutex lock;
  GHashTable *grants; /* CantigaId within the grant → CantigaGrant */
};

/* The longest text of a chunk (docs/protocol.md 10.3), and the longest IV, padding and MAC around it. */
#define ENVELOPE_MAX (1 + 32 * CANTIGA_MERKLE_PATH_MAX + CANTIGA_CHUNK_SIZE + 10 + 16 + 16 + 64)
/* About 90 chunks: what several listeners hear at the same time is read and opened once. */
#define OPENED_MAX (24 * 1024 * 1024)

CantigaGate *
cantiga_gate_new (CantigaLedger *ledger)
{
  CantigaGate *gate = g_new0 (CantigaGate, 1);

  gate->ledger = ledger;
  gate->opened = cantiga_opened_new (OPENED_MAX);
  gate->envelopes = cantiga_recycler_new (ENVELOPE_MAX, 16);
  g_mutex_init (&gate->lock);
  gate->grants = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, NULL, (GDestroyNotify)cantiga_grant_unref);
  return gate;
}

void
cantiga_gate_free (CantigaGate *gate)
{
  g_hash_table_unref (gate->grants);
  cantiga_opened_free (gate->opened);
  cantiga_recycler_unref (gate->envelopes);
  g_mutex_clear (&gate->lock);
  g_free (gate);
}

CantigaGrant *
cantiga_grant_new (CantigaServerSession *session, const CantigaPlay *play, CantigaOpenTitle *title)
{
  CantigaGrant *grant = g_new0 (CantigaGrant, 1);

  g_atomic_ref_count_init (&grant->refs);
  g_mutex_init (&grant->lock);
  cantiga_id_new_random (&grant->id);
  grant->session = cantiga_server_session_ref (session);
  grant->play = *play;
  grant->title = title;
  grant->fetches = g_new0 (guint8, cantiga_sealed_get_chunks (title->sealed));
  return grant;
}

void
cantiga_grant_unref (CantigaGrant *grant)
{
  if (!g_atomic_ref_count_dec (&grant->refs))
    return;
  cantiga_server_session_unref (grant->session);
  cantiga_open_title_unref (grant->title);
  g_clear_pointer (&grant->stream, cantiga_stream_unref);
  g_free (grant->fetches);
  g_mutex_clear (&grant->lock);
  g_free (grant);
}

const CantigaId *
cantiga_grant_get_id (CantigaGrant *grant)
{
  return &grant->id;
}

CantigaStream *
cantiga_grant_get_stream (CantigaGrant *grant)
{
  return grant->stream;
}

/* With the lock held. */
static void
remove_play (CantigaGate *gate, const CantigaServerSession *session, const CantigaId *play)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, gate->grants);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      CantigaGrant *grant = value;

      if (grant->session == session && cantiga_id_equal (&grant->play.play, play))
        g_hash_table_iter_remove (&iter);
    }
}

void
cantiga_gate_open (CantigaGate *gate, CantigaGrant *grant, CantigaStream *stream)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&gate->lock);

  grant->stream = stream;
  remove_play (gate, grant->session, &grant->play.play);
  g_atomic_ref_count_inc (&grant->refs);
  g_hash_table_insert (gate->grants, &grant->id, grant);
}

CantigaGrant *
cantiga_gate_find (CantigaGate *gate, const CantigaId *id, const CantigaServerSession *session)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&gate->lock);
  CantigaGrant *grant = g_hash_table_lookup (gate->grants, id);

  if (grant == NULL || grant->session != session)
    return NULL;
  g_atomic_ref_count_inc (&grant->refs);
  return grant;
}

/* docs/protocol.md 10.3, 10.4: within what was granted, and not fetched too often. */
static gboolean
admit (CantigaGrant *grant, guint64 index, gint64 now, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&grant->lock);

  if (index >= cantiga_sealed_get_chunks (grant->title->sealed))
    return cantiga_fail (error, CANTIGA_ERROR_NOT_FOUND);
  if (now >= grant->play.ends)
    return cantiga_fail (error, CANTIGA_ERROR_PLAY_OVER);
  if (grant->fetches[index] >= CANTIGA_CHUNK_FETCHES_MAX)
    return cantiga_fail (error, CANTIGA_ERROR_SLOW_DOWN);
  grant->fetches[index]++;
  return TRUE;
}

/* docs/protocol.md 9.3: alive, and started before anything leaves; but not before the chunk was read: one that cannot be costs nothing. */
static gboolean
start (CantigaGate *gate, CantigaGrant *grant, gint64 now, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&grant->lock);

  if (now - grant->checked > RECHECK_AFTER
      && !cantiga_ledger_check_play (gate->ledger, &grant->play.listener, &grant->play.play, grant->session->player, now, error))
    return FALSE;
  if (grant->checked == 0 && !cantiga_ledger_start_play (gate->ledger, &grant->play.listener, &grant->play.play, now, error))
    return FALSE;
  grant->checked = now;
  return TRUE;
}

static GBytes *
seal (CantigaGate *gate, CantigaGrant *grant, const CantigaChunkRequest *request, const char *method, const char *path, guint64 index,
      const CantigaOpenedChunk *chunk, GError **error)
{
  g_autoptr (CantigaRecycled) envelope = cantiga_recycler_take (gate->envelopes);
  gsize length = cantiga_stream_envelope_length (grant->stream, chunk->path_length, chunk->length - 1 - 32 * chunk->path_length);

  g_assert (length <= ENVELOPE_MAX);
  if (!cantiga_stream_seal_chunk (grant->stream, request, method, path, index, chunk->text, chunk->length, envelope->bytes, error))
    return NULL;
  return cantiga_recycled_free_to_bytes (g_steal_pointer (&envelope), length);
}

GBytes *
cantiga_gate_read_chunk (CantigaGate *gate, CantigaGrant *grant, const CantigaChunkRequest *request, const char *method, const char *path,
                         guint64 index, gint64 now, GError **error)
{
  CantigaOpenedChunk *chunk;
  GBytes *sealed = NULL;

  if (!admit (grant, index, now, error) || (chunk = cantiga_opened_take (gate->opened, grant->title, index, error)) == NULL)
    return NULL;
  if (start (gate, grant, now, error))
    sealed = seal (gate, grant, request, method, path, index, chunk, error);
  cantiga_opened_give_back (gate->opened, chunk);
  return sealed;
}

void
cantiga_gate_end_play (CantigaGate *gate, const CantigaServerSession *session, const CantigaId *play)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&gate->lock);

  remove_play (gate, session, play);
}

static gboolean
grant_is_over_cb (gpointer id, gpointer value, gpointer now)
{
  CantigaGrant *grant = value;

  return cantiga_server_session_get_state (grant->session) == CANTIGA_SESSION_ENDED || *(gint64 *)now >= grant->play.ends;
}

static void
sweep_grants (CantigaGate *gate, gint64 now)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&gate->lock);

  g_hash_table_foreach_remove (gate->grants, grant_is_over_cb, &now);
}

void
cantiga_gate_sweep (CantigaGate *gate, gint64 now)
{
  cantiga_opened_sweep (gate->opened);
  sweep_grants (gate, now);
}
