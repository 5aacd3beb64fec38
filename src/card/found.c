#include "card/found.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/x509v3.h>
#include <p11-kit/uri.h>

#define OBJECTS_MAX 128
#define LABEL_MAX 256
#define ID_MAX 256
#define CERTIFICATE_MAX (16 * 1024)
#define PIN_MAX 64

#define CITIZEN_LABEL "CITIZEN AUTHENTICATION CERTIFICATE"
#define PIV_LABEL "certificate for piv authentication"

void
cantiga_found_free (CantigaFound *found)
{
  if (found == NULL)
    return;
  g_free (found->uri);
  g_free (found->label);
  g_free (found->token);
  g_free (found->name);
  g_clear_pointer (&found->id, g_bytes_unref);
  g_clear_pointer (&found->certificate, g_bytes_unref);
  EVP_PKEY_free (found->key);
  g_free (found);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaFound, cantiga_found_free)

CK_RV
cantiga_objects_find (CantigaModule *module, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class_, GBytes *id, GArray **ret_objects)
{
  g_autoptr (GArray) objects = g_array_sized_new (FALSE, TRUE, sizeof (CK_OBJECT_HANDLE), OBJECTS_MAX);
  CK_ATTRIBUTE wanted[2] = { { CKA_CLASS, &class_, sizeof class_ } };
  CK_ULONG n = 0;
  CK_RV rv;

  if (id != NULL)
    wanted[1] = (CK_ATTRIBUTE){ CKA_ID, (gpointer)g_bytes_get_data (id, NULL), g_bytes_get_size (id) };
  rv = module->functions->C_FindObjectsInit (session, wanted, id != NULL ? 2 : 1);
  if (rv != CKR_OK)
    return rv;
  g_array_set_size (objects, OBJECTS_MAX);
  rv = module->functions->C_FindObjects (session, (CK_OBJECT_HANDLE *)(gpointer)objects->data, OBJECTS_MAX, &n);
  module->functions->C_FindObjectsFinal (session);
  if (rv != CKR_OK)
    return rv;
  g_array_set_size (objects, n);
  *ret_objects = g_steal_pointer (&objects);
  return CKR_OK;
}

GBytes *
cantiga_object_get (CantigaModule *module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, gsize max)
{
  CK_ATTRIBUTE attribute = { type, NULL, 0 };
  g_autofree guint8 *value = NULL;

  if (module->functions->C_GetAttributeValue (session, object, &attribute, 1) != CKR_OK || attribute.ulValueLen == 0 || attribute.ulValueLen > max)
    return NULL;
  value = g_malloc (attribute.ulValueLen);
  attribute.pValue = value;
  if (module->functions->C_GetAttributeValue (session, object, &attribute, 1) != CKR_OK || attribute.ulValueLen > max)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&value), attribute.ulValueLen);
}

static char *
dup_text (const void *bytes, gsize length)
{
  while (length > 0 && ((const char *)bytes)[length - 1] == ' ')
    length--;
  return g_utf8_make_valid (bytes, (gssize)length);
}

static gboolean
label_has (GBytes *label, const char *words)
{
  gsize length;
  const char *text = g_bytes_get_data (label, &length);
  g_autofree char *lower = g_ascii_strdown (text, (gssize)length);

  return strstr (lower, words) != NULL;
}

/* `CITIZEN SIGNATURE …` and PIV's "Digital Signature" bind their holder in law; PIV's "Card Authentication" asks nobody for a PIN, and proves no
 * person. */
gboolean
cantiga_label_is_forbidden (GBytes *label)
{
  return label_has (label, "signature") || label_has (label, "card authentication");
}

static CantigaCardKind
kind_of_label (GBytes *label)
{
  gsize length;
  const char *text = g_bytes_get_data (label, &length);

  if (length == strlen (CITIZEN_LABEL) && memcmp (text, CITIZEN_LABEL, length) == 0)
    return CANTIGA_CARD_KIND_CITIZEN;
  return label_has (label, PIV_LABEL) ? CANTIGA_CARD_KIND_PIV : CANTIGA_CARD_KIND_OTHER;
}

/* nonRepudiation is the mark of a signature in law. A certificate that names no usage at all says too little on a card that is not known. */
static gboolean
certificate_is_for_authentication (X509 *certificate, CantigaCardKind kind)
{
  guint32 flags = X509_get_extension_flags (certificate);
  guint32 usage = X509_get_key_usage (certificate);
  guint32 extended = X509_get_extended_key_usage (certificate);

  if ((flags & (EXFLAG_INVALID | EXFLAG_CA)) != 0)
    return FALSE;
  if ((flags & EXFLAG_XKUSAGE) != 0 && (extended & (XKU_SSL_CLIENT | XKU_ANYEKU)) == 0)
    return FALSE;
  if ((flags & EXFLAG_KUSAGE) == 0)
    return kind != CANTIGA_CARD_KIND_OTHER;
  return (usage & KU_DIGITAL_SIGNATURE) != 0 && (usage & KU_NON_REPUDIATION) == 0;
}

CantigaCardTries
cantiga_tries_of_flags (CK_FLAGS flags)
{
  if ((flags & CKF_USER_PIN_LOCKED) != 0)
    return CANTIGA_CARD_TRIES_BLOCKED;
  if ((flags & CKF_USER_PIN_FINAL_TRY) != 0)
    return CANTIGA_CARD_TRIES_LAST;
  return (flags & CKF_USER_PIN_COUNT_LOW) != 0 ? CANTIGA_CARD_TRIES_LOW : CANTIGA_CARD_TRIES_NORMAL;
}

/* Autenticação.gov's module takes what is passed to C_Login for the number printed on a contactless card, and asks for the PIN itself. */
static gboolean
module_asks_by_itself (CantigaModule *module, const CK_TOKEN_INFO *info)
{
  g_autofree char *name = g_path_get_basename (module->path != NULL ? module->path : "");

  return g_str_has_prefix (name, "libpteidpkcs11") || (info->flags & CKF_LOGIN_REQUIRED) == 0;
}

static CantigaCardPin
pin_of_token (CantigaModule *module, const CK_TOKEN_INFO *info)
{
  if (module_asks_by_itself (module, info))
    return CANTIGA_CARD_PIN_OWN_DIALOG;
  return (info->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0 ? CANTIGA_CARD_PIN_PAD : CANTIGA_CARD_PIN_ASKED;
}

static char *
dup_uri (CantigaModule *module, const CK_TOKEN_INFO *info, GBytes *label, GBytes *id)
{
  P11KitUri *uri = p11_kit_uri_new ();
  CK_OBJECT_CLASS class_ = CKO_CERTIFICATE;
  CK_ATTRIBUTE attributes[] = { { CKA_CLASS, &class_, sizeof class_ },
                                { CKA_LABEL, (gpointer)g_bytes_get_data (label, NULL), g_bytes_get_size (label) },
                                { CKA_ID, (gpointer)g_bytes_get_data (id, NULL), g_bytes_get_size (id) } };
  char *text = NULL;
  char *copy;

  *p11_kit_uri_get_token_info (uri) = *info;
  p11_kit_uri_set_attributes (uri, attributes, G_N_ELEMENTS (attributes));
  if (module->path != NULL)
    p11_kit_uri_set_module_path (uri, module->path);
  if (p11_kit_uri_format (uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE, &text) != P11_KIT_URI_OK)
    text = NULL;
  copy = g_strdup (text);
  free (text);
  p11_kit_uri_free (uri);
  return copy;
}

static CantigaCardState
state_of_found (const CantigaFound *found, gint64 not_before)
{
  gint64 now = (gint64)time (NULL);

  if (now < not_before || now > found->not_after)
    return CANTIGA_CARD_STATE_CERTIFICATE_INVALID;
  if (found->tries == CANTIGA_CARD_TRIES_BLOCKED)
    return CANTIGA_CARD_STATE_BLOCKED;
  if (cantiga_module_get_kept (found->module, found->slot) != 0)
    return CANTIGA_CARD_STATE_READY;
  return found->tries == CANTIGA_CARD_TRIES_LAST ? CANTIGA_CARD_STATE_LAST_TRY : CANTIGA_CARD_STATE_PIN_WANTED;
}

static void
describe_pin (CantigaFound *found, const CK_TOKEN_INFO *info)
{
  gboolean citizen = found->kind == CANTIGA_CARD_KIND_CITIZEN;

  found->tries = cantiga_tries_of_flags (info->flags);
  found->pin = pin_of_token (found->module, info);
  found->pin_min = 4;
  found->pin_max = citizen ? 8 : CLAMP (info->ulMaxPinLen, 4, PIN_MAX);
}

static CantigaFound *
found_new (CantigaModule *module, CK_SLOT_ID slot, const CK_TOKEN_INFO *info, GBytes *label, GBytes *id, GBytes *der)
{
  g_autoptr (CantigaFound) found = g_new0 (CantigaFound, 1);
  g_autoptr (X509) certificate = cantiga_certificate_decode (der, NULL);

  found->kind = kind_of_label (label);
  if (certificate == NULL || !certificate_is_for_authentication (certificate, found->kind))
    return NULL;
  found->key = X509_get_pubkey (certificate);
  if (found->key == NULL || !(EVP_PKEY_is_a (found->key, "RSA") || EVP_PKEY_is_a (found->key, "EC")))
    return NULL;
  found->module = module;
  found->slot = slot;
  found->uri = dup_uri (module, info, label, id);
  found->label = dup_text (g_bytes_get_data (label, NULL), g_bytes_get_size (label));
  found->token = dup_text (info->label, sizeof info->label);
  found->name = cantiga_certificate_dup_name (certificate);
  found->id = g_bytes_ref (id);
  found->certificate = g_bytes_ref (der);
  found->not_after = cantiga_certificate_get_not_after (certificate);
  describe_pin (found, info);
  found->state = state_of_found (found, cantiga_certificate_get_not_before (certificate));
  return found->uri != NULL ? g_steal_pointer (&found) : NULL;
}

/* The label decides first: what is forbidden is not even read. */
static CantigaFound *
read_certificate (CantigaModule *module, CK_SLOT_ID slot, const CK_TOKEN_INFO *info, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
  g_autoptr (GBytes) label = cantiga_object_get (module, session, object, CKA_LABEL, LABEL_MAX);
  g_autoptr (GBytes) id = NULL;
  g_autoptr (GBytes) der = NULL;

  if (label == NULL || cantiga_label_is_forbidden (label))
    return NULL;
  id = cantiga_object_get (module, session, object, CKA_ID, ID_MAX);
  der = id != NULL ? cantiga_object_get (module, session, object, CKA_VALUE, CERTIFICATE_MAX) : NULL;
  return der != NULL ? found_new (module, slot, info, label, id, der) : NULL;
}

CK_RV
cantiga_found_read (CantigaModule *module, CK_SLOT_ID slot, const CK_TOKEN_INFO *info, GPtrArray *ret_found)
{
  CK_SESSION_HANDLE kept = cantiga_module_get_kept (module, slot);
  CK_SESSION_HANDLE session = kept;
  g_autoptr (GArray) objects = NULL;
  CK_RV rv = kept != 0 ? CKR_OK : module->functions->C_OpenSession (slot, CKF_SERIAL_SESSION, NULL, NULL, &session);

  if (rv != CKR_OK)
    return rv;
  rv = cantiga_objects_find (module, session, CKO_CERTIFICATE, NULL, &objects);
  for (guint i = 0; rv == CKR_OK && i < objects->len; i++)
    {
      CantigaFound *found = read_certificate (module, slot, info, session, g_array_index (objects, CK_OBJECT_HANDLE, i));

      if (found != NULL)
        g_ptr_array_add (ret_found, found);
    }
  if (kept == 0)
    module->functions->C_CloseSession (session);
  return rv;
}
