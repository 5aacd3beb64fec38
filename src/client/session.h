/* One listener at one server: signing in as steps, sealed calls one at a time, and signing in again by itself when the session is lost
 * (docs/protocol.md 3, 6, 7). Thread: main. */
#pragma once

#include "client/signer.h"
#include "client/store.h"
#include "client/transport.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_STEP_CERTIFICATES, /* the server's certificates fetched: address, time */
  CANTIGA_STEP_CHAIN,        /* they are valid: subject, fingerprint */
  CANTIGA_STEP_SESSION,      /* ours accepted: session, until when the certificate lasts */
  CANTIGA_STEP_SUITE,        /* suite agreed: name, class */
  CANTIGA_STEP_KEYS,         /* keys exchanged, both proofs checked */
  CANTIGA_STEP_CARD,         /* card accepted: the listener's name */
  CANTIGA_STEP_CATALOGUE,    /* catalogue here: n titles; comes from CantigaCatalogue's first load */
} CantigaStep;
#define CANTIGA_N_STEPS 7
typedef enum
{
  CANTIGA_STEP_STARTED,
  CANTIGA_STEP_DONE,
  CANTIGA_STEP_FAILED
} CantigaStepState;

typedef enum
{
  CANTIGA_SESSION_SIGNED_OUT,
  CANTIGA_SESSION_SIGNING_IN,
  CANTIGA_SESSION_OPEN,
  CANTIGA_SESSION_RETURNING, /* lost, signing in again by itself */
} CantigaSessionState;

/* Signal "step" (CantigaStep, CantigaStepState, const char *detail): of cantiga_session_sign_in_async() alone, not of a return. Enums travel as ints.
 * Properties (read-only, notified): "state" (int), "listener", "suite" (strings, NULL before), "number" (guint64: messages so far, the key's number).
 */
#define CANTIGA_TYPE_SESSION (cantiga_session_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSession, cantiga_session, CANTIGA, SESSION, GObject)

/* suites: names and patterns as of cantiga_suites_expand(), NULL for the default. CANTIGA_ERROR_USAGE for a suite that does not exist. */
CantigaSession *cantiga_session_new (CantigaStore *store, CantigaPaired *paired, const char *const *suites, CantigaSigner *signer,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Those of the next sign-in, as for cantiga_session_new(); what is open stays as it is. */
gboolean cantiga_session_set_suites (CantigaSession *session, const char *const *suites, GError **error) G_GNUC_WARN_UNUSED_RESULT;

CantigaPaired *cantiga_session_get_paired (CantigaSession *session);
/* The authority that it was opened under: the pairing may know a newer one by now (docs/protocol.md 14.8). Borrowed, until it signs in again. */
X509 *cantiga_session_get_authority (CantigaSession *session);
CantigaSessionState cantiga_session_get_state (CantigaSession *session);
/* Who the card says it is; NULL before. */
const char *cantiga_session_get_listener (CantigaSession *session);
/* NULL before it was agreed. */
const CantigaSuite *cantiga_session_get_suite (CantigaSession *session);
guint64 cantiga_session_get_number (CantigaSession *session);
/* How often signed in, from 1; changes when a return was made. */
guint cantiga_session_get_generation (CantigaSession *session);
/* How long a return is tried: 60,000 ms unless told. */
void cantiga_session_set_return_limit (CantigaSession *session, guint milliseconds);

/* Also on an open session: a new one takes its place. */
void cantiga_session_sign_in_async (CantigaSession *session, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_session_sign_in_finish (CantigaSession *session, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A sealed message; body NULL for GET. Waits for its turn, for a return, and for Retry-After. A refusal is its error: code and sentence. Cancelled:
 * the caller is told at once, the message is completed on the wire all the same so that the channel stays whole. */
void cantiga_session_call_async (CantigaSession *session, const char *method, const char *path, JsonObject *body, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
JsonObject *cantiga_session_call_finish (CantigaSession *session, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Renews this player's certificates now (14.6); a session does it by itself at two thirds of their time. */
void cantiga_session_renew_async (CantigaSession *session, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_session_renew_finish (CantigaSession *session, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the session at the server (14.7); signed out afterwards, also when the server did not hear it. A sign-in under way is ended by its
 * cancellable. */
void cantiga_session_leave_async (CantigaSession *session, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_session_leave_finish (CantigaSession *session, GAsyncResult *result, GError **error);

G_END_DECLS
