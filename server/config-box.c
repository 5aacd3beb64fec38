/* Keys of the box and what is around it: where the ledger is, who stands before the servers, which folders the library follows. */
#include <gio/gio.h>

#include "server/config-private.h"
#include "server/sql.h"

gboolean
cantiga_config_parse_ledger (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  if (!cantiga_sql_is_url (text))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is not a database's address, such as postgresql://cantiga@db.example/cantiga",
                              text);
  g_free (config->ledger);
  config->ledger = g_strdup (text);
  return TRUE;
}

/* A password in it is for the database alone: before the host, or among the parameters (libpq takes both). */
char *
cantiga_config_format_ledger (const CantigaConfigKey *key, const CantigaConfig *config)
{
  g_autoptr (GRegex) password = g_regex_new ("(//[^/@:]*:)[^@/]*(?=@)|([?&](?:ssl)?password=)[^&#]*", 0, 0, NULL);

  return config->ledger != NULL ? g_regex_replace (password, config->ledger, -1, 0, "\\1\\2…", 0, NULL) : NULL;
}

gboolean
cantiga_config_parse_proxies (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (text, "; \t", -1);
  g_autoptr (GStrvBuilder) proxies = g_strv_builder_new ();

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autoptr (GInetAddress) address = *words[i] != '\0' ? g_inet_address_new_from_string (words[i]) : NULL;
      g_autofree char *plain = address != NULL ? g_inet_address_to_string (address) : NULL;

      if (*words[i] == '\0')
        continue;
      if (plain == NULL)
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is not an address, such as 192.0.2.7", words[i]);
      g_strv_builder_add (proxies, plain);
    }
  g_strfreev (config->proxies);
  config->proxies = g_strv_builder_end (proxies);
  return TRUE;
}

char *
cantiga_config_format_proxies (const CantigaConfigKey *key, const CantigaConfig *config)
{
  return config->proxies != NULL && config->proxies[0] != NULL ? g_strjoinv (";", config->proxies) : NULL;
}

gboolean
cantiga_config_is_proxy (const CantigaConfig *config, const char *address)
{
  return config->proxies != NULL && g_strv_contains ((const char *const *)config->proxies, address);
}

gboolean
cantiga_config_parse_folders (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ";", -1);
  g_autoptr (GStrvBuilder) folders = g_strv_builder_new ();

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autofree char *folder = NULL;

      if (*g_strstrip (words[i]) == '\0')
        continue;
      if (!g_path_is_absolute (words[i]))
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is not a folder from the root on, such as /srv/music", words[i]);
      folder = g_canonicalize_filename (words[i], NULL);
      g_strv_builder_add (folders, folder);
    }
  g_strfreev (config->folders);
  config->folders = g_strv_builder_end (folders);
  return TRUE;
}

char *
cantiga_config_format_folders (const CantigaConfigKey *key, const CantigaConfig *config)
{
  return config->folders != NULL && config->folders[0] != NULL ? g_strjoinv (";", config->folders) : NULL;
}
