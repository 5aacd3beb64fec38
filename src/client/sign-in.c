#include "client/sign-in.h"

#include "client/exchange.h"
#include "client/pause.h"
#include "core/handshake.h"
#include "core/kdf.h"

#define RESTARTS_MAX 3
#define PATIENCE_MAX_MS 10000
#define RESTART_MS 100

typedef struct
{
  CantigaSignInTerms terms;
  CantigaSignInStepFunc step_func;
  gpointer step_data;
  CantigaStep step;     /* under way */
  CantigaStep furthest; /* shown so far: a handshake that starts over is not shown twice */
  GArray *auths;        /* CantigaAuth, those that the suites leave, in the order of trying */
  guint auth;           /* index in auths */
  guint restarts;
  gint64 sent; /* monotonic time */
  CantigaIdentity *identity;
  CantigaHandshake *handshake;
  CantigaSignedIn *signed_in;
} SignIn;

void
cantiga_signed_in_free (CantigaSignedIn *signed_in)
{
  g_clear_pointer (&signed_in->channel, cantiga_channel_free);
  g_free (signed_in->listener);
  X509_free (signed_in->authority);
  g_free (signed_in);
}

static void
sign_in_free (SignIn *self)
{
  cantiga_transport_unref (self->terms.transport);
  g_object_unref (self->terms.store);
  g_object_unref (self->terms.paired);
  g_object_unref (self->terms.signer);
  g_strfreev (self->terms.suites);
  g_array_unref (self->auths);
  g_clear_pointer (&self->identity, cantiga_identity_unref);
  g_clear_pointer (&self->handshake, cantiga_handshake_free);
  g_clear_pointer (&self->signed_in, cantiga_signed_in_free);
  g_free (self);
}

static gint64
now_seconds (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/* ---- steps, as the listener sees them ---- */

static void
step_show (SignIn *self, CantigaStepState state, const char *detail)
{
  if (self->step_func == NULL || self->step < self->furthest)
    return;
  self->step_func (self->step, state, detail, self->step_data);
  if (state == CANTIGA_STEP_DONE)
    self->furthest = self->step + 1;
}

static void
step_start (SignIn *self, CantigaStep step)
{
  self->step = step;
  step_show (self, CANTIGA_STEP_STARTED, NULL);
}

static void
step_done (SignIn *self, char *detail)
{
  step_show (self, CANTIGA_STEP_DONE, detail);
  g_free (detail);
}

static char *
describe_certificate (X509 *certificate)
{
  g_autofree char *name = cantiga_certificate_dup_name (certificate);
  g_autofree char *fingerprint = cantiga_certificate_dup_fingerprint (certificate);

  return g_strdup_printf ("%s \302\267 %s", name != NULL ? name : "", fingerprint);
}

static char *
describe_session (SignIn *self, GBytes *body)
{
  g_autoptr (JsonObject) answer = cantiga_json_parse (g_bytes_get_data (body, NULL), g_bytes_get_size (body), NULL);
  g_autoptr (GDateTime) until = g_date_time_new_from_unix_local (self->signed_in->not_after);
  g_autofree char *day = until != NULL ? g_date_time_format (until, "%F") : NULL;
  const char *session = "";

  if (answer == NULL || !cantiga_json_get_text (answer, "session", CANTIGA_ID_TEXT_LENGTH, &session, NULL) || day == NULL)
    return g_strdup (session);
  return g_strdup_printf ("session %s \302\267 this player's certificate lasts until %s", session, day);
}

static char *
describe_suite (const CantigaSuite *suite)
{
  return g_strdup_printf ("%s (%s)", cantiga_suite_get_name (suite), cantiga_class_get_name (cantiga_suite_get_class (suite)));
}

/* ---- an end, or from the start once more ---- */

static void start (GTask *task);

static gboolean
start_again_cb (gpointer user_data)
{
  start (user_data);
  return G_SOURCE_REMOVE;
}

/* A handshake cannot be taken up where its answer was lost (docs/protocol.md 3.6), and one that waits for a PIN for more than 30 s is dropped (3.7).
 */
static gboolean
may_start_again (SignIn *self, const GError *error)
{
  gboolean begun = self->step > CANTIGA_STEP_CERTIFICATES;
  gboolean lost
      = g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_UNREACHABLE) || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_OUT_OF_TURN)
        || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_AUTHENTICATED) || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_TOO_SLOW);

  return cantiga_error_is_patience (error) || (begun && lost);
}

static void
fail (GTask *task, GError *error, guint retry_after)
{
  SignIn *self = g_task_get_task_data (task);

  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_NO_COMMON_SUITE) && self->auth + 1 < self->auths->len)
    {
      self->auth++;
      g_error_free (error);
      return start (task);
    }
  if (may_start_again (self, error) && self->restarts++ < RESTARTS_MAX)
    {
      cantiga_pause (task, cantiga_error_is_patience (error) ? cantiga_patience (retry_after, PATIENCE_MAX_MS) : RESTART_MS, start_again_cb);
      return g_error_free (error);
    }
  step_show (self, CANTIGA_STEP_FAILED, error->message);
  g_task_return_error (task, error);
}

/* ---- the card ---- */

static void
card_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SignIn *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (JsonObject) answer = cantiga_exchange_finish (result, NULL, &error);
  const char *listener;

  if (answer != NULL && cantiga_problem_is (answer))
    cantiga_problem_consume (answer, &error);
  if (error != NULL || !cantiga_json_get_text (answer, "listener", 1024, &listener, &error)
      || (cantiga_json_has (answer, "renew") && !cantiga_json_get_boolean (answer, "renew", &self->signed_in->is_asked_to_renew, &error)))
    return fail (task, error, 0);
  self->signed_in->listener = g_strdup (listener);
  step_done (self, g_strdup (listener));
  g_task_return_pointer (task, g_steal_pointer (&self->signed_in), (GDestroyNotify)cantiga_signed_in_free);
}

static void
card_signed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SignIn *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (CantigaProof) proof = cantiga_signer_sign_finish (CANTIGA_SIGNER (source), result, &error);
  g_autoptr (JsonObject) body = NULL;

  if (proof == NULL)
    return fail (task, error, 0);
  body = json_object_new ();
  cantiga_json_set_bytes_list (body, "certificates", proof->certificates);
  json_object_set_string_member (body, "algorithm", proof->algorithm);
  cantiga_json_set_gbytes (body, "signature", proof->signature);
  cantiga_exchange_async (self->terms.transport, self->signed_in->channel, "POST", "/api/cc", body, g_task_get_cancellable (task), card_answered_cb,
                          g_object_ref (task));
}

static void
start_card (GTask *task)
{
  SignIn *self = g_task_get_task_data (task);
  g_autoptr (GBytes) message = NULL;

  self->signed_in->channel = cantiga_handshake_take_channel (self->handshake);
  message = cantiga_channel_get_card_message (self->signed_in->channel);
  step_start (self, CANTIGA_STEP_CARD);
  cantiga_signer_sign_async (self->terms.signer, message, g_task_get_cancellable (task), card_signed_cb, g_object_ref (task));
}

/* ---- the handshake, a round a message ---- */

static gboolean
take_certificates (SignIn *self, GBytes *body, GBytes **ret_request, GError **error)
{
  step_done (self, g_strdup_printf ("%s \302\267 %d ms", cantiga_transport_get_url (self->terms.transport) + strlen ("http://"),
                                    (int)((g_get_monotonic_time () - self->sent) / 1000)));
  step_start (self, CANTIGA_STEP_CHAIN);
  if (!cantiga_handshake_consume_certificates (self->handshake, body, ret_request, error))
    return FALSE;
  self->signed_in->crl_number = cantiga_handshake_get_crl_number (self->handshake);
  step_done (self, describe_certificate (cantiga_handshake_get_server_certificate (self->handshake)));
  step_start (self, CANTIGA_STEP_SESSION);
  return TRUE;
}

static gboolean
take_session (SignIn *self, GBytes *body, GBytes **ret_request, GError **error)
{
  if (!cantiga_handshake_consume_session (self->handshake, body, ret_request, error))
    return FALSE;
  step_done (self, describe_session (self, body));
  step_start (self, CANTIGA_STEP_SUITE);
  return TRUE;
}

static gboolean
take_suite (SignIn *self, GBytes *body, GBytes **ret_request, GError **error)
{
  if (!cantiga_handshake_consume_suite (self->handshake, body, ret_request, error))
    return FALSE;
  step_done (self, describe_suite (cantiga_handshake_get_suite (self->handshake)));
  step_start (self, CANTIGA_STEP_KEYS);
  return TRUE;
}

static gboolean
take_key (SignIn *self, GBytes *body, GBytes **ret_request, GError **error)
{
  gboolean ecdh;

  if (!cantiga_handshake_consume_key (self->handshake, body, error))
    return FALSE;
  ecdh = cantiga_handshake_get_suite (self->handshake)->kex == CANTIGA_KEX_ECDH;
  step_done (self, g_strdup_printf ("%s \302\267 proved by both sides", ecdh ? "X25519" : "Diffie-Hellman"));
  return TRUE;
}

/* docs/protocol.md 3.6, the player's side: how an answer is taken, and where the request that it leaves goes. */
static const struct
{
  gboolean (*take) (SignIn *, GBytes *, GBytes **, GError **);
  const char *next;
} rounds[] = {
  [CANTIGA_AWAITS_START] = { take_certificates, "/api/auth" },
  [CANTIGA_AWAITS_SESSION] = { take_session, "/api/suite" },
  [CANTIGA_AWAITS_SUITE] = { take_suite, "/api/key" },
  [CANTIGA_AWAITS_KEY] = { take_key, NULL },
};

static void round_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data);

static void
round_send (GTask *task, const char *method, const char *path, GBytes *body)
{
  SignIn *self = g_task_get_task_data (task);

  self->sent = g_get_monotonic_time ();
  cantiga_transport_send_async (self->terms.transport, method, path, NULL, CANTIGA_JSON_TYPE, body, CANTIGA_ANSWER_MAX, g_task_get_cancellable (task),
                                round_answered_cb, g_object_ref (task));
}

static void
round_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SignIn *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (CantigaAnswer) answer = cantiga_transport_send_finish (result, &error);
  g_autoptr (GBytes) request = NULL;
  CantigaAwaits awaits = cantiga_handshake_get_awaits (self->handshake);

  if (answer == NULL || !cantiga_answer_check (answer, CANTIGA_JSON_TYPE, &error) || !rounds[awaits].take (self, answer->body, &request, &error))
    return fail (task, error, answer != NULL ? answer->retry_after : 0);
  if (rounds[awaits].next != NULL)
    round_send (task, "POST", rounds[awaits].next, request);
  else
    start_card (task);
}

/* ---- the start ---- */

static void
note_validity (SignIn *self)
{
  g_autoptr (X509) leaf = cantiga_certificate_decode (self->identity->certificates->pdata[0], NULL);

  if (leaf == NULL)
    return;
  self->signed_in->not_before = cantiga_certificate_get_not_before (leaf);
  self->signed_in->not_after = cantiga_certificate_get_not_after (leaf);
}

static void
identity_loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SignIn *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_auto (GStrv) offered = NULL;
  g_autofree char *path = NULL;
  g_autofree char *pin = NULL;
  guint8 hash[CANTIGA_HASH_LENGTH];

  self->identity = cantiga_store_load_identity_finish (CANTIGA_STORE (source), result, &error);
  if (self->identity == NULL)
    return fail (task, error, 0);
  note_validity (self);
  offered = cantiga_suites_filter ((const char *const *)self->terms.suites, self->identity->auth);
  self->handshake = cantiga_handshake_new_player (self->identity, (const char *const *)offered, NULL,
                                                  cantiga_paired_get_authority (self->terms.paired), cantiga_paired_get_server (self->terms.paired),
                                                  cantiga_paired_get_crl_number (self->terms.paired), now_seconds ());
  self->signed_in->authority = X509_dup (cantiga_paired_get_authority (self->terms.paired));
  cantiga_certificate_pin (self->signed_in->authority, hash);
  pin = cantiga_base64url_encode (hash, sizeof hash);
  path = g_strconcat ("/api/auth?auth=", cantiga_auth_get_name (self->identity->auth), "&authority=", pin, NULL);
  round_send (task, "GET", path, NULL);
}

static void
start (GTask *task)
{
  SignIn *self = g_task_get_task_data (task);

  if (g_task_return_error_if_cancelled (task))
    return;
  g_clear_pointer (&self->identity, cantiga_identity_unref);
  g_clear_pointer (&self->handshake, cantiga_handshake_free);
  g_clear_pointer (&self->signed_in, cantiga_signed_in_free);
  self->signed_in = g_new0 (CantigaSignedIn, 1);
  step_start (self, CANTIGA_STEP_CERTIFICATES);
  cantiga_store_load_identity_async (self->terms.store, self->terms.paired, g_array_index (self->auths, CantigaAuth, self->auth),
                                     g_task_get_cancellable (task), identity_loaded_cb, g_object_ref (task));
}

/* The kinds of key that the suites leave; ECDSA first where nothing speaks against it, for it is the cheapest on both sides. */
static GArray *
list_auths (const char *const *suites)
{
  static const CantigaAuth order[] = { CANTIGA_AUTH_ECDSA, CANTIGA_AUTH_EDDSA, CANTIGA_AUTH_RSA };
  GArray *auths = g_array_new (FALSE, FALSE, sizeof (CantigaAuth));

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      g_auto (GStrv) names = cantiga_suites_filter (suites, order[i]);
      if (names != NULL && names[0] != NULL)
        g_array_append_val (auths, order[i]);
    }
  return auths;
}

void
cantiga_sign_in_async (const CantigaSignInTerms *terms, CantigaSignInStepFunc step, gpointer step_data, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  SignIn *self = g_new0 (SignIn, 1);

  self->terms.transport = cantiga_transport_ref (terms->transport);
  self->terms.store = g_object_ref (terms->store);
  self->terms.paired = g_object_ref (terms->paired);
  self->terms.signer = g_object_ref (terms->signer);
  self->terms.suites = g_strdupv (terms->suites);
  self->step_func = step;
  self->step_data = step_data;
  self->auths = list_auths ((const char *const *)terms->suites);
  g_task_set_source_tag (task, cantiga_sign_in_async);
  g_task_set_task_data (task, self, (GDestroyNotify)sign_in_free);
  start (task);
}

CantigaSignedIn *
cantiga_sign_in_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_sign_in_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
