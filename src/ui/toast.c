#include "ui/toast.h"

#include <glib/gi18n.h>

#define UNDO_SECONDS 6
#define LINES_MAX 4

AdwToast *
cantiga_toast_new (const char *text)
{
  AdwToast *toast = adw_toast_new ("");
  GtkWidget *words = gtk_label_new (text);

  /* libadwaita's own words are one line, and end where it ends. */
  gtk_label_set_wrap (GTK_LABEL (words), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (words), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_lines (GTK_LABEL (words), LINES_MAX);
  gtk_label_set_ellipsize (GTK_LABEL (words), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (words), 0);
  gtk_widget_add_css_class (words, "heading");
  adw_toast_set_custom_title (toast, words);
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  return toast;
}

AdwToast *
cantiga_toast_new_undo (const char *text)
{
  AdwToast *toast = cantiga_toast_new (text);

  adw_toast_set_timeout (toast, UNDO_SECONDS);
  adw_toast_set_button_label (toast, _ ("Undo"));
  return toast;
}
