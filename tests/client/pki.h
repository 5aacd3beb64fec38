/* An authority with what it issues, and folders to write into, for the tests of the client. */
#pragma once

#include "core/handshake.h"

#define PKI_SERVER "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d"

typedef struct
{
  EVP_PKEY *authority_key;
  X509 *authority;
  X509_CRL *crl;
  EVP_PKEY *publisher_key;
  GPtrArray *publisher; /* GBytes */
  gint64 now;
} Pki;

Pki *pki_new (void);
void pki_free (Pki *pki);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pki, pki_free)
/* A fresh key with a certificate for usage, of PKI_SERVER or of another subject, valid from `from` to `until`. */
CantigaIdentity *pki_issue (Pki *pki, CantigaAuth auth, CantigaUsage usage, const char *uuid, gint64 from, gint64 until);
/* One of usage for each kind of key, valid around now: GPtrArray of CantigaIdentity. */
GPtrArray *pki_issue_all (Pki *pki, CantigaUsage usage, const char *uuid);
/* The leaf's DER, and a chain of it alone for a key. */
GPtrArray *pki_certify (Pki *pki, EVP_PKEY *key, CantigaUsage usage, const char *uuid);

/* A fresh folder; folder_free() removes it with all that is in it. */
char *folder_new (void);
void folder_free (char *path);
