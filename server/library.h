/* The titles that are there: the catalogue in memory (from the ledger, read again when its generation changes) and the sealed files, opened when asked for. Thread: any. */
#pragma once

#include "server/ledger.h"
#include "server/state.h"

G_BEGIN_DECLS

typedef struct _CantigaLibrary CantigaLibrary;
CantigaLibrary *cantiga_library_new (CantigaState *state, CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_library_free (CantigaLibrary *library);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaLibrary, cantiga_library_free)

/* A catalogue as it stands: reference counted, immutable. */
typedef struct _CantigaCatalogue CantigaCatalogue;
CantigaCatalogue *cantiga_library_get_catalogue (CantigaLibrary *library, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_catalogue_unref (CantigaCatalogue *catalogue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaCatalogue, cantiga_catalogue_unref)
guint cantiga_catalogue_get_n (CantigaCatalogue *catalogue);
/* Ordered by artist, album, track, name (8.1). Borrowed. */
const CantigaTitle *cantiga_catalogue_get (CantigaCatalogue *catalogue, guint index);
const CantigaTitle *cantiga_catalogue_find (CantigaCatalogue *catalogue, const CantigaId *id);
/* Borrowed titles that match every word of query (NULL or "" for all), from the one after `after` (NULL: the first), at most limit and no more than a page has room for; ret_next: the cursor of the next page, or NULL (g_free). */
/* may: NULL, or whether a title may be seen. */
typedef gboolean (*CantigaCatalogueMay) (const CantigaTitle *title, gpointer user_data);
GPtrArray *cantiga_catalogue_query (CantigaCatalogue *catalogue, const char *query, const char *after, guint limit, CantigaCatalogueMay may, gpointer user_data,
                                    char **ret_next, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a grant needs of a title, open. Reference counted. */
typedef struct
{
  gatomicrefcount refs;
  CantigaSealed *sealed;
  CantigaMerkle *merkle;
} CantigaOpenTitle;
/* Shared between grants of the same title. CANTIGA_ERROR_TITLE_UNKNOWN, CANTIGA_ERROR_TITLE_DAMAGED. */
CantigaOpenTitle *cantiga_library_open_title (CantigaLibrary *library, const CantigaId *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_open_title_unref (CantigaOpenTitle *title);
/* NULL without error if there is none. */
GBytes *cantiga_library_read_cover (CantigaLibrary *library, const CantigaId *id, char **ret_type, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes failure, which reading a title's file ended with: damage is CANTIGA_ERROR_TITLE_DAMAGED to listeners (docs/protocol.md 11), anything else is handed on. FALSE. */
gboolean cantiga_library_fail_reading (GError **error, GError *failure);

G_END_DECLS
