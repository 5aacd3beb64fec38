#include "terminal/journey.h"

#include <stdio.h>

#include "client/card-signer.h"
#include "client/pair.h"
#include "terminal/screen.h"
#include "terminal/wait.h"

void
cantiga_journey_clear (CantigaJourney *journey)
{
  g_clear_object (&journey->player);
  g_clear_object (&journey->catalogue);
  g_clear_object (&journey->session);
  g_clear_object (&journey->watch);
  g_clear_object (&journey->owner);
  g_clear_object (&journey->paired);
  g_clear_object (&journey->store);
  g_clear_object (&journey->cancellable);
}

/* ---- steps ---- */

static const char *const step_names[CANTIGA_N_STEPS] = {
  [CANTIGA_STEP_CERTIFICATES] = "server certificate fetched",
  [CANTIGA_STEP_CHAIN] = "it is valid",
  [CANTIGA_STEP_SESSION] = "ours sent",
  [CANTIGA_STEP_SUITE] = "suite agreed",
  [CANTIGA_STEP_KEYS] = "keys exchanged",
  [CANTIGA_STEP_CARD] = "card accepted",
  [CANTIGA_STEP_CATALOGUE] = "catalogue here",
};

/* A line a step: it turns while it lasts, and ends in its mark. */
static void
step_cb (CantigaSession *session, int step, int state, const char *detail, gpointer user_data)
{
  const char *name = step_names[step];

  if (state == CANTIGA_STEP_STARTED)
    cantiga_screen_draw ("… %s", name);
  else
    cantiga_screen_say ("%s %-28s %s", state == CANTIGA_STEP_DONE ? "✓" : "✗", name, detail != NULL ? detail : "");
}

/* ---- pairing ---- */

static gboolean
open_store (CantigaJourney *journey, GError **error)
{
  g_auto (CantigaWait) wait = { 0 };

  cantiga_store_open_async (journey->options->state, journey->cancellable, cantiga_wait_done_cb, &wait);
  journey->store = cantiga_store_open_finish (cantiga_wait_for (&wait), error);
  if (journey->store == NULL)
    return FALSE;
  cantiga_store_set_keyring (journey->store, journey->options->keyring);
  return TRUE;
}

static void
say_keyring_notice (CantigaJourney *journey)
{
  g_autofree char *notice = cantiga_store_take_keyring_notice (journey->store);

  if (notice != NULL)
    cantiga_screen_say ("  %s", notice);
}

static gboolean
pair (CantigaJourney *journey, GError **error)
{
  CantigaOptions *options = journey->options;
  g_auto (CantigaWait) wait = { 0 };

  cantiga_screen_draw ("… pairing");
  cantiga_pair_async (journey->store, options->invitation, journey->cancellable, cantiga_wait_done_cb, &wait);
  journey->paired = cantiga_pair_finish (journey->store, cantiga_wait_for (&wait), error);
  if (journey->paired == NULL)
    return FALSE;
  cantiga_screen_say ("✓ %-28s %s at %s", "paired", cantiga_paired_get_name (journey->paired), cantiga_paired_get_url (journey->paired));
  say_keyring_notice (journey);
  return TRUE;
}

static gboolean
find_server (CantigaJourney *journey, GError **error)
{
  CantigaPaired *paired;

  if (journey->options->invitation != NULL)
    return pair (journey, error);
  paired = cantiga_store_find (journey->store, journey->options->server, error);
  if (paired != NULL)
    journey->paired = g_object_ref (paired);
  return paired != NULL;
}

/* ---- signing in ---- */

static gboolean
make_session (CantigaJourney *journey, GError **error)
{
  CantigaOptions *options = journey->options;
  g_autoptr (CantigaCard) card = cantiga_card_new (NULL, (const char *const *)options->modules);
  g_autoptr (CantigaSecret) pin = NULL;
  g_autoptr (CantigaSigner) signer = NULL;

  if (options->pin_fd >= 0)
    {
      pin = cantiga_options_read_pin (options->pin_fd, error);
      if (pin == NULL)
        return FALSE;
    }
  journey->owner = cantiga_terminal_owner_new (g_steal_pointer (&pin), options->last_try);
  signer = cantiga_card_signer_new (card, CANTIGA_CARD_OWNER (journey->owner));
  cantiga_card_signer_remember (CANTIGA_CARD_SIGNER (signer), cantiga_store_get_path (journey->store));
  if (options->card != NULL)
    cantiga_card_signer_choose (CANTIGA_CARD_SIGNER (signer), g_str_equal (options->card, "ask") ? NULL : options->card);
  journey->watch = cantiga_card_watch_new (CANTIGA_CARD_SIGNER (signer));
  journey->session = cantiga_session_new (journey->store, journey->paired, (const char *const *)options->suites, signer, error);
  if (journey->session == NULL)
    return FALSE;
  g_signal_connect (journey->session, "step", G_CALLBACK (step_cb), NULL);
  return TRUE;
}

/* GStreamer's plugins load while the person looks for the card. */
static gboolean
warm_up (CantigaJourney *journey, GError **error)
{
  CantigaOptions *options = journey->options;

  if (options->list || options->output != NULL || options->licences || options->renew != NULL || options->give_back != NULL)
    return TRUE;
  journey->player = cantiga_player_new (NULL, error);
  return journey->player != NULL;
}

static void
warn_of_legacy (CantigaJourney *journey)
{
  const CantigaSuite *suite = cantiga_session_get_suite (journey->session);

  if (suite != NULL && cantiga_suite_get_class (suite) == CANTIGA_CLASS_LEGACY)
    cantiga_screen_complain ("! %s is a legacy suite: weaker than what both sides could do. Use it for old times' sake alone.",
                             cantiga_suite_get_name (suite));
}

static gboolean
load_catalogue (CantigaJourney *journey, GError **error)
{
  g_auto (CantigaWait) wait = { 0 };

  if (journey->catalogue == NULL)
    journey->catalogue = cantiga_catalogue_new (journey->session);
  cantiga_catalogue_load_async (journey->catalogue, journey->cancellable, cantiga_wait_done_cb, &wait);
  return cantiga_catalogue_load_finish (journey->catalogue, cantiga_wait_for (&wait), error);
}

gboolean
cantiga_journey_sign_in (CantigaJourney *journey, GError **error)
{
  g_auto (CantigaWait) wait = { 0 };

  if (!open_store (journey, error) || !find_server (journey, error) || !make_session (journey, error))
    return FALSE;
  cantiga_session_sign_in_async (journey->session, journey->cancellable, cantiga_wait_done_cb, &wait);
  if (!warm_up (journey, error) || !cantiga_session_sign_in_finish (journey->session, cantiga_wait_for (&wait), error))
    return FALSE;
  say_keyring_notice (journey);
  warn_of_legacy (journey);
  return load_catalogue (journey, error);
}

static void
leave_session (CantigaSession *session)
{
  g_auto (CantigaWait) wait = { 0 };

  if (cantiga_session_get_state (session) != CANTIGA_SESSION_OPEN)
    return;
  cantiga_session_leave_async (session, NULL, cantiga_wait_done_cb, &wait);
  cantiga_session_leave_finish (session, cantiga_wait_for (&wait), NULL);
}

static void
flush_store (CantigaStore *store)
{
  g_auto (CantigaWait) wait = { 0 };

  cantiga_store_flush_async (store, NULL, cantiga_wait_done_cb, &wait);
  cantiga_store_flush_finish (store, cantiga_wait_for (&wait), NULL);
}

void
cantiga_journey_leave (CantigaJourney *journey)
{
  if (journey->session != NULL)
    leave_session (journey->session);
  if (journey->store != NULL)
    flush_store (journey->store);
}

/* ---- the catalogue ---- */

static char *
dup_duration (double seconds)
{
  guint whole = (guint)(seconds + 0.5);

  return g_strdup_printf ("%u:%02u", whole / 60, whole % 60);
}

/* What a person wants to know of a licence before choosing. */
static char *
dup_licence (CantigaTitle *title)
{
  const char *state = cantiga_title_get_licence_state (title);
  int left = cantiga_title_get_plays_left (title);

  if (g_str_equal (state, "valid"))
    return left == 0 ? g_strdup ("used up") : g_strdup_printf (left == 1 ? "%d play" : "%d plays", left);
  if (g_str_equal (state, "none"))
    return g_strdup ("");
  return g_strdup (g_str_equal (state, "used-up") ? "used up" : state);
}

static void
print_title (CantigaTitle *title, guint number)
{
  g_autofree char *duration = dup_duration (cantiga_title_get_duration (title));
  g_autofree char *licence = dup_licence (title);
  const char *artist = cantiga_title_get_artist (title);

  cantiga_screen_say ("%4u  %s%s%s  %s  %s", number, cantiga_title_get_name (title), *artist != '\0' ? " · " : "", artist, duration, licence);
}

static JsonObject *
encode_title (CantigaTitle *title, guint number)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "number", number);
  cantiga_json_set_id (object, "id", cantiga_title_get_id (title));
  json_object_set_string_member (object, "title", cantiga_title_get_name (title));
  json_object_set_string_member (object, "artist", cantiga_title_get_artist (title));
  json_object_set_string_member (object, "album", cantiga_title_get_album (title));
  json_object_set_int_member (object, "track", cantiga_title_get_track (title));
  json_object_set_int_member (object, "year", cantiga_title_get_year (title));
  json_object_set_double_member (object, "duration", cantiga_title_get_duration (title));
  json_object_set_string_member (object, "type", cantiga_title_get_media_type (title));
  json_object_set_int_member (object, "size", (gint64)cantiga_title_get_size (title));
  json_object_set_int_member (object, "chunks", (gint64)cantiga_title_get_chunks (title));
  json_object_set_boolean_member (object, "exportable", cantiga_title_is_exportable (title));
  json_object_set_string_member (object, "licence", cantiga_title_get_licence_state (title));
  if (cantiga_title_get_plays_left (title) >= 0 && !g_str_equal (cantiga_title_get_licence_state (title), "none"))
    json_object_set_int_member (object, "plays_left", cantiga_title_get_plays_left (title));
  else
    json_object_set_null_member (object, "plays_left");
  json_object_set_int_member (object, "expires", cantiga_title_get_expires (title));
  return object;
}

static void
print_json (GListModel *titles)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
  JsonArray *array = json_array_new ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (titles); i++)
    {
      g_autoptr (CantigaTitle) title = g_list_model_get_item (titles, i);

      json_array_add_object_element (array, encode_title (title, i + 1));
    }
  json_node_take_array (node, array);
  text = json_to_string (node, FALSE);
  printf ("%s\n", text);
}

void
cantiga_journey_print_catalogue (CantigaJourney *journey)
{
  GListModel *titles = cantiga_catalogue_get_titles (journey->catalogue);
  guint n = g_list_model_get_n_items (titles);

  if (journey->options->json)
    {
      print_json (titles);
      return;
    }
  if (n == 0)
    cantiga_screen_say ("The catalogue is empty: ask the keeper to add titles.");
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (CantigaTitle) title = g_list_model_get_item (titles, i);

      print_title (title, i + 1);
    }
}

CantigaTitle *
cantiga_journey_find_title (CantigaJourney *journey, const char *words, GError **error)
{
  return cantiga_catalogue_find_title (journey->catalogue, words, error);
}
