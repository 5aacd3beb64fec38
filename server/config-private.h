/* What the files behind config.h share. Not for other files. */
#pragma once

#include "server/config.h"

G_BEGIN_DECLS

typedef struct _CantigaConfigKey CantigaConfigKey;

/* One row a key: where it stands, what it is without being set, how it is read and written. Places are offsets into CantigaConfig. */
struct _CantigaConfigKey
{
  const char *section;
  const char *name;
  const char *fallback; /* as it would stand in the file; NULL: nothing */
  gboolean (*parse) (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error);
  char *(*format) (const CantigaConfigKey *key, const CantigaConfig *config);
  gsize place;
  gint64 min, max;
  const char *comment;
  gboolean at_start; /* what a reload cannot change */
};

static inline gpointer
cantiga_config_place_in (const CantigaConfigKey *key, CantigaConfig *config)
{
  return G_STRUCT_MEMBER_P (config, key->place);
}

/* config.c */
/* The keys that differ and are taken at the start alone, for a sentence; NULL: none. Free with g_free(). */
char *cantiga_config_dup_fixed (const CantigaConfig *in_force, const CantigaConfig *wanted);
gboolean cantiga_config_parse_limit (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error);
char *cantiga_config_format_limit (const CantigaConfigKey *key, const CantigaConfig *config);
char *cantiga_config_format_text (const CantigaConfigKey *key, const CantigaConfig *config);

/* config-cards.c */
gboolean cantiga_config_parse_path (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error);
gboolean cantiga_config_parse_policies (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error);
char *cantiga_config_format_policies (const CantigaConfigKey *key, const CantigaConfig *config);
gboolean cantiga_config_parse_crl_expired (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error);
char *cantiga_config_format_crl_expired (const CantigaConfigKey *key, const CantigaConfig *config);
gboolean cantiga_config_parse_ocsp (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error);
char *cantiga_config_format_ocsp (const CantigaConfigKey *key, const CantigaConfig *config);
gboolean cantiga_config_parse_yes (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error);
char *cantiga_config_format_yes (const CantigaConfigKey *key, const CantigaConfig *config);

/* config-box.c */
gboolean cantiga_config_parse_folders (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error);
char *cantiga_config_format_folders (const CantigaConfigKey *key, const CantigaConfig *config);
gboolean cantiga_config_parse_ledger (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error);
char *cantiga_config_format_ledger (const CantigaConfigKey *key, const CantigaConfig *config);
gboolean cantiga_config_parse_proxies (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error);
char *cantiga_config_format_proxies (const CantigaConfigKey *key, const CantigaConfig *config);

G_END_DECLS
