#include "server/sessions.h"

struct _CantigaSessions
{
  const CantigaConfig *config; /* borrowed */
  GMutex lock;
  GHashTable *by_id;     /* CantigaId within the session → CantigaServerSession */
  GHashTable *half_open; /* address → how many */
  GQueue in_handshake;   /* the sessions in CANTIGA_SESSION_HANDSHAKE, by their link, the oldest first */
  guint counts[CANTIGA_N_SESSION_STATES];
};

/* docs/protocol.md 3.6: what a session may become, as a set of bits. */
static const guint legal_next[CANTIGA_N_SESSION_STATES] = {
  [CANTIGA_SESSION_HANDSHAKE] = 1u << CANTIGA_SESSION_CARD | 1u << CANTIGA_SESSION_ENDED,
  [CANTIGA_SESSION_CARD] = 1u << CANTIGA_SESSION_OPEN | 1u << CANTIGA_SESSION_ENDED,
  [CANTIGA_SESSION_OPEN] = 1u << CANTIGA_SESSION_ENDED,
  [CANTIGA_SESSION_ENDED] = 0,
};

static CantigaServerSession *
session_new (const char *address, gint64 now)
{
  CantigaServerSession *session = g_new0 (CantigaServerSession, 1);

  g_atomic_ref_count_init (&session->refs);
  g_mutex_init (&session->lock);
  cantiga_id_new_random (&session->id);
  session->address = g_strdup (address);
  session->made = now;
  session->state = CANTIGA_SESSION_HANDSHAKE;
  session->handshake = cantiga_handshake_new_server (&session->id, now);
  return session;
}

CantigaServerSession *
cantiga_server_session_ref (CantigaServerSession *session)
{
  g_atomic_ref_count_inc (&session->refs);
  return session;
}

void
cantiga_server_session_unref (CantigaServerSession *session)
{
  if (!g_atomic_ref_count_dec (&session->refs))
    return;
  g_clear_pointer (&session->handshake, cantiga_handshake_free);
  g_clear_pointer (&session->channel, cantiga_channel_free);
  g_clear_pointer (&session->refused, g_hash_table_unref);
  g_clear_pointer (&session->heard, g_hash_table_unref);
  g_free (session->player);
  g_free (session->address);
  g_mutex_clear (&session->lock);
  g_free (session);
}

CantigaSessionState
cantiga_server_session_get_state (CantigaServerSession *session)
{
  return (CantigaSessionState)g_atomic_int_get (&session->state);
}

void
cantiga_sessions_set_config (CantigaSessions *sessions, const CantigaConfig *config)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&sessions->lock);

  sessions->config = config;
}

CantigaSessions *
cantiga_sessions_new (const CantigaConfig *config)
{
  CantigaSessions *sessions = g_new0 (CantigaSessions, 1);

  sessions->config = config;
  g_mutex_init (&sessions->lock);
  sessions->by_id = g_hash_table_new_full (cantiga_id_hash, cantiga_id_equal_func, NULL, (GDestroyNotify)cantiga_server_session_unref);
  sessions->half_open = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return sessions;
}

void
cantiga_sessions_free (CantigaSessions *sessions)
{
  g_hash_table_unref (sessions->by_id);
  g_hash_table_unref (sessions->half_open);
  g_mutex_clear (&sessions->lock);
  g_free (sessions);
}

/* With the lock held. */
static void
count_half_open (CantigaSessions *sessions, const char *address, int change)
{
  int n = GPOINTER_TO_INT (g_hash_table_lookup (sessions->half_open, address)) + change;

  if (n > 0)
    g_hash_table_replace (sessions->half_open, g_strdup (address), GINT_TO_POINTER (n));
  else
    g_hash_table_remove (sessions->half_open, address);
}

/* With the lock held. */
static gboolean
change_state (CantigaSessions *sessions, CantigaServerSession *session, CantigaSessionState state, GError **error)
{
  CantigaSessionState was = cantiga_server_session_get_state (session);

  if (!(legal_next[was] & 1u << state))
    return cantiga_fail (error, CANTIGA_ERROR_OUT_OF_TURN);
  if (state == CANTIGA_SESSION_OPEN && sessions->counts[CANTIGA_SESSION_OPEN] >= sessions->config->sessions)
    return cantiga_fail (error, CANTIGA_ERROR_BUSY);
  if (was == CANTIGA_SESSION_HANDSHAKE)
    g_queue_unlink (&sessions->in_handshake, &session->in_handshake);
  sessions->counts[was]--;
  sessions->counts[state]++;
  g_atomic_int_set (&session->state, state);
  if (was < CANTIGA_SESSION_OPEN && state >= CANTIGA_SESSION_OPEN)
    count_half_open (sessions, session->address, -1);
  return TRUE;
}

/* A flood of first messages must not keep others from theirs: a handshake that is done takes a moment, one that is left lying is the oldest. With the
 * lock held. */
static gboolean
end_oldest (CantigaSessions *sessions)
{
  CantigaServerSession *oldest = g_queue_peek_head (&sessions->in_handshake);

  if (oldest == NULL || !change_state (sessions, oldest, CANTIGA_SESSION_ENDED, NULL))
    return FALSE;
  g_hash_table_remove (sessions->by_id, &oldest->id);
  return TRUE;
}

CantigaServerSession *
cantiga_sessions_add (CantigaSessions *sessions, const char *address, gint64 now, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&sessions->lock);
  CantigaServerSession *session;

  if ((guint)GPOINTER_TO_INT (g_hash_table_lookup (sessions->half_open, address)) >= sessions->config->half_open_per_address)
    {
      cantiga_fail (error, CANTIGA_ERROR_SLOW_DOWN);
      return NULL;
    }
  if (sessions->counts[CANTIGA_SESSION_HANDSHAKE] + sessions->counts[CANTIGA_SESSION_CARD] >= sessions->config->half_open && !end_oldest (sessions))
    {
      cantiga_fail (error, CANTIGA_ERROR_BUSY);
      return NULL;
    }
  session = session_new (address, now);
  g_hash_table_insert (sessions->by_id, &session->id, session);
  session->in_handshake.data = session;
  g_queue_push_tail_link (&sessions->in_handshake, &session->in_handshake);
  sessions->counts[CANTIGA_SESSION_HANDSHAKE]++;
  count_half_open (sessions, address, 1);
  return cantiga_server_session_ref (session);
}

CantigaServerSession *
cantiga_sessions_find (CantigaSessions *sessions, const CantigaId *id, gint64 now)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&sessions->lock);
  CantigaServerSession *session = g_hash_table_lookup (sessions->by_id, id);

  if (session == NULL)
    return NULL;
  g_atomic_int_set (&session->seen, (int)(now - session->made));
  return cantiga_server_session_ref (session);
}

gboolean
cantiga_sessions_set_state (CantigaSessions *sessions, CantigaServerSession *session, CantigaSessionState state, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&sessions->lock);

  if (!change_state (sessions, session, state, error))
    return FALSE;
  if (state == CANTIGA_SESSION_ENDED)
    g_hash_table_remove (sessions->by_id, &session->id);
  return TRUE;
}

void
cantiga_sessions_end (CantigaSessions *sessions, CantigaServerSession *session)
{
  /* One that has ended already stays so. */
  (void)!cantiga_sessions_set_state (sessions, session, CANTIGA_SESSION_ENDED, NULL);
}

void
cantiga_sessions_sweep (CantigaSessions *sessions, gint64 now)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&sessions->lock);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, sessions->by_id);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      CantigaServerSession *session = value;
      gboolean half_open = cantiga_server_session_get_state (session) == CANTIGA_SESSION_HANDSHAKE;
      gint64 seen = session->made + g_atomic_int_get (&session->seen);

      /* docs/protocol.md 3.7: a handshake is measured from its beginning, a session from when it was last heard of. */
      if (half_open ? now - session->made <= sessions->config->handshake_seconds : now - seen <= sessions->config->session_idle_seconds)
        continue;
      (void)!change_state (sessions, session, CANTIGA_SESSION_ENDED, NULL);
      g_hash_table_iter_remove (&iter);
    }
}

guint
cantiga_sessions_count (CantigaSessions *sessions, CantigaSessionState state)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&sessions->lock);

  return sessions->counts[state];
}

gboolean
cantiga_sessions_has_open (CantigaSessions *sessions, const CantigaId *id)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&sessions->lock);
  CantigaServerSession *session = g_hash_table_lookup (sessions->by_id, id);

  return session != NULL && cantiga_server_session_get_state (session) == CANTIGA_SESSION_OPEN;
}
