#include "ui/sign-in-page.h"

#include <glib/gi18n.h>

#include "ui/application.h"
#include "ui/card-action.h"
#include "ui/card-words.h"
#include "ui/compare-dialog.h"
#include "ui/day-words.h"
#include "ui/pin-box.h"
#include "ui/step-row.h"
#include "ui/step-words.h"
#include "ui/which-card.h"

/* The work does not wait for the show. */
#define SHOW_MS 120
#define STAY_MS 600

struct _CantigaSignInPage
{
  GtkBox parent_instance;

  /* template */
  AdwWindowTitle *heading;
  AdwPreferencesGroup *steps;

  /* borrowed from the tree */
  CantigaStepRow *rows[CANTIGA_N_STEPS];

  /* owned; one of them at a time is in the card's row */
  CantigaPinBox *pin;
  CantigaWhichCard *which;

  /* owned */
  CantigaVisit *visit;
  GQueue shows; /* Show, those that wait for their moment */
  guint timer;
  guint stay;

  CantigaCardAction action; /* of the button that the card's row shows */
};

G_DEFINE_FINAL_TYPE (CantigaSignInPage, cantiga_sign_in_page, GTK_TYPE_BOX)

static guint finished_signal;

/* A row's next looks. */
typedef struct
{
  CantigaStep step;
  CantigaMark mark;
  char *said;
  const char *remedy;       /* static */
  CantigaCardAction action; /* instead of remedy */
} Show;

static void
show_free (Show *show)
{
  g_free (show->said);
  g_free (show);
}

static void
finish (CantigaSignInPage *self)
{
  g_clear_handle_id (&self->stay, g_source_remove);
  if (cantiga_visit_get_state (self->visit) == CANTIGA_VISIT_OPEN)
    g_signal_emit (self, finished_signal, 0);
}

static gboolean
stayed_cb (gpointer user_data)
{
  CantigaSignInPage *self = user_data;

  self->stay = 0;
  finish (self);
  return G_SOURCE_REMOVE;
}

static gboolean
is_of_suites (CantigaStep step, const GError *error)
{
  return step == CANTIGA_STEP_SUITE && g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_NO_COMMON_SUITE);
}

/* What is to be done is done elsewhere: here it is tried again then. */
static gboolean
is_mended_elsewhere (CantigaSignInPage *self, const Show *show)
{
  if (show->step == CANTIGA_STEP_CARD)
    return show->action != CANTIGA_CARD_ACTION_NONE && show->action < CANTIGA_CARD_ACTION_START_OVER;
  return show->step == CANTIGA_STEP_CHAIN || show->step == CANTIGA_STEP_SESSION || is_of_suites (show->step, cantiga_visit_get_error (self->visit));
}

static void
perform (CantigaSignInPage *self, Show *show)
{
  const char *label = cantiga_card_action_get_label (show->action);

  cantiga_step_row_show (self->rows[show->step], show->mark, show->said, label != NULL ? label : show->remedy);
  if (show->step == CANTIGA_STEP_CARD)
    self->action = show->action;
  if (show->mark == CANTIGA_MARK_FAIL && is_mended_elsewhere (self, show))
    cantiga_step_row_offer_again (self->rows[show->step]);
  if (show->mark == CANTIGA_MARK_FAIL)
    cantiga_step_row_focus_remedy (self->rows[show->step]);
  show_free (show);
}

/* Everything is shown, and there is nothing more to come: long enough to be seen, then on. */
static void
stay_if_done (CantigaSignInPage *self)
{
  if (self->timer == 0 && self->stay == 0 && cantiga_visit_get_state (self->visit) == CANTIGA_VISIT_OPEN)
    self->stay = g_timeout_add (STAY_MS, stayed_cb, self);
}

static gboolean
show_next_cb (gpointer user_data)
{
  CantigaSignInPage *self = user_data;
  Show *show = g_queue_pop_head (&self->shows);

  if (show != NULL)
    {
      perform (self, show);
      return G_SOURCE_CONTINUE;
    }
  self->timer = 0;
  stay_if_done (self);
  return G_SOURCE_REMOVE;
}

static void
push_show (CantigaSignInPage *self, Show *show)
{
  if (self->timer == 0)
    {
      perform (self, show);
      self->timer = g_timeout_add (adw_get_enable_animations (GTK_WIDGET (self)) ? SHOW_MS : 0, show_next_cb, self);
    }
  else
    g_queue_push_tail (&self->shows, show);
}

/* It is the person's turn: nothing above what is asked may still seem to wait. */
static void
show_all (CantigaSignInPage *self)
{
  Show *show;

  while ((show = g_queue_pop_head (&self->shows)) != NULL)
    perform (self, show);
}

/* Takes said. */
static void
show_step (CantigaSignInPage *self, CantigaStep step, CantigaMark mark, char *said, const char *remedy)
{
  Show *show = g_new0 (Show, 1);

  *show = (Show){ step, mark, said, remedy, CANTIGA_CARD_ACTION_NONE };
  push_show (self, show);
}

/* Takes said. */
static void
show_card (CantigaSignInPage *self, CantigaMark mark, char *said, CantigaCardAction action)
{
  Show *show = g_new0 (Show, 1);

  *show = (Show){ CANTIGA_STEP_CARD, mark, said, NULL, action };
  push_show (self, show);
}

/* ---- what the visit says ---- */

static const char *
get_remedy (CantigaStep step, const GError *error)
{
  if (step == CANTIGA_STEP_CHAIN)
    return _ ("Compare");
  if (is_of_suites (step, error))
    return _ ("Preferences");
  return step == CANTIGA_STEP_SESSION ? _ ("Paste") : _ ("Try again");
}

static char *
dup_failure (CantigaSignInPage *self, CantigaStep step, const GError *error, CantigaCardState card)
{
  gint64 ended = cantiga_visit_get_card_ended (self->visit);
  g_autofree char *day = NULL;

  if (step != CANTIGA_STEP_CARD || card != CANTIGA_CARD_STATE_CERTIFICATE_INVALID || ended == 0)
    return cantiga_step_words_dup_failure (step, error, card);
  day = cantiga_day_words_dup_date_of_any_year (ended, g_get_real_time () / G_USEC_PER_SEC);
  /* Translators: %s is a day: "14 March", or "14 March 2024". */
  return g_strdup_printf (_ ("This card's certificate ended on %s."), day);
}

static void
show_failure (CantigaSignInPage *self, CantigaStep step)
{
  const GError *error = cantiga_visit_get_error (self->visit);
  CantigaCardState card = cantiga_visit_get_card_state (self->visit);
  g_autofree char *failure = dup_failure (self, step, error, card);
  g_autofree char *remedy = cantiga_step_words_dup_remedy (step, error, card);
  g_autofree char *said = *remedy != '\0' ? g_strdup_printf ("%s %s", failure, remedy) : g_strdup (failure);

  cantiga_step_row_reveal_more (self->rows[CANTIGA_STEP_CARD], FALSE);
  if (step == CANTIGA_STEP_CARD)
    show_card (self, CANTIGA_MARK_FAIL, g_steal_pointer (&said), cantiga_card_action_after (card, error));
  else
    show_step (self, step, CANTIGA_MARK_FAIL, g_steal_pointer (&said), get_remedy (step, error));
}

static void
visit_step_cb (CantigaVisit *visit, int step, int state, const char *detail, CantigaSignInPage *self)
{
  const CantigaSuite *suite;

  if (state == CANTIGA_STEP_FAILED)
    return show_failure (self, step);
  if (step == CANTIGA_STEP_CARD)
    cantiga_step_row_reveal_more (self->rows[step], FALSE);
  if (state == CANTIGA_STEP_STARTED)
    return show_step (self, step, CANTIGA_MARK_TURN, NULL, NULL);
  suite = step == CANTIGA_STEP_SUITE ? cantiga_session_get_suite (cantiga_visit_get_session (visit)) : NULL;
  show_step (self, step, suite != NULL && cantiga_suite_get_class (suite) == CANTIGA_CLASS_LEGACY ? CANTIGA_MARK_WARN : CANTIGA_MARK_DONE,
             cantiga_step_words_dup_found (step, detail), NULL);
}

static void
visit_card_cb (CantigaVisit *visit, int state, CantigaSignInPage *self)
{
  const char *remedy = cantiga_card_words_get_remedy (state);

  cantiga_step_row_reveal_more (self->rows[CANTIGA_STEP_CARD], FALSE);
  show_card (self, CANTIGA_MARK_TURN,
             *remedy != '\0' ? g_strdup_printf ("%s %s", cantiga_card_words_get_sentence (state), remedy)
                             : g_strdup (cantiga_card_words_get_sentence (state)),
             cantiga_card_action_while (state));
}

static void
visit_choose_cb (CantigaVisit *visit, GPtrArray *all, CantigaSignInPage *self)
{
  cantiga_which_card_ask (self->which, all);
  show_step (self, CANTIGA_STEP_CARD, CANTIGA_MARK_TURN, g_strdup (_ ("There are several")), NULL);
  show_all (self);
  cantiga_step_row_set_more (self->rows[CANTIGA_STEP_CARD], GTK_WIDGET (self->which));
  cantiga_step_row_reveal_more (self->rows[CANTIGA_STEP_CARD], TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->which));
}

static void
visit_elsewhere_cb (CantigaVisit *visit, CantigaCardFound *found, CantigaSignInPage *self)
{
  const char *where = found->pin == CANTIGA_CARD_PIN_PAD ? _ ("Type the PIN on the reader.") : _ ("Type the PIN in Autenticação.gov's own window.");

  cantiga_step_row_reveal_more (self->rows[CANTIGA_STEP_CARD], FALSE);
  show_card (self, CANTIGA_MARK_TURN, g_strdup_printf ("%s · %s", found->name, where), CANTIGA_CARD_ACTION_CANCEL);
  show_all (self);
}

static void
reveal_pin (CantigaSignInPage *self)
{
  cantiga_step_row_set_more (self->rows[CANTIGA_STEP_CARD], GTK_WIDGET (self->pin));
  show_step (self, CANTIGA_STEP_CARD, CANTIGA_MARK_TURN, g_strdup (_ ("Its PIN is asked for")), NULL);
  show_all (self);
  cantiga_step_row_reveal_more (self->rows[CANTIGA_STEP_CARD], TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->pin));
}

static void
last_try_answered_cb (AdwMessageDialog *dialog, const char *response, CantigaSignInPage *self)
{
  if (g_str_equal (response, "go-on"))
    reveal_pin (self);
  else
    cantiga_visit_stop (self->visit);
}

static void
warn_of_last_try (CantigaSignInPage *self)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), _ ("Last try"),
                                              _ ("A wrong PIN now blocks this PIN; you would need the PUK."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "go-on", _ ("_Go on"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "go-on", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (last_try_answered_cb), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
visit_pin_cb (CantigaVisit *visit, CantigaCardFound *found, int state, CantigaSignInPage *self)
{
  cantiga_pin_box_ask (self->pin, found, state);
  if (state == CANTIGA_CARD_STATE_LAST_TRY)
    warn_of_last_try (self);
  else
    reveal_pin (self);
}

/* ---- what the person does ---- */

static void
pin_given_cb (CantigaPinBox *box, CantigaSignInPage *self)
{
  CantigaSecret *pin = cantiga_pin_box_take (box);

  if (pin == NULL)
    return;
  gtk_widget_grab_focus (GTK_WIDGET (self->rows[CANTIGA_STEP_CARD]));
  cantiga_step_row_reveal_more (self->rows[CANTIGA_STEP_CARD], FALSE);
  show_step (self, CANTIGA_STEP_CARD, CANTIGA_MARK_TURN, g_strdup (_ ("The card signs")), NULL);
  cantiga_visit_give_pin (self->visit, pin);
}

static void
start_over (CantigaSignInPage *self)
{
  gboolean open = cantiga_session_get_state (cantiga_visit_get_session (self->visit)) == CANTIGA_SESSION_OPEN;

  for (guint step = open ? CANTIGA_STEP_CATALOGUE : 0; step < CANTIGA_N_STEPS; step++)
    cantiga_step_row_show (self->rows[step], CANTIGA_MARK_WAIT, NULL, NULL);
  cantiga_visit_start (self->visit);
}

static void
card_chosen_cb (CantigaWhichCard *which, CantigaCardFound *found, CantigaSignInPage *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->rows[CANTIGA_STEP_CARD]));
  cantiga_step_row_reveal_more (self->rows[CANTIGA_STEP_CARD], FALSE);
  cantiga_visit_give_choice (self->visit, found);
}

static void
act_on_card (CantigaSignInPage *self)
{
  switch (self->action)
    {
    case CANTIGA_CARD_ACTION_CANCEL:
      return cantiga_visit_stop (self->visit);
    case CANTIGA_CARD_ACTION_OTHER_CARD:
      cantiga_visit_choose_anew (self->visit);
      return start_over (self);
    case CANTIGA_CARD_ACTION_START_OVER:
    case CANTIGA_CARD_ACTION_TRY_AGAIN:
      return start_over (self);
    default:
      if (cantiga_card_action_perform (self->action, GTK_WIDGET (self), self->visit))
        cantiga_step_row_set_remedy (self->rows[CANTIGA_STEP_CARD], _ ("Copied"));
    }
}

static void
remedy_cb (CantigaStepRow *row, CantigaSignInPage *self)
{
  if (row == self->rows[CANTIGA_STEP_CARD])
    act_on_card (self);
  else if (row == self->rows[CANTIGA_STEP_CHAIN])
    gtk_window_present (GTK_WINDOW (
        cantiga_compare_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), cantiga_visit_get_paired (self->visit))));
  else if (row == self->rows[CANTIGA_STEP_SESSION])
    gtk_widget_activate_action (GTK_WIDGET (self), "win.paste-invitation", NULL);
  else if (row == self->rows[CANTIGA_STEP_SUITE] && is_of_suites (CANTIGA_STEP_SUITE, cantiga_visit_get_error (self->visit)))
    gtk_widget_activate_action (GTK_WIDGET (self), "app.preferences-page", "s", "security");
  else
    start_over (self);
}

static gboolean
key_pressed_cb (GtkEventControllerKey *controller, guint key, guint code, GdkModifierType modifiers, CantigaSignInPage *self)
{
  if (self->stay != 0)
    finish (self);
  return GDK_EVENT_PROPAGATE;
}

static void
clicked_cb (GtkGestureClick *gesture, int n_press, double x, double y, CantigaSignInPage *self)
{
  if (self->stay != 0)
    finish (self);
}

/* ---- the page ---- */

static void
cantiga_sign_in_page_dispose (GObject *object)
{
  CantigaSignInPage *self = CANTIGA_SIGN_IN_PAGE (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_handle_id (&self->stay, g_source_remove);
  g_queue_clear_full (&self->shows, (GDestroyNotify)show_free);
  if (self->visit != NULL)
    g_signal_handlers_disconnect_by_data (self->visit, self);
  g_clear_object (&self->visit);
  g_clear_object (&self->pin);
  g_clear_object (&self->which);
  G_OBJECT_CLASS (cantiga_sign_in_page_parent_class)->dispose (object);
}

static gboolean
cantiga_sign_in_page_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (CANTIGA_SIGN_IN_PAGE (widget)->rows[0]));
}

static void
cantiga_sign_in_page_class_init (CantigaSignInPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_sign_in_page_dispose;
  widget_class->grab_focus = cantiga_sign_in_page_grab_focus;
  finished_signal = g_signal_new ("finished", CANTIGA_TYPE_SIGN_IN_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/sign-in-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaSignInPage, heading);
  gtk_widget_class_bind_template_child (widget_class, CantigaSignInPage, steps);
}

static void
listen_for_haste (CantigaSignInPage *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  gtk_event_controller_set_propagation_phase (GTK_EVENT_CONTROLLER (click), GTK_PHASE_CAPTURE);
  g_signal_connect (click, "pressed", G_CALLBACK (clicked_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
}

static void
cantiga_sign_in_page_init (CantigaSignInPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_queue_init (&self->shows);
  for (guint step = 0; step < CANTIGA_N_STEPS; step++)
    {
      self->rows[step] = cantiga_step_row_new (cantiga_step_words_get_title (step), step < CANTIGA_STEP_CARD);
      g_signal_connect (self->rows[step], "remedy", G_CALLBACK (remedy_cb), self);
      g_signal_connect_swapped (self->rows[step], "again", G_CALLBACK (start_over), self);
      adw_preferences_group_add (self->steps, GTK_WIDGET (self->rows[step]));
    }
  self->pin = CANTIGA_PIN_BOX (g_object_ref_sink (cantiga_pin_box_new ()));
  self->which = CANTIGA_WHICH_CARD (g_object_ref_sink (cantiga_which_card_new ()));
  g_signal_connect (self->which, "chosen", G_CALLBACK (card_chosen_cb), self);
  g_signal_connect (self->pin, "given", G_CALLBACK (pin_given_cb), self);
  cantiga_step_row_set_more (self->rows[CANTIGA_STEP_CARD], GTK_WIDGET (self->pin));
  listen_for_haste (self);
}

CantigaSignInPage *
cantiga_sign_in_page_new (CantigaVisit *visit)
{
  CantigaSignInPage *self = g_object_new (CANTIGA_TYPE_SIGN_IN_PAGE, NULL);
  const char *name = cantiga_paired_get_name (cantiga_visit_get_paired (visit));
  g_autofree char *escaped = g_markup_escape_text (name, -1);

  self->visit = g_object_ref (visit);
  adw_window_title_set_subtitle (self->heading, name);
  adw_preferences_group_set_title (self->steps, escaped);
  g_signal_connect (visit, "step", G_CALLBACK (visit_step_cb), self);
  g_signal_connect (visit, "card", G_CALLBACK (visit_card_cb), self);
  g_signal_connect (visit, "pin", G_CALLBACK (visit_pin_cb), self);
  g_signal_connect (visit, "choose", G_CALLBACK (visit_choose_cb), self);
  g_signal_connect (visit, "elsewhere", G_CALLBACK (visit_elsewhere_cb), self);
  g_signal_connect_swapped (visit, "notify::state", G_CALLBACK (stay_if_done), self);
  return self;
}
