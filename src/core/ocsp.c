#include "core/ocsp.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "core/error.h"
#include "core/x509-private.h"

/* How far a responder's clock may be from ours, and how old an answer that does not say until when it holds. */
#define SKEW 300
#define OLDEST 86400

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_REQUEST, OCSP_REQUEST_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_RESPONSE, OCSP_RESPONSE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_BASICRESP, OCSP_BASICRESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_CERTID, OCSP_CERTID_free)

struct _CantigaOcspQuestion
{
  OCSP_REQUEST *request;
  OCSP_CERTID *id;
  X509 *issuer;
};

char *
cantiga_ocsp_dup_url (X509 *certificate)
{
  STACK_OF (OPENSSL_STRING) *urls = X509_get1_ocsp (certificate);
  char *url = NULL;

  for (int i = 0; i < sk_OPENSSL_STRING_num (urls) && url == NULL; i++)
    if (g_ascii_strncasecmp (sk_OPENSSL_STRING_value (urls, i), "http://", 7) == 0)
      url = g_strdup (sk_OPENSSL_STRING_value (urls, i));
  X509_email_free (urls);
  return url;
}

/* ---- question ---- */

CantigaOcspQuestion *
cantiga_ocsp_question_new (X509 *certificate, X509 *issuer, GError **error)
{
  g_autoptr (CantigaOcspQuestion) question = g_new0 (CantigaOcspQuestion, 1);
  g_autoptr (OCSP_CERTID) asked = NULL;

  question->request = OCSP_REQUEST_new ();
  /* With SHA-1, which every responder knows: it only names the certificate. */
  question->id = OCSP_cert_to_id (NULL, certificate, issuer);
  asked = question->id != NULL ? OCSP_CERTID_dup (question->id) : NULL;
  if (question->request == NULL || asked == NULL || OCSP_request_add0_id (question->request, asked) == NULL)
    {
      cantiga_fail_crypto (error, "asking whether a card was revoked");
      return NULL;
    }
  (void)g_steal_pointer (&asked);
  if (OCSP_request_add1_nonce (question->request, NULL, -1) != 1)
    {
      cantiga_fail_crypto (error, "asking whether a card was revoked");
      return NULL;
    }
  X509_up_ref (issuer);
  question->issuer = issuer;
  return g_steal_pointer (&question);
}

void
cantiga_ocsp_question_free (CantigaOcspQuestion *question)
{
  if (question == NULL)
    return;
  OCSP_REQUEST_free (question->request);
  OCSP_CERTID_free (question->id);
  X509_free (question->issuer);
  g_free (question);
}

GBytes *
cantiga_ocsp_question_encode (CantigaOcspQuestion *question)
{
  unsigned char *der = NULL;
  int length = i2d_OCSP_REQUEST (question->request, &der);

  return cantiga_der_take (der, length);
}

/* ---- answer ---- */

static gboolean
fail_answer (GError **error, const char *why)
{
  ERR_clear_error ();
  return cantiga_fail_with (error, CANTIGA_ERROR_CARD_UNCHECKED, "Whether the card was revoked cannot be told: %s. Ask the server's keeper.", why);
}

static OCSP_BASICRESP *
decode_answer (GBytes *answer, GError **error)
{
  gsize length;
  const unsigned char *at = g_bytes_get_data (answer, &length);
  g_autoptr (OCSP_RESPONSE) response = length > 0 && length <= G_MAXINT ? d2i_OCSP_RESPONSE (NULL, &at, (long)length) : NULL;
  OCSP_BASICRESP *basic = NULL;

  if (response == NULL)
    fail_answer (error, "what its authority's responder answers cannot be read");
  else if (OCSP_response_status (response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    fail_answer (error, "its authority's responder does not answer the question");
  else if ((basic = OCSP_response_get1_basic (response)) == NULL)
    fail_answer (error, "what its authority's responder answers cannot be read");
  return basic;
}

/* The issuer, whose own chain was checked before, is all that is trusted here; OpenSSL asks of another signer that the issuer entitled it. An issuer that answers itself need not send its
 * certificate along (RFC 6960 4.2.1), so it is offered as a signer too. */
static gboolean
verify_signer (CantigaOcspQuestion *question, OCSP_BASICRESP *answer, gint64 now, GError **error)
{
  g_autoptr (X509_STORE) store = X509_STORE_new ();
  g_autoptr (CantigaCertificates) signers = sk_X509_new_null ();
  X509_VERIFY_PARAM *parameters = store != NULL ? X509_STORE_get0_param (store) : NULL;

  if (store == NULL || signers == NULL || X509_STORE_add_cert (store, question->issuer) != 1
      || X509_VERIFY_PARAM_set_flags (parameters, X509_V_FLAG_PARTIAL_CHAIN) != 1 || X509_add_cert (signers, question->issuer, X509_ADD_FLAG_UP_REF) != 1)
    return cantiga_fail_crypto (error, "preparing to check an answer");
  X509_VERIFY_PARAM_set_time (parameters, (time_t)now);
  X509_VERIFY_PARAM_set_auth_level (parameters, CANTIGA_CHAIN_SECURITY);
  if (OCSP_basic_verify (answer, signers, store, OCSP_NOEXPLICIT) != 1)
    return fail_answer (error, "the answer is not signed by its authority's responder");
  /* 0: another question's answer. Who leaves the nonce out answers with what was made before, which its dates bound. */
  return OCSP_check_nonce (question->request, answer) != 0 || fail_answer (error, "the answer is to another question");
}

static gboolean
check_dates (const ASN1_GENERALIZEDTIME *from, const ASN1_GENERALIZEDTIME *until, gint64 now, gint64 *ret_until, GError **error)
{
  gint64 first, last;

  if (from == NULL || !cantiga_asn1_time_get (from, &first) || first > now + SKEW)
    return fail_answer (error, "the answer is of another time");
  if (until == NULL && first < now - OLDEST)
    return fail_answer (error, "the answer is out of date");
  if (until != NULL && (!cantiga_asn1_time_get (until, &last) || last < now - SKEW))
    return fail_answer (error, "the answer is out of date");
  *ret_until = until != NULL ? last : now;
  return TRUE;
}

gboolean
cantiga_ocsp_question_consume_answer (CantigaOcspQuestion *question, GBytes *answer, gint64 now, CantigaOcspStatus *ret_status, gint64 *ret_until,
                                      GError **error)
{
  g_autoptr (OCSP_BASICRESP) basic = decode_answer (answer, error);
  ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
  int status;

  if (basic == NULL || !verify_signer (question, basic, now, error))
    return FALSE;
  if (OCSP_resp_find_status (basic, question->id, &status, NULL, NULL, &from, &until) != 1)
    return fail_answer (error, "the answer is about another card");
  if (!check_dates (from, until, now, ret_until, error))
    return FALSE;
  *ret_status = status == V_OCSP_CERTSTATUS_GOOD      ? CANTIGA_OCSP_GOOD
                : status == V_OCSP_CERTSTATUS_REVOKED ? CANTIGA_OCSP_REVOKED
                                                      : CANTIGA_OCSP_UNKNOWN;
  return TRUE;
}
