#include "ui/step-row.h"

#include <glib/gi18n.h>

#include "ui/announce.h"
#include "ui/application.h"
#include "ui/aside.h"

#define SAID_LINES 2

struct _CantigaStepRow
{
  AdwPreferencesRow parent_instance;

  /* template */
  GtkStack *mark;
  GtkSpinner *spinner;
  GtkLabel *said;
  GtkButton *remedy;
  GtkButton *again;
  GtkRevealer *more;

  gboolean brief;
};

G_DEFINE_FINAL_TYPE (CantigaStepRow, cantiga_step_row, ADW_TYPE_PREFERENCES_ROW)

static guint remedy_signal;
static guint again_signal;

static void
remedy_clicked_cb (CantigaStepRow *self)
{
  g_signal_emit (self, remedy_signal, 0);
}

static void
again_clicked_cb (CantigaStepRow *self)
{
  g_signal_emit (self, again_signal, 0);
}

static void
cantiga_step_row_class_init (CantigaStepRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  remedy_signal = g_signal_new ("remedy", CANTIGA_TYPE_STEP_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  again_signal = g_signal_new ("again", CANTIGA_TYPE_STEP_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/step-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaStepRow, mark);
  gtk_widget_class_bind_template_child (widget_class, CantigaStepRow, spinner);
  gtk_widget_class_bind_template_child (widget_class, CantigaStepRow, said);
  gtk_widget_class_bind_template_child (widget_class, CantigaStepRow, remedy);
  gtk_widget_class_bind_template_child (widget_class, CantigaStepRow, again);
  gtk_widget_class_bind_template_child (widget_class, CantigaStepRow, more);
  gtk_widget_class_bind_template_callback (widget_class, remedy_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, again_clicked_cb);
}

static void
cantiga_step_row_init (CantigaStepRow *self)
{
  g_type_ensure (CANTIGA_TYPE_ASIDE);
  gtk_widget_init_template (GTK_WIDGET (self));
}

CantigaStepRow *
cantiga_step_row_new (const char *title, gboolean brief)
{
  CantigaStepRow *self = g_object_new (CANTIGA_TYPE_STEP_ROW, "title", title, NULL);

  self->brief = brief;
  cantiga_step_row_show (self, CANTIGA_MARK_WAIT, NULL, NULL);
  return self;
}

static char *
dup_name (CantigaStepRow *self, CantigaMark mark, const char *said)
{
  static const char *const states[] = {
    [CANTIGA_MARK_WAIT] = N_ ("not yet"), [CANTIGA_MARK_TURN] = N_ ("under way"), [CANTIGA_MARK_DONE] = N_ ("done"),
    [CANTIGA_MARK_WARN] = N_ ("warning"), [CANTIGA_MARK_FAIL] = N_ ("failed"),
  };
  const char *title = adw_preferences_row_get_title (ADW_PREFERENCES_ROW (self));

  if (said != NULL && *said != '\0')
    return g_strdup_printf ("%s, %s: %s", title, _ (states[mark]), said);
  return g_strdup_printf ("%s, %s", title, _ (states[mark]));
}

/* A step that fails gives the keyboard to what can be done, which says why; what was to be said of it before is over. */
static void
announce (CantigaStepRow *self, CantigaMark mark, const char *said)
{
  gboolean tells = mark == CANTIGA_MARK_DONE || mark == CANTIGA_MARK_WARN || (mark == CANTIGA_MARK_TURN && said != NULL);
  g_autofree char *name = dup_name (self, mark, self->brief && mark == CANTIGA_MARK_DONE ? NULL : said);

  cantiga_announce (GTK_WIDGET (self), tells ? name : "", CANTIGA_SAY_SOON);
}

/* The row is one thing to who hears the screen: its name says all that it shows. */
static void
name_row (CantigaStepRow *self, CantigaMark mark, const char *said)
{
  g_autofree char *name = dup_name (self, mark, said);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  /* The keyboard goes to these when a step fails, and past what the row says. */
  cantiga_announce_describe (GTK_WIDGET (self->remedy), name);
  cantiga_announce_describe (GTK_WIDGET (self->again), name);
  announce (self, mark, said);
}

void
cantiga_step_row_set_remedy (CantigaStepRow *self, const char *remedy)
{
  gtk_widget_set_visible (GTK_WIDGET (self->remedy), remedy != NULL);
  gtk_button_set_label (self->remedy, remedy != NULL ? remedy : "");
}

void
cantiga_step_row_offer_again (CantigaStepRow *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->again), TRUE);
}

void
cantiga_step_row_show (CantigaStepRow *self, CantigaMark mark, const char *said, const char *remedy)
{
  static const char *const pages[] = { "wait", "turn", "done", "warn", "fail" };
  gboolean says = said != NULL && *said != '\0';

  gtk_stack_set_visible_child_name (self->mark, pages[mark]);
  gtk_spinner_set_spinning (self->spinner, mark == CANTIGA_MARK_TURN);
  gtk_label_set_label (self->said, says ? said : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->said), says ? said : NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->said), says);
  /* What was found is quiet, and its start is enough; what somebody has to do is neither. */
  gtk_label_set_lines (self->said, mark == CANTIGA_MARK_DONE ? SAID_LINES : -1);
  gtk_label_set_ellipsize (self->said, mark == CANTIGA_MARK_DONE ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
  if (mark == CANTIGA_MARK_DONE)
    gtk_widget_add_css_class (GTK_WIDGET (self->said), "dim-label");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->said), "dim-label");
  cantiga_step_row_set_remedy (self, remedy);
  gtk_widget_set_visible (GTK_WIDGET (self->again), FALSE);
  name_row (self, mark, said);
}

void
cantiga_step_row_set_more (CantigaStepRow *self, GtkWidget *more)
{
  gtk_revealer_set_child (self->more, more);
}

void
cantiga_step_row_reveal_more (CantigaStepRow *self, gboolean reveal)
{
  gtk_revealer_set_reveal_child (self->more, reveal);
  /* The keyboard goes there, and says what is asked. */
  if (reveal)
    cantiga_announce (GTK_WIDGET (self), "", CANTIGA_SAY_SOON);
}

void
cantiga_step_row_focus_remedy (CantigaStepRow *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->remedy));
}
