/* A PKCS#11 module with one reader and one card (PIN 1234, three tries as the Citizen Card counts them), which behaves as the words in the file
 * $CANTIGA_MOCK_CARD say at that moment, and writes what is asked of it to $CANTIGA_MOCK_CARD.log (a PIN's length, never the PIN). */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>

#include "card/pkcs11.h"
#include "core/chain.h"

#define SLOT 7
#define CERTIFICATE 1
#define PRIVATE_KEY 2
#define PIN "1234"

static struct
{
  EVP_PKEY *key;
  EVP_PKEY *other_key;
  GBytes *certificate;

  guint sessions;
  gboolean blind; /* initialised while there was no reader, it never sees one */
  gboolean signed_in;
  guint tries;
  guint failures; /* of C_Sign, so far */
  CK_OBJECT_CLASS wanted;
  gboolean found;
  CK_SESSION_HANDLE last;
} mock = { .tries = 3 };

static gboolean
says (const char *word)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;

  if (!g_file_get_contents (g_getenv ("CANTIGA_MOCK_CARD"), &text, NULL, NULL))
    return FALSE;
  words = g_strsplit_set (text, " \n", -1);
  return g_strv_contains ((const char *const *)words, word);
}

/* Whether this is the copy that stands for Autenticação.gov's module. */
static gboolean
is_official (void)
{
  Dl_info info;

  return dladdr (&mock, &info) != 0 && strstr (info.dli_fname, "libpteidpkcs11") != NULL;
}

static void
note (const char *format, ...)
{
  g_autofree char *path = g_strconcat (g_getenv ("CANTIGA_MOCK_CARD"), ".log", NULL);
  FILE *log = fopen (path, "a");
  va_list arguments;

  va_start (arguments, format);
  vfprintf (log, format, arguments);
  va_end (arguments);
  fclose (log);
}

static void
hang (void)
{
  for (;;)
    pause ();
}

static const char *
label (CK_OBJECT_HANDLE object)
{
  if (says ("piv"))
    return object == CERTIFICATE ? "Certificate for PIV Authentication" : "PIV AUTH key";
  if (says ("piv-signature"))
    return "Certificate for Digital Signature";
  if (says ("other"))
    return "Cardholder certificate";
  if (object == PRIVATE_KEY)
    return says ("signature-key") ? "CITIZEN SIGNATURE KEY" : "CITIZEN AUTHENTICATION KEY";
  return "CITIZEN AUTHENTICATION CERTIFICATE";
}

/* An expired one, where the words say so before the first request. */
static void
make_certificate (void)
{
  gint64 now = (gint64)time (NULL);
  gint64 end = says ("expired") ? now - 60 : now + 3600;
  g_autoptr (EVP_PKEY) authority_key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, NULL);
  g_autoptr (X509) authority = cantiga_authority_issue (authority_key, "Mock", now - 7200, now + 7200, NULL);
  g_autoptr (X509) certificate = NULL;

  mock.key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, NULL);
  mock.other_key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, NULL);
  certificate = cantiga_certificate_issue (authority, authority_key, mock.key, CANTIGA_USAGE_CARD, "MARIA MOCK",
                                           "00000000-0000-0000-0000-000000000000", now - 3600, end, NULL);
  mock.certificate = cantiga_certificate_encode (certificate);
}

static CK_RV
mock_initialize (void *arguments)
{
  note ("initialize\n");
  if (says ("initialize-fails"))
    return CKR_GENERAL_ERROR;
  mock.blind = says ("no-slot") || says ("service-gone");
  if (mock.key == NULL)
    make_certificate ();
  return CKR_OK;
}

static CK_RV
mock_finalize (void *reserved)
{
  mock.sessions = 0;
  mock.signed_in = FALSE;
  if (says ("finalize-hangs"))
    hang ();
  return CKR_OK;
}

static CK_RV
mock_get_info (CK_INFO *info)
{
  memset (info, 0, sizeof *info);
  info->cryptokiVersion.major = 2;
  info->cryptokiVersion.minor = 20;
  return CKR_OK;
}

static CK_RV
mock_get_slot_list (CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *n)
{
  if (says ("prints"))
    {
      printf ("{\"id\":1,\"state\":\"ready\"}\n");
      fflush (stdout);
    }
  if (says ("list-hangs"))
    hang ();
  if (says ("list-crashes"))
    abort ();
  if (slots != NULL)
    slots[0] = SLOT;
  *n = mock.blind || says ("no-slot") ? 0 : 1;
  return CKR_OK;
}

static void
leave_card (void)
{
  mock.sessions = 0;
  mock.signed_in = FALSE;
}

static CK_RV
mock_get_slot_info (CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
  memset (info, 0, sizeof *info);
  info->flags = says ("fixed") ? 0 : CKF_REMOVABLE_DEVICE | CKF_HW_SLOT;
  if (says ("empty") || says ("service-gone"))
    leave_card ();
  else
    info->flags |= CKF_TOKEN_PRESENT;
  return CKR_OK;
}

static CK_FLAGS
token_flags (void)
{
  CK_FLAGS flags = CKF_USER_PIN_INITIALIZED;

  if (!says ("blank"))
    flags |= CKF_TOKEN_INITIALIZED;
  if (!says ("own-dialog"))
    flags |= CKF_LOGIN_REQUIRED;
  if (says ("pad"))
    flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
  if (mock.tries == 0)
    flags |= CKF_USER_PIN_LOCKED;
  else if (mock.tries == 1)
    flags |= CKF_USER_PIN_FINAL_TRY;
  else if (mock.tries == 2)
    flags |= CKF_USER_PIN_COUNT_LOW;
  return flags;
}

static CK_RV
mock_get_token_info (CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
  if (says ("empty"))
    return CKR_TOKEN_NOT_PRESENT;
  if (says ("unrecognised") || (says ("since-2024") && !is_official ()))
    return CKR_TOKEN_NOT_RECOGNIZED;
  if (says ("broken"))
    return CKR_DEVICE_ERROR;
  memset (info, ' ', sizeof *info);
  memcpy (info->label, "MOCK \xff", 6); /* not UTF-8 */
  memcpy (info->serialNumber, "42", 2);
  info->flags = token_flags ();
  info->ulMinPinLen = 4;
  info->ulMaxPinLen = 12;
  return CKR_OK;
}

static CK_RV
mock_open_session (CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
  mock.sessions++;
  *session = ++mock.last;
  return CKR_OK;
}

static CK_RV
mock_close_session (CK_SESSION_HANDLE session)
{
  if (mock.sessions > 0 && --mock.sessions == 0)
    mock.signed_in = FALSE;
  return CKR_OK;
}

static CK_RV
mock_get_session_info (CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
  if (mock.sessions == 0)
    return CKR_SESSION_HANDLE_INVALID;
  memset (info, 0, sizeof *info);
  info->slotID = SLOT;
  info->state = mock.signed_in ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
  return CKR_OK;
}

/* As OpenSC with the Citizen Card: the third wrong PIN is incorrect, the fourth locked. */
static CK_RV
mock_login (CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG length)
{
  note ("login %s %s%lu\n", user == CKU_USER ? "user" : "context", pin == NULL ? "null " : "", length);
  if (says ("login-breaks"))
    return CKR_DEVICE_ERROR;
  if (says ("login-says-locked"))
    return CKR_PIN_LOCKED;
  if (mock.tries == 0)
    return CKR_PIN_LOCKED;
  if (pin != NULL && (length != strlen (PIN) || memcmp (pin, PIN, length) != 0))
    {
      mock.tries--;
      return CKR_PIN_INCORRECT;
    }
  mock.tries = 3;
  mock.signed_in = TRUE;
  return CKR_OK;
}

static CK_RV
mock_logout (CK_SESSION_HANDLE session)
{
  mock.signed_in = FALSE;
  return CKR_OK;
}

static CK_RV
mock_find_objects_init (CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG n)
{
  mock.wanted = *(CK_OBJECT_CLASS *)template[0].pValue;
  mock.found = FALSE;
  return CKR_OK;
}

static CK_RV
mock_find_objects (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max, CK_ULONG *n)
{
  gboolean there = mock.wanted == CKO_CERTIFICATE ? !says ("no-certificate") : mock.signed_in || says ("own-dialog");

  *n = there && !mock.found ? 1 : 0;
  objects[0] = mock.wanted == CKO_CERTIFICATE ? CERTIFICATE : PRIVATE_KEY;
  mock.found = TRUE;
  return CKR_OK;
}

static CK_RV
mock_find_objects_final (CK_SESSION_HANDLE session)
{
  return CKR_OK;
}

static CK_RV
give (CK_ATTRIBUTE *attribute, const void *bytes, gsize length)
{
  if (attribute->pValue != NULL)
    memcpy (attribute->pValue, bytes, length);
  attribute->ulValueLen = length;
  return CKR_OK;
}

static CK_RV
mock_get_attribute_value (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template, CK_ULONG n)
{
  CK_BBOOL always = says ("always") ? CK_TRUE : CK_FALSE;

  switch (template[0].type)
    {
    case CKA_LABEL:
      return give (template, label (object), strlen (label (object)));
    case CKA_ID:
      return give (template, "\x45", 1);
    case CKA_VALUE:
      note ("value\n");
      return give (template, g_bytes_get_data (mock.certificate, NULL), g_bytes_get_size (mock.certificate));
    case CKA_ALWAYS_AUTHENTICATE:
      return give (template, &always, sizeof always);
    default:
      return CKR_ATTRIBUTE_TYPE_INVALID;
    }
}

static CK_RV
mock_sign_init (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
  return mechanism->mechanism == CKM_ECDSA ? CKR_OK : CKR_MECHANISM_INVALID;
}

static CK_RV
make_signature (const CK_BYTE *hash, CK_ULONG hash_length, CK_BYTE *signature, CK_ULONG *length)
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new (says ("wrong-key") ? mock.other_key : mock.key, NULL);
  guint8 der[128];
  const guint8 *at = der;
  gsize size = sizeof der;
  ECDSA_SIG *pair;

  g_assert_cmpint (EVP_PKEY_sign_init (context), ==, 1);
  g_assert_cmpint (EVP_PKEY_sign (context, der, &size, hash, hash_length), ==, 1);
  pair = d2i_ECDSA_SIG (NULL, &at, (long)size);
  g_assert_cmpint (BN_bn2binpad (ECDSA_SIG_get0_r (pair), signature, 32), ==, 32);
  g_assert_cmpint (BN_bn2binpad (ECDSA_SIG_get0_s (pair), signature + 32, 32), ==, 32);
  *length = says ("short-signature") ? 63 : 64;
  ECDSA_SIG_free (pair);
  EVP_PKEY_CTX_free (context);
  return CKR_OK;
}

static CK_RV
mock_sign (CK_SESSION_HANDLE session, CK_BYTE *text, CK_ULONG text_length, CK_BYTE *signature, CK_ULONG *length)
{
  note ("sign\n");
  if (says ("sign-hangs"))
    hang ();
  if (says ("sign-crashes"))
    abort ();
  if (says ("sign-cancels"))
    return CKR_FUNCTION_CANCELED;
  if (says ("sign-says-locked"))
    return CKR_PIN_LOCKED;
  if (says ("sign-finds-it-removed") || says ("empty"))
    return CKR_DEVICE_REMOVED;
  if (says ("sign-breaks") || (says ("sign-breaks-once") && mock.failures++ == 0))
    return CKR_DEVICE_ERROR;
  return make_signature (text, text_length, signature, length);
}

static CK_FUNCTION_LIST functions = {
  .version = { 2, 20 },
  .C_Initialize = mock_initialize,
  .C_Finalize = mock_finalize,
  .C_GetInfo = mock_get_info,
  .C_GetSlotList = mock_get_slot_list,
  .C_GetSlotInfo = mock_get_slot_info,
  .C_GetTokenInfo = mock_get_token_info,
  .C_OpenSession = mock_open_session,
  .C_CloseSession = mock_close_session,
  .C_GetSessionInfo = mock_get_session_info,
  .C_Login = mock_login,
  .C_Logout = mock_logout,
  .C_FindObjectsInit = mock_find_objects_init,
  .C_FindObjects = mock_find_objects,
  .C_FindObjectsFinal = mock_find_objects_final,
  .C_GetAttributeValue = mock_get_attribute_value,
  .C_SignInit = mock_sign_init,
  .C_Sign = mock_sign,
};

CK_RV
C_GetFunctionList (CK_FUNCTION_LIST **list)
{
  functions.C_GetFunctionList = C_GetFunctionList;
  *list = &functions;
  return CKR_OK;
}
