#include "client/reach.h"

#include "client/pause.h"
#include "client/transport.h"

#define LIMIT_MS 5000
#define SERVER_MAX_LENGTH 64

/* A server that asks for patience is there all the same. */
static gboolean
check_offer (CantigaPaired *paired, const CantigaAnswer *answer, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (JsonObject) offer = cantiga_answer_parse (answer, &reason);
  const char *server;

  if (offer == NULL && cantiga_error_is_patience (reason))
    return TRUE;
  if (offer == NULL || !cantiga_json_get_text (offer, "server", SERVER_MAX_LENGTH, &server, &reason))
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  return g_str_equal (server, cantiga_paired_get_server (paired))
         || cantiga_fail_with (error, CANTIGA_ERROR_NOT_FOUND, "Another server answers at %s.", cantiga_paired_get_url (paired));
}

static void
answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (CantigaAnswer) answer = cantiga_transport_send_finish (result, &error);

  if (answer != NULL && check_offer (g_task_get_source_object (task), answer, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
cantiga_reach_async (CantigaPaired *paired, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (paired, cancellable, callback, user_data);
  GError *error = NULL;
  g_autoptr (CantigaTransport) transport = cantiga_transport_new (cantiga_paired_get_url (paired), &error);

  g_task_set_source_tag (task, cantiga_reach_async);
  if (transport == NULL)
    return g_task_return_error (task, error);
  cantiga_transport_set_limit (transport, LIMIT_MS);
  cantiga_transport_send_async (transport, "GET", "/api/pair", NULL, NULL, NULL, CANTIGA_ANSWER_MAX, cancellable, answered_cb, g_object_ref (task));
}

gboolean
cantiga_reach_finish (CantigaPaired *paired, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_reach_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
