/* The values of [cards]. */
#include "server/config-private.h"

gboolean
cantiga_config_parse_path (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  char **path = cantiga_config_place_in (key, config);

  if (*text == '\0')
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "the name of a file or folder is missing");
  g_free (*path);
  *path = g_strdup (text);
  return TRUE;
}

static gboolean
is_oid (const char *text)
{
  return g_regex_match_simple ("^[0-2](\\.(0|[1-9][0-9]*))+$", text, 0, 0);
}

gboolean
cantiga_config_parse_policies (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (text, "; \t", -1);
  g_autoptr (GStrvBuilder) oids = g_strv_builder_new ();
  guint n = 0;

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (*words[i] == '\0')
        continue;
      if (!is_oid (words[i]))
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is not an object identifier, such as 2.16.620.1.1.1.2.4.0.7", words[i]);
      g_strv_builder_add (oids, words[i]);
      n++;
    }
  if (n == 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "a policy is missing: leave the key out, and any will do");
  g_strfreev (config->card_policies);
  config->card_policies = g_strv_builder_end (oids);
  return TRUE;
}

char *
cantiga_config_format_policies (const CantigaConfigKey *key, const CantigaConfig *config)
{
  return config->card_policies != NULL ? g_strjoinv (";", config->card_policies) : NULL;
}

gboolean
cantiga_config_parse_crl_expired (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  if (!g_str_equal (text, "refuse") && !g_str_equal (text, "allow"))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is neither refuse nor allow", text);
  config->crl_expired_allowed = *text == 'a';
  return TRUE;
}

char *
cantiga_config_format_crl_expired (const CantigaConfigKey *key, const CantigaConfig *config)
{
  return g_strdup (config->crl_expired_allowed ? "allow" : "refuse");
}

static const char *const ocsp_modes[] = { [CANTIGA_OCSP_OFF] = "off", [CANTIGA_OCSP_SOFT] = "soft", [CANTIGA_OCSP_HARD] = "hard" };

gboolean
cantiga_config_parse_ocsp (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  for (guint mode = 0; mode < G_N_ELEMENTS (ocsp_modes); mode++)
    if (g_str_equal (text, ocsp_modes[mode]))
      {
        config->ocsp = mode;
        return TRUE;
      }
  return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is none of off, soft and hard", text);
}

char *
cantiga_config_format_ocsp (const CantigaConfigKey *key, const CantigaConfig *config)
{
  return g_strdup (ocsp_modes[config->ocsp]);
}

gboolean
cantiga_config_parse_yes (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  static const char *const yes[] = { "yes", "true", "1", NULL };
  static const char *const no[] = { "no", "false", "0", NULL };
  gboolean *value = cantiga_config_place_in (key, config);

  if (!g_strv_contains (yes, text) && !g_strv_contains (no, text))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is neither yes nor no", text);
  *value = g_strv_contains (yes, text);
  return TRUE;
}

char *
cantiga_config_format_yes (const CantigaConfigKey *key, const CantigaConfig *config)
{
  return g_strdup (G_STRUCT_MEMBER (gboolean, config, key->place) ? "yes" : "no");
}
