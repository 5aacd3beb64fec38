#include "server/server-private.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>

#include "server/listening.h"
#include "server/monitor.h"
#include "server/routes.h"
#include "server/worker.h"

/* How long requests under way may take when the server is told to stop, in seconds. */
#define PATIENCE 5
/* How many requests may wait for other computers at a time. */
#define POOL_MAX 16

/* ---- terms ---- */

void
cantiga_terms_now_unref (CantigaTermsNow *terms)
{
  if (!g_atomic_ref_count_dec (&terms->refs))
    return;
  cantiga_held_chains_free (terms->terms.players);
  cantiga_held_chains_free (terms->older.players);
  g_ptr_array_unref (terms->authorities);
  X509_CRL_free (terms->crl);
  g_clear_pointer (&terms->older_authorities, g_ptr_array_unref);
  X509_CRL_free (terms->older_crl);
  g_free (terms);
}

CantigaTermsNow *
cantiga_server_get_terms (CantigaServer *server)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&server->terms_lock);

  g_atomic_ref_count_inc (&server->terms->refs);
  return server->terms;
}

static GPtrArray *
fill_terms (CantigaServer *server, CantigaPki *pki, X509_CRL *crl, CantigaServerTerms *terms)
{
  const CantigaConfig *config = cantiga_server_get_config (server);
  GPtrArray *authorities = g_ptr_array_new ();

  g_ptr_array_add (authorities, cantiga_pki_get_authority (pki));
  *terms = (CantigaServerTerms){
    .name = config->name != NULL ? config->name : cantiga_pki_get_name (pki),
    .server = cantiga_pki_get_server (pki),
    .first = CANTIGA_AUTH_ECDSA,
    .authorities = authorities,
    .crl = crl,
    .players = cantiga_held_chains_new (authorities, crl, CANTIGA_USAGE_PLAYER),
    .suites = (const char *const *)config->enabled,
    .selection = config->selection,
  };
  for (CantigaAuth auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    terms->identities[auth] = cantiga_pki_get_identity (pki, auth);
  return authorities;
}

/* Takes the lists; older_crl is NULL where no authority is being retired. */
static CantigaTermsNow *
terms_new (CantigaServer *server, X509_CRL *crl, X509_CRL *older_crl, gint64 now)
{
  CantigaTermsNow *terms = g_new0 (CantigaTermsNow, 1);

  g_atomic_ref_count_init (&terms->refs);
  terms->crl = crl;
  terms->issued = now;
  terms->authorities = fill_terms (server, server->pki, crl, &terms->terms);
  if (older_crl == NULL)
    return terms;
  terms->older_crl = older_crl;
  terms->older_authorities = fill_terms (server, cantiga_pki_get_older (server->pki), older_crl, &terms->older);
  terms->terms.older = &terms->older;
  return terms;
}

/* The same numbers under both authorities: a player goes from one to the other with the highest that it has seen. */
static CantigaTermsNow *
issue_terms (CantigaServer *server, const char *const *serials, gint64 number, gint64 now, GError **error)
{
  CantigaPki *older = cantiga_pki_get_older (server->pki);
  g_autoptr (X509_CRL) crl = cantiga_pki_issue_crl (server->pki, serials, number, now, error);
  X509_CRL *older_crl = crl != NULL && older != NULL ? cantiga_pki_issue_crl (older, serials, number, now, error) : NULL;

  return crl != NULL && (older == NULL || older_crl != NULL) ? terms_new (server, g_steal_pointer (&crl), older_crl, now) : NULL;
}

gboolean
cantiga_server_renew_terms (CantigaServer *server, gint64 now, GError **error)
{
  g_auto (GStrv) serials = cantiga_ledger_list_revoked_serials (server->ledger, error);
  g_autofree char *digest = serials != NULL ? cantiga_pki_dup_crl_digest (server->pki, (const char *const *)serials) : NULL;
  CantigaTermsNow *old, *terms;
  gint64 number;

  if (digest == NULL || !cantiga_ledger_draw_crl_number (server->ledger, digest, now, &number, error)
      || (terms = issue_terms (server, (const char *const *)serials, number, now, error)) == NULL)
    return FALSE;
  terms->number = number;
  g_mutex_lock (&server->terms_lock);
  old = server->terms;
  server->terms = terms;
  g_mutex_unlock (&server->terms_lock);
  g_clear_pointer (&old, cantiga_terms_now_unref);
  return TRUE;
}

/* ---- the sweep ---- */

/* The list lives seven days: a day is often enough, and an hour reaches players that only ever fetch it. */
#define RENEW_TERMS_AFTER 3600

/* Invitations are made by cantigactl, beside us: asked for every so many sweeps. */
#define ASK_FOR_INVITATIONS_EVERY 5

static gboolean
tell_whether_pairing (CantigaServer *server, gint64 now, GError **error)
{
  gboolean pairing;

  if (server->announcer == NULL || server->sweeps % ASK_FOR_INVITATIONS_EVERY != 0)
    return TRUE;
  if (!cantiga_ledger_has_open_invitation (server->ledger, now, &pairing, error))
    return FALSE;
  cantiga_announcer_set_pairing (server->announcer, pairing);
  return TRUE;
}

static void
announce (CantigaServer *server, const char *address)
{
  g_autoptr (CantigaTermsNow) now = cantiga_server_get_terms (server);
  g_autofree char *pin = NULL;
  guint8 hash[32];

  if (!server->config->discovery)
    return;
  cantiga_certificate_pin (cantiga_pki_get_authority (server->pki), hash);
  pin = cantiga_base64url_encode (hash, sizeof hash);
  server->announcer = cantiga_announcer_new (now->terms.name, pin, address, FALSE, server->told, server->told_data);
}

/* Also when another server of the same ledger shows a newer one. */
static gboolean
keep_terms_new (CantigaServer *server, gint64 now, GError **error)
{
  gint64 number;

  if (!cantiga_ledger_get_crl_number (server->ledger, &number, error))
    return FALSE;
  return (number == server->terms->number && now - server->terms->issued <= RENEW_TERMS_AFTER) || cantiga_server_renew_terms (server, now, error);
}

/* What a flood took for itself each worker's part of the allocator keeps for the next one: once a minute it goes back to the kernel. */
#define GIVE_MEMORY_BACK_EVERY 60

static void
give_memory_back (CantigaServer *server)
{
  if (server->sweeps % GIVE_MEMORY_BACK_EVERY == 0)
    (void)malloc_trim (0);
}

static gboolean
sweep_cb (gpointer user_data)
{
  CantigaServer *server = user_data;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (GError) error = NULL;
  guint given_back;

  cantiga_sessions_sweep (server->sessions, now);
  cantiga_gate_sweep (server->gate, now);
  cantiga_throttle_sweep (server->throttle, now);
  if (!cantiga_ledger_sweep (server->ledger, now, &given_back, &error) || !tell_whether_pairing (server, now, &error)
      || !keep_terms_new (server, now, &error))
    if (server->refused != NULL)
      server->refused ("", "", "/problems/internal", error->message, server->refused_data);
  give_memory_back (server);
  server->sweeps++;
  return G_SOURCE_CONTINUE;
}

/* ---- the pool ---- */

gboolean
cantiga_server_push (CantigaServer *server, CantigaLater *later, GError **error)
{
  if (g_atomic_int_add (&server->in_pool, 1) >= POOL_MAX)
    {
      g_atomic_int_add (&server->in_pool, -1);
      return cantiga_fail (error, CANTIGA_ERROR_BUSY);
    }
  /* It lies there also where no further thread could be started. */
  (void)g_thread_pool_push (server->pool, later, NULL);
  return TRUE;
}

static void
work_cb (gpointer data, gpointer user_data)
{
  CantigaServer *server = user_data;

  cantiga_routes_work_later (data);
  g_atomic_int_add (&server->in_pool, -1);
}

/* Workers may end before what they gave to the pool does, and have what comes of it in their contexts. */
static void
stop_workers (CantigaServer *server)
{
  for (guint i = 0; i < server->workers->len; i++)
    cantiga_worker_drain (g_ptr_array_index (server->workers, i), PATIENCE);
  for (guint i = 0; i < server->workers->len; i++)
    cantiga_worker_join (g_ptr_array_index (server->workers, i));
  if (server->pool != NULL)
    g_thread_pool_free (g_steal_pointer (&server->pool), FALSE, TRUE);
  for (guint i = 0; i < server->workers->len; i++)
    cantiga_worker_free (g_ptr_array_index (server->workers, i));
}

/* ---- life ---- */

static gboolean
open_stores (CantigaServer *server, GError **error)
{
  g_autofree char *ledger = cantiga_state_dup_ledger (server->state, server->config->ledger);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  /* Sessions, limits and throttles are one server's: of two that were started by mistake each would see half. In PostgreSQL they are meant to share. */
  if (server->config->ledger == NULL && !cantiga_state_lock_serving (server->state, error))
    return FALSE;
  server->pki = cantiga_pki_open (server->state, now, error);
  if (server->pki == NULL)
    return FALSE;
  server->authorities = cantiga_authorities_new (server->state, server->config, error);
  if (server->authorities == NULL)
    return FALSE;
  server->ledger = cantiga_ledger_open (ledger, cantiga_state_get_master (server->state), error);
  if (server->ledger == NULL)
    return FALSE;
  server->audit = cantiga_audit_new (server->state, server->ledger, error);
  if (server->audit == NULL)
    return FALSE;
  server->rights = cantiga_rights_new (server->ledger);
  server->library = cantiga_library_new (server->state, server->ledger, error);
  return server->library != NULL && cantiga_server_renew_terms (server, now, error);
}

CantigaServer *
cantiga_server_new (CantigaState *state, const CantigaConfig *config, GError **error)
{
  g_autoptr (CantigaServer) server = g_new0 (CantigaServer, 1);

  server->state = state;
  server->config = config;
  g_mutex_init (&server->terms_lock);
  server->ocsp = cantiga_ocsp_new (config);
  server->metrics = cantiga_metrics_new ();
  server->retired = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_authorities_free);
  server->workers = g_ptr_array_new ();
  server->sessions = cantiga_sessions_new (config);
  server->throttle = cantiga_throttle_new ();
  server->doors = cantiga_doors_new (config);
  if (!open_stores (server, error))
    return NULL;
  server->gate = cantiga_gate_new (server->ledger);
  return g_steal_pointer (&server);
}

void
cantiga_server_free (CantigaServer *server)
{
  cantiga_server_stop (server);
  g_ptr_array_unref (server->workers);
  g_clear_pointer (&server->gate, cantiga_gate_free);
  g_clear_pointer (&server->sessions, cantiga_sessions_free);
  g_clear_pointer (&server->throttle, cantiga_throttle_free);
  g_clear_pointer (&server->terms, cantiga_terms_now_unref);
  g_clear_pointer (&server->library, cantiga_library_free);
  g_clear_pointer (&server->audit, cantiga_audit_free);
  g_clear_pointer (&server->rights, cantiga_rights_free);
  g_clear_pointer (&server->ledger, cantiga_ledger_free);
  g_clear_pointer (&server->authorities, cantiga_authorities_free);
  g_clear_pointer (&server->pki, cantiga_pki_free);
  g_clear_pointer (&server->doors, cantiga_doors_unref);
  g_clear_pointer (&server->ocsp, cantiga_ocsp_free);
  g_clear_pointer (&server->retired, g_ptr_array_unref);
  g_clear_pointer (&server->given, g_ptr_array_unref);
  g_clear_pointer (&server->sockets, g_ptr_array_unref);
  g_clear_pointer (&server->metrics, cantiga_metrics_free);
  g_mutex_clear (&server->terms_lock);
  g_free (server);
}

void
cantiga_server_set_refused_func (CantigaServer *server, CantigaServerRefused func, gpointer user_data)
{
  server->refused = func;
  server->refused_data = user_data;
}

void
cantiga_server_set_told_func (CantigaServer *server, CantigaTold func, gpointer user_data)
{
  server->told = func;
  server->told_data = user_data;
}

void
cantiga_server_set_happened_func (CantigaServer *server, CantigaServerHappened func, gpointer user_data)
{
  server->happened = func;
  server->happened_data = user_data;
}

void
cantiga_server_tell_happened (CantigaServer *server, const CantigaServerEvent *event)
{
  if (server->happened != NULL)
    server->happened (event, server->happened_data);
}

/* The first socket picks the port where none was named; the others share it. */
static GPtrArray *
listen_all (const char *listen, guint n, char **ret_address, GError **error)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *address = NULL;

  for (guint i = 0; i < n; i++)
    {
      GSocket *socket = cantiga_listening_open (address != NULL ? address : listen, address != NULL, error);

      if (socket == NULL)
        return NULL;
      g_ptr_array_add (sockets, socket);
      if (address == NULL)
        address = cantiga_listening_dup_address (socket, error);
      if (address == NULL)
        return NULL;
    }
  *ret_address = g_steal_pointer (&address);
  return g_steal_pointer (&sockets);
}

/* A socket a worker: those that were given, in turn. */
static GPtrArray *
take_given (CantigaServer *server, guint n, char **ret_address, GError **error)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *address = cantiga_listening_dup_address (g_ptr_array_index (server->given, 0), error);

  if (address == NULL)
    return NULL;
  for (guint i = 0; i < MAX (n, server->given->len); i++)
    {
      int fd = fcntl (g_socket_get_fd (g_ptr_array_index (server->given, i % server->given->len)), F_DUPFD_CLOEXEC, 3);
      GSocket *socket = fd >= 0 ? g_socket_new_from_fd (fd, error) : NULL;

      if (fd < 0)
        cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The socket that was given cannot be used: %s.", g_strerror (errno));
      if (socket == NULL)
        return NULL;
      g_socket_set_blocking (socket, FALSE);
      g_ptr_array_add (sockets, socket);
    }
  *ret_address = g_steal_pointer (&address);
  return g_steal_pointer (&sockets);
}

void
cantiga_server_set_sockets (CantigaServer *server, GPtrArray *sockets)
{
  server->given = g_ptr_array_ref (sockets);
}

/* ---- folders that the library follows ---- */

/* In the log, what nobody asked for just now and the keeper may want to know. */
static void
followed_cb (CantigaFollowEvent event, const char *path, const CantigaTitle *title, const char *detail, gpointer user_data)
{
  CantigaServer *server = user_data;
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *text = detail != NULL ? g_strdup_printf ("%s: %s", name, detail) : NULL;

  if (event >= CANTIGA_FOLLOW_PASSED_OVER && server->refused != NULL)
    server->refused ("library", "", event == CANTIGA_FOLLOW_FAILED ? "failed" : "passed over", text, server->refused_data);
}

static gboolean
start_following (CantigaServer *server, GError **error)
{
  const CantigaConfig *config = server->config;

  if (config->folders == NULL || config->folders[0] == NULL)
    return TRUE;
  server->follow = cantiga_follow_start (server->state, server->pki, server->ledger, (const char *const *)config->folders,
                                         config->folders_exportable, followed_cb, server, error);
  return server->follow != NULL;
}

gboolean
cantiga_server_start (CantigaServer *server, const char *listen, char **ret_address, GError **error)
{
  guint n = server->config->workers > 0 ? server->config->workers : MAX (g_get_num_processors (), 1);
  g_autoptr (GPtrArray) sockets = server->given != NULL ? take_given (server, n, ret_address, error) : listen_all (listen, n, ret_address, error);

  if (sockets == NULL || !start_following (server, error))
    return FALSE;
  server->sockets = g_ptr_array_ref (sockets);
  server->pool = g_thread_pool_new (work_cb, server, POOL_MAX, FALSE, NULL);
  for (guint i = 0; i < sockets->len; i++)
    g_ptr_array_add (server->workers, cantiga_worker_start (server, g_ptr_array_index (sockets, i)));
  server->sweep = g_timeout_source_new_seconds (1);
  g_source_set_callback (server->sweep, sweep_cb, server, NULL);
  g_source_attach (server->sweep, g_main_context_get_thread_default ());
  announce (server, *ret_address);
  cantiga_server_note (server, "server", "started", *ret_address);
  return TRUE;
}

void
cantiga_server_stop (CantigaServer *server)
{
  if (server->sweep != NULL)
    g_source_destroy (server->sweep);
  g_clear_pointer (&server->sweep, g_source_unref);
  g_clear_pointer (&server->announcer, cantiga_announcer_free);
  g_clear_pointer (&server->monitor, cantiga_monitor_free);
  g_clear_pointer (&server->health, cantiga_health_free);
  g_clear_pointer (&server->follow, cantiga_follow_stop);
  cantiga_ocsp_stop (server->ocsp);
  stop_workers (server);
  if (server->workers->len > 0)
    cantiga_server_note (server, "server", "stopped", NULL);
  g_ptr_array_set_size (server->workers, 0);
}
