#include "ui/title-name.h"

#include <glib/gi18n.h>

#include "ui/licence-words.h"
#include "ui/refusal.h"

void
cantiga_title_name_show (GtkWidget *widget, CantigaTitle *title)
{
  g_auto (CantigaLicenceWords) words = cantiga_licence_words (title, CANTIGA_SPENT_ELSEWHERE, g_get_real_time () / G_USEC_PER_SEC);
  g_autoptr (GString) name = g_string_new (cantiga_title_get_name (title));
  g_autofree char *reason = cantiga_refusal_dup_reason (title);
  GtkWidget *item = gtk_widget_get_parent (widget);

  if (*cantiga_title_get_artist (title) != '\0')
    g_string_append_printf (name, ", %s", cantiga_title_get_artist (title));
  if (*words.whole != '\0')
    {
      g_string_append (name, ". ");
      g_string_append_printf (name, _ ("Licence: %s"), words.whole);
    }
  if (reason != NULL)
    g_string_append_printf (name, ". %s", reason);
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name->str, -1);
  if (item != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_PROPERTY_LABEL, name->str, -1);
}

void
cantiga_title_name_show_button (GtkWidget *button, CantigaTitle *title)
{
  g_autofree char *name = g_strdup_printf (_ ("Play “%s”"), cantiga_title_get_name (title));

  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

void
cantiga_title_name_show_menu (GtkWidget *button, CantigaTitle *title)
{
  g_autofree char *name = g_strdup_printf (_ ("More about “%s”"), cantiga_title_get_name (title));

  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}
