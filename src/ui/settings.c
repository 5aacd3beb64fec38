#include "ui/settings.h"

#include <stdlib.h>

#include "ui/application.h"

static GSettingsSchema *
find_beside_program (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = program != NULL ? g_path_get_dirname (program) : NULL;
  g_autofree char *beside = folder != NULL ? g_build_filename (folder, "..", "..", "data", NULL) : NULL;
  GSettingsSchemaSource *source
      = beside != NULL ? g_settings_schema_source_new_from_directory (beside, g_settings_schema_source_get_default (), FALSE, NULL) : NULL;
  GSettingsSchema *schema = source != NULL ? g_settings_schema_source_lookup (source, CANTIGA_APPLICATION_ID, FALSE) : NULL;

  g_clear_pointer (&source, g_settings_schema_source_unref);
  return schema;
}

static GSettings *
open_settings (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = source != NULL ? g_settings_schema_source_lookup (source, CANTIGA_APPLICATION_ID, TRUE) : NULL;

  if (schema == NULL)
    schema = find_beside_program ();
  if (schema == NULL)
    {
      g_printerr ("cantiga: the schema of its settings (" CANTIGA_APPLICATION_ID ") is not installed: install the program whole.\n");
      exit (1);
    }
  return g_settings_new_full (schema, NULL, NULL);
}

GSettings *
cantiga_settings_get (void)
{
  static GSettings *settings;

  if (settings == NULL)
    settings = open_settings ();
  return settings;
}
