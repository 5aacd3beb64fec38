#include "ui/gently.h"

#define STEP 16
#define WINDOWFUL 64
#define ENOUGH 448 /* no view makes more widgets than these */

static const char key[] = "cantiga-growing";
static const char held_key[] = "cantiga-held";

/* The idle source that lets it grow; 0 for none. */
static void
set_growing (GtkSliceListModel *some, guint source)
{
  g_object_set_data (G_OBJECT (some), key, GUINT_TO_POINTER (source));
}

static gboolean
grow_cb (gpointer user_data)
{
  GtkSliceListModel *some = user_data;
  guint size = gtk_slice_list_model_get_size (some);
  GListModel *all = gtk_slice_list_model_get_model (some);
  guint enough = g_object_get_data (G_OBJECT (some), held_key) != NULL ? WINDOWFUL : ENOUGH;

  if (size < enough && size < g_list_model_get_n_items (all))
    {
      gtk_slice_list_model_set_size (some, size + STEP);
      return G_SOURCE_CONTINUE;
    }
  if (size >= ENOUGH)
    gtk_slice_list_model_set_size (some, G_MAXUINT);
  set_growing (some, 0);
  return G_SOURCE_REMOVE;
}

static void
grow (GtkSliceListModel *some)
{
  if (gtk_slice_list_model_get_size (some) == G_MAXUINT || g_object_get_data (G_OBJECT (some), key) != NULL)
    return;
  set_growing (some, g_idle_add_full (G_PRIORITY_LOW, grow_cb, g_object_ref (some), g_object_unref));
}

GtkSelectionModel *
cantiga_gently_new (GListModel *all)
{
  GtkSliceListModel *some = gtk_slice_list_model_new (g_object_ref (all), 0, STEP);

  g_signal_connect_object (all, "items-changed", G_CALLBACK (grow), some, G_CONNECT_SWAPPED);
  grow (some);
  return GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (some)));
}

void
cantiga_gently_hold (GtkSelectionModel *model, gboolean held)
{
  GListModel *some = gtk_no_selection_get_model (GTK_NO_SELECTION (model));

  g_object_set_data (G_OBJECT (some), held_key, GINT_TO_POINTER (held));
  if (!held)
    grow (GTK_SLICE_LIST_MODEL (some));
}
