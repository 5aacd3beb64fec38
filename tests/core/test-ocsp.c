/* Answers of OCSP responders, right and wrong. */
#include "core/ocsp.h"

#include <openssl/ocsp.h>

#include "chain-fixture.h"

typedef struct
{
  Fixture chain;
  X509 *card;
  CantigaOcspQuestion *question;
  EVP_PKEY *other_key;
  X509 *other; /* an authority that has nothing to do with it */
} Asked;

static void
asked_set_up (Asked *asked, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  set_up (&asked->chain, NULL);
  asked->card = asked->chain.leaves[CANTIGA_USAGE_CARD];
  asked->question = cantiga_ocsp_question_new (asked->card, asked->chain.authority, &error);
  g_assert_no_error (error);
  asked->other_key = key_new (CANTIGA_AUTH_ECDSA);
  asked->other = authority_new (asked->other_key, "other");
}

static void
asked_tear_down (Asked *asked, gconstpointer unused)
{
  cantiga_ocsp_question_free (asked->question);
  X509_free (asked->other);
  EVP_PKEY_free (asked->other_key);
  tear_down (&asked->chain, NULL);
}

/* How an answer is made; what is left out is right. */
typedef struct
{
  int status;
  gint64 from, until; /* seconds after now; until 0: it does not say */
  X509 *about;
  X509 *signer;
  EVP_PKEY *key;
  gboolean with_nonce;
  gboolean alone; /* without its signer's certificate */
  const char *from_text, *until_text; /* instead of from and until, whatever they are */
  CantigaOcspQuestion *of; /* whose nonce it has */
} Answer;

static GBytes *
answer_new (Asked *asked, const Answer *how)
{
  g_autoptr (GBytes) question = cantiga_ocsp_question_encode (how->of != NULL ? how->of : asked->question);
  const unsigned char *at = g_bytes_get_data (question, NULL);
  OCSP_REQUEST *request = d2i_OCSP_REQUEST (NULL, &at, (long)g_bytes_get_size (question));
  OCSP_BASICRESP *basic = OCSP_BASICRESP_new ();
  OCSP_CERTID *id = OCSP_cert_to_id (NULL, how->about != NULL ? how->about : asked->card, asked->chain.authority);
  ASN1_TIME *from = ASN1_TIME_adj (NULL, NOW, 0, (long)how->from);
  ASN1_TIME *until = how->until != 0 ? ASN1_TIME_adj (NULL, NOW, 0, (long)how->until) : NULL;
  ASN1_GENERALIZEDTIME *from_said, *until_said;
  OCSP_SINGLERESP *single;
  OCSP_RESPONSE *response;
  unsigned char *der = NULL;
  int length;

  single = OCSP_basic_add1_status (basic, id, how->status, 0, from, from, until);
  (void)OCSP_single_get0_status (single, NULL, NULL, &from_said, &until_said);
  if (how->from_text != NULL)
    ASN1_STRING_set (from_said, how->from_text, -1);
  if (how->until_text != NULL)
    ASN1_STRING_set (until_said, how->until_text, -1);
  if (how->with_nonce)
    g_assert_cmpint (OCSP_copy_nonce (basic, request), ==, 1);
  g_assert_cmpint (OCSP_basic_sign (basic, how->signer != NULL ? how->signer : asked->chain.authority,
                                    how->key != NULL ? how->key : asked->chain.authority_key, EVP_sha256 (), NULL, how->alone ? OCSP_NOCERTS : 0),
                   ==, 1);
  response = OCSP_response_create (OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  length = i2d_OCSP_RESPONSE (response, &der);
  OCSP_RESPONSE_free (response);
  ASN1_TIME_free (until);
  ASN1_TIME_free (from);
  OCSP_CERTID_free (id);
  OCSP_BASICRESP_free (basic);
  OCSP_REQUEST_free (request);
  return g_bytes_new_with_free_func (der, (gsize)length, (GDestroyNotify)free, der);
}

static void
assert_says (Asked *asked, const Answer *how, CantigaOcspStatus expected, gint64 expected_until)
{
  g_autoptr (GBytes) answer = answer_new (asked, how);
  g_autoptr (GError) error = NULL;
  CantigaOcspStatus status;
  gint64 until;

  g_assert_true (cantiga_ocsp_question_consume_answer (asked->question, answer, NOW, &status, &until, &error));
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, expected);
  g_assert_cmpint (until, ==, expected_until);
}

static void
assert_is_none (Asked *asked, GBytes *answer, const char *why)
{
  g_autoptr (GError) error = NULL;
  CantigaOcspStatus status;
  gint64 until;

  g_assert_false (cantiga_ocsp_question_consume_answer (asked->question, answer, NOW, &status, &until, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNCHECKED);
  if (strstr (error->message, why) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, why);
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

static void
assert_refused (Asked *asked, const Answer *how, const char *why)
{
  g_autoptr (GBytes) answer = answer_new (asked, how);

  assert_is_none (asked, answer, why);
}

static void
test_statuses (Asked *asked, gconstpointer unused)
{
  assert_says (asked, &(Answer){ .status = V_OCSP_CERTSTATUS_GOOD, .until = 600, .with_nonce = TRUE }, CANTIGA_OCSP_GOOD, NOW + 600);
  assert_says (asked, &(Answer){ .status = V_OCSP_CERTSTATUS_REVOKED, .until = 600, .with_nonce = TRUE }, CANTIGA_OCSP_REVOKED, NOW + 600);
  assert_says (asked, &(Answer){ .status = V_OCSP_CERTSTATUS_UNKNOWN, .until = 600, .with_nonce = TRUE }, CANTIGA_OCSP_UNKNOWN, NOW + 600);
}

/* Many responders answer with what they made before. */
static void
test_without_nonce (Asked *asked, gconstpointer unused)
{
  assert_says (asked, &(Answer){ .from = -3600, .until = 600 }, CANTIGA_OCSP_GOOD, NOW + 600);
  assert_says (asked, &(Answer){ .from = -3600 }, CANTIGA_OCSP_GOOD, NOW);
}

static void
test_other_question (Asked *asked, gconstpointer unused)
{
  g_autoptr (CantigaOcspQuestion) other = cantiga_ocsp_question_new (asked->card, asked->chain.authority, NULL);

  assert_refused (asked, &(Answer){ .until = 600, .with_nonce = TRUE, .of = other }, "another question");
}

static void
test_other_card (Asked *asked, gconstpointer unused)
{
  assert_refused (asked, &(Answer){ .until = 600, .about = asked->chain.leaves[CANTIGA_USAGE_PLAYER] }, "another card");
}

static void
test_dates (Asked *asked, gconstpointer unused)
{
  assert_refused (asked, &(Answer){ .from = -7200, .until = -3600 }, "out of date");
  assert_refused (asked, &(Answer){ .from = -2 * DAY }, "out of date");
  assert_refused (asked, &(Answer){ .from = 3600, .until = 7200 }, "another time");
  assert_refused (asked, &(Answer){ .from_text = "yesterday", .until = 600 }, "another time");
  assert_refused (asked, &(Answer){ .until = 600, .until_text = "20991399" }, "out of date");
}

/* By another authority; by one whom the issuer gave a certificate, but not this office. */
static void
test_signers (Asked *asked, gconstpointer unused)
{
  assert_refused (asked, &(Answer){ .until = 600, .signer = asked->other, .key = asked->other_key }, "not signed by");
  assert_refused (asked, &(Answer){ .until = 600, .signer = asked->chain.leaves[CANTIGA_USAGE_PLAYER], .key = asked->chain.key }, "not signed by");
}

static void
test_entitled_signer (Asked *asked, gconstpointer unused)
{
  Fixture *fixture = &asked->chain;
  g_autoptr (X509) responder
      = odd_new (&(Odd){ "responder", BY_AUTHORITY, { "keyUsage", "digitalSignature", "extendedKeyUsage", "OCSPSigning", IDENTIFIERS, NULL } });

  assert_says (asked, &(Answer){ .until = 600, .signer = responder, .key = fixture->key }, CANTIGA_OCSP_GOOD, NOW + 600);
}

/* RFC 6960 4.2.1: the certificates in an answer are optional; who asks has the issuer's. */
static void
test_issuer_alone (Asked *asked, gconstpointer unused)
{
  assert_says (asked, &(Answer){ .until = 600, .with_nonce = TRUE, .alone = TRUE }, CANTIGA_OCSP_GOOD, NOW + 600);
  assert_refused (asked, &(Answer){ .until = 600, .signer = asked->other, .key = asked->other_key, .alone = TRUE }, "not signed by");
}

static void
test_nonsense (Asked *asked, gconstpointer unused)
{
  g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);
  g_autoptr (GBytes) page = g_bytes_new_static ("<html>", 6);
  /* OCSPResponse of status tryLater, and of successful without an answer. */
  g_autoptr (GBytes) later = g_bytes_new_static ("\x30\x03\x0a\x01\x03", 5);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("\x30\x03\x0a\x01\x00", 5);

  assert_is_none (asked, empty, "cannot be read");
  assert_is_none (asked, page, "cannot be read");
  assert_is_none (asked, later, "does not answer");
  assert_is_none (asked, nothing, "cannot be read");
}

static void
test_url (Asked *asked, gconstpointer unused)
{
  Fixture *fixture = &asked->chain;
  g_autoptr (X509) card
      = odd_new (&(Odd){ "card", BY_AUTHORITY, { "authorityInfoAccess", "OCSP;URI:ldap://a.example/,OCSP;URI:http://b.example/ocsp,OCSP;URI:http://c.example/", NULL } });
  g_autofree char *url = cantiga_ocsp_dup_url (card);

  g_assert_cmpstr (url, ==, "http://b.example/ocsp");
  g_assert_null (cantiga_ocsp_dup_url (asked->card));
}

#define ADD_ASKED(path, function) g_test_add ("/ocsp/" path, Asked, NULL, asked_set_up, function, asked_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD_ASKED ("understands-every-answer", test_statuses);
  ADD_ASKED ("takes-an-answer-without-a-nonce", test_without_nonce);
  ADD_ASKED ("refuses-an-answer-to-another-question", test_other_question);
  ADD_ASKED ("refuses-an-answer-about-another-card", test_other_card);
  ADD_ASKED ("refuses-an-answer-of-another-time", test_dates);
  ADD_ASKED ("refuses-an-answer-of-who-is-not-entitled", test_signers);
  ADD_ASKED ("takes-an-answer-of-who-is-entitled", test_entitled_signer);
  ADD_ASKED ("takes-an-answer-of-the-issuer-without-its-certificate", test_issuer_alone);
  ADD_ASKED ("refuses-nonsense", test_nonsense);
  ADD_ASKED ("finds-the-responder-of-a-card", test_url);
  return g_test_run ();
}
