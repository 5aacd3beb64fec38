/* The page of an album or an artist: a head, and its titles. */
#pragma once

#include <adwaita.h>

#include "ui/covers.h"
#include "ui/group.h"
#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_GROUP_PAGE (cantiga_group_page_get_type ())
G_DECLARE_FINAL_TYPE (CantigaGroupPage, cantiga_group_page, CANTIGA, GROUP_PAGE, GtkBox)

/* head: a widget whose property "narrow", if it has one, says when the page is. menu: of the window. */
GtkWidget *cantiga_group_page_new (CantigaGroup *group, GtkWidget *head, CantigaCovers *covers, CantigaQueue *queue, GMenuModel *menu);

G_END_DECLS
