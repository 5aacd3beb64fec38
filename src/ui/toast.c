#include "ui/toast.h"

#include <glib/gi18n.h>

#include "ui/announce.h"

#define UNDO_SECONDS 6
#define LINES_MAX 4
/* Beside the words: margins, padding, the button that closes it; and what Undo takes, which grows with the letters. */
#define BESIDE 104
#define UNDO_LETTERS 9
#define LETTERS_MIN 12

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

/* As GtkLabel counts them, digits too: cantiga_sized_measure_chars() is narrower, and the words would like more than there is. */
static int
get_letter_width (GtkWidget *widget)
{
  PangoContext *context = gtk_widget_get_pango_context (widget);
  PangoFontMetrics *metrics = pango_context_get_metrics (context, NULL, NULL);
  /* Of bold ones: a tenth more. */
  int width = MAX (pango_font_metrics_get_approximate_char_width (metrics), pango_font_metrics_get_approximate_digit_width (metrics)) * 11 / 10;

  pango_font_metrics_unref (metrics);
  return MAX (PANGO_PIXELS_CEIL (width), 1);
}

void
cantiga_toast_show (AdwToast *toast, GtkWidget *widget)
{
  GtkWidget *overlay = gtk_widget_get_ancestor (widget, ADW_TYPE_TOAST_OVERLAY);
  GtkWidget *words = adw_toast_get_custom_title (toast);
  int letters = (gtk_widget_get_width (overlay) - BESIDE) / get_letter_width (overlay) - (adw_toast_get_button_label (toast) != NULL ? UNDO_LETTERS : 0);

  /* libadwaita 1.2 makes it as high as its words are where they have all the width that they would like. So they like no more than there is. */
  gtk_label_set_max_width_chars (GTK_LABEL (words), MAX (letters, LETTERS_MIN));
  adw_toast_overlay_add_toast (ADW_TOAST_OVERLAY (overlay), toast);
  cantiga_announce (words, gtk_label_get_label (GTK_LABEL (words)), CANTIGA_SAY_SOON);
}
