#include "server/library.h"

#include "server/catalogue.h"

/* The open titles, none of them owned: a title takes itself out when its last owner lets go. Outlives the library as long as a title is open. */
typedef struct
{
  gatomicrefcount refs;
  GMutex lock;
  GHashTable *titles; /* CantigaId → OpenTitle, both of the title */
} Shelf;

typedef struct
{
  CantigaOpenTitle open; /* first: what is given out */
  CantigaId id;
  Shelf *shelf;
} OpenTitle;

struct _CantigaLibrary
{
  CantigaSecret *master; /* borrowed of the state */
  char *folder;
  CantigaLedger *ledger;
  Shelf *shelf;
  GMutex lock; /* of what follows */
  CantigaCatalogue *catalogue;
  gint64 generation;
};

static Shelf *
shelf_new (void)
{
  Shelf *shelf = g_new0 (Shelf, 1);

  g_atomic_ref_count_init (&shelf->refs);
  g_mutex_init (&shelf->lock);
  shelf->titles = g_hash_table_new (cantiga_id_hash, cantiga_id_equal_func);
  return shelf;
}

static void
shelf_unref (Shelf *shelf)
{
  if (!g_atomic_ref_count_dec (&shelf->refs))
    return;
  g_hash_table_unref (shelf->titles);
  g_mutex_clear (&shelf->lock);
  g_free (shelf);
}

/* ---- catalogue ---- */

CantigaLibrary *
cantiga_library_new (CantigaState *state, CantigaLedger *ledger, GError **error)
{
  g_autoptr (CantigaLibrary) library = g_new0 (CantigaLibrary, 1);
  g_autoptr (CantigaCatalogue) catalogue = NULL;

  g_mutex_init (&library->lock);
  library->master = cantiga_state_get_master (state);
  library->folder = cantiga_state_dup_path (state, "library");
  library->ledger = ledger;
  library->shelf = shelf_new ();
  catalogue = cantiga_library_get_catalogue (library, error);
  return catalogue != NULL ? g_steal_pointer (&library) : NULL;
}

void
cantiga_library_free (CantigaLibrary *library)
{
  if (library == NULL)
    return;
  g_clear_pointer (&library->catalogue, cantiga_catalogue_unref);
  shelf_unref (library->shelf);
  g_mutex_clear (&library->lock);
  g_free (library->folder);
  g_free (library);
}

/* The generation is read before the titles: one that is put in between is read again the next time. */
static gboolean
refresh (CantigaLibrary *library, GError **error)
{
  g_autoptr (GPtrArray) titles = NULL;
  gint64 generation;

  if (!cantiga_ledger_get_generation (library->ledger, &generation, error))
    return FALSE;
  if (library->catalogue != NULL && library->generation == generation)
    return TRUE;
  titles = cantiga_ledger_list_titles (library->ledger, error);
  if (titles == NULL)
    return FALSE;
  g_clear_pointer (&library->catalogue, cantiga_catalogue_unref);
  library->catalogue = cantiga_catalogue_create (titles);
  library->generation = generation;
  return TRUE;
}

CantigaCatalogue *
cantiga_library_get_catalogue (CantigaLibrary *library, GError **error)
{
  CantigaCatalogue *catalogue = NULL;

  g_mutex_lock (&library->lock);
  if (refresh (library, error))
    catalogue = cantiga_catalogue_ref (library->catalogue);
  g_mutex_unlock (&library->lock);
  return catalogue;
}

static gboolean
check_title (CantigaLibrary *library, const CantigaId *id, GError **error)
{
  g_autoptr (CantigaCatalogue) catalogue = cantiga_library_get_catalogue (library, error);

  if (catalogue == NULL)
    return FALSE;
  return cantiga_catalogue_find (catalogue, id) != NULL || cantiga_fail (error, CANTIGA_ERROR_TITLE_UNKNOWN);
}

/* ---- open titles ---- */

gboolean
cantiga_library_fail_reading (GError **error, GError *failure)
{
  if (!g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED))
    {
      g_propagate_error (error, failure);
      return FALSE;
    }
  g_error_free (failure);
  return cantiga_fail (error, CANTIGA_ERROR_TITLE_DAMAGED);
}

static CantigaSealed *
open_sealed (CantigaLibrary *library, const CantigaId *id, GError **error)
{
  char text[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *name = g_strconcat (cantiga_id_format (id, text), ".cantiga", NULL);
  g_autofree char *path = g_build_filename (library->folder, name, NULL);
  g_autoptr (GError) failure = NULL;
  g_autoptr (CantigaSealed) sealed = cantiga_sealed_open (path, library->master, &failure);

  if (sealed != NULL && cantiga_id_equal (cantiga_sealed_get_title (sealed), id))
    return g_steal_pointer (&sealed);
  if (sealed != NULL || g_error_matches (failure, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND))
    cantiga_fail (error, CANTIGA_ERROR_TITLE_DAMAGED);
  else
    cantiga_library_fail_reading (error, g_steal_pointer (&failure));
  return NULL;
}

static OpenTitle *
open_title_new (CantigaLibrary *library, const CantigaId *id, GError **error)
{
  g_autoptr (CantigaSealed) sealed = open_sealed (library, id, error);
  g_autoptr (GError) failure = NULL;
  g_autoptr (CantigaMerkle) merkle = sealed != NULL ? cantiga_sealed_read_merkle (sealed, &failure) : NULL;
  OpenTitle *title;

  if (failure != NULL)
    cantiga_library_fail_reading (error, g_steal_pointer (&failure));
  if (merkle == NULL)
    return NULL;
  title = g_new0 (OpenTitle, 1);
  g_atomic_ref_count_init (&title->open.refs);
  title->open.sealed = g_steal_pointer (&sealed);
  title->open.merkle = g_steal_pointer (&merkle);
  title->id = *id;
  title->shelf = library->shelf;
  g_atomic_ref_count_inc (&library->shelf->refs);
  return title;
}

/* With the shelf's lock held. */
static OpenTitle *
take_from_shelf (Shelf *shelf, const CantigaId *id)
{
  OpenTitle *title = g_hash_table_lookup (shelf->titles, id);

  if (title != NULL)
    g_atomic_ref_count_inc (&title->open.refs);
  return title;
}

static OpenTitle *
look_on_shelf (Shelf *shelf, const CantigaId *id)
{
  OpenTitle *title;

  g_mutex_lock (&shelf->lock);
  title = take_from_shelf (shelf, id);
  g_mutex_unlock (&shelf->lock);
  return title;
}

/* Another thread may have opened the same title meanwhile: then its one is taken. */
static OpenTitle *
put_on_shelf (OpenTitle *opened)
{
  Shelf *shelf = opened->shelf;
  OpenTitle *title;

  g_mutex_lock (&shelf->lock);
  title = take_from_shelf (shelf, &opened->id);
  if (title == NULL)
    g_hash_table_insert (shelf->titles, &opened->id, opened);
  g_mutex_unlock (&shelf->lock);
  if (title == NULL)
    return opened;
  cantiga_open_title_unref (&opened->open);
  return title;
}

CantigaOpenTitle *
cantiga_library_open_title (CantigaLibrary *library, const CantigaId *id, GError **error)
{
  OpenTitle *title;

  if (!check_title (library, id, error))
    return NULL;
  title = look_on_shelf (library->shelf, id);
  if (title == NULL && (title = open_title_new (library, id, error)) != NULL)
    title = put_on_shelf (title);
  return title != NULL ? &title->open : NULL;
}

void
cantiga_open_title_unref (CantigaOpenTitle *open)
{
  OpenTitle *title = (OpenTitle *)open;
  Shelf *shelf = title->shelf;
  gboolean last;

  /* Under the lock, so that nobody takes from the shelf what is on its way out. */
  g_mutex_lock (&shelf->lock);
  last = g_atomic_ref_count_dec (&open->refs);
  if (last && g_hash_table_lookup (shelf->titles, &title->id) == title)
    g_hash_table_remove (shelf->titles, &title->id);
  g_mutex_unlock (&shelf->lock);
  if (!last)
    return;
  cantiga_sealed_unref (open->sealed);
  cantiga_merkle_free (open->merkle);
  shelf_unref (shelf);
  g_free (title);
}

GBytes *
cantiga_library_read_cover (CantigaLibrary *library, const CantigaId *id, char **ret_type, GError **error)
{
  g_autoptr (CantigaSealed) sealed = NULL;
  g_autoptr (GError) failure = NULL;
  GBytes *cover;

  if (!check_title (library, id, error) || (sealed = open_sealed (library, id, error)) == NULL)
    return NULL;
  cover = cantiga_sealed_read_cover (sealed, &failure);
  if (failure != NULL)
    cantiga_library_fail_reading (error, g_steal_pointer (&failure));
  if (cover != NULL)
    *ret_type = g_strdup (cantiga_sealed_get_metadata (sealed)->cover_type);
  return cover;
}
