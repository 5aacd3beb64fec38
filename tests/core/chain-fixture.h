/* An authority with a leaf of each usage, certificates as odd as a test wants them, and what a test asks of a chain. */
#pragma once

#include "core/chain.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/error.h"

#define DAY (24 * 3600)
#define NOW 1800000000
#define UUID "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d"

typedef struct
{
  EVP_PKEY *authority_key;
  X509 *authority;
  GPtrArray *authorities;
  EVP_PKEY *key;
  X509 *leaves[CANTIGA_USAGE_CARD + 1];
} Fixture;

static inline EVP_PKEY *
key_new (CantigaAuth auth)
{
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = cantiga_key_pair_new (auth, &error);

  g_assert_no_error (error);
  return key;
}

static inline X509 *
authority_new (EVP_PKEY *key, const char *name)
{
  g_autoptr (GError) error = NULL;
  X509 *authority = cantiga_authority_issue (key, name, NOW - DAY, NOW + 1000 * DAY, &error);

  g_assert_no_error (error);
  return authority;
}

static inline X509 *
issue (X509 *authority, EVP_PKEY *authority_key, EVP_PKEY *key, CantigaUsage usage, gint64 from, gint64 until)
{
  g_autoptr (GError) error = NULL;
  X509 *leaf
      = cantiga_certificate_issue (authority, authority_key, key, usage, "leaf", usage == CANTIGA_USAGE_CARD ? NULL : UUID, from, until, &error);

  g_assert_no_error (error);
  return leaf;
}

static inline void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->authority_key = key_new (CANTIGA_AUTH_ECDSA);
  fixture->authority = authority_new (fixture->authority_key, "authority");
  fixture->authorities = g_ptr_array_new ();
  g_ptr_array_add (fixture->authorities, fixture->authority);
  fixture->key = key_new (CANTIGA_AUTH_ECDSA);
  for (guint usage = 0; usage <= CANTIGA_USAGE_CARD; usage++)
    fixture->leaves[usage] = issue (fixture->authority, fixture->authority_key, fixture->key, usage, NOW, NOW + 90 * DAY);
}

static inline void
tear_down (Fixture *fixture, gconstpointer unused)
{
  for (guint usage = 0; usage <= CANTIGA_USAGE_CARD; usage++)
    X509_free (fixture->leaves[usage]);
  EVP_PKEY_free (fixture->key);
  g_ptr_array_unref (fixture->authorities);
  X509_free (fixture->authority);
  EVP_PKEY_free (fixture->authority_key);
}

/* A chain of up to three certificates, leaf first. */
static inline GPtrArray *
chain_of (X509 *leaf, X509 *second, X509 *third)
{
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_ptr_array_add (chain, cantiga_certificate_encode (leaf));
  if (second != NULL)
    g_ptr_array_add (chain, cantiga_certificate_encode (second));
  if (third != NULL)
    g_ptr_array_add (chain, cantiga_certificate_encode (third));
  return chain;
}

static inline void
assert_chain_accepted (GPtrArray *chain, GPtrArray *authorities, X509_CRL *crl, CantigaUsage usage, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) leaf = cantiga_chain_verify (chain, authorities, crl, usage, now, &error);
  g_autoptr (GBytes) der = NULL;

  g_assert_no_error (error);
  der = cantiga_certificate_encode (leaf);
  g_assert_true (g_bytes_equal (der, chain->pdata[0]));
}

static inline void
assert_chain_refused (GPtrArray *chain, GPtrArray *authorities, X509_CRL *crl, CantigaUsage usage, gint64 now, const char *why)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (cantiga_chain_verify (chain, authorities, crl, usage, now, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  g_assert_nonnull (error->message);
  if (strstr (error->message, why) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, why);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

static inline void
assert_leaf_refused (Fixture *fixture, X509 *leaf, CantigaUsage usage, gint64 now, const char *why)
{
  g_autoptr (GPtrArray) chain = chain_of (leaf, NULL, NULL);

  assert_chain_refused (chain, fixture->authorities, NULL, usage, now, why);
}

/* A certificate as this test wants it: extensions are pairs of OpenSSL's names and values, ended by NULL. */
typedef struct
{
  const char *name;
  X509 *issuer; /* NULL: itself */
  EVP_PKEY *issuer_key;
  EVP_PKEY *key;
  const char *digest;
  const char *extensions[13];
} Odd;

static inline X509 *
odd_new (const Odd *odd)
{
  X509 *certificate = X509_new ();
  X509 *issuer = odd->issuer != NULL ? odd->issuer : certificate;
  const EVP_MD *digest = odd->digest != NULL ? EVP_get_digestbyname (odd->digest) : EVP_sha256 ();

  g_assert_nonnull (odd->key);
  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 77);
  ASN1_TIME_set (X509_getm_notBefore (certificate), NOW - DAY);
  ASN1_TIME_set (X509_getm_notAfter (certificate), NOW + DAY);
  X509_NAME_add_entry_by_txt (X509_get_subject_name (certificate), "CN", MBSTRING_UTF8, (const guint8 *)odd->name, -1, -1, 0);
  X509_set_issuer_name (certificate, X509_get_subject_name (issuer));
  X509_set_pubkey (certificate, odd->key);
  for (guint i = 0; odd->extensions[i] != NULL; i += 2)
    {
      X509V3_CTX context;
      X509_EXTENSION *extension;

      X509V3_set_ctx (&context, issuer, certificate, NULL, NULL, 0);
      X509V3_set_ctx_nodb (&context);
      extension = X509V3_EXT_conf (NULL, &context, odd->extensions[i], odd->extensions[i + 1]);
      g_assert_nonnull (extension);
      X509_add_ext (certificate, extension, -1);
      X509_EXTENSION_free (extension);
    }
  g_assert_cmpint (X509_sign (certificate, odd->issuer_key, EVP_PKEY_is_a (odd->issuer_key, "ED25519") ? NULL : digest), >, 0);
  return certificate;
}

/* An Odd's issuer, keys and digest: a certificate for the fixture's key by its authority. */
#define BY_AUTHORITY fixture->authority, fixture->authority_key, fixture->key, NULL
#define IDENTIFIERS "subjectKeyIdentifier", "hash", "authorityKeyIdentifier", "keyid:always"
