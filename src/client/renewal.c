#include "client/session-private.h"
#include "core/pairing.h"

/* This player's certificates anew, for the keys that it has (docs/protocol.md 14.6). */
typedef struct
{
  GPtrArray *keys;  /* EVP_PKEY */
  CantigaAuth auth; /* being loaded */
} Renewal;

static void
renewal_free (Renewal *renewal)
{
  g_ptr_array_unref (renewal->keys);
  g_free (renewal);
}

static void
renewal_kept_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (cantiga_store_renew_finish (CANTIGA_STORE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
renewal_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaSession *self = CANTIGA_SESSION (source);
  Renewal *renewal = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (JsonObject) answer = cantiga_session_call_finish (self, result, &error);
  g_autoptr (GBytes) body = answer != NULL ? cantiga_json_format (answer) : NULL;
  g_autoptr (GPtrArray) identities = NULL;
  g_autoptr (X509) authority = NULL;

  if (body != NULL)
    identities = cantiga_renewal_consume_answer (body, renewal->keys, cantiga_session_get_authority (self), g_get_real_time () / G_USEC_PER_SEC,
                                                 &authority, &error);
  if (identities == NULL)
    return g_task_return_error (task, error);
  cantiga_store_renew_async (self->store, self->paired, authority, identities, g_task_get_cancellable (task), renewal_kept_cb, g_object_ref (task));
}

static JsonObject *
create_request (CantigaSession *self, GPtrArray *keys, GError **error)
{
  const CantigaId *session = cantiga_session_get_id (self);
  g_autoptr (GBytes) body = NULL;

  if (session == NULL)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_NOT_AUTHENTICATED, "Nobody is signed in: sign in first.");
      return NULL;
    }
  body = cantiga_renewal_create_request (session, keys, error);
  return body != NULL ? cantiga_json_parse (g_bytes_get_data (body, NULL), g_bytes_get_size (body), error) : NULL;
}

static void
renewal_ask (GTask *task)
{
  CantigaSession *self = g_task_get_source_object (task);
  Renewal *renewal = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (JsonObject) body = create_request (self, renewal->keys, &error);

  if (body == NULL)
    return g_task_return_error (task, error);
  cantiga_session_call_kind_async (self, CANTIGA_CALL_BOUND, "POST", "/api/certificate", body, g_task_get_cancellable (task), renewal_answered_cb,
                                   g_object_ref (task));
}

static void renewal_load (GTask *task);

static void
renewal_loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Renewal *renewal = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaIdentity) identity = cantiga_store_load_identity_finish (CANTIGA_STORE (source), result, &error);

  if (identity == NULL && !g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND))
    return g_task_return_error (task, g_steal_pointer (&error));
  if (identity != NULL && EVP_PKEY_up_ref (identity->key) == 1)
    g_ptr_array_add (renewal->keys, identity->key);
  if (++renewal->auth < CANTIGA_N_AUTHS)
    renewal_load (task);
  else
    renewal_ask (task);
}

static void
renewal_load (GTask *task)
{
  CantigaSession *self = g_task_get_source_object (task);
  Renewal *renewal = g_task_get_task_data (task);

  cantiga_store_load_identity_async (self->store, self->paired, renewal->auth, g_task_get_cancellable (task), renewal_loaded_cb, g_object_ref (task));
}

static void
renewal_completed_cb (GTask *task, GParamSpec *pspec, gpointer user_data)
{
  CantigaSession *self = g_task_get_source_object (task);

  self->renewals--;
  cantiga_session_start_leave (self);
}

void
cantiga_session_renew_async (CantigaSession *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Renewal *renewal;

  g_return_if_fail (CANTIGA_IS_SESSION (self));
  task = g_task_new (self, cancellable, callback, user_data);
  renewal = g_new0 (Renewal, 1);
  renewal->keys = g_ptr_array_new_with_free_func ((GDestroyNotify)EVP_PKEY_free);
  g_task_set_source_tag (task, cantiga_session_renew_async);
  g_signal_connect (task, "notify::completed", G_CALLBACK (renewal_completed_cb), NULL);
  self->renewals++;
  g_task_set_task_data (task, renewal, (GDestroyNotify)renewal_free);
  renewal_load (task);
}

gboolean
cantiga_session_renew_finish (CantigaSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_session_renew_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
