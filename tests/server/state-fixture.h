/* A state in a folder of its own. */
#pragma once

#include <glib/gstdio.h>

#include "server/files.h"
#include "server/pki.h"
#include "server/state.h"

#define NOW ((gint64)1800000000)
#define DAY ((gint64)24 * 3600)

typedef struct
{
  char *parent;
  char *folder;
} Place;

static inline void
place_set_up (Place *place, gconstpointer unused)
{
  place->parent = g_dir_make_tmp ("cantiga-state-XXXXXX", NULL);
  g_assert_nonnull (place->parent);
  place->folder = g_build_filename (place->parent, "state", NULL);
}

static inline void
place_tear_down (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_folder_remove (place->parent, &error));
  g_assert_no_error (error);
  g_free (place->parent);
  g_free (place->folder);
}

/* Making a state takes a second, most of it for an RSA key: it is made once, and copied. */
static char *made_once = NULL;

static inline void
make_once (void)
{
  g_autoptr (GError) error = NULL;
  gboolean made;

  made_once = g_dir_make_tmp ("cantiga-made-XXXXXX", NULL);
  g_assert_nonnull (made_once);
  made = cantiga_state_init (made_once, "Casa da Música", NOW, &error);
  g_assert_no_error (error);
  g_assert_true (made);
}

static inline void
drop_made (void)
{
  if (made_once != NULL)
    g_assert_true (cantiga_folder_remove (made_once, NULL));
  g_clear_pointer (&made_once, g_free);
}

static inline void
init (Place *place)
{
  char *arguments[] = { "cp", "-a", NULL, place->folder, NULL };
  g_autoptr (GError) error = NULL;
  int status;

  if (made_once == NULL)
    make_once ();
  arguments[2] = made_once;
  g_assert_true (g_spawn_sync (NULL, arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, &error));
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
}

static inline CantigaState *
open_state (Place *place)
{
  g_autoptr (GError) error = NULL;
  CantigaState *state = cantiga_state_open (place->folder, &error);

  g_assert_no_error (error);
  g_assert_nonnull (state);
  return state;
}
