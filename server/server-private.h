/* What the server's own files share. */
#pragma once

#include "server/acceptor.h"
#include "server/audit.h"
#include "server/authorities.h"
#include "server/follow.h"
#include "server/gate.h"
#include "server/metrics.h"
#include "server/ledger.h"
#include "server/library.h"
#include "server/ocsp.h"
#include "server/pki.h"
#include "server/rights.h"
#include "server/server.h"
#include "server/sessions.h"

G_BEGIN_DECLS

/* The terms with what they borrow, replaced whole when the revocation list is issued anew. Reference counted. */
typedef struct
{
  gatomicrefcount refs;
  CantigaServerTerms terms;
  GPtrArray *authorities;
  X509_CRL *crl;
  CantigaServerTerms older; /* of an authority that is being retired, if there is one */
  GPtrArray *older_authorities;
  X509_CRL *older_crl;
  gint64 number; /* of crl */
  gint64 issued;
} CantigaTermsNow;

typedef struct _CantigaHealth CantigaHealth;
typedef struct _CantigaLater CantigaLater; /* routes.c */
typedef struct _CantigaMonitor CantigaMonitor;

struct _CantigaServer
{
  /* borrowed */
  CantigaState *state;
  const CantigaConfig *config; /* atomic */

  /* owned, each with its own lock */
  CantigaPki *pki;
  CantigaAuthorities *authorities; /* atomic */
  CantigaMetrics *metrics;
  CantigaOcsp *ocsp;
  CantigaLedger *ledger;
  CantigaAudit *audit;
  CantigaLibrary *library;
  CantigaRights *rights;
  CantigaSessions *sessions;
  CantigaGate *gate;
  CantigaThrottle *throttle;
  CantigaDoors *doors;

  GThreadPool *pool; /* requests that wait for other computers; NULL while it does not run */
  gint in_pool;      /* atomic */

  GMutex terms_lock;
  CantigaTermsNow *terms;

  /* main thread */
  GPtrArray *workers;
  GSource *sweep;
  CantigaFollow *follow; /* NULL: no folder is followed */
  CantigaServerRefused refused;
  gpointer refused_data;
  CantigaTold told;
  gpointer told_data;
  GPtrArray *retired; /* authorities that a reload took the place of: somebody may still read them */
  GPtrArray *given;   /* sockets that listen already; NULL: none were given */
  GPtrArray *sockets; /* that the workers accept from; NULL before the start */
  CantigaHealth *health;
  CantigaMonitor *monitor;
  CantigaAnnouncer *announcer; /* NULL: nobody is told */
  guint sweeps;
  CantigaServerHappened happened;
  gpointer happened_data;
};

/* In force now; lives as long as the server. */
static inline const CantigaConfig *
cantiga_server_get_config (CantigaServer *server)
{
  return g_atomic_pointer_get (&server->config);
}

static inline CantigaAuthorities *
cantiga_server_get_authorities (CantigaServer *server)
{
  return g_atomic_pointer_get (&server->authorities);
}

/* Writes to the audit log; what cannot be written is told as a refusal of ours. */
void cantiga_server_note (CantigaServer *server, const char *who, const char *what, const char *of);
void cantiga_server_tell_happened (CantigaServer *server, const CantigaServerEvent *event);
/* Has cantiga_routes_work_later() called in the pool. CANTIGA_ERROR_BUSY if too many wait there. */
gboolean cantiga_server_push (CantigaServer *server, CantigaLater *later, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CantigaTermsNow *cantiga_server_get_terms (CantigaServer *server);
void cantiga_terms_now_unref (CantigaTermsNow *terms);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaTermsNow, cantiga_terms_now_unref)
/* Issues the revocation list anew if it is half way to its end. */
gboolean cantiga_server_renew_terms (CantigaServer *server, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
