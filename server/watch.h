/* Things that are read from a file, or from all files of a folder, and read again when they change. Thread: any. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _CantigaWatch CantigaWatch;

/* All things that a file holds (with a free function), at least one; NULL with error if it holds none. */
typedef GPtrArray *(*CantigaWatchDecode) (GBytes *file, const char *path, GError **error);

/* path need not be there: then there is nothing. free_thing: of the things; ref_thing: another reference. */
CantigaWatch *cantiga_watch_new (const char *path, CantigaWatchDecode decode, GDestroyNotify free_thing, gpointer (*ref_thing) (gpointer));
void cantiga_watch_free (CantigaWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaWatch, cantiga_watch_free)

/* All things, now: never NULL. What changed is read again; a file that cannot be read keeps what it held before, and is what ret_failure tells of. */
GPtrArray *cantiga_watch_read (CantigaWatch *watch, GError **ret_failure);

G_END_DECLS
