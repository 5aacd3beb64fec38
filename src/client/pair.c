#include "client/pair.h"

#include <string.h>

#include "client/pause.h"
#include "client/transport.h"
#include "core/pairing.h"

#define TRIES 4
#define FIRST_PAUSE_MS 100
#define PAUSE_GROWTH 3
#define NAME_MAX_LENGTH 256

typedef struct
{
  CantigaInvitation *invitation;
  CantigaTransport *transport;
  char *url;
  char *name;
  GBytes *offer;
  GPtrArray *keys; /* EVP_PKEY */
  GBytes *request; /* the same bytes each time (14.4) */
  X509 *authority;
  char *server;
  guint tries;
  guint pause;
} Pairing;

static void
pairing_free (Pairing *pairing)
{
  g_clear_pointer (&pairing->invitation, cantiga_invitation_free);
  g_clear_pointer (&pairing->transport, cantiga_transport_unref);
  g_free (pairing->url);
  g_free (pairing->name);
  g_clear_pointer (&pairing->offer, g_bytes_unref);
  g_clear_pointer (&pairing->keys, g_ptr_array_unref);
  g_clear_pointer (&pairing->request, g_bytes_unref);
  X509_free (pairing->authority);
  g_free (pairing->server);
  g_free (pairing);
}

/* ---- 14.4: the answer, and keeping it ---- */

static void
kept_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  CantigaPaired *paired = cantiga_store_keep_finish (CANTIGA_STORE (source), result, &error);

  if (paired != NULL)
    g_task_return_pointer (task, paired, g_object_unref);
  else
    g_task_return_error (task, error);
}

static void pair_send (GTask *task);

static gboolean
pair_again_cb (gpointer user_data)
{
  pair_send (user_data);
  return G_SOURCE_REMOVE;
}

/* "The same request again within the invitation's time gets the same answer." */
static void
pair_lost (GTask *task, GError *error, guint retry_after)
{
  Pairing *pairing = g_task_get_task_data (task);
  gboolean patience = cantiga_error_is_patience (error);

  if ((!patience && !g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_UNREACHABLE)) || ++pairing->tries >= TRIES)
    return g_task_return_error (task, error);
  cantiga_pause (task, patience ? cantiga_patience (retry_after, 10000) : pairing->pause, pair_again_cb);
  pairing->pause *= PAUSE_GROWTH;
  g_error_free (error);
}

static void
paired_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Pairing *pairing = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (CantigaAnswer) answer = cantiga_transport_send_finish (result, &error);
  g_autoptr (GPtrArray) identities = NULL;

  if (answer == NULL || !cantiga_answer_check (answer, CANTIGA_JSON_TYPE, &error))
    return pair_lost (task, error, answer != NULL ? answer->retry_after : 0);
  identities = cantiga_pairing_consume_answer (pairing->invitation, answer->body, pairing->keys, pairing->authority, pairing->server,
                                               g_get_real_time () / G_USEC_PER_SEC, &error);
  if (identities == NULL)
    return g_task_return_error (task, error);
  cantiga_store_keep_async (g_task_get_source_object (task), pairing->name, pairing->url, pairing->server, pairing->authority, identities,
                            g_task_get_cancellable (task), kept_cb, g_object_ref (task));
}

static void
pair_send (GTask *task)
{
  Pairing *pairing = g_task_get_task_data (task);

  cantiga_transport_send_async (pairing->transport, "POST", "/api/pair", NULL, CANTIGA_JSON_TYPE, pairing->request, CANTIGA_ANSWER_MAX,
                                g_task_get_cancellable (task), paired_cb, g_object_ref (task));
}

/* ---- 14.3: keys and requests, in the pool: an RSA key takes a third of a second ---- */

static gboolean
make_keys (Pairing *pairing, GError **error)
{
  pairing->keys = g_ptr_array_new_with_free_func ((GDestroyNotify)EVP_PKEY_free);
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    {
      EVP_PKEY *key = cantiga_key_pair_new ((CantigaAuth)auth, error);
      if (key == NULL)
        return FALSE;
      g_ptr_array_add (pairing->keys, key);
    }
  return TRUE;
}

static void
make_request_thread (GTask *inner, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Pairing *pairing = g_task_get_task_data (G_TASK (task_data));
  GError *error = NULL;

  if (make_keys (pairing, &error)
      && cantiga_pairing_create_request (pairing->invitation, pairing->offer, pairing->keys, &pairing->request, &pairing->authority, &pairing->server,
                                         &error))
    g_task_return_boolean (inner, TRUE);
  else
    g_task_return_error (inner, error);
}

/* A keyring that is locked is found out before the invitation is spent. */
static void
store_prepared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (cantiga_store_prepare_finish (CANTIGA_STORE (source), result, &error))
    pair_send (task);
  else
    g_task_return_error (task, error);
}

static void
request_made_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    cantiga_store_prepare_async (g_task_get_source_object (task), g_task_get_cancellable (task), store_prepared_cb, g_object_ref (task));
  else
    g_task_return_error (task, error);
}

/* ---- 14.2: the offer ---- */

/* What the server calls itself; for the listener's eyes, and believed only with the rest of the pairing. */
static gboolean
take_name (Pairing *pairing, GBytes *offer, GError **error)
{
  g_autoptr (JsonObject) object = cantiga_json_parse (g_bytes_get_data (offer, NULL), g_bytes_get_size (offer), error);
  const char *name;

  if (object == NULL || !cantiga_json_get_text (object, "name", NAME_MAX_LENGTH, &name, error))
    return FALSE;
  pairing->name = g_strdup (*name != '\0' ? name : pairing->invitation->host);
  pairing->offer = g_bytes_ref (offer);
  return TRUE;
}

static void
offered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (CantigaAnswer) answer = cantiga_transport_send_finish (result, &error);
  g_autoptr (GTask) inner = NULL;

  if (answer == NULL || !cantiga_answer_check (answer, CANTIGA_JSON_TYPE, &error) || !take_name (g_task_get_task_data (task), answer->body, &error))
    return g_task_return_error (task, error);
  inner = g_task_new (NULL, g_task_get_cancellable (task), request_made_cb, g_object_ref (task));
  g_task_set_task_data (inner, g_object_ref (task), g_object_unref);
  g_task_run_in_thread (inner, make_request_thread);
}

void
cantiga_pair_async (CantigaStore *store, const char *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (store, cancellable, callback, user_data);
  Pairing *pairing = g_new0 (Pairing, 1);
  GError *error = NULL;

  g_task_set_source_tag (task, cantiga_pair_async);
  g_task_set_task_data (task, pairing, (GDestroyNotify)pairing_free);
  pairing->pause = FIRST_PAUSE_MS;
  if ((pairing->invitation = cantiga_invitation_parse (link, &error)) == NULL)
    return g_task_return_error (task, error);
  pairing->url = cantiga_invitation_dup_url (pairing->invitation);
  if ((pairing->transport = cantiga_transport_new (pairing->url, &error)) == NULL)
    return g_task_return_error (task, error);
  cantiga_transport_send_async (pairing->transport, "GET", "/api/pair", NULL, NULL, NULL, CANTIGA_ANSWER_MAX, cancellable, offered_cb,
                                g_object_ref (task));
}

CantigaPaired *
cantiga_pair_finish (CantigaStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_pair_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
