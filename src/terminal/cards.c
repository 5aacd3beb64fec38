/* cantiga-play cards: the certificates that can sign in, and their addresses for --card. */
#include <stdio.h>

#include "client/card.h"
#include "core/wire.h"
#include "terminal/cards.h"
#include "terminal/screen.h"
#include "terminal/wait.h"

static JsonObject *
encode_card (const CantigaCardFound *found)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "certificate", found->uri);
  json_object_set_string_member (object, "name", found->name);
  json_object_set_string_member (object, "label", found->label);
  json_object_set_string_member (object, "token", found->token);
  json_object_set_string_member (object, "kind", cantiga_card_kind_get_name (found->kind));
  json_object_set_string_member (object, "state", cantiga_card_state_get_name (found->state));
  json_object_set_string_member (object, "tries", cantiga_card_tries_get_name (found->tries));
  json_object_set_int_member (object, "not_after", found->not_after);
  return object;
}

static void
print_json (CantigaCardState state, GPtrArray *all)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GBytes) text = NULL;
  JsonArray *cards = json_array_new ();

  for (guint i = 0; i < all->len; i++)
    json_array_add_object_element (cards, encode_card (all->pdata[i]));
  json_object_set_string_member (object, "state", cantiga_card_state_get_name (state));
  json_object_set_array_member (object, "cards", cards);
  text = cantiga_json_format (object);
  printf ("%.*s\n", (int)g_bytes_get_size (text), (const char *)g_bytes_get_data (text, NULL));
}

static void
print (CantigaCardState state, GPtrArray *all)
{
  for (guint i = 0; i < all->len; i++)
    {
      CantigaCardFound *found = all->pdata[i];

      cantiga_screen_say ("%s (%s): %s", found->name, found->token, cantiga_card_state_get_sentence (found->state));
      cantiga_screen_say ("  %s", found->uri);
    }
  if (all->len == 0)
    cantiga_screen_say ("%s %s", cantiga_card_state_get_sentence (state), cantiga_card_state_get_remedy (state));
}

gboolean
cantiga_cards_run (CantigaOptions *options, GCancellable *cancellable, GError **error)
{
  g_autoptr (CantigaCard) card = cantiga_card_new (NULL, (const char *const *)options->modules);
  g_auto (CantigaWait) wait = { 0 };
  g_autoptr (GPtrArray) all = NULL;

  cantiga_card_list_async (card, cancellable, cantiga_wait_done_cb, &wait);
  all = cantiga_card_list_finish (card, cantiga_wait_for (&wait), error);
  if (all == NULL)
    return FALSE;
  if (options->json)
    print_json (cantiga_card_get_last_state (card), all);
  else
    print (cantiga_card_get_last_state (card), all);
  return TRUE;
}
