#include "core/suite.h"

#include <string.h>

#include "core/error.h"
#include "core/secret.h"

#define N_SUITES 72

/* One row a cipher (docs/protocol.md 2.3), in the order of 2.5. */
static const struct
{
  const char *name;
  gsize key_length;
  gsize iv_length;
  CantigaClass class_;
} ciphers[] = {
  [CANTIGA_CIPHER_AES256_GCM] = { "AES256_GCM", 32, 12, CANTIGA_CLASS_STRONG },
  [CANTIGA_CIPHER_CHACHA20_POLY1305] = { "CHACHA20_POLY1305", 32, 12, CANTIGA_CLASS_STRONG },
  [CANTIGA_CIPHER_AES128_GCM] = { "AES128_GCM", 16, 12, CANTIGA_CLASS_STRONG },
  [CANTIGA_CIPHER_AES256_CBC] = { "AES256_CBC", 32, 16, CANTIGA_CLASS_SOUND },
  [CANTIGA_CIPHER_AES128_CBC] = { "AES128_CBC", 16, 16, CANTIGA_CLASS_SOUND },
  [CANTIGA_CIPHER_EDE_CBC] = { "EDE_CBC", 24, 8, CANTIGA_CLASS_LEGACY },
};

static const char *const kex_names[] = { [CANTIGA_KEX_DH] = "DH", [CANTIGA_KEX_ECDH] = "ECDH" };
static const char *const auth_names[CANTIGA_N_AUTHS] = { [CANTIGA_AUTH_RSA] = "RSA", [CANTIGA_AUTH_ECDSA] = "ECDSA", [CANTIGA_AUTH_EDDSA] = "EDDSA" };
static const char *const digest_names[] = { [CANTIGA_DIGEST_SHA256] = "SHA256", [CANTIGA_DIGEST_SHA512] = "SHA512" };
static const char *const class_names[] = { [CANTIGA_CLASS_STRONG] = "strong", [CANTIGA_CLASS_SOUND] = "sound", [CANTIGA_CLASS_LEGACY] = "legacy" };

/* The order of docs/protocol.md 2.5, from the outermost part to the innermost; AUTH, of which 2.5 says nothing, comes last. */
static const CantigaClass class_order[] = { CANTIGA_CLASS_STRONG, CANTIGA_CLASS_SOUND, CANTIGA_CLASS_LEGACY };
static const CantigaKex kex_order[] = { CANTIGA_KEX_ECDH, CANTIGA_KEX_DH };
static const CantigaDigest digest_order[] = { CANTIGA_DIGEST_SHA512, CANTIGA_DIGEST_SHA256 };

typedef struct
{
  CantigaSuite suites[N_SUITES];
  char names[N_SUITES][CANTIGA_SUITE_NAME_MAX + 1];
  gsize n;
} Table;

static void
add_ciphers (Table *table, CantigaClass class_, CantigaKex kex, CantigaDigest digest)
{
  for (guint cipher = 0; cipher < G_N_ELEMENTS (ciphers); cipher++)
    for (guint auth = 0; ciphers[cipher].class_ == class_ && auth < CANTIGA_N_AUTHS; auth++)
      {
        g_assert (table->n < N_SUITES);
        table->suites[table->n] = (CantigaSuite){ kex, auth, cipher, digest };
        g_snprintf (table->names[table->n], sizeof table->names[0], "%s_%s_%s_%s", kex_names[kex], auth_names[auth], ciphers[cipher].name,
                    digest_names[digest]);
        table->n++;
      }
}

static gpointer
fill_table (gpointer unused)
{
  static Table filled;

  for (guint class_ = 0; class_ < G_N_ELEMENTS (class_order); class_++)
    for (guint kex = 0; kex < G_N_ELEMENTS (kex_order); kex++)
      for (guint digest = 0; digest < G_N_ELEMENTS (digest_order); digest++)
        add_ciphers (&filled, class_order[class_], kex_order[kex], digest_order[digest]);
  g_assert (filled.n == N_SUITES);
  return &filled;
}

static const Table *
table (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, fill_table, NULL);
}

const CantigaSuite *
cantiga_suites_all (gsize *ret_n)
{
  *ret_n = N_SUITES;
  return table ()->suites;
}

gboolean
cantiga_suite_parse (const char *name, CantigaSuite *ret_suite)
{
  for (gsize i = 0; i < N_SUITES; i++)
    if (g_strcmp0 (table ()->names[i], name) == 0)
      {
        *ret_suite = table ()->suites[i];
        return TRUE;
      }
  return FALSE;
}

const char *
cantiga_suite_get_name (const CantigaSuite *suite)
{
  for (gsize i = 0; i < N_SUITES; i++)
    {
      const CantigaSuite *row = &table ()->suites[i];

      if (row->kex == suite->kex && row->auth == suite->auth && row->cipher == suite->cipher && row->digest == suite->digest)
        return table ()->names[i];
    }
  g_assert_not_reached ();
}

CantigaClass
cantiga_suite_get_class (const CantigaSuite *suite)
{
  return ciphers[suite->cipher].class_;
}

const char *
cantiga_class_get_name (CantigaClass class_)
{
  return class_names[class_];
}

const char *
cantiga_auth_get_name (CantigaAuth auth)
{
  return auth_names[auth];
}

gboolean
cantiga_auth_parse (const char *name, CantigaAuth *ret_auth)
{
  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    if (g_strcmp0 (auth_names[auth], name) == 0)
      {
        *ret_auth = auth;
        return TRUE;
      }
  return FALSE;
}

gsize
cantiga_digest_get_length (CantigaDigest digest)
{
  return digest == CANTIGA_DIGEST_SHA512 ? 64 : 32;
}

gsize
cantiga_cipher_get_key_length (CantigaCipher cipher)
{
  return ciphers[cipher].key_length;
}

gsize
cantiga_cipher_get_iv_length (CantigaCipher cipher)
{
  return ciphers[cipher].iv_length;
}

gboolean
cantiga_cipher_is_aead (CantigaCipher cipher)
{
  return ciphers[cipher].class_ == CANTIGA_CLASS_STRONG;
}

gsize
cantiga_suite_get_tag_length (const CantigaSuite *suite)
{
  return cantiga_cipher_is_aead (suite->cipher) ? 16 : cantiga_digest_get_length (suite->digest);
}

static gboolean
is_pattern (const char *name)
{
  return strchr (name, '*') != NULL && strchr (name, '?') == NULL;
}

/* Legacy is "off on both sides unless switched on by name" (docs/protocol.md 2.4): no pattern reaches it. */
static gboolean
name_means (const char *name, gsize row)
{
  if (cantiga_suite_get_class (&table ()->suites[row]) == CANTIGA_CLASS_LEGACY)
    return g_str_equal (name, table ()->names[row]);
  if (g_str_equal (name, "default"))
    return TRUE;
  return is_pattern (name) ? g_pattern_match_simple (name, table ()->names[row]) : g_str_equal (name, table ()->names[row]);
}

static gboolean
mark_meant (const char *name, gboolean marks[N_SUITES], GError **error)
{
  gboolean found = FALSE;

  for (gsize row = 0; row < N_SUITES; row++)
    if (name_means (name, row))
      marks[row] = found = TRUE;
  if (found)
    return TRUE;
  if (is_pattern (name))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                              "No cipher suite matches “%s” (patterns never bring in the legacy EDE_CBC suites: give their full names).", name);
  return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "There is no cipher suite “%s”.", name);
}

GStrv
cantiga_suites_expand (const char *const *names, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  gboolean marks[N_SUITES] = { FALSE };

  if (names == NULL || names[0] == NULL)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "At least one cipher suite must be enabled.");
      return NULL;
    }
  for (; *names != NULL; names++)
    if (!mark_meant (*names, marks, error))
      return NULL;
  for (gsize row = 0; row < N_SUITES; row++)
    if (marks[row])
      g_strv_builder_add (builder, table ()->names[row]);
  return g_strv_builder_end (builder);
}

GStrv
cantiga_suites_filter (const char *const *names, CantigaAuth auth)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  CantigaSuite suite;

  for (; *names != NULL; names++)
    if (cantiga_suite_parse (*names, &suite) && suite.auth == auth)
      g_strv_builder_add (builder, *names);
  return g_strv_builder_end (builder);
}

gboolean
cantiga_suites_choose (const char *const *offered, const char *const *enabled, CantigaAuth auth, CantigaSelection selection, CantigaSuite *ret_suite,
                       GError **error)
{
  gsize common[N_SUITES];
  gsize n = 0;
  guint64 draw = 0;

  for (gsize row = 0; row < N_SUITES; row++)
    if (table ()->suites[row].auth == auth && g_strv_contains (offered, table ()->names[row]) && g_strv_contains (enabled, table ()->names[row]))
      common[n++] = row;
  if (n == 0)
    return cantiga_fail (error, CANTIGA_ERROR_NO_COMMON_SUITE);
  if (selection == CANTIGA_SELECTION_RANDOM)
    cantiga_random (&draw, sizeof draw);
  *ret_suite = table ()->suites[common[draw % n]];
  return TRUE;
}
