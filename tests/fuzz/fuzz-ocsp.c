/* What an OCSP responder answers: as it came, and signed anew by the authority, so that what stands in it is read. */
#include "tests/fuzz/fuzz.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "core/error.h"
#include "core/ocsp.h"
#include "core/sign.h"
#include "tests/fuzz/authority.h"

/* make-corpus.py answers about the certificate of this number. */
#define SERIAL 7

static CantigaOcspQuestion *
question_new (void)
{
  g_autoptr (X509) card = cantiga_certificate_issue (fuzz_authority (), fuzz_authority_key (), fuzz_authority_key (), CANTIGA_USAGE_PLAYER, "card", NULL, NOW - YEAR, NOW + YEAR, NULL);
  CantigaOcspQuestion *question;

  g_assert_cmpint (ASN1_INTEGER_set (X509_get_serialNumber (card), SERIAL), ==, 1);
  question = cantiga_ocsp_question_new (card, fuzz_authority (), NULL);
  g_assert_nonnull (question);
  return question;
}

static void
consume (GBytes *answer)
{
  static CantigaOcspQuestion *question;
  g_autoptr (GError) error = NULL;
  CantigaOcspStatus status = CANTIGA_OCSP_GOOD;
  gint64 until = 0;

  if (question == NULL)
    question = question_new ();
  if (!cantiga_ocsp_question_consume_answer (question, answer, NOW, &status, &until, &error))
    g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNCHECKED);
  else
    g_assert_true (status <= CANTIGA_OCSP_UNKNOWN && until >= NOW - 300);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

/* The statements of one answer as another's, which is not signed yet: OpenSSL cannot sign one twice. */
static OCSP_BASICRESP *
copy (OCSP_BASICRESP *from)
{
  OCSP_BASICRESP *to = OCSP_BASICRESP_new ();

  for (int i = 0; i < OCSP_resp_count (from); i++)
    {
      OCSP_SINGLERESP *one = OCSP_resp_get0 (from, i);
      ASN1_GENERALIZEDTIME *revoked = NULL, *since = NULL, *until = NULL;
      int reason = -1;
      int status = OCSP_single_get0_status (one, &reason, &revoked, &since, &until);

      (void)OCSP_basic_add1_status (to, (OCSP_CERTID *)OCSP_SINGLERESP_get0_id (one), status, reason, revoked, since, until);
    }
  return to;
}

static GBytes *
sign_anew (const guint8 *bytes, gsize length)
{
  const unsigned char *at = bytes;
  OCSP_RESPONSE *given = d2i_OCSP_RESPONSE (NULL, &at, (long)length);
  OCSP_BASICRESP *basic = given != NULL ? OCSP_response_get1_basic (given) : NULL;
  OCSP_BASICRESP *copied = basic != NULL ? copy (basic) : NULL;
  OCSP_RESPONSE *made = NULL;
  unsigned char *der = NULL;
  int made_length = 0;

  if (copied != NULL && OCSP_basic_sign (copied, fuzz_authority (), fuzz_authority_key (), NULL, NULL, 0) == 1
      && (made = OCSP_response_create (OCSP_RESPONSE_STATUS_SUCCESSFUL, copied)) != NULL)
    made_length = i2d_OCSP_RESPONSE (made, &der);
  OCSP_RESPONSE_free (made);
  OCSP_BASICRESP_free (copied);
  OCSP_BASICRESP_free (basic);
  OCSP_RESPONSE_free (given);
  ERR_clear_error ();
  return made_length > 0 ? g_bytes_new_with_free_func (der, (gsize)made_length, (GDestroyNotify)free, der) : NULL;
}

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  g_autoptr (GBytes) answer = g_bytes_new (bytes, length);
  g_autoptr (GBytes) signed_anew = sign_anew (bytes, length);

  consume (answer);
  if (signed_anew != NULL)
    consume (signed_anew);
  return 0;
}
