/* The demo's places in the cache: its music, made once; its server and its player, new each time. Thread: main; what takes long is done elsewhere. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _CantigaDemoFolder CantigaDemoFolder;

/* $XDG_CACHE_HOME/cantiga/demo. Touches nothing yet. */
CantigaDemoFolder *cantiga_demo_folder_new (void);
void cantiga_demo_folder_free (CantigaDemoFolder *folder);

/* Removes what a former demo left, and has the music rendered (cantiga-demo-render) unless it is there. folder stays until it is done. */
void cantiga_demo_folder_make_async (CantigaDemoFolder *folder, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_demo_folder_make_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All but the music. */
void cantiga_demo_folder_remove (CantigaDemoFolder *folder);

const char *cantiga_demo_folder_get_music (CantigaDemoFolder *folder);
const char *cantiga_demo_folder_get_server (CantigaDemoFolder *folder);
const char *cantiga_demo_folder_get_player (CantigaDemoFolder *folder);

G_END_DECLS
