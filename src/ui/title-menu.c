#include "ui/title-menu.h"

#include <glib/gi18n.h>

#include "ui/window.h"

#define ABOUT "cantiga-title-menu-about"

/* What an open menu knows. */
typedef struct
{
  GtkWidget *popover; /* borrowed: it owns this */
  GPtrArray *titles;
} Menu;

static void
menu_free (Menu *menu)
{
  g_ptr_array_unref (menu->titles);
  g_free (menu);
}

static CantigaWindow *
get_window (Menu *menu)
{
  return CANTIGA_WINDOW (gtk_widget_get_root (menu->popover));
}

/* ---- what can be chosen ---- */

static void
play_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  Menu *menu = user_data;

  cantiga_window_play (get_window (menu), menu->titles, 0);
}

static void
enqueue_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  Menu *menu = user_data;

  cantiga_window_enqueue (get_window (menu), menu->titles, g_str_equal (g_action_get_name (G_ACTION (action)), "play-next"));
}

static void
open_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  Menu *menu = user_data;
  CantigaTitle *title = menu->titles->pdata[0];

  if (g_str_equal (g_action_get_name (G_ACTION (action)), "album"))
    cantiga_window_open_album (get_window (menu), title);
  else
    cantiga_window_open_artist (get_window (menu), cantiga_title_get_artist (title));
}

static void
licence_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  Menu *menu = user_data;

  cantiga_window_show_licence (get_window (menu), menu->titles->pdata[0]);
}

static const GActionEntry actions[] = {
  { .name = "play", .activate = play_cb },  { .name = "play-next", .activate = enqueue_cb }, { .name = "enqueue", .activate = enqueue_cb },
  { .name = "album", .activate = open_cb }, { .name = "artist", .activate = open_cb },       { .name = "licence", .activate = licence_cb },
};

static GMenuModel *
make_model (GPtrArray *titles)
{
  g_autoptr (GMenu) menu = g_menu_new (), play = g_menu_new (), go = g_menu_new ();
  CantigaTitle *title = titles->pdata[0];
  gboolean one = titles->len == 1;

  g_menu_append (play, _ ("_Play"), "title.play");
  g_menu_append (play, _ ("Play _next"), "title.play-next");
  g_menu_append (play, _ ("_Add to queue"), "title.enqueue");
  if (one && *cantiga_title_get_album (title) != '\0')
    g_menu_append (go, _ ("Go to al_bum"), "title.album");
  if (*cantiga_title_get_artist (title) != '\0')
    g_menu_append (go, _ ("Go to a_rtist"), "title.artist");
  if (one)
    g_menu_append (go, _ ("_Licence"), "title.licence");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (play));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (go));
  return G_MENU_MODEL (g_steal_pointer (&menu));
}

/* ---- opening ---- */

GPtrArray *
cantiga_title_menu_about_one (CantigaTitle *title)
{
  GPtrArray *titles;

  if (title == NULL)
    return NULL;
  titles = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (titles, g_object_ref (title));
  return titles;
}

/* A menu outlives what it is about: GTK 4.8 goes on asking a popover that was under the pointer for its surface, and dies if the popover has gone from
 * the screen with its parent. So it is the window's, and stays there unseen until the next one opens: the pointer is elsewhere by then. */
static void
put_into_window (GtkWidget *popover, GtkWidget *widget, const GdkRectangle *at)
{
  GtkWidget *content = adw_application_window_get_content (ADW_APPLICATION_WINDOW (gtk_widget_get_root (widget)));
  GtkWidget *former = g_object_get_data (G_OBJECT (content), ABOUT);
  double x, y;

  gtk_widget_translate_coordinates (widget, content, at->x, at->y, &x, &y);
  if (former != NULL)
    gtk_widget_unparent (former);
  g_object_set_data (G_OBJECT (content), ABOUT, popover);
  gtk_popover_set_pointing_to (GTK_POPOVER (popover), &(GdkRectangle){ (int)x, (int)y, 1, 1 });
  gtk_widget_set_parent (popover, content);
}

static gboolean
open_at (GtkWidget *widget, const GdkRectangle *at)
{
  CantigaTitleMenuAbout about = (CantigaTitleMenuAbout)g_object_get_data (G_OBJECT (widget), ABOUT);
  GPtrArray *titles = about != NULL ? about (widget) : NULL;
  g_autoptr (GSimpleActionGroup) group = NULL;
  g_autoptr (GMenuModel) model = NULL;
  GtkWidget *popover;
  Menu *menu;

  if (titles == NULL)
    return FALSE;
  menu = g_new (Menu, 1);
  group = g_simple_action_group_new ();
  model = make_model (titles);
  g_action_map_add_action_entries (G_ACTION_MAP (group), actions, G_N_ELEMENTS (actions), menu);
  popover = gtk_popover_menu_new_from_model (model);
  *menu = (Menu){ popover, titles };
  g_object_set_data_full (G_OBJECT (popover), ABOUT, menu, (GDestroyNotify)menu_free);
  gtk_widget_insert_action_group (popover, "title", G_ACTION_GROUP (group));
  gtk_popover_set_has_arrow (GTK_POPOVER (popover), FALSE);
  gtk_popover_set_position (GTK_POPOVER (popover), GTK_POS_BOTTOM);
  gtk_widget_set_halign (popover, GTK_ALIGN_START);
  put_into_window (popover, widget, at);
  gtk_popover_popup (GTK_POPOVER (popover));
  return TRUE;
}

void
cantiga_title_menu_open (GtkWidget *widget)
{
  (void)open_at (widget, &(GdkRectangle){ gtk_widget_get_width (widget) / 2, gtk_widget_get_height (widget) / 2, 1, 1 });
}

static void
pressed_cb (GtkGestureClick *click, int n, double x, double y)
{
  GtkWidget *widget = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (click));

  if (open_at (widget, &(GdkRectangle){ (int)x, (int)y, 1, 1 }))
    gtk_gesture_set_state (GTK_GESTURE (click), GTK_EVENT_SEQUENCE_CLAIMED);
}

static void
long_pressed_cb (GtkGestureLongPress *press, double x, double y)
{
  GtkWidget *widget = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (press));

  if (open_at (widget, &(GdkRectangle){ (int)x, (int)y, 1, 1 }))
    gtk_gesture_set_state (GTK_GESTURE (press), GTK_EVENT_SEQUENCE_CLAIMED);
}

void
cantiga_title_menu_attach (GtkWidget *widget, CantigaTitleMenuAbout about)
{
  GtkGesture *click = gtk_gesture_click_new (), *press = gtk_gesture_long_press_new ();

  g_object_set_data (G_OBJECT (widget), ABOUT, (gpointer)about);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect (click, "pressed", G_CALLBACK (pressed_cb), NULL);
  gtk_gesture_single_set_touch_only (GTK_GESTURE_SINGLE (press), TRUE);
  g_signal_connect (press, "pressed", G_CALLBACK (long_pressed_cb), NULL);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (press));
}

/* The item of a view has the focus, and what it shows has the menu. */
static gboolean
menu_key_cb (GtkWidget *view, GVariant *arguments, gpointer user_data)
{
  GtkWidget *item = gtk_root_get_focus (gtk_widget_get_root (view));
  GtkWidget *child = item != NULL ? gtk_widget_get_first_child (item) : NULL;

  if (child == NULL || g_object_get_data (G_OBJECT (child), ABOUT) == NULL)
    return FALSE;
  cantiga_title_menu_open (child);
  return TRUE;
}

void
cantiga_title_menu_attach_keys (GtkWidget *view)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys), gtk_shortcut_new (gtk_shortcut_trigger_parse_string ("Menu|<Shift>F10"),
                                                                                          gtk_callback_action_new (menu_key_cb, NULL, NULL)));
  gtk_widget_add_controller (view, keys);
}
