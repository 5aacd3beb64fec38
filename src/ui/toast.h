/* What passes over the page and says that something was done. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* text is plain, and stands whole in as many lines as a narrow window needs. The newest is shown at once. Main thread. */
AdwToast *cantiga_toast_new (const char *text);
/* Takes toast; shows it over the page that widget is in, as high as its words are there. */
void cantiga_toast_show (AdwToast *toast, GtkWidget *widget);
/* With an Undo that can be had for 6 s: its signals "button-clicked" and "dismissed". */
AdwToast *cantiga_toast_new_undo (const char *text);

G_END_DECLS
