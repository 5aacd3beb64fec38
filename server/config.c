#include "server/config-private.h"

#include <gio/gio.h>

#define NAME_MAX_CHARACTERS 64

/* ---- values ---- */

static gboolean
parse_name (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  char **name = cantiga_config_place_in (key, config);

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    if (g_unichar_iscntrl (g_utf8_get_char (at)))
      return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "a name has no control characters");
  if (*text == '\0' || g_utf8_strlen (text, -1) > NAME_MAX_CHARACTERS)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "a name has 1 to %d characters", NAME_MAX_CHARACTERS);
  g_free (*name);
  *name = g_strdup (text);
  return TRUE;
}

char *
cantiga_config_format_text (const CantigaConfigKey *key, const CantigaConfig *config)
{
  return g_strdup (G_STRUCT_MEMBER (char *, config, key->place));
}

/* "192.0.2.1:22684", "[2001:db8::1]:22684". */
static gboolean
parse_listen (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  char **listen = cantiga_config_place_in (key, config);
  g_autoptr (GSocketConnectable) parsed = g_network_address_parse (text, G_MAXUINT16, NULL);
  g_autoptr (GSocketAddress) address = NULL;
  const char *colon = strrchr (text, ':');

  if (parsed != NULL && colon != NULL && g_ascii_isdigit (colon[1]) && !g_str_has_suffix (text, "]"))
    address = g_inet_socket_address_new_from_string (g_network_address_get_hostname (G_NETWORK_ADDRESS (parsed)),
                                                     g_network_address_get_port (G_NETWORK_ADDRESS (parsed)));
  if (address == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is not an address and a port, such as 0.0.0.0:22684 or [::]:22684", text);
  g_free (*listen);
  *listen = g_strdup (text);
  return TRUE;
}

static gboolean
parse_listen_or_off (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  char **listen = cantiga_config_place_in (key, config);

  if (!g_str_equal (text, "off"))
    return parse_listen (key, text, config, error);
  g_clear_pointer (listen, g_free);
  return TRUE;
}

static char *
format_listen_or_off (const CantigaConfigKey *key, const CantigaConfig *config)
{
  const char *listen = G_STRUCT_MEMBER (char *, config, key->place);

  return g_strdup (listen != NULL ? listen : "off");
}

static gboolean
parse_number (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  guint *number = cantiga_config_place_in (key, config);
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, (guint64)key->min, (guint64)key->max, &value, NULL))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is not a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, text,
                              key->min, key->max);
  *number = (guint)value;
  return TRUE;
}

static char *
format_number (const CantigaConfigKey *key, const CantigaConfig *config)
{
  return g_strdup_printf ("%u", G_STRUCT_MEMBER (guint, config, key->place));
}

static char *
format_seconds (gint64 seconds)
{
  static const struct
  {
    gint64 seconds;
    const char *name;
  } units[] = { { 7 * 24 * 3600, "w" }, { 24 * 3600, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
  guint unit = 0;

  while (seconds % units[unit].seconds != 0)
    unit++;
  return g_strdup_printf ("%" G_GINT64_FORMAT "%s", seconds / units[unit].seconds, units[unit].name);
}

static gboolean
parse_seconds (const CantigaConfigKey *key, const char *text, gint64 *ret_seconds, GError **error)
{
  g_autofree char *min = format_seconds (key->min);
  g_autofree char *max = format_seconds (key->max);
  gint64 seconds;

  if (!cantiga_duration_parse (text, &seconds, NULL) || seconds < key->min || seconds > key->max)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is not a duration from %s to %s: a whole number and s, min, h, d or w is",
                              text, min, max);
  *ret_seconds = seconds;
  return TRUE;
}

gboolean
cantiga_config_parse_limit (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  guint *limit = cantiga_config_place_in (key, config);
  gint64 seconds = 0;

  if (!parse_seconds (key, text, &seconds, error))
    return FALSE;
  *limit = (guint)seconds;
  return TRUE;
}

char *
cantiga_config_format_limit (const CantigaConfigKey *key, const CantigaConfig *config)
{
  return format_seconds (G_STRUCT_MEMBER (guint, config, key->place));
}

static gboolean
parse_validity (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  return cantiga_validity_parse (text, &config->policy, error);
}

static char *
format_validity (const CantigaConfigKey *key, const CantigaConfig *config)
{
  g_autofree char *min = format_seconds (config->policy.validity);
  g_autofree char *max = config->policy.validity_max > 0 ? format_seconds (config->policy.validity_max) : NULL;

  return max != NULL ? g_strconcat (min, " to ", max, NULL) : g_steal_pointer (&min);
}

static gboolean
parse_renewal (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  return cantiga_renewal_parse (text, &config->policy, error);
}

static char *
format_renewal (const CantigaConfigKey *key, const CantigaConfig *config)
{
  static const char *const names[]
      = { [CANTIGA_RENEWAL_NEW_SESSION] = "new-session", [CANTIGA_RENEWAL_NEVER] = "never", [CANTIGA_RENEWAL_MANUAL] = "manual" };
  g_autofree char *after = NULL;

  if (config->policy.renewal != CANTIGA_RENEWAL_AFTER)
    return g_strdup (names[config->policy.renewal]);
  after = format_seconds (config->policy.renewal_after);
  return g_strconcat ("after ", after, NULL);
}

static gboolean
parse_enabled (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (text, "; \t", -1);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_auto (GStrv) expanded = NULL;
  g_auto (GStrv) given = NULL;

  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_strv_builder_add (names, words[i]);
  given = g_strv_builder_end (names);
  expanded = cantiga_suites_expand ((const char *const *)given, error);
  if (expanded == NULL)
    return FALSE;
  g_strfreev (config->enabled);
  config->enabled = g_steal_pointer (&expanded);
  return TRUE;
}

static char *
format_enabled (const CantigaConfigKey *key, const CantigaConfig *config)
{
  static const char *const names[] = { "default", NULL };
  g_auto (GStrv) expanded = cantiga_suites_expand (names, NULL);

  if (g_strv_equal ((const char *const *)expanded, (const char *const *)config->enabled))
    return g_strdup ("default");
  return g_strjoinv (";", config->enabled);
}

static gboolean
parse_selection (const CantigaConfigKey *key, const char *text, CantigaConfig *config, GError **error)
{
  if (!g_str_equal (text, "strongest") && !g_str_equal (text, "random"))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "“%s” is not a selection: strongest or random is", text);
  config->selection = *text == 's' ? CANTIGA_SELECTION_STRONGEST : CANTIGA_SELECTION_RANDOM;
  return TRUE;
}

static char *
format_selection (const CantigaConfigKey *key, const CantigaConfig *config)
{
  return g_strdup (config->selection == CANTIGA_SELECTION_STRONGEST ? "strongest" : "random");
}

/* ---- keys ---- */

#define PLACE(member) G_STRUCT_OFFSET (CantigaConfig, member)
#define DAY (24 * 3600)
#define CENTURY ((gint64)100 * 365 * DAY)

/* The numbers of [limits] are those of docs/protocol.md 12. */
static const CantigaConfigKey keys[] = {
  { "server", "name", NULL, parse_name, cantiga_config_format_text, PLACE (name), 0, 0, "Shown to listeners; without it, the name given at init." },
  { "server", "listen", "0.0.0.0:22684", parse_listen, cantiga_config_format_text, PLACE (listen), 0, 0,
    "Address and port; [::]:22684 for IPv6 as well.", TRUE },
  { "server", "workers", "0", parse_number, format_number, PLACE (workers), 0, 256, "Threads that serve; 0: as many as cores.",
    TRUE },
  { "server", "discovery", "yes", cantiga_config_parse_yes, cantiga_config_format_yes, PLACE (discovery), 0, 0,
    "yes: players on the local network find this server by themselves (mDNS, by Avahi).", TRUE },
  { "server", "ledger", NULL, cantiga_config_parse_ledger, cantiga_config_format_ledger, 0, 0, 0,
    "postgresql://… where several servers share one ledger; without it, ledger.sqlite of the state.", TRUE },
  { "server", "proxies", NULL, cantiga_config_parse_proxies, cantiga_config_format_proxies, 0, 0, 0,
    "Addresses of load balancers, separated by semicolons: whom they speak for (X-Forwarded-For) is believed, and counted in their place." },
  { "suites", "enabled", "default", parse_enabled, format_enabled, 0, 0, 0,
    "Names or patterns (ECDH_*) separated by semicolons; default: all strong and sound ones. Legacy ones (EDE_CBC) by full name alone." },
  { "suites", "selection", "strongest", parse_selection, format_selection, 0, 0, 0, "strongest or random." },
  { "library", "folders", NULL, cantiga_config_parse_folders, cantiga_config_format_folders, 0, 0, 0,
    "Folders, separated by semicolons, that the library follows: what is put there is sealed and listed, what is taken away goes from the list.", TRUE },
  { "library", "exportable", "no", cantiga_config_parse_yes, cantiga_config_format_yes, PLACE (folders_exportable), 0, 0,
    "yes: players may write what comes from these folders to files.", TRUE },
  { "licence", "plays", "3", parse_number, format_number, PLACE (policy.plays), 1, 1000000, "Plays of a new licence." },
  { "licence", "validity", "7d", parse_validity, format_validity, 0, 1, CENTURY, "How long a new licence lasts (s, min, h, d, w); “5d to 10d”: drawn between the two." },
  { "licence", "renewal", "new-session", parse_renewal, format_renewal, 0, 0, 0, "new-session, never, manual, or after and a duration (after 30d)." },
  { "licence", "at-once", "0", parse_number, format_number, PLACE (policy.at_once), 0, 1000,
    "At how many players a listener hears at the same time; 0: no limit." },
  { "cards", "authorities", NULL, cantiga_config_parse_path, cantiga_config_format_text, PLACE (card_authorities), 0, 0,
    "File or folder with certificates (PEM, DER) of those who may issue cards; without it pki/card-authorities of the state. None: enrolment alone "
    "counts." },
  { "cards", "policy", NULL, cantiga_config_parse_policies, cantiga_config_format_policies, 0, 0, 0,
    "Certificate policies (OIDs separated by semicolons), one of which a card must name; the Citizen Card's is 2.16.620.1.1.1.2.4.0.7." },
  { "cards", "crls", NULL, cantiga_config_parse_path, cantiga_config_format_text, PLACE (crls), 0, 0,
    "File or folder with the authorities' revocation lists (PEM, DER), read again when they change. Whoever issued a card must have one there." },
  { "cards", "crl-expired", "refuse", cantiga_config_parse_crl_expired, cantiga_config_format_crl_expired, 0, 0, 0,
    "refuse or allow cards whose revocation list is out of date." },
  { "cards", "ocsp", "off", cantiga_config_parse_ocsp, cantiga_config_format_ocsp, 0, 0, 0,
    "Ask the responder that a card names whether it was revoked: off, soft (no answer is no reason to refuse) or hard. It learns who signs in, and "
    "when." },
  { "cards", "ocsp-timeout", "5s", cantiga_config_parse_limit, cantiga_config_format_limit, PLACE (ocsp_seconds), 1, 15,
    "For the responder's whole answer." },
  { "cards", "approve-on-first-use", "no", cantiga_config_parse_yes, cantiga_config_format_yes, PLACE (approve_on_first_use), 0, 0,
    "yes: an unknown card whose chain and proof are right waits for cantigactl cards approve. Needs authorities." },
  { "limits", "connections", "1024", parse_number, format_number, PLACE (connections), 1, 65536, "Connections in all." },
  { "limits", "connections-per-address", "256", parse_number, format_number, PLACE (connections_per_address), 1, 65536,
    "Connections of one address." },
  { "limits", "half-open", "1024", parse_number, format_number, PLACE (half_open), 1, 65536, "Sessions in the middle of their handshake." },
  { "limits", "half-open-per-address", "64", parse_number, format_number, PLACE (half_open_per_address), 1, 65536, "The same, of one address." },
  { "limits", "sessions", "4096", parse_number, format_number, PLACE (sessions), 1, 1048576, "Open sessions." },
  { "limits", "header-time", "10s", cantiga_config_parse_limit, cantiga_config_format_limit, PLACE (header_seconds), 1, DAY,
    "For a request's headers to arrive; a connection that brings none is closed then." },
  { "limits", "body-time", "20s", cantiga_config_parse_limit, cantiga_config_format_limit, PLACE (body_seconds), 1, DAY,
    "For a request's body to arrive." },
  { "limits", "answer-time", "60s", cantiga_config_parse_limit, cantiga_config_format_limit, PLACE (answer_seconds), 1, DAY,
    "After which an answer that is not taken is dropped." },
  { "limits", "session-idle-time", "30min", cantiga_config_parse_limit, cantiga_config_format_limit, PLACE (session_idle_seconds), 1, 30 * DAY,
    "After which an idle session ends." },
  { "limits", "handshake-time", "30s", cantiga_config_parse_limit, cantiga_config_format_limit, PLACE (handshake_seconds), 1, DAY,
    "For a handshake to be done." },
  { "metrics", "listen", "127.0.0.1:22685", parse_listen_or_off, format_listen_or_off, PLACE (metrics), 0, 0,
    "Where /healthz, /readyz and /metrics (Prometheus) answer, to anybody who reaches it; off: nowhere.", TRUE },
};

static const CantigaConfigKey *
find_key (const char *section, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (keys[i].section, section) && (name == NULL || g_str_equal (keys[i].name, name)))
      return &keys[i];
  return NULL;
}

/* ---- the file ---- */

typedef struct
{
  const char *path;
  GStrv lines;
  GKeyFile *keys;
} File;

static void
file_clear (File *file)
{
  g_clear_pointer (&file->lines, g_strfreev);
  g_clear_pointer (&file->keys, g_key_file_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (File, file_clear)

static gboolean
is_section_line (const char *line, const char *section)
{
  gsize length = strlen (section);

  return line[0] == '[' && strncmp (line + 1, section, length) == 0 && line[1 + length] == ']';
}

static gboolean
is_key_line (const char *line, const char *name)
{
  gsize length = strlen (name);

  return strncmp (line, name, length) == 0 && line[length + strspn (line + length, " \t")] == '=';
}

/* The line where the key stands last, which is the one that GKeyFile took; of the section, if name is NULL. 0: nowhere. */
static guint
find_line (const File *file, const char *section, const char *name)
{
  gboolean within = FALSE;
  guint found = 0;

  for (guint i = 0; file->lines[i] != NULL; i++)
    {
      const char *line = file->lines[i] + strspn (file->lines[i], " \t");

      if (line[0] == '[')
        within = is_section_line (line, section);
      if (within && (name == NULL ? line[0] == '[' : is_key_line (line, name)))
        found = i + 1;
    }
  return found;
}

/* The first line that is no section, key or comment. */
static guint
find_broken_line (const File *file)
{
  gboolean within = FALSE;

  for (guint i = 0; file->lines[i] != NULL; i++)
    {
      g_autofree char *line = g_strstrip (g_strdup (file->lines[i]));

      if (line[0] == '[' && !g_str_has_suffix (line, "]"))
        return i + 1;
      within = within || line[0] == '[';
      if (line[0] != '\0' && line[0] != '#' && line[0] != '[' && (!within || line[0] == '=' || strchr (line, '=') == NULL))
        return i + 1;
    }
  return 1;
}

static gboolean
fail_at (const File *file, guint line, const char *what, GError **error)
{
  return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s:%u: %s.", file->path, line, what);
}

static gboolean
read_file (const char *path, File *file, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) failure = NULL;
  gsize length;

  file->path = path;
  if (!g_file_get_contents (path, &text, &length, &failure))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be read: %s.", path, failure->message);
  file->lines = g_strsplit (text, "\n", -1);
  if (strlen (text) != length || !g_utf8_validate (text, -1, NULL))
    return fail_at (file, 1, "the file is not text in UTF-8", error);
  file->keys = g_key_file_new ();
  if (length > 0 && !g_key_file_load_from_data (file->keys, text, length, G_KEY_FILE_KEEP_TRANSLATIONS, &failure))
    return fail_at (file, find_broken_line (file), "this is neither [section], key = value nor # comment", error);
  return TRUE;
}

static char *
dup_sections (void)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (find_key (keys[i].section, NULL) == &keys[i])
      g_string_append_printf (text, "%s[%s]", text->len > 0 ? ", " : "", keys[i].section);
  return g_string_free (text, FALSE);
}

static gboolean
check_section (const File *file, const char *section, GError **error)
{
  g_auto (GStrv) names = g_key_file_get_keys (file->keys, section, NULL, NULL);
  g_autofree char *what = NULL;

  if (find_key (section, NULL) == NULL)
    {
      g_autofree char *sections = dup_sections ();

      what = g_strdup_printf ("there is no section [%s]: there are %s", section, sections);
      return fail_at (file, find_line (file, section, NULL), what, error);
    }
  for (guint i = 0; names[i] != NULL; i++)
    if (find_key (section, names[i]) == NULL)
      {
        what = g_strdup_printf ("there is no key “%s” in [%s]: cantigactl config check shows those that there are", names[i], section);
        return fail_at (file, find_line (file, section, names[i]), what, error);
      }
  return TRUE;
}

static gboolean
check_file (const File *file, GError **error)
{
  g_auto (GStrv) sections = g_key_file_get_groups (file->keys, NULL);

  for (guint i = 0; sections[i] != NULL; i++)
    if (!check_section (file, sections[i], error))
      return FALSE;
  return TRUE;
}

/* ---- load ---- */

static gboolean
load_from_file (const CantigaConfigKey *key, const File *file, CantigaConfig *config, GError **error)
{
  g_autofree char *text = file->keys != NULL ? g_key_file_get_value (file->keys, key->section, key->name, NULL) : NULL;
  g_autofree char *what = NULL;
  g_autoptr (GError) failure = NULL;

  if (text == NULL || key->parse (key, g_strstrip (text), config, &failure))
    return TRUE;
  what = g_strdup_printf ("%s: %s", key->name, failure->message);
  if (g_str_has_suffix (what, "."))
    what[strlen (what) - 1] = '\0';
  return fail_at (file, find_line (file, key->section, key->name), what, error);
}

static gboolean
load_from_environment (const CantigaConfigKey *key, CantigaConfig *config, GError **error)
{
  g_autofree char *lower = g_strdup_printf ("cantiga_%s_%s", key->section, key->name);
  g_autofree char *name = g_ascii_strup (g_strdelimit (lower, "-", '_'), -1);
  const char *text = g_getenv (name);
  g_autoptr (GError) failure = NULL;

  if (text == NULL)
    return TRUE;
  if (!g_utf8_validate (text, -1, NULL))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s in the environment is not text in UTF-8.", name);
  return key->parse (key, text, config, &failure)
         || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s in the environment: %s.", name, failure->message);
}

static gboolean
load_key (const CantigaConfigKey *key, const File *file, CantigaConfig *config, GError **error)
{
  return (key->fallback == NULL || key->parse (key, key->fallback, config, error)) && load_from_file (key, file, config, error)
         && load_from_environment (key, config, error);
}

CantigaConfig *
cantiga_config_load (const char *path, gboolean required, GError **error)
{
  g_autoptr (CantigaConfig) config = g_new0 (CantigaConfig, 1);
  g_auto (File) file = { 0 };

  if (path != NULL && (required || g_file_test (path, G_FILE_TEST_EXISTS)) && (!read_file (path, &file, error) || !check_file (&file, error)))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (!load_key (&keys[i], &file, config, error))
      return NULL;
  return g_steal_pointer (&config);
}

void
cantiga_config_free (CantigaConfig *config)
{
  if (config == NULL)
    return;
  g_free (config->name);
  g_free (config->listen);
  g_free (config->metrics);
  g_free (config->ledger);
  g_strfreev (config->proxies);
  g_strfreev (config->folders);
  g_strfreev (config->enabled);
  g_free (config->card_authorities);
  g_strfreev (config->card_policies);
  g_free (config->crls);
  g_free (config);
}

char *
cantiga_config_dup_fixed (const CantigaConfig *in_force, const CantigaConfig *wanted)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *old = keys[i].at_start ? keys[i].format (&keys[i], in_force) : NULL;
      g_autofree char *new = keys[i].at_start ? keys[i].format (&keys[i], wanted) : NULL;

      if (g_strcmp0 (old, new) != 0)
        g_string_append_printf (names, "%s[%s] %s", names->len > 0 ? ", " : "", keys[i].section, keys[i].name);
    }
  return names->len > 0 ? g_string_free (g_steal_pointer (&names), FALSE) : NULL;
}

char *
cantiga_config_format (const CantigaConfig *config)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *value = keys[i].format (&keys[i], config);

      if (i == 0 || !g_str_equal (keys[i].section, keys[i - 1].section))
        g_string_append_printf (text, "%s[%s]\n", i == 0 ? "" : "\n", keys[i].section);
      g_string_append_printf (text, "# %s\n%s%s = %s\n", keys[i].comment, value == NULL ? "#" : "", keys[i].name, value == NULL ? "" : value);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
cantiga_config_format_template (void)
{
  g_autoptr (GString) text = g_string_new ("# The configuration of cantiga-server: man 5 server.conf. A key that is not set has the value that stands behind it here.\n"
                                           "# CANTIGA_SECTION_KEY in the environment comes before this file (CANTIGA_LICENCE_PLAYS=5).\n"
                                           "# After a change: cantigactl config check, systemctl reload cantiga-server.\n");

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (i == 0 || !g_str_equal (keys[i].section, keys[i - 1].section))
        g_string_append_printf (text, "\n[%s]\n", keys[i].section);
      g_string_append_printf (text, "# %s%s\n#%s = %s\n", keys[i].comment, keys[i].at_start ? " Taken at the start." : "", keys[i].name,
                              keys[i].fallback != NULL ? keys[i].fallback : "");
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
