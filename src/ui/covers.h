/* The covers of a catalogue: fetched when somebody looks, the last asked for first, one at a time behind what matters more; scaled down in GTask's
 * pool; a bounded number kept. */
#pragma once

#include <gdk/gdk.h>

#include "client/catalogue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_COVERS (cantiga_covers_get_type ())
G_DECLARE_FINAL_TYPE (CantigaCovers, cantiga_covers, CANTIGA, COVERS, GObject)

CantigaCovers *cantiga_covers_new (CantigaCatalogue *catalogue);
/* What is here already: borrowed, or NULL. */
GdkTexture *cantiga_covers_peek (CantigaCovers *covers, CantigaTitle *title);
/* Cancel it when nobody looks any more. NULL without error: the title has none. */
void cantiga_covers_fetch_async (CantigaCovers *covers, CantigaTitle *title, GCancellable *cancellable, GAsyncReadyCallback callback,
                                 gpointer user_data);
/* Transfer full. */
GdkTexture *cantiga_covers_fetch_finish (CantigaCovers *covers, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
