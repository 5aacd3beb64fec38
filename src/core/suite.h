/* Cipher suites: names, parts, classes, and the server's choice (docs/protocol.md 2). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum { CANTIGA_KEX_DH, CANTIGA_KEX_ECDH } CantigaKex;
typedef enum { CANTIGA_AUTH_RSA, CANTIGA_AUTH_ECDSA, CANTIGA_AUTH_EDDSA } CantigaAuth;
#define CANTIGA_N_AUTHS 3
typedef enum
{
  CANTIGA_CIPHER_AES256_GCM,
  CANTIGA_CIPHER_CHACHA20_POLY1305,
  CANTIGA_CIPHER_AES128_GCM,
  CANTIGA_CIPHER_AES256_CBC,
  CANTIGA_CIPHER_AES128_CBC,
  CANTIGA_CIPHER_EDE_CBC,
} CantigaCipher;
typedef enum { CANTIGA_DIGEST_SHA256, CANTIGA_DIGEST_SHA512 } CantigaDigest;
typedef enum { CANTIGA_CLASS_STRONG, CANTIGA_CLASS_SOUND, CANTIGA_CLASS_LEGACY } CantigaClass;

/* A plain value: compare with ==-of-members or by name. */
typedef struct
{
  CantigaKex kex;
  CantigaAuth auth;
  CantigaCipher cipher;
  CantigaDigest digest;
} CantigaSuite;

#define CANTIGA_SUITE_NAME_MAX 40

gboolean cantiga_suite_parse (const char *name, CantigaSuite *ret_suite);
/* A static string. */
const char *cantiga_suite_get_name (const CantigaSuite *suite);
CantigaClass cantiga_suite_get_class (const CantigaSuite *suite);
const char *cantiga_class_get_name (CantigaClass class_);    /* "strong", "sound", "legacy" */
const char *cantiga_auth_get_name (CantigaAuth auth);         /* "RSA", "ECDSA", "EDDSA" */
gboolean cantiga_auth_parse (const char *name, CantigaAuth *ret_auth);
gsize cantiga_digest_get_length (CantigaDigest digest);       /* 32 or 64 */
gsize cantiga_cipher_get_key_length (CantigaCipher cipher);
gsize cantiga_cipher_get_iv_length (CantigaCipher cipher);
gboolean cantiga_cipher_is_aead (CantigaCipher cipher);
/* Of the envelope: 16, or the digest's length. */
gsize cantiga_suite_get_tag_length (const CantigaSuite *suite);

/* All 72, strongest first (2.5). */
const CantigaSuite *cantiga_suites_all (gsize *ret_n);
/* A set of suites, ordered strongest first; a GStrv of names is its form outside. */
/* names: exact suite names, or patterns with `*` ("DH_RSA_*"); `default` for all strong and sound ones. A pattern never brings in
 * a legacy suite: those are switched on by full name alone. Free with g_strfreev(). */
GStrv cantiga_suites_expand (const char *const *names, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The names among these whose AUTH is auth. Free with g_strfreev(). */
GStrv cantiga_suites_filter (const char *const *names, CantigaAuth auth);

typedef enum { CANTIGA_SELECTION_STRONGEST, CANTIGA_SELECTION_RANDOM } CantigaSelection;
/* The server's choice: offered (unknown names are passed over), enabled, the AUTH of both leaves. FALSE with CANTIGA_ERROR_NO_COMMON_SUITE. */
gboolean cantiga_suites_choose (const char *const *offered, const char *const *enabled, CantigaAuth auth, CantigaSelection selection,
                                CantigaSuite *ret_suite, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
