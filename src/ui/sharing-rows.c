#include "ui/sharing-rows.h"

#include <glib/gi18n.h>

static char *
dup_hour (gint64 at)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (at);

  return g_date_time_format (time, "%H:%M");
}

static GtkWidget *
create_row (const char *title, const char *subtitle, const char *icon)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *image = g_object_new (GTK_TYPE_IMAGE, "icon-name", icon, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  g_autofree char *name = g_strdup_printf ("%s, %s", title, subtitle);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), image);
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  return row;
}

GtkWidget *
cantiga_sharing_rows_create_listener (gpointer user_data, gpointer unused)
{
  CantigaShareEntry *entry = user_data;
  g_autofree char *hour = dup_hour (entry->at);
  g_autofree char *subtitle = entry->detail != NULL ? g_strdup_printf (_ ("%s · since %s"), entry->detail, hour)
                                                    : g_strdup_printf (_ ("Since %s, nothing heard yet"), hour);

  return create_row (entry->name, subtitle, "avatar-default-symbolic");
}

static void
add_button (GtkWidget *row, const char *label, const char *action, const char *id, const char *style)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "flat");
  if (style != NULL)
    gtk_widget_add_css_class (button, style);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s", id);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
}

GtkWidget *
cantiga_sharing_rows_create_card (gpointer user_data, gpointer unused)
{
  CantigaShareEntry *entry = user_data;
  g_autofree char *subtitle = g_strdup_printf (entry->revoked ? _ ("… %s · may not listen any more")
                                               : entry->waits ? _ ("… %s · waits for you to let it in")
                                                              : _ ("… %s · may listen"),
                                               entry->detail);
  GtkWidget *row = create_row (entry->name, subtitle, "cantiga-card-symbolic");

  if (entry->waits)
    add_button (row, _ ("Let in"), "sharing.approve-card", entry->id, NULL);
  if (!entry->revoked)
    add_button (row, _ ("Revoke"), "sharing.revoke-card", entry->id, "error");
  return row;
}

/* ---- the log ---- */

char *
cantiga_sharing_rows_dup_line (CantigaShareEntry *entry)
{
  g_autofree char *hour = dup_hour (entry->at);

  return g_strdup_printf ("%s  %s", hour, entry->name);
}

static void
setup_cb (GtkListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_widget_add_css_class (label, "numeric");
  gtk_list_item_set_child (item, label);
}

static void
bind_cb (GtkListItemFactory *factory, GtkListItem *item)
{
  g_autofree char *line = cantiga_sharing_rows_dup_line (gtk_list_item_get_item (item));

  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)), line);
}

GtkListItemFactory *
cantiga_sharing_rows_create_log_factory (void)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
  return factory;
}
