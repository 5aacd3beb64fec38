#include "server/authorities.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "server/watch.h"

#define DEFAULT "pki/card-authorities"

struct _CantigaAuthorities
{
  const CantigaConfig *config; /* borrowed */
  gboolean are_needed;
  CantigaWatch *certificates;
  CantigaWatch *crls; /* NULL: none are asked for */
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free)

/* ---- files ---- */

static BIO *
bio_of (GBytes *file)
{
  gsize length;
  gconstpointer bytes = g_bytes_get_data (file, &length);

  return BIO_new_mem_buf (bytes, (int)MIN (length, G_MAXINT));
}

/* All certificates of a PEM file, or the one of a DER file. */
static GPtrArray *
decode_certificates (GBytes *file, const char *path, GError **error)
{
  g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
  g_autoptr (BIO) bio = bio_of (file);
  X509 *certificate;

  while (bio != NULL && (certificate = PEM_read_bio_X509 (bio, NULL, NULL, NULL)) != NULL)
    g_ptr_array_add (certificates, certificate);
  ERR_clear_error ();
  if (certificates->len == 0 && (certificate = cantiga_certificate_decode_any (file, NULL)) != NULL)
    g_ptr_array_add (certificates, certificate);
  if (certificates->len > 0)
    return g_steal_pointer (&certificates);
  cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s is not a certificate in PEM or DER: take it out, or put the right file in.", path);
  return NULL;
}

/* OpenSSL takes a list without an end for one that never ends. */
static gboolean
check_crls (GPtrArray *crls, const char *path, GError **error)
{
  if (crls->len == 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s is not a revocation list in PEM or DER: take it out, or put the right file in.",
                              path);
  for (guint i = 0; i < crls->len; i++)
    if (cantiga_crl_get_next_update (crls->pdata[i]) == G_MININT64)
      return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s holds a revocation list that does not say until when it holds.", path);
  return TRUE;
}

static GPtrArray *
decode_crls (GBytes *file, const char *path, GError **error)
{
  g_autoptr (GPtrArray) crls = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_CRL_free);
  g_autoptr (BIO) bio = bio_of (file);
  X509_CRL *crl;

  while (bio != NULL && (crl = PEM_read_bio_X509_CRL (bio, NULL, NULL, NULL)) != NULL)
    g_ptr_array_add (crls, crl);
  ERR_clear_error ();
  if (crls->len == 0 && (crl = cantiga_crl_decode (file, NULL)) != NULL)
    g_ptr_array_add (crls, crl);
  return check_crls (crls, path, error) ? g_steal_pointer (&crls) : NULL;
}

static gpointer
ref_certificate (gpointer certificate)
{
  X509_up_ref (certificate);
  return certificate;
}

static gpointer
ref_crl (gpointer crl)
{
  X509_CRL_up_ref (crl);
  return crl;
}

/* ---- opening ---- */

/* A path that is not absolute is one of the state's. */
static char *
dup_path (CantigaState *state, const char *path)
{
  return g_path_is_absolute (path) ? g_strdup (path) : cantiga_state_dup_path (state, path);
}

/* Who may write there decides who is let in. */
static gboolean
check_place (const char *path, gboolean required, GError **error)
{
  GStatBuf status;

  if (g_stat (path, &status) != 0)
    return !required || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be read: %s.", path, g_strerror (errno));
  return (status.st_mode & S_IWOTH) == 0
         || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "Others can write to %s: type chmod o-w %s", path, path);
}

static CantigaWatch *
watch (CantigaState *state, const char *path, gboolean required, CantigaWatchDecode decode, GDestroyNotify free_thing,
       gpointer (*ref_thing) (gpointer), GError **error)
{
  g_autofree char *place = dup_path (state, path);

  return check_place (place, required, error) ? cantiga_watch_new (place, decode, free_thing, ref_thing) : NULL;
}

static gboolean
open_places (CantigaAuthorities *authorities, CantigaState *state, GError **error)
{
  const CantigaConfig *config = authorities->config;
  gboolean is_named = config->card_authorities != NULL;

  authorities->certificates = watch (state, is_named ? config->card_authorities : DEFAULT, is_named, decode_certificates, (GDestroyNotify)X509_free,
                                     ref_certificate, error);
  if (authorities->certificates == NULL)
    return FALSE;
  if (config->crls != NULL)
    authorities->crls = watch (state, config->crls, TRUE, decode_crls, (GDestroyNotify)X509_CRL_free, ref_crl, error);
  return config->crls == NULL || authorities->crls != NULL;
}

/* At the start, what cannot be read is an error. */
static gboolean
read_places (CantigaAuthorities *authorities, guint *ret_n, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GPtrArray) certificates = cantiga_watch_read (authorities->certificates, &failure);
  g_autoptr (GPtrArray) crls = authorities->crls != NULL ? cantiga_watch_read (authorities->crls, &failure) : NULL;

  *ret_n = certificates->len;
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* What is asked of cards without authorities says nothing: anybody can make a certificate with any name and policy in it. */
static const char *
what_needs_authorities (const CantigaConfig *config)
{
  return config->card_authorities != NULL   ? "authorities"
         : config->card_policies != NULL    ? "policy"
         : config->crls != NULL             ? "crls"
         : config->ocsp != CANTIGA_OCSP_OFF ? "ocsp"
         : config->approve_on_first_use     ? "approve-on-first-use"
                                            : NULL;
}

CantigaAuthorities *
cantiga_authorities_new (CantigaState *state, const CantigaConfig *config, GError **error)
{
  g_autoptr (CantigaAuthorities) authorities = g_new0 (CantigaAuthorities, 1);
  const char *what = what_needs_authorities (config);
  guint n = 0;

  authorities->config = config;
  if (!open_places (authorities, state, error) || !read_places (authorities, &n, error))
    return NULL;
  if (what != NULL && n == 0)
    {
      cantiga_fail_with (
          error, CANTIGA_ERROR_CONFIGURATION,
          "[cards] %s needs card authorities, and there are none: put their certificates into %s of the state, or name the folder with "
          "[cards] authorities.",
          what, DEFAULT);
      return NULL;
    }
  authorities->are_needed = n > 0;
  return g_steal_pointer (&authorities);
}

void
cantiga_authorities_free (CantigaAuthorities *authorities)
{
  if (authorities == NULL)
    return;
  cantiga_watch_free (authorities->certificates);
  cantiga_watch_free (authorities->crls);
  g_free (authorities);
}

/* ---- use ---- */

GPtrArray *
cantiga_authorities_list (CantigaAuthorities *authorities)
{
  return cantiga_watch_read (authorities->certificates, NULL);
}

GPtrArray *
cantiga_authorities_list_crls (CantigaAuthorities *authorities)
{
  return authorities->crls != NULL ? cantiga_watch_read (authorities->crls, NULL) : NULL;
}

static GPtrArray *
check_dates (GPtrArray *certificates, gint64 now, GError **error)
{
  g_autoptr (X509) card = cantiga_certificate_decode (certificates->pdata[0], error);
  GPtrArray *chain;

  if (card == NULL)
    return NULL;
  if (now < cantiga_certificate_get_not_before (card) || now > cantiga_certificate_get_not_after (card))
    {
      cantiga_fail (error, CANTIGA_ERROR_CARD_EXPIRED);
      return NULL;
    }
  chain = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
  g_ptr_array_add (chain, g_steal_pointer (&card));
  return chain;
}

GPtrArray *
cantiga_authorities_verify (CantigaAuthorities *authorities, GPtrArray *certificates, gint64 now, char **ret_warning, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GPtrArray) trusted = cantiga_watch_read (authorities->certificates, &failure);
  g_autoptr (GPtrArray) crls = authorities->crls != NULL ? cantiga_watch_read (authorities->crls, &failure) : NULL;
  const CantigaConfig *config = authorities->config;
  const CantigaCardTerms terms = {
    .authorities = trusted, .crls = crls, .take_expired_crls = config->crl_expired_allowed, .policies = (const char *const *)config->card_policies
  };

  *ret_warning = failure != NULL ? g_strdup (failure->message) : NULL;
  /* Where there were any and they are gone, nobody gets in without them. */
  if (trusted->len == 0 && !authorities->are_needed)
    return check_dates (certificates, now, error);
  return cantiga_card_chain_verify (certificates, &terms, now, error);
}
