#include "card/unloaded.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "card/pkcs11.h"

#define SUFFIX ".module"

static void
unloaded_free (CantigaUnloaded *unloaded)
{
  g_free (unloaded->file);
  g_free (unloaded->path);
  g_free (unloaded->reason);
  g_free (unloaded);
}

/* p11-kit's message is "what failed: path: [path: ]reason". */
static char *
dup_reason (const char *path)
{
  const char *message = p11_kit_message ();
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *end = g_strconcat (name, ": ", NULL);
  const char *last;

  if (message == NULL)
    return g_strdup ("");
  last = g_strrstr (message, end);
  return g_strdup (last != NULL ? last + strlen (end) : message);
}

/* What is loaded already is loaded once more, which costs nothing. */
static void
try_to_load (GPtrArray *all, const char *file, const char *path)
{
  CantigaUnloaded *unloaded;

  if (p11_kit_module_load (path, 0) != NULL)
    return;
  unloaded = g_new0 (CantigaUnloaded, 1);
  unloaded->file = g_strdup (file);
  unloaded->path = g_strdup (path);
  unloaded->reason = dup_reason (path);
  g_ptr_array_add (all, unloaded);
}

/* ---- p11-kit's configuration: lines of "name: value" ---- */

/* NULL without one. */
static char *
dup_value (char *const *lines, const char *name)
{
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) sides = g_strsplit (lines[i], ":", 2);

      if (g_strv_length (sides) == 2 && g_str_equal (g_strstrip (sides[0]), name))
        return g_strdup (g_strstrip (sides[1]));
    }
  return NULL;
}

/* What is for some programs only may not be for this one; what holds authorities is not for cards. */
static void
try_file (GPtrArray *all, const char *file)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autofree char *path = NULL, *only = NULL, *trust = NULL;

  if (!g_file_get_contents (file, &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", -1);
  path = dup_value (lines, "module");
  only = dup_value (lines, "enable-in");
  trust = dup_value (lines, "trust-policy");
  if (path != NULL && path[0] != '\0' && only == NULL && g_strcmp0 (trust, "yes") != 0)
    try_to_load (all, file, path);
}

/* seen: names of files that stood in a nearer folder, which count there. */
static void
try_folder (GPtrArray *all, const char *folder, GHashTable *seen)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL; name = g_dir_read_name (dir))
    if (g_str_has_suffix (name, SUFFIX) && g_hash_table_add (seen, g_strdup (name)))
      {
        g_autofree char *file = g_build_filename (folder, name, NULL);

        try_file (all, file);
      }
}

/* "none", "merge" or "only", with p11-kit's own rule for root before 0.26: root's own folder is passed over. Known once modules were loaded. */
static void
try_configured (GPtrArray *all)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  char *users = p11_kit_config_option (NULL, "user-config");
  gboolean only = g_strcmp0 (users, "only") == 0 && geteuid () != 0;

  if (geteuid () != 0 && g_strcmp0 (users, "none") != 0)
    {
      g_autofree char *folder = g_build_filename (g_get_user_config_dir (), "pkcs11", "modules", NULL);

      try_folder (all, folder, seen);
    }
  for (const char *const *folder = (const char *const[]){ P11_SYSTEM_MODULES, P11_PACKAGED_MODULES, NULL }; *folder != NULL && !only; folder++)
    try_folder (all, *folder, seen);
  free (users);
}

GPtrArray *
cantiga_unloaded_find (const char *const *paths)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify)unloaded_free);

  if (paths == NULL || paths[0] == NULL)
    try_configured (all);
  for (guint i = 0; paths != NULL && paths[i] != NULL; i++)
    try_to_load (all, NULL, paths[i]);
  return all;
}
