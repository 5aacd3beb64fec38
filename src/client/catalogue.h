/* The catalogue of a session: titles in the server's order, followed by its marks (docs/protocol.md 8). Thread: main. */
#pragma once

#include "client/session.h"
#include "client/title.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_CATALOGUE (cantiga_catalogue_get_type ())
G_DECLARE_FINAL_TYPE (CantigaCatalogue, cantiga_catalogue, CANTIGA, CATALOGUE, GObject)

CantigaCatalogue *cantiga_catalogue_new (CantigaSession *session);
/* CantigaTitle; the catalogue's own list: it follows each load, a title that stays keeps its object. */
GListModel *cantiga_catalogue_get_titles (CantigaCatalogue *catalogue);
/* Asks for what changed since the last time, page by page. */
void cantiga_catalogue_load_async (CantigaCatalogue *catalogue, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_catalogue_load_finish (CantigaCatalogue *catalogue, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* By number (1 is the first), identifier, or name: the whole name, else the only one that has these words. Borrowed. CANTIGA_ERROR_TITLE_UNKNOWN. */
CantigaTitle *cantiga_catalogue_find_title (CantigaCatalogue *catalogue, const char *words, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 8.3. NULL without error if the title has none. */
void cantiga_catalogue_fetch_cover_async (CantigaCatalogue *catalogue, CantigaTitle *title, GCancellable *cancellable, GAsyncReadyCallback callback,
                                          gpointer user_data);
GBytes *cantiga_catalogue_fetch_cover_finish (CantigaCatalogue *catalogue, GAsyncResult *result, char **ret_type,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
