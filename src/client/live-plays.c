#include "client/live-plays.h"

#include "client/session-private.h"

#define TEXT_MAX 4096
#define PLAYS_MAX 10000

void
cantiga_live_play_free (CantigaLivePlay *play)
{
  if (play == NULL)
    return;
  g_free (play->name);
  g_free (play->player);
  g_free (play);
}

/* ---- listing ---- */

static CantigaLivePlay *
decode_play (JsonNode *item, GError **error)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (item) ? json_node_get_object (item) : NULL;
  CantigaLivePlay play = { 0 };
  const char *name, *player;

  if (object == NULL)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The list holds what is not a play.");
      return NULL;
    }
  if (!cantiga_json_get_id (object, "play", &play.play, error) || !cantiga_json_get_id (object, "title", &play.title, error)
      || !cantiga_json_get_text (object, "name", TEXT_MAX, &name, error) || !cantiga_json_get_text (object, "player", TEXT_MAX, &player, error)
      || !cantiga_json_get_int (object, "at", 0, G_MAXINT64, &play.at, error)
      || !cantiga_json_get_int (object, "ends", 0, G_MAXINT64, &play.ends, error) || !cantiga_json_get_boolean (object, "here", &play.here, error))
    return NULL;
  play.name = g_strdup (name);
  play.player = g_strdup (player);
  return g_memdup2 (&play, sizeof play);
}

static GPtrArray *
decode_plays (JsonObject *answer, GError **error)
{
  g_autoptr (GPtrArray) plays = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_live_play_free);
  JsonArray *array = cantiga_json_get_array (answer, "plays", PLAYS_MAX, error);

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      CantigaLivePlay *play = decode_play (json_array_get_element (array, i), error);

      if (play == NULL)
        return NULL;
      g_ptr_array_add (plays, play);
    }
  return array != NULL ? g_steal_pointer (&plays) : NULL;
}

static void
plays_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  g_autoptr (JsonObject) answer = cantiga_session_call_finish (CANTIGA_SESSION (source), result, &error);
  GPtrArray *plays = answer != NULL ? decode_plays (answer, &error) : NULL;

  if (plays != NULL)
    g_task_return_pointer (task, plays, (GDestroyNotify)g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
cantiga_session_list_plays_async (CantigaSession *session, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (CANTIGA_IS_SESSION (session));
  task = g_task_new (session, cancellable, callback, user_data);
  g_task_set_source_tag (task, cantiga_session_list_plays_async);
  cantiga_session_call_async (session, "GET", "/api/plays", NULL, cancellable, plays_answered_cb, g_object_ref (task));
}

GPtrArray *
cantiga_session_list_plays_finish (CantigaSession *session, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_session_list_plays_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- ending ---- */

void
cantiga_session_end_play_async (CantigaSession *session, const CantigaId *play, GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (JsonObject) body = json_object_new ();

  g_return_if_fail (CANTIGA_IS_SESSION (session));
  task = g_task_new (session, cancellable, callback, user_data);
  g_task_set_source_tag (task, cantiga_session_end_play_async);
  cantiga_json_set_id (body, "play", play);
  cantiga_session_call_async (session, "POST", "/api/end", body, cancellable, cantiga_session_called_cb, g_object_ref (task));
}

gboolean
cantiga_session_end_play_finish (CantigaSession *session, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_session_end_play_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
