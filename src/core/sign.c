#include "core/sign.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "core/buffer.h"
#include "core/error.h"

#define PSS_SALT_LENGTH 32
#define CARD_RSA_BITS_MIN 2048

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MD_CTX, EVP_MD_CTX_free)

/* docs/protocol.md 2.2. NULL for Ed25519, which hashes by itself. */
static const char *
digest_of (EVP_PKEY *key, CantigaAuth auth)
{
  if (auth == CANTIGA_AUTH_EDDSA)
    return NULL;
  return cantiga_key_pair_get_curve (key) == NID_secp384r1 ? "SHA384" : "SHA256";
}

/* PSS with SHA-256, MGF1 with SHA-256, a salt of 32 bytes, whatever OpenSSL's defaults are. */
static gboolean
set_pss (EVP_PKEY_CTX *context)
{
  return EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PSS_PADDING) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md_name (context, "SHA256", NULL) == 1
         && EVP_PKEY_CTX_set_rsa_pss_saltlen (context, PSS_SALT_LENGTH) == 1;
}

static GBytes *
sign_bytes (EVP_PKEY *key, const char *digest, gboolean pss, gconstpointer bytes, gsize length)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  EVP_PKEY_CTX *key_context = NULL; /* the other one's */
  g_autofree guint8 *signature = NULL;
  gsize signature_length = 0, room;

  if (context == NULL || EVP_DigestSignInit_ex (context, &key_context, digest, NULL, NULL, key, NULL) != 1)
    return NULL;
  if (pss && !set_pss (key_context))
    return NULL;
  /* Out of memory, OpenSSL 3.0 may tell a length of 0, or one that is none (-1), and call that success. */
  if (EVP_DigestSign (context, NULL, &signature_length, bytes, length) != 1 || signature_length == 0)
    return NULL;
  room = signature_length;
  signature = g_malloc (room);
  if (EVP_DigestSign (context, signature, &signature_length, bytes, length) != 1 || signature_length == 0 || signature_length > room)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&signature), signature_length);
}

/* lp(label) || message. Never failing but on a label of 4 GiB. */
static CantigaBuffer *
signed_bytes (const char *label, gconstpointer message, gsize length)
{
  CantigaBuffer *buffer = cantiga_buffer_new ();

  cantiga_buffer_add_field_text (buffer, label);
  cantiga_buffer_add (buffer, message, length);
  return buffer;
}

GBytes *
cantiga_sign (EVP_PKEY *key, const char *label, gconstpointer message, gsize length, GError **error)
{
  g_autoptr (CantigaBuffer) buffer = signed_bytes (label, message, length);
  CantigaAuth auth;
  GBytes *signature = NULL;

  if (!cantiga_key_pair_get_auth (key, &auth, error))
    return NULL;
  if (!cantiga_buffer_failed (buffer))
    signature = sign_bytes (key, digest_of (key, auth), auth == CANTIGA_AUTH_RSA, cantiga_buffer_bytes (buffer), cantiga_buffer_length (buffer));
  if (signature == NULL)
    cantiga_fail_crypto (error, "signing");
  return signature;
}

/* pss: for RSA keys, PSS or PKCS#1 v1.5. */
static gboolean
verifies (EVP_PKEY *key, const char *digest, gboolean pss, gconstpointer bytes, gsize length, GBytes *signature)
{
  g_autoptr (EVP_MD_CTX) context = EVP_MD_CTX_new ();
  EVP_PKEY_CTX *key_context = NULL; /* the other one's */
  gboolean good;

  good = context != NULL && EVP_DigestVerifyInit_ex (context, &key_context, digest, NULL, NULL, key, NULL) == 1
         && (!EVP_PKEY_is_a (key, "RSA") || (pss ? set_pss (key_context) : EVP_PKEY_CTX_set_rsa_padding (key_context, RSA_PKCS1_PADDING) == 1))
         && EVP_DigestVerify (context, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature), bytes, length) == 1;
  ERR_clear_error ();
  return good;
}

gboolean
cantiga_verify (EVP_PKEY *key, const char *label, gconstpointer message, gsize length, GBytes *signature, GError **error)
{
  g_autoptr (CantigaBuffer) buffer = signed_bytes (label, message, length);
  CantigaAuth auth;

  if (!cantiga_key_pair_get_auth (key, &auth, error))
    return FALSE;
  if (cantiga_buffer_failed (buffer)
      || !verifies (key, digest_of (key, auth), TRUE, cantiga_buffer_bytes (buffer), cantiga_buffer_length (buffer), signature))
    return cantiga_fail (error, CANTIGA_ERROR_SIGNATURE_REFUSED);
  return TRUE;
}

GBytes *
cantiga_sign_card (EVP_PKEY *key, gconstpointer message, gsize length, GError **error)
{
  GBytes *signature = sign_bytes (key, "SHA256", FALSE, message, length);

  if (signature == NULL)
    cantiga_fail_crypto (error, "signing");
  return signature;
}

gboolean
cantiga_verify_card (EVP_PKEY *key, const char *algorithm, gconstpointer message, gsize length, GBytes *signature, GError **error)
{
  gboolean fits = FALSE;

  if (g_strcmp0 (algorithm, "rsa-pkcs1-sha256") == 0)
    fits = EVP_PKEY_is_a (key, "RSA") && EVP_PKEY_get_bits (key) >= CARD_RSA_BITS_MIN;
  else if (g_strcmp0 (algorithm, "ecdsa-sha256") == 0)
    /* Cards have what their state gave them: P-521 too, which no suite has. */
    fits = cantiga_key_pair_get_curve (key) != NID_undef;
  if (!fits)
    return cantiga_fail_with (error, CANTIGA_ERROR_CARD_PROOF, "The card's key does not sign as the message says.");
  if (!verifies (key, "SHA256", FALSE, message, length, signature))
    return cantiga_fail (error, CANTIGA_ERROR_CARD_PROOF);
  return TRUE;
}
