/* The menu of a title, or of an album's titles: by right click, long press, the Menu key, or a button. */
#pragma once

#include <gtk/gtk.h>

#include "ui/group.h"

G_BEGIN_DECLS

/* What the menu of widget is about: CantigaTitle, free with g_ptr_array_unref(); NULL for no menu. */
typedef GPtrArray *(*CantigaTitleMenuAbout) (GtkWidget *widget);

/* For those that show one title, or none. */
GPtrArray *cantiga_title_menu_about_one (CantigaTitle *title);

/* A pointer or a finger on widget opens it. */
void cantiga_title_menu_attach (GtkWidget *widget, CantigaTitleMenuAbout about);
/* The Menu key opens that of the item of view that has the focus. */
void cantiga_title_menu_attach_keys (GtkWidget *view);
/* Opens it under widget, to which it was attached. */
void cantiga_title_menu_open (GtkWidget *widget);

G_END_DECLS
