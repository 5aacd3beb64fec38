/* Cards, as their states issue them: chains of mixed keys, policies, revocation lists of several authorities (docs/protocol.md 7). */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/error.h"
#include "core/x509-private.h"

typedef STACK_OF (X509_CRL) Lists;

/* The lists themselves are the caller's. */
static void
lists_free (Lists *lists)
{
  sk_X509_CRL_free (lists);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Lists, lists_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free)

static Lists *
lists_of (GPtrArray *crls, GError **error)
{
  g_autoptr (Lists) lists = sk_X509_CRL_new_null ();

  for (guint i = 0; lists != NULL && crls != NULL && i < crls->len; i++)
    if (sk_X509_CRL_push (lists, crls->pdata[i]) == 0)
      g_clear_pointer (&lists, lists_free);
  if (lists == NULL)
    cantiga_fail_crypto (error, "listing revocation lists");
  return g_steal_pointer (&lists);
}

/* Told of everything that OpenSSL finds wrong; what is returned decides. States publish the lists of the authorities in between at other places than
 * those of cards. */
static int
wrong_found_cb (int is_right, X509_STORE_CTX *context)
{
  const CantigaCardTerms *terms = X509_STORE_CTX_get_app_data (context);
  int reason = X509_STORE_CTX_get_error (context);

  if (is_right)
    return 1;
  if (reason == X509_V_ERR_UNABLE_TO_GET_CRL)
    return X509_STORE_CTX_get_error_depth (context) > 0;
  return reason == X509_V_ERR_CRL_HAS_EXPIRED && terms->take_expired_crls;
}

static gboolean
prepare (X509_STORE_CTX *context, const CantigaCardTerms *terms, Lists *lists, gint64 now)
{
  X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param (context);
  /* The authority that issued the cards may itself be configured, without the one above it. */
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

  /* With the extended support, a list of what changed is not taken for a whole one, but used beside it. */
  if (terms->crls != NULL)
    flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_USE_DELTAS;
  X509_VERIFY_PARAM_set_time (parameters, (time_t)now);
  X509_VERIFY_PARAM_set_depth (parameters, CANTIGA_CHAIN_MAX - 1);
  X509_VERIFY_PARAM_set_auth_level (parameters, CANTIGA_CHAIN_SECURITY);
  X509_STORE_CTX_set0_crls (context, lists);
  X509_STORE_CTX_set_verify_cb (context, wrong_found_cb);
  return X509_STORE_CTX_set_app_data (context, (gpointer)terms) == 1 && X509_VERIFY_PARAM_set_flags (parameters, flags) == 1;
}

static gboolean
is_of_a_list (int reason)
{
  return reason == X509_V_ERR_CRL_HAS_EXPIRED || reason == X509_V_ERR_CRL_NOT_YET_VALID || reason == X509_V_ERR_CRL_SIGNATURE_FAILURE
         || reason == X509_V_ERR_KEYUSAGE_NO_CRL_SIGN || reason == X509_V_ERR_DIFFERENT_CRL_SCOPE || reason == X509_V_ERR_CRL_PATH_VALIDATION_ERROR;
}

static gboolean
fail_with_reason (X509_STORE_CTX *context, X509 *card, GError **error)
{
  int reason = X509_STORE_CTX_get_error (context);
  gboolean is_card = X509_STORE_CTX_get_error_depth (context) == 0;
  X509 *at = X509_STORE_CTX_get_current_cert (context);

  ERR_clear_error ();
  if (is_card && reason == X509_V_ERR_CERT_REVOKED)
    return cantiga_fail (error, CANTIGA_ERROR_CARD_REVOKED);
  if (is_card && (reason == X509_V_ERR_CERT_HAS_EXPIRED || reason == X509_V_ERR_CERT_NOT_YET_VALID))
    return cantiga_fail (error, CANTIGA_ERROR_CARD_EXPIRED);
  if (reason == X509_V_ERR_UNABLE_TO_GET_CRL)
    return cantiga_fail_with (
        error, CANTIGA_ERROR_CARD_UNCHECKED,
        "Whether the card was revoked cannot be told: the server has no revocation list of its authority. Ask the server's keeper.");
  if (is_of_a_list (reason))
    return cantiga_fail_with (error, CANTIGA_ERROR_CARD_UNCHECKED, "Whether the card was revoked cannot be told: %s. Ask the server's keeper.",
                              cantiga_chain_words_of (reason));
  return cantiga_chain_refuse (error, at != NULL ? at : card, cantiga_chain_words_of (reason));
}

static GPtrArray *
dup_chain (X509_STORE_CTX *context)
{
  const CantigaCertificates *found = X509_STORE_CTX_get0_chain (context);
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);

  for (int i = 0; i < sk_X509_num (found); i++)
    {
      X509 *certificate = sk_X509_value (found, i);

      X509_up_ref (certificate);
      g_ptr_array_add (chain, certificate);
    }
  return chain;
}

static GPtrArray *
find_chain (X509 *card, CantigaCertificates *rest, const CantigaCardTerms *terms, gint64 now, GError **error)
{
  g_autoptr (X509_STORE) store = cantiga_chain_store_new (terms->authorities, error);
  g_autoptr (Lists) lists = store != NULL ? lists_of (terms->crls, error) : NULL;
  g_autoptr (X509_STORE_CTX) context = lists != NULL ? X509_STORE_CTX_new () : NULL;

  if (lists == NULL)
    return NULL;
  if (context == NULL || X509_STORE_CTX_init (context, store, card, rest) != 1 || !prepare (context, terms, lists, now))
    {
      cantiga_fail_crypto (error, "preparing to check a card");
      return NULL;
    }
  if (X509_verify_cert (context) == 1)
    return dup_chain (context);
  fail_with_reason (context, card, error);
  return NULL;
}

/* What the card's own certificate names: the authorities in between need not. */
static gboolean
names_policy (X509 *card, const char *const *policies)
{
  g_autoptr (CERTIFICATEPOLICIES) named = X509_get_ext_d2i (card, NID_certificate_policies, NULL, NULL);

  for (int i = 0; i < sk_POLICYINFO_num (named); i++)
    {
      char text[128];

      if (OBJ_obj2txt (text, sizeof text, sk_POLICYINFO_value (named, i)->policyid, 1) > 0 && g_strv_contains (policies, text))
        return TRUE;
    }
  ERR_clear_error ();
  return FALSE;
}

GPtrArray *
cantiga_card_chain_verify (GPtrArray *certificates, const CantigaCardTerms *terms, gint64 now, GError **error)
{
  g_autoptr (X509) card = NULL;
  g_autoptr (CantigaCertificates) rest = NULL;
  g_autoptr (GPtrArray) chain = NULL;

  if (!cantiga_chain_decode (certificates, &card, &rest, error) || !cantiga_chain_is_for_usage (card, CANTIGA_USAGE_CARD, error))
    return NULL;
  if (terms->policies != NULL && !names_policy (card, terms->policies))
    {
      cantiga_chain_refuse (error, card, "it was not issued under the policy that this server asks for");
      return NULL;
    }
  chain = find_chain (card, rest, terms, now, error);
  return g_steal_pointer (&chain);
}
