/* Sessions: from the first message of a handshake until they end (docs/protocol.md 3.6, 3.7, 12). The table may be used from any thread; a session
 * belongs to who holds its lock. */
#pragma once

#include "core/handshake.h"
#include "server/config.h"
#include "server/throttle.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_SESSION_HANDSHAKE, /* awaits what its handshake awaits */
  CANTIGA_SESSION_CARD,      /* awaits /api/cc */
  CANTIGA_SESSION_OPEN,      /* awaits whatever the listener wants */
  CANTIGA_SESSION_ENDED,
  CANTIGA_N_SESSION_STATES
} CantigaSessionState;

/* One session. state is written by cantiga_sessions_set_state() alone. Everything from `handshake` on is guarded by lock. */
typedef struct
{
  gatomicrefcount refs;
  CantigaId id;
  char *address;
  gint64 made;
  gint seen;             /* atomic; seconds after made */
  gint state;            /* atomic; CantigaSessionState */
  gint chunks_in_flight; /* atomic */
  GList in_handshake;    /* of the table: in the order of their making */

  GMutex lock;
  CantigaHandshake *handshake; /* CANTIGA_SESSION_HANDSHAKE */
  CantigaChannel *channel;     /* from CANTIGA_SESSION_CARD on */
  char *player;                /* UUID, from the hello on */
  gboolean is_older;           /* under the authority that is being retired (docs/protocol.md 14.8) */
  guint last_status;           /* HTTP status of the last answer, for a repeat */
  CantigaId listener;          /* CANTIGA_SESSION_OPEN */
  GHashTable *refused;         /* CantigaId: titles that this session gets no more (docs/protocol.md 9.2) */
  GHashTable *heard;           /* CantigaId: titles of which it had a play (docs/protocol.md 9.7) */
} CantigaServerSession;

CantigaServerSession *cantiga_server_session_ref (CantigaServerSession *session);
void cantiga_server_session_unref (CantigaServerSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaServerSession, cantiga_server_session_unref)
CantigaSessionState cantiga_server_session_get_state (CantigaServerSession *session);

typedef struct _CantigaSessions CantigaSessions;
CantigaSessions *cantiga_sessions_new (const CantigaConfig *config);
void cantiga_sessions_free (CantigaSessions *sessions);
/* From now on; config outlives the sessions. */
void cantiga_sessions_set_config (CantigaSessions *sessions, const CantigaConfig *config);

/* A half-open one. Past the limit of all the oldest that is in its handshake ends for it (CANTIGA_ERROR_BUSY if none is); CANTIGA_ERROR_SLOW_DOWN past that of the address. */
CantigaServerSession *cantiga_sessions_add (CantigaSessions *sessions, const char *address, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL if there is none (any more); else it was just seen. */
CantigaServerSession *cantiga_sessions_find (CantigaSessions *sessions, const CantigaId *id, gint64 now);
/* The only writer of state. Open ones are limited: CANTIGA_ERROR_BUSY. CANTIGA_SESSION_ENDED takes it out of the table. */
gboolean cantiga_sessions_set_state (CantigaSessions *sessions, CantigaServerSession *session, CantigaSessionState state,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_sessions_end (CantigaSessions *sessions, CantigaServerSession *session);
/* Drops handshakes not done in time and sessions not heard of. */
void cantiga_sessions_sweep (CantigaSessions *sessions, gint64 now);
/* Whether it is open; nobody is seen by asking. */
gboolean cantiga_sessions_has_open (CantigaSessions *sessions, const CantigaId *id);
/* How many are in state. */
guint cantiga_sessions_count (CantigaSessions *sessions, CantigaSessionState state);

G_END_DECLS
