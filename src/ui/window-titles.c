/* What pages ask of the window for titles, albums and artists. */
#include <glib/gi18n.h>

#include "ui/album.h"
#include "ui/artist.h"
#include "ui/group-page.h"
#include "ui/probe.h"
#include "ui/window-private.h"

#define NAME_MAX_LETTERS 30

static CantigaSession *
get_session (CantigaWindow *self)
{
  return self->visit != NULL ? cantiga_visit_get_session (self->visit) : NULL;
}

void
cantiga_window_play (CantigaWindow *self, GPtrArray *titles, guint place)
{
  g_autoptr (GPtrArray) own = g_ptr_array_new_full (titles->len, g_object_unref);

  cantiga_probe_mark (GTK_WIDGET (self), "asked", titles->len);
  for (guint i = 0; i < titles->len; i++)
    g_ptr_array_add (own, g_object_ref (titles->pdata[i]));
  if (self->queue != NULL && get_session (self) != NULL && place < own->len)
    cantiga_queue_play (self->queue, get_session (self), own, place);
}

void
cantiga_window_shuffle (CantigaWindow *self, GPtrArray *titles)
{
  if (self->queue == NULL || titles->len == 0)
    return;
  cantiga_queue_set_shuffle (self->queue, TRUE);
  /* Nobody can tell which one the clock points at. */
  cantiga_window_play (self, titles, (guint)(g_get_monotonic_time () % titles->len));
}

/* ---- adding ---- */

/* Cut in the middle, so that a button beside it still fits. */
static char *
dup_brief (const char *name)
{
  glong n = g_utf8_strlen (name, -1);
  glong half = NAME_MAX_LETTERS / 2;
  g_autofree char *start = NULL, *end = NULL;

  if (n <= NAME_MAX_LETTERS)
    return g_strdup (name);
  start = g_utf8_substring (name, 0, half);
  end = g_utf8_substring (name, n - half + 1, n);
  return g_strconcat (start, "…", end, NULL);
}

static char *
dup_added (GPtrArray *titles)
{
  g_autofree char *name = dup_brief (cantiga_title_get_name (titles->pdata[0]));

  if (titles->len == 1)
    return g_strdup_printf (_ ("“%s” added to the queue"), name);
  return g_strdup_printf (ngettext ("%u title added to the queue", "%u titles added to the queue", titles->len), titles->len);
}

/* What was added and may be taken back. */
typedef struct
{
  CantigaQueue *queue;
  GPtrArray *titles;
} Added;

static void
added_free (gpointer data, GClosure *closure)
{
  Added *added = data;

  g_object_unref (added->queue);
  g_ptr_array_unref (added->titles);
  g_free (added);
}

/* The last of that title that has not begun. */
static void
take_back (CantigaQueue *queue, CantigaTitle *title)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (queue)); i > cantiga_queue_get_place (queue) + 1; i--)
    if (cantiga_queue_get_title_at (queue, i - 1) == title)
      return cantiga_queue_remove (queue, i - 1);
}

static void
take_all_back_cb (AdwToast *toast, Added *added)
{
  for (guint i = 0; i < added->titles->len; i++)
    take_back (added->queue, added->titles->pdata[i]);
}

void
cantiga_window_enqueue (CantigaWindow *self, GPtrArray *titles, gboolean next)
{
  g_autofree char *words = dup_added (titles);
  Added *added;

  if (self->queue == NULL || get_session (self) == NULL)
    return;
  added = g_new (Added, 1);
  *added = (Added){ g_object_ref (self->queue), g_ptr_array_ref (titles) };
  if (next)
    cantiga_queue_play_next (self->queue, get_session (self), titles);
  else
    cantiga_queue_append (self->queue, get_session (self), titles);
  g_signal_connect_data (cantiga_window_toast_undo (self, words), "button-clicked", G_CALLBACK (take_all_back_cb), added, added_free, 0);
}

/* ---- pages ---- */

static CantigaShelf *
get_shelf (CantigaWindow *self)
{
  return cantiga_library_page_get_shelf (cantiga_home_get_library (self->home));
}

static void
open_group (CantigaWindow *self, CantigaGroup *group, GtkWidget *head)
{
  cantiga_window_show_pages (self);
  cantiga_window_push (self, cantiga_group_page_new (group, head, self->covers, self->queue, cantiga_home_get_menu (self->home)));
}

void
cantiga_window_open_album (CantigaWindow *self, CantigaTitle *title)
{
  CantigaGroup *group = cantiga_shelf_find_album (get_shelf (self), title);

  if (group != NULL)
    open_group (self, group, cantiga_album_new (group, self->covers));
}

void
cantiga_window_open_artist (CantigaWindow *self, const char *artist)
{
  CantigaGroup *group = cantiga_shelf_find_artist (get_shelf (self), artist);
  g_autoptr (GPtrArray) albums = NULL;

  if (group == NULL)
    return;
  albums = cantiga_shelf_find_albums_of (get_shelf (self), artist);
  open_group (self, group, cantiga_artist_new (group, albums, self->covers));
}

void
cantiga_window_show_licence (CantigaWindow *self, CantigaTitle *title)
{
  cantiga_window_show_pages (self);
  cantiga_window_go_home (self);
  cantiga_home_show_page (self->home, "licences");
  cantiga_licences_page_show_title (cantiga_home_get_licences (self->home), title);
}
