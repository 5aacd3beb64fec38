#include "ui/about.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <gst/gst.h>

#include "client/card.h"
#include "ui/application.h"
#include "ui/card-action.h"

/* What it runs on; no names and no addresses, for it is pasted in public. Not translated: whoever helps reads it. */
static char *
dup_versions (void)
{
  g_autofree char *gst = gst_version_string ();
  g_autofree char *os = g_get_os_info (G_OS_INFO_KEY_PRETTY_NAME);
  const char *desktop = g_getenv ("XDG_CURRENT_DESKTOP");

  return g_strdup_printf ("Cantiga %s\nGTK %u.%u.%u, libadwaita %u.%u.%u, GLib %u.%u.%u\n%s\nSystem: %s\nDesktop: %s\n", CANTIGA_VERSION,
                          gtk_get_major_version (), gtk_get_minor_version (), gtk_get_micro_version (), adw_get_major_version (),
                          adw_get_minor_version (), adw_get_micro_version (), glib_major_version, glib_minor_version, glib_micro_version, gst,
                          os != NULL ? os : "unknown", desktop != NULL ? desktop : "unknown");
}

/* The same as "Copy diagnosis" says of reader, module and card. */
static void
inspected_cb (GObject *card, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AdwAboutWindow) window = user_data;
  g_autofree char *versions = dup_versions ();
  g_autofree char *found = cantiga_card_action_dup_diagnosis (CANTIGA_CARD (card), result);
  g_autofree char *text = g_strdup_printf ("%s\nCards: %s\n", versions, found);

  adw_about_window_set_debug_info (window, text);
}

void
cantiga_about_show (GtkWindow *parent, const char *const *modules)
{
  g_autofree char *versions = dup_versions ();
  g_autoptr (CantigaCard) card = cantiga_card_new (NULL, modules);
  GtkWidget *window = g_object_new (ADW_TYPE_ABOUT_WINDOW, "transient-for", parent, "application-name", "Cantiga", "application-icon",
                                    CANTIGA_APPLICATION_ID, "version", CANTIGA_VERSION, "developer-name", _ ("The Cantiga project"), "comments",
                                    _ ("Hear music that is kept for you."), "license-type", GTK_LICENSE_GPL_3_0, "translator-credits",
                                    _ ("translator-credits"), "debug-info", versions, "debug-info-filename", "cantiga.txt", NULL);

  gtk_window_present (GTK_WINDOW (window));
  cantiga_card_inspect_async (card, NULL, inspected_cb, g_object_ref (window));
}
