#include "card/sign.h"

#include <openssl/ec.h>

#define SIGNATURE_MAX 1024
#define LOOKS_MAX 12
#define LOOK_MICROSECONDS 50000

/* One attempt. */
typedef struct
{
  CantigaFound *found; /* borrowed */
  GBytes *message;     /* borrowed */
  CantigaSecret *pin;  /* borrowed, may be NULL */

  CK_SESSION_HANDLE session;
  CK_OBJECT_HANDLE key;
  gboolean key_asks_each_time; /* CKA_ALWAYS_AUTHENTICATE */
  gboolean start_over;         /* the reader was lost, and no PIN was refused */
  CantigaCardState state;
} Attempt;

void
cantiga_signed_clear (CantigaSigned *signed_)
{
  g_clear_pointer (&signed_->signature, g_bytes_unref);
}

static gboolean
stop (Attempt *attempt, CantigaCardState state)
{
  attempt->state = state;
  return FALSE;
}

/* Reads the tries left again, as they are after a refusal. FALSE if the card is not there any more. */
static gboolean
read_tries (CantigaFound *found)
{
  CK_SLOT_INFO slot = { 0 };
  CK_TOKEN_INFO token = { 0 };

  if (found->module->functions->C_GetSlotInfo (found->slot, &slot) != CKR_OK || (slot.flags & CKF_TOKEN_PRESENT) == 0)
    return FALSE;
  if (found->module->functions->C_GetTokenInfo (found->slot, &token) != CKR_OK)
    return FALSE;
  found->tries = cantiga_tries_of_flags (token.flags);
  return TRUE;
}

static gboolean
rv_is_broken_transmission (CK_RV rv)
{
  return rv == CKR_DEVICE_ERROR || rv == CKR_GENERAL_ERROR;
}

/* pcscd looks at a reader two or three times a second: until then a card that is taken out is only a transmission that broke. */
static gboolean
card_stays (CantigaFound *found, CK_RV rv)
{
  guint looks = rv_is_broken_transmission (rv) ? LOOKS_MAX : 1;

  for (guint i = 0; i < looks; i++)
    {
      if (i > 0)
        g_usleep (LOOK_MICROSECONDS);
      if (!read_tries (found))
        return FALSE;
    }
  return TRUE;
}

/* What stopped the card, when it was not about a PIN. */
static gboolean
stop_for_failure (Attempt *attempt, CK_RV rv)
{
  if (!card_stays (attempt->found, rv))
    return stop (attempt, CANTIGA_CARD_STATE_REMOVED);
  switch (rv)
    {
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_MECHANISM_INVALID:
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
    case CKR_FUNCTION_NOT_SUPPORTED:
      return stop (attempt, CANTIGA_CARD_STATE_UNSUPPORTED);
    case CKR_USER_NOT_LOGGED_IN:
      return stop (attempt, CANTIGA_CARD_STATE_PIN_WANTED);
    default:
      return stop (attempt, cantiga_rv_is_absence (rv) ? CANTIGA_CARD_STATE_REMOVED : CANTIGA_CARD_STATE_SILENT);
    }
}

/* The Citizen Card's third wrong PIN is still CKR_PIN_INCORRECT: the token's flags tell that it is blocked. CKR_PIN_LOCKED is believed only while the
 * card is there: Autenticação.gov's module gives it for a card that was taken out. */
static gboolean
stop_for_refusal (Attempt *attempt, CK_RV rv)
{
  if (!read_tries (attempt->found))
    return stop (attempt, CANTIGA_CARD_STATE_REMOVED);
  switch (rv)
    {
    case CKR_PIN_LOCKED:
      attempt->found->tries = CANTIGA_CARD_TRIES_BLOCKED;
      return stop (attempt, CANTIGA_CARD_STATE_BLOCKED);
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
      if (attempt->found->tries == CANTIGA_CARD_TRIES_BLOCKED)
        return stop (attempt, CANTIGA_CARD_STATE_BLOCKED);
      return stop (attempt, attempt->found->tries == CANTIGA_CARD_TRIES_LAST ? CANTIGA_CARD_STATE_LAST_TRY : CANTIGA_CARD_STATE_PIN_WRONG);
    case CKR_PIN_LEN_RANGE:
    case CKR_CANCEL:
    case CKR_FUNCTION_CANCELED:
    case CKR_FUNCTION_REJECTED:
      return stop (attempt, CANTIGA_CARD_STATE_PIN_WANTED);
    default:
      return stop_for_failure (attempt, rv);
    }
}

static gboolean
rv_is_about_pin (CK_RV rv)
{
  return rv >= CKR_PIN_INCORRECT && rv <= CKR_PIN_LOCKED;
}

static gboolean
pin_is_of_its_form (const CantigaFound *found, CantigaSecret *pin)
{
  gsize length = cantiga_secret_length (pin);
  const guint8 *bytes = cantiga_secret_bytes (pin);

  if (length < found->pin_min || length > found->pin_max)
    return FALSE;
  for (gsize i = 0; found->kind == CANTIGA_CARD_KIND_CITIZEN && i < length; i++)
    if (!g_ascii_isdigit (bytes[i]))
      return FALSE;
  return TRUE;
}

/* Everything that can be known without costing the holder a try. */
static gboolean
check_before (Attempt *attempt)
{
  CantigaFound *found = attempt->found;

  if (found->state == CANTIGA_CARD_STATE_CERTIFICATE_INVALID || found->state == CANTIGA_CARD_STATE_BLOCKED)
    return stop (attempt, found->state);
  if (found->pin != CANTIGA_CARD_PIN_ASKED)
    return TRUE;
  if (attempt->pin == NULL)
    return found->state == CANTIGA_CARD_STATE_READY || stop (attempt, found->state);
  return pin_is_of_its_form (found, attempt->pin) || stop (attempt, CANTIGA_CARD_STATE_PIN_WANTED);
}

/* A PIN that is given is tried, also where the card is signed in to already: whoever typed it wants to know whether it is right. */
static gboolean
open_session (Attempt *attempt)
{
  CantigaFound *found = attempt->found;
  CK_RV rv;

  if (attempt->pin != NULL)
    cantiga_module_drop (found->module, found->slot);
  attempt->session = cantiga_module_get_kept (found->module, found->slot);
  if (attempt->session != 0)
    return TRUE;
  rv = found->module->functions->C_OpenSession (found->slot, CKF_SERIAL_SESSION, NULL, NULL, &attempt->session);
  if (rv == CKR_OK)
    return TRUE;
  attempt->session = 0;
  attempt->start_over = cantiga_rv_is_lost (rv);
  return stop_for_failure (attempt, rv);
}

/* With a pad the reader asks, and no PIN is passed. */
static CK_RV
call_login (Attempt *attempt, CK_USER_TYPE user)
{
  CantigaFound *found = attempt->found;
  gboolean pad = found->pin == CANTIGA_CARD_PIN_PAD;

  return found->module->functions->C_Login (attempt->session, user, pad ? NULL : cantiga_secret_bytes (attempt->pin),
                                            pad ? 0 : cantiga_secret_length (attempt->pin));
}

static gboolean
log_in (Attempt *attempt)
{
  CantigaFound *found = attempt->found;
  CK_RV rv;

  if (found->pin == CANTIGA_CARD_PIN_OWN_DIALOG || attempt->session == cantiga_module_get_kept (found->module, found->slot))
    return TRUE;
  rv = call_login (attempt, CKU_USER);
  return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN || stop_for_refusal (attempt, rv);
}

static gboolean
key_is_allowed (Attempt *attempt, CK_OBJECT_HANDLE key)
{
  g_autoptr (GBytes) label = cantiga_object_get (attempt->found->module, attempt->session, key, CKA_LABEL, 256);

  return label == NULL || !cantiga_label_is_forbidden (label);
}

static gboolean
find_key (Attempt *attempt)
{
  CantigaFound *found = attempt->found;
  g_autoptr (GArray) keys = NULL;
  CK_RV rv = cantiga_objects_find (found->module, attempt->session, CKO_PRIVATE_KEY, found->id, &keys);

  if (rv != CKR_OK)
    {
      attempt->start_over = cantiga_rv_is_lost (rv);
      return stop_for_failure (attempt, rv);
    }
  for (guint i = 0; i < keys->len; i++)
    if (key_is_allowed (attempt, g_array_index (keys, CK_OBJECT_HANDLE, i)))
      {
        attempt->key = g_array_index (keys, CK_OBJECT_HANDLE, i);
        return TRUE;
      }
  return stop (attempt, CANTIGA_CARD_STATE_UNSUPPORTED);
}

static void
read_key (Attempt *attempt)
{
  g_autoptr (GBytes) always = cantiga_object_get (attempt->found->module, attempt->session, attempt->key, CKA_ALWAYS_AUTHENTICATE, sizeof (CK_BBOOL));

  attempt->key_asks_each_time = always != NULL && *(const CK_BBOOL *)g_bytes_get_data (always, NULL) != CK_FALSE;
}

/* Cards give r || s (PKCS#11), the protocol wants DER (docs/protocol.md 7). */
static GBytes *
encode_ecdsa (const guint8 *raw, gsize length)
{
  g_autoptr (GBytes) bytes = NULL;
  ECDSA_SIG *pair = ECDSA_SIG_new ();
  BIGNUM *r = length > 0 && length % 2 == 0 ? BN_bin2bn (raw, (int)(length / 2), NULL) : NULL;
  BIGNUM *s = r != NULL ? BN_bin2bn (raw + length / 2, (int)(length / 2), NULL) : NULL;
  guint8 *der = NULL;

  if (pair != NULL && s != NULL && ECDSA_SIG_set0 (pair, r, s) == 1)
    {
      int size = i2d_ECDSA_SIG (pair, &der);

      bytes = size > 0 ? g_bytes_new (der, (gsize)size) : NULL;
      r = s = NULL;
    }
  OPENSSL_free (der);
  BN_free (r);
  BN_free (s);
  ECDSA_SIG_free (pair);
  return g_steal_pointer (&bytes);
}

/* The Citizen Card hashes for RSA itself (it refuses a ready DigestInfo); for EC it wants the hash. */
static CK_RV
call_sign (Attempt *attempt, guint8 *signature, CK_ULONG *length)
{
  CK_FUNCTION_LIST *functions = attempt->found->module->functions;
  gboolean rsa = EVP_PKEY_is_a (attempt->found->key, "RSA");
  CK_MECHANISM mechanism = { rsa ? CKM_SHA256_RSA_PKCS : CKM_ECDSA, NULL, 0 };
  gsize size;
  const guint8 *text = g_bytes_get_data (attempt->message, &size);
  guint8 hash[32];
  CK_RV rv = functions->C_SignInit (attempt->session, &mechanism, attempt->key);

  if (rv == CKR_OK && attempt->key_asks_each_time && attempt->found->pin != CANTIGA_CARD_PIN_OWN_DIALOG)
    rv = call_login (attempt, CKU_CONTEXT_SPECIFIC);
  if (rv != CKR_OK)
    return rv;
  if (!rsa && EVP_Q_digest (NULL, "SHA256", NULL, text, size, hash, NULL) != 1)
    return CKR_HOST_MEMORY;
  return functions->C_Sign (attempt->session, (CK_BYTE *)(rsa ? text : hash), rsa ? size : sizeof hash, signature, length);
}

static gboolean
sign (Attempt *attempt, GBytes **ret_raw)
{
  guint8 signature[SIGNATURE_MAX];
  CK_ULONG length = sizeof signature;
  CK_RV rv;

  if (attempt->key_asks_each_time && attempt->pin == NULL && attempt->found->pin == CANTIGA_CARD_PIN_ASKED)
    return stop (attempt, attempt->found->tries == CANTIGA_CARD_TRIES_LAST ? CANTIGA_CARD_STATE_LAST_TRY : CANTIGA_CARD_STATE_PIN_WANTED);
  rv = call_sign (attempt, signature, &length);
  if (rv == CKR_OK)
    {
      *ret_raw = g_bytes_new (signature, length);
      return TRUE;
    }
  /* Who typed a PIN on a pad or in the module's window is not asked for it a second time. */
  attempt->start_over = cantiga_rv_is_lost (rv) && attempt->found->pin == CANTIGA_CARD_PIN_ASKED;
  if (rv_is_about_pin (rv) || rv == CKR_CANCEL || rv == CKR_FUNCTION_CANCELED || rv == CKR_FUNCTION_REJECTED)
    return stop_for_refusal (attempt, rv);
  return stop_for_failure (attempt, rv);
}

static gboolean
take_signature (Attempt *attempt, GBytes *raw, CantigaSigned *ret_signed)
{
  EVP_PKEY *key = attempt->found->key;
  gboolean rsa = EVP_PKEY_is_a (key, "RSA");
  const char *algorithm = rsa ? "rsa-pkcs1-sha256" : "ecdsa-sha256";
  g_autoptr (GBytes) signature = rsa ? g_bytes_ref (raw) : encode_ecdsa (g_bytes_get_data (raw, NULL), g_bytes_get_size (raw));
  gsize length;
  gconstpointer message = g_bytes_get_data (attempt->message, &length);

  if (signature == NULL || !cantiga_verify_card (key, algorithm, message, length, signature, NULL))
    return stop (attempt, CANTIGA_CARD_STATE_CERTIFICATE_INVALID);
  ret_signed->algorithm = algorithm;
  ret_signed->signature = g_steal_pointer (&signature);
  return TRUE;
}

/* After a signature the session stays, signed in, so that a session with a server can be made again without asking. */
static void
close_session (Attempt *attempt, gboolean done)
{
  CantigaModule *module = attempt->found->module;
  CK_SLOT_ID slot = attempt->found->slot;

  if (attempt->session == 0)
    return;
  if (cantiga_module_get_kept (module, slot) != attempt->session)
    cantiga_module_keep (module, slot, attempt->session);
  if (!done || attempt->key_asks_each_time || attempt->found->pin == CANTIGA_CARD_PIN_OWN_DIALOG)
    cantiga_module_drop (module, slot);
}

static gboolean
try_once (Attempt *attempt, CantigaSigned *ret_signed)
{
  g_autoptr (GBytes) raw = NULL;
  gboolean done = check_before (attempt) && open_session (attempt) && log_in (attempt) && find_key (attempt);

  if (done)
    {
      read_key (attempt);
      done = sign (attempt, &raw) && take_signature (attempt, raw, ret_signed);
    }
  close_session (attempt, done);
  if (done)
    read_tries (attempt->found);
  return done;
}

static void
take_result (const Attempt *attempt, gboolean done, CantigaSigned *ret_signed)
{
  ret_signed->state = done ? CANTIGA_CARD_STATE_READY : attempt->state;
  ret_signed->tries = attempt->found->tries;
  ret_signed->pin_min = attempt->found->pin_min;
  ret_signed->pin_max = attempt->found->pin_max;
}

void
cantiga_sign_with_card (GPtrArray *modules, const char *uri, GBytes *message, CantigaSecret *pin, CantigaSigned *ret_signed)
{
  gboolean again = TRUE;

  for (guint attempts = 0; again && attempts < 2; attempts++)
    {
      g_autoptr (CantigaSurvey) survey = cantiga_survey_take (modules);
      Attempt attempt = { .found = cantiga_survey_find (survey, uri), .message = message, .pin = pin };
      gboolean done;

      if (attempt.found == NULL)
        {
          gboolean service = survey->state != CANTIGA_CARD_STATE_NO_SERVICE && survey->state != CANTIGA_CARD_STATE_NOT_AUTHORISED;

          ret_signed->state = service ? CANTIGA_CARD_STATE_REMOVED : survey->state;
          return;
        }
      done = try_once (&attempt, ret_signed);
      take_result (&attempt, done, ret_signed);
      again = !done && attempt.start_over;
    }
}
