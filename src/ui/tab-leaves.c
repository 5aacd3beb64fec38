#include "ui/tab-leaves.h"

/* From an item itself; from what stands within one, the key goes on within it first. */
static gboolean
leave (GtkWidget *view, GtkDirectionType direction)
{
  GtkRoot *root = gtk_widget_get_root (view);
  GtkWidget *focus = gtk_root_get_focus (root);

  if (focus == NULL || gtk_widget_get_parent (focus) != view)
    return GDK_EVENT_PROPAGATE;
  gtk_widget_set_can_focus (view, FALSE);
  g_signal_emit_by_name (root, "move-focus", direction);
  gtk_widget_set_can_focus (view, TRUE);
  return GDK_EVENT_STOP;
}

static gboolean
key_pressed_cb (GtkEventControllerKey *keys, guint key, guint code, GdkModifierType modifiers, gpointer tab)
{
  GtkWidget *view = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (keys));
  GdkModifierType held = modifiers & gtk_accelerator_get_default_mod_mask ();

  if (key == GDK_KEY_Tab && held == 0)
    return leave (view, GTK_DIR_TAB_FORWARD);
  if ((key == GDK_KEY_ISO_Left_Tab || key == GDK_KEY_Tab) && held == GDK_SHIFT_MASK && GPOINTER_TO_INT (tab) == CANTIGA_TAB_BOTH)
    return leave (view, GTK_DIR_TAB_BACKWARD);
  return GDK_EVENT_PROPAGATE;
}

void
cantiga_tab_leaves (GtkWidget *view, CantigaTab tab)
{
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_pressed_cb), GINT_TO_POINTER (tab));
  gtk_widget_add_controller (view, keys);
}
