/* Modules that were asked for and cannot be loaded: p11-kit passes over them in silence, so its configuration is read once more. For `cantiga-play doctor`. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char *file;   /* of p11-kit's configuration, that names it; NULL if it was named by hand */
  char *path;   /* as it is named there: absolute, or in p11-kit's own folder */
  char *reason; /* the loader's, in the system's language */
} CantigaUnloaded;

/* Of the modules at paths or, where paths is empty, of those that p11-kit is configured with: those that cannot be loaded. GPtrArray of CantigaUnloaded. */
GPtrArray *cantiga_unloaded_find (const char *const *paths);

G_END_DECLS
