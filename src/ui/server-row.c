#include "ui/server-row.h"

#include <glib/gi18n.h>

#include "client/reach.h"
#include "ui/application.h"
#include "ui/day-words.h"

#define LOOK_AGAIN_SECONDS 5

struct _CantigaServerRow
{
  AdwActionRow parent_instance;

  GtkMenuButton *menu; /* template */

  CantigaVisit *visit; /* borrowed: the page's */

  /* owned */
  CantigaPaired *paired;
  GCancellable *looking; /* whether it answers; NULL: nobody looks */
  guint timer;

  gboolean silent; /* it did not answer when it was last asked */
  gint64 seen;     /* when it answered last, in seconds since 1970; 0 */
};

G_DEFINE_FINAL_TYPE (CantigaServerRow, cantiga_server_row, ADW_TYPE_ACTION_ROW)

/* ---- whether it answers: asked while somebody looks ---- */

static void
looked_cb (GObject *paired, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaServerRow) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean answers = cantiga_reach_finish (CANTIGA_PAIRED (paired), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->paired == NULL)
    return;
  self->silent = !answers;
  if (answers)
    self->seen = g_get_real_time () / G_USEC_PER_SEC;
  cantiga_server_row_show_visit (self, self->visit);
}

static gboolean
look_cb (gpointer user_data)
{
  CantigaServerRow *self = user_data;

  cantiga_reach_async (self->paired, self->looking, looked_cb, g_object_ref (self));
  return G_SOURCE_CONTINUE;
}

static void
cantiga_server_row_map (GtkWidget *widget)
{
  CantigaServerRow *self = CANTIGA_SERVER_ROW (widget);

  GTK_WIDGET_CLASS (cantiga_server_row_parent_class)->map (widget);
  self->looking = g_cancellable_new ();
  self->timer = g_timeout_add_seconds (LOOK_AGAIN_SECONDS, look_cb, self);
  look_cb (self);
}

static void
look_away (CantigaServerRow *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->looking != NULL)
    g_cancellable_cancel (self->looking);
  g_clear_object (&self->looking);
}

static void
cantiga_server_row_unmap (GtkWidget *widget)
{
  look_away (CANTIGA_SERVER_ROW (widget));
  GTK_WIDGET_CLASS (cantiga_server_row_parent_class)->unmap (widget);
}

/* ---- the row ---- */

static void
cantiga_server_row_dispose (GObject *object)
{
  look_away (CANTIGA_SERVER_ROW (object));
  g_clear_object (&CANTIGA_SERVER_ROW (object)->paired);
  G_OBJECT_CLASS (cantiga_server_row_parent_class)->dispose (object);
}

static void
cantiga_server_row_class_init (CantigaServerRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_server_row_dispose;
  widget_class->map = cantiga_server_row_map;
  widget_class->unmap = cantiga_server_row_unmap;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/server-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaServerRow, menu);
}

static void
cantiga_server_row_init (CantigaServerRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
add_item (GMenu *menu, const char *label, const char *action, const char *target)
{
  g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);

  g_menu_item_set_action_and_target (item, action, "s", target);
  g_menu_append_item (menu, item);
}

GtkWidget *
cantiga_server_row_new (CantigaPaired *paired)
{
  CantigaServerRow *self = g_object_new (CANTIGA_TYPE_SERVER_ROW, NULL);
  const char *server = cantiga_paired_get_server (paired);
  g_autoptr (GMenu) menu = g_menu_new ();

  self->paired = g_object_ref (paired);
  g_object_bind_property (paired, "name", self, "title", G_BINDING_SYNC_CREATE);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (self), "s", server);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self), "win.visit");
  add_item (menu, _ ("_Rename…"), "servers.rename", server);
  add_item (menu, _ ("_Copy fingerprint"), "servers.copy-fingerprint", server);
  add_item (menu, _ ("_Forget"), "servers.forget", server);
  gtk_menu_button_set_menu_model (self->menu, G_MENU_MODEL (menu));
  cantiga_server_row_show_visit (self, NULL);
  return GTK_WIDGET (self);
}

CantigaPaired *
cantiga_server_row_get_paired (CantigaServerRow *self)
{
  return self->paired;
}

static char *
dup_standing (CantigaServerRow *self, CantigaVisit *visit)
{
  gint64 used = cantiga_paired_get_last_used (self->paired);
  g_autofree char *day = NULL;

  if (visit != NULL && cantiga_visit_get_paired (visit) == self->paired)
    switch (cantiga_visit_get_state (visit))
      {
      case CANTIGA_VISIT_OPEN:
        return g_strdup_printf (_ ("Signed in · %s"), cantiga_session_get_listener (cantiga_visit_get_session (visit)));
      case CANTIGA_VISIT_SIGNING_IN:
      case CANTIGA_VISIT_LOADING:
        return g_strdup (_ ("Signing in"));
      default:
        break;
      }
  day = cantiga_day_words_dup_past (self->silent ? MAX (used, self->seen) : used, g_get_real_time () / G_USEC_PER_SEC);
  return g_strdup_printf (self->silent ? _ ("Not answering · seen %s") : _ ("Last used %s"), day);
}

void
cantiga_server_row_show_visit (CantigaServerRow *self, CantigaVisit *visit)
{
  g_autofree char *standing = dup_standing (self, visit);
  g_autofree char *name = g_strdup_printf ("%s, %s", cantiga_paired_get_name (self->paired), standing);

  self->visit = visit;
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), standing);
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}
