#include "terminal/owner.h"

#include "terminal/screen.h"

struct _CantigaTerminalOwner
{
  GObject parent_instance;

  CantigaSecret *pin;  /* owned; gone once it was given */
  gboolean programmed; /* a program gives the PIN: nobody is asked anything */
  gboolean last_try;
};

static void cantiga_terminal_owner_iface_init (CantigaCardOwnerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CantigaTerminalOwner, cantiga_terminal_owner, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CANTIGA_TYPE_CARD_OWNER, cantiga_terminal_owner_iface_init))

static void
cantiga_terminal_owner_finalize (GObject *object)
{
  g_clear_pointer (&CANTIGA_TERMINAL_OWNER (object)->pin, cantiga_secret_free);
  G_OBJECT_CLASS (cantiga_terminal_owner_parent_class)->finalize (object);
}

static void
cantiga_terminal_owner_class_init (CantigaTerminalOwnerClass *class)
{
  G_OBJECT_CLASS (class)->finalize = cantiga_terminal_owner_finalize;
}

static void
cantiga_terminal_owner_init (CantigaTerminalOwner *self)
{
}

CantigaTerminalOwner *
cantiga_terminal_owner_new (CantigaSecret *pin, gboolean last_try)
{
  CantigaTerminalOwner *self = g_object_new (CANTIGA_TYPE_TERMINAL_OWNER, NULL);

  self->pin = pin;
  self->programmed = pin != NULL;
  self->last_try = last_try;
  return self;
}

/* Somebody can put a card in; a program that has given its PIN waits for nobody. */
static gboolean
await_card (CantigaCardOwner *owner, CantigaCardState state)
{
  CantigaTerminalOwner *self = CANTIGA_TERMINAL_OWNER (owner);

  if (self->programmed || !cantiga_screen_is_attended ())
    return FALSE;
  cantiga_screen_say ("  %s %s", cantiga_card_state_get_sentence (state), cantiga_card_state_get_remedy (state));
  return TRUE;
}

/* ---- which card ---- */

static CantigaCardFound *
ask_which (GPtrArray *found, GCancellable *cancellable, GError **error)
{
  for (guint i = 0; i < found->len; i++)
    {
      CantigaCardFound *card = g_ptr_array_index (found, i);

      cantiga_screen_say ("  %u  %s (%s)", i + 1, card->name, card->token);
    }
  for (;;)
    {
      g_autofree char *answer = cantiga_screen_ask ("Which card? ", cancellable, error);
      guint64 number;

      if (answer == NULL)
        return NULL;
      if (g_ascii_string_to_unsigned (g_strstrip (answer), 10, 1, found->len, &number, NULL))
        return cantiga_card_found_ref (g_ptr_array_index (found, number - 1));
    }
}

static void
choose_card_async (CantigaCardOwner *owner, GPtrArray *found, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  CantigaCardFound *chosen;

  if (CANTIGA_TERMINAL_OWNER (owner)->programmed || !cantiga_screen_is_attended ())
    chosen = cantiga_card_found_ref (g_ptr_array_index (found, 0));
  else
    chosen = ask_which (found, cancellable, &error);
  if (chosen != NULL)
    g_task_return_pointer (task, chosen, (GDestroyNotify)cantiga_card_found_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static CantigaCardFound *
choose_card_finish (CantigaCardOwner *owner, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- the PIN ---- */

/* The PIN of --pin-fd: once, and never as the last try unless that was said. */
static CantigaSecret *
give_pin (CantigaTerminalOwner *self, CantigaCardState state, GError **error)
{
  if (state == CANTIGA_CARD_STATE_LAST_TRY && !self->last_try)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CARD,
                         "This is the card's last try: a wrong PIN now blocks it. Type the PIN at a terminal, or say --last-try.");
      return NULL;
    }
  return g_steal_pointer (&self->pin);
}

/* What a wrong one costs is said before the first is typed. */
static void
say_tries (CantigaCardFound *found, CantigaCardState state)
{
  int left = cantiga_card_tries_get_left (found->tries, found->kind);

  if (state == CANTIGA_CARD_STATE_LAST_TRY)
    return cantiga_screen_say ("  ! This is the last try: a wrong PIN now blocks the card. Nothing and Enter leaves it as it is.");
  if (state == CANTIGA_CARD_STATE_PIN_WRONG && found->tries == CANTIGA_CARD_TRIES_NORMAL)
    left = -1;
  if (left > 0)
    cantiga_screen_say ("  %s%d tries left for the PIN.", state == CANTIGA_CARD_STATE_PIN_WRONG ? "The PIN is wrong. " : "", left);
  else if (state == CANTIGA_CARD_STATE_PIN_WRONG)
    cantiga_screen_say ("  The PIN is wrong; there are more tries.");
  else if (found->tries == CANTIGA_CARD_TRIES_LOW)
    cantiga_screen_say ("  A wrong PIN was given before.");
}

static CantigaSecret *
ask_pin (CantigaTerminalOwner *self, CantigaCardFound *found, CantigaCardState state, GCancellable *cancellable, GError **error)
{
  g_autofree char *question = g_strdup_printf ("PIN of %s (%s): ", found->name, found->token);

  if (self->programmed || !cantiga_screen_is_attended ())
    {
      cantiga_card_state_fail (error, state);
      return NULL;
    }
  say_tries (found, state);
  return cantiga_screen_ask_secret (question, cancellable, error);
}

static void
ask_pin_async (CantigaCardOwner *owner, CantigaCardFound *found, CantigaCardState state, GCancellable *cancellable, GAsyncReadyCallback callback,
               gpointer user_data)
{
  CantigaTerminalOwner *self = CANTIGA_TERMINAL_OWNER (owner);
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  CantigaSecret *pin = self->pin != NULL ? give_pin (self, state, &error) : ask_pin (self, found, state, cancellable, &error);

  if (pin != NULL)
    g_task_return_pointer (task, pin, (GDestroyNotify)cantiga_secret_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static CantigaSecret *
ask_pin_finish (CantigaCardOwner *owner, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
point_elsewhere (CantigaCardOwner *owner, CantigaCardFound *found)
{
  cantiga_screen_say (found->pin == CANTIGA_CARD_PIN_PAD ? "  Type the PIN of %s on the reader." : "  Type the PIN of %s in the card's own window.", found->name);
}

static void
cantiga_terminal_owner_iface_init (CantigaCardOwnerInterface *iface)
{
  iface->point_elsewhere = point_elsewhere;
  iface->await_card = await_card;
  iface->choose_card_async = choose_card_async;
  iface->choose_card_finish = choose_card_finish;
  iface->ask_pin_async = ask_pin_async;
  iface->ask_pin_finish = ask_pin_finish;
}
