#include "pki.h"

#include <glib/gstdio.h>

#define PLAYER "2b1d6a1c-77aa-4f0d-8a3c-0f2a51c1b111"
#define DAY (24 * 3600)

static X509 *
issue (Pki *pki, EVP_PKEY *key, CantigaUsage usage, const char *uuid, gint64 from, gint64 until)
{
  g_autoptr (GError) error = NULL;
  X509 *leaf = cantiga_certificate_issue (pki->authority, pki->authority_key, key, usage, "Coro da S\303\251", uuid != NULL ? uuid : PLAYER, from,
                                          until, &error);

  g_assert_no_error (error);
  return leaf;
}

static GPtrArray *
chain_of (X509 *leaf)
{
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_ptr_array_add (chain, cantiga_certificate_encode (leaf));
  return chain;
}

static EVP_PKEY *
key_new (CantigaAuth auth)
{
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = cantiga_key_pair_new (auth, &error);

  g_assert_no_error (error);
  return key;
}

Pki *
pki_new (void)
{
  g_autoptr (GError) error = NULL;
  Pki *pki = g_new0 (Pki, 1);

  pki->now = g_get_real_time () / G_USEC_PER_SEC;
  pki->authority_key = key_new (CANTIGA_AUTH_ECDSA);
  pki->authority = cantiga_authority_issue (pki->authority_key, "authority", pki->now - 100 * DAY, pki->now + 100 * DAY, &error);
  g_assert_no_error (error);
  pki->crl = cantiga_crl_issue (pki->authority, pki->authority_key, 7, NULL, pki->now - DAY, pki->now + DAY, &error);
  g_assert_no_error (error);
  pki->publisher_key = key_new (CANTIGA_AUTH_ECDSA);
  pki->publisher = pki_certify (pki, pki->publisher_key, CANTIGA_USAGE_PUBLISHER, PKI_SERVER);
  return pki;
}

void
pki_free (Pki *pki)
{
  EVP_PKEY_free (pki->authority_key);
  X509_free (pki->authority);
  X509_CRL_free (pki->crl);
  EVP_PKEY_free (pki->publisher_key);
  g_ptr_array_unref (pki->publisher);
  g_free (pki);
}

GPtrArray *
pki_certify (Pki *pki, EVP_PKEY *key, CantigaUsage usage, const char *uuid)
{
  g_autoptr (X509) leaf = issue (pki, key, usage, uuid, pki->now - DAY, pki->now + DAY);

  return chain_of (leaf);
}

CantigaIdentity *
pki_issue (Pki *pki, CantigaAuth auth, CantigaUsage usage, const char *uuid, gint64 from, gint64 until)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) key = key_new (auth);
  g_autoptr (X509) leaf = issue (pki, key, usage, uuid, from, until);
  g_autoptr (GPtrArray) chain = chain_of (leaf);
  CantigaIdentity *identity = cantiga_identity_new (key, chain, &error);

  g_assert_no_error (error);
  return identity;
}

GPtrArray *
pki_issue_all (Pki *pki, CantigaUsage usage, const char *uuid)
{
  GPtrArray *identities = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_identity_unref);

  for (guint auth = 0; auth < CANTIGA_N_AUTHS; auth++)
    g_ptr_array_add (identities, pki_issue (pki, auth, usage, uuid, pki->now - DAY, pki->now + DAY));
  return identities;
}

char *
folder_new (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("cantiga-test-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        remove_tree (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

void
folder_free (char *path)
{
  remove_tree (path);
  g_free (path);
}
