/* cantigactl cards. */
#include "server/authorities.h"
#include "server/ctl.h"

static const char *const standings[] = { [CANTIGA_CARD_ENROLLED] = "enrolled", [CANTIGA_CARD_WAITS] = "waiting", [CANTIGA_CARD_REVOKED] = "revoked" };

/* ---- list ---- */

static JsonObject *
encode_card (const CantigaCardRow *card)
{
  JsonObject *object = json_object_new ();
  g_autofree char *fingerprint = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, card->certificate);

  cantiga_json_set_id (object, "id", &card->id);
  json_object_set_string_member (object, "name", card->name);
  json_object_set_string_member (object, "fingerprint", fingerprint);
  json_object_set_int_member (object, "added", card->added);
  json_object_set_string_member (object, "standing", standings[cantiga_card_row_get_standing (card)]);
  json_object_set_int_member (object, "waiting", card->waiting);
  json_object_set_int_member (object, "revoked", card->revoked);
  return object;
}

static void
print_card (CantigaCtl *ctl, const CantigaCardRow *card)
{
  char id[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *added = cantiga_ctl_dup_time (card->added);
  CantigaCardStanding standing = cantiga_card_row_get_standing (card);
  g_autofree char *note = standing == CANTIGA_CARD_ENROLLED ? g_strdup ("") : g_strdup_printf ("  (%s)", standings[standing]);

  cantiga_ctl_print ("%.8s  %s  %s%s", cantiga_id_format (&card->id, id), added, card->name, note);
}

static gboolean
list_cards (CantigaCtl *ctl, GError **error)
{
  g_autoptr (GPtrArray) cards = cantiga_ledger_list_cards (ctl->ledger, error);
  g_autoptr (JsonArray) array = json_array_new ();

  if (cards == NULL)
    return FALSE;
  for (guint i = 0; i < cards->len; i++)
    if (ctl->json)
      json_array_add_object_element (array, encode_card (g_ptr_array_index (cards, i)));
    else
      print_card (ctl, g_ptr_array_index (cards, i));
  if (ctl->json)
    cantiga_ctl_print_array (json_array_ref (array));
  else if (cards->len == 0)
    g_printerr ("No cards yet: cantigactl cards add CERTIFICATE, or invite somebody with --card.\n");
  return TRUE;
}

static gboolean
add_card (CantigaCtl *ctl, const char *path, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autofree char *contents = NULL;
  g_autoptr (GBytes) file = NULL;
  g_autoptr (X509) certificate = NULL;
  g_autofree char *name = NULL;
  gboolean is_new = FALSE;
  gsize length;
  CantigaId id;

  if (!g_file_get_contents (path, &contents, &length, &failure))
    return cantiga_fail_with (error,
                              g_error_matches (failure, G_FILE_ERROR, G_FILE_ERROR_NOENT) ? CANTIGA_ERROR_NOT_FOUND : CANTIGA_ERROR_CONFIGURATION,
                              "%s.", failure->message);
  file = g_bytes_new_take (g_steal_pointer (&contents), length);
  certificate = cantiga_certificate_decode_any (file, &failure);
  if (certificate == NULL)
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "%s is not a certificate in DER or PEM: %s", path, failure->message);
  if (ctl->now > cantiga_certificate_get_not_after (certificate))
    return cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The certificate in %s is past its end: the card would be refused.", path);
  if (!cantiga_ledger_add_card (ctl->ledger, certificate, ctl->now, &id, &is_new, error))
    return FALSE;
  name = cantiga_certificate_dup_name (certificate);
  if (ctl->json)
    {
      JsonObject *object = json_object_new ();

      cantiga_json_set_id (object, "id", &id);
      json_object_set_string_member (object, "name", name);
      json_object_set_boolean_member (object, "new", is_new);
      cantiga_ctl_print_object (object);
    }
  else
    cantiga_ctl_print ("%s: %s", name, is_new ? "enrolled" : "was enrolled already");
  return TRUE;
}

static gboolean
approve_card (CantigaCtl *ctl, const char *words, GError **error)
{
  g_autoptr (GPtrArray) cards = cantiga_ledger_list_cards (ctl->ledger, error);
  CantigaCardRow *card = cards != NULL ? cantiga_ctl_find_card (cards, words, error) : NULL;

  if (card == NULL || !cantiga_ledger_approve_card (ctl->ledger, &card->id, error))
    return FALSE;
  cantiga_ctl_print ("%s: %s.", card->name, card->waiting != 0 ? "let in" : "was let in already");
  return TRUE;
}

static gboolean
revoke_card (CantigaCtl *ctl, const char *words, GError **error)
{
  g_autoptr (GPtrArray) cards = cantiga_ledger_list_cards (ctl->ledger, error);
  CantigaCardRow *card = cards != NULL ? cantiga_ctl_find_card (cards, words, error) : NULL;

  if (card == NULL || !cantiga_ledger_revoke_card (ctl->ledger, &card->id, ctl->now, error))
    return FALSE;
  cantiga_ctl_print ("%s: revoked; enrol the card again to take that back.", card->name);
  return TRUE;
}

/* ---- authorities ---- */

static char *
dup_key_name (X509 *certificate)
{
  EVP_PKEY *key = X509_get0_pubkey (certificate);
  const char *kind = key != NULL ? EVP_PKEY_get0_type_name (key) : NULL;

  return kind != NULL ? g_strdup_printf ("%s-%d", kind, EVP_PKEY_get_bits (key)) : g_strdup ("?");
}

static JsonObject *
encode_authority (X509 *certificate)
{
  JsonObject *object = json_object_new ();
  g_autoptr (GBytes) der = cantiga_certificate_encode (certificate);
  g_autofree char *name = cantiga_certificate_dup_name (certificate);
  g_autofree char *key = dup_key_name (certificate);
  g_autofree char *fingerprint = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, der);

  json_object_set_string_member (object, "name", name);
  json_object_set_string_member (object, "key", key);
  json_object_set_string_member (object, "fingerprint", fingerprint);
  json_object_set_int_member (object, "from", cantiga_certificate_get_not_before (certificate));
  json_object_set_int_member (object, "until", cantiga_certificate_get_not_after (certificate));
  return object;
}

/* Whether a list that this authority signed is there, and how long the longest holds; 0: there is none. */
static gint64
find_crl_end (X509 *authority, GPtrArray *crls)
{
  gint64 end = 0;

  for (guint i = 0; crls != NULL && i < crls->len; i++)
    if (X509_NAME_cmp (X509_CRL_get_issuer (crls->pdata[i]), X509_get_subject_name (authority)) == 0)
      end = MAX (end, cantiga_crl_get_next_update (crls->pdata[i]));
  return end;
}

static void
print_authority (CantigaCtl *ctl, JsonObject *authority, gboolean asks_for_crls)
{
  g_autofree char *fingerprint = cantiga_ctl_dup_fingerprint (json_object_get_string_member (authority, "fingerprint"));
  g_autofree char *until = cantiga_ctl_dup_time (json_object_get_int_member (authority, "until"));
  gint64 crl = json_object_get_int_member (authority, "crl_until");
  g_autofree char *crl_until = crl != 0 ? cantiga_ctl_dup_time (crl) : NULL;

  cantiga_ctl_print ("%.19s …  %-8s  until %s  %s", fingerprint, json_object_get_string_member (authority, "key"), until,
                     json_object_get_string_member (authority, "name"));
  if (asks_for_crls)
    cantiga_ctl_print ("    %s%s%s", crl == 0 ? "no revocation list" : "its revocation list holds until ", crl == 0 ? "" : crl_until,
                       crl != 0 && crl < ctl->now ? "  (out of date)" : "");
}

static gboolean
list_authorities (CantigaCtl *ctl, GError **error)
{
  g_autoptr (CantigaAuthorities) authorities = cantiga_authorities_new (ctl->state, ctl->configuration, error);
  g_autoptr (GPtrArray) certificates = authorities != NULL ? cantiga_authorities_list (authorities) : NULL;
  g_autoptr (GPtrArray) crls = authorities != NULL ? cantiga_authorities_list_crls (authorities) : NULL;
  g_autoptr (JsonArray) array = json_array_new ();

  if (certificates == NULL)
    return FALSE;
  for (guint i = 0; i < certificates->len; i++)
    {
      JsonObject *authority = encode_authority (certificates->pdata[i]);

      json_object_set_int_member (authority, "crl_until", find_crl_end (certificates->pdata[i], crls));
      if (!ctl->json)
        print_authority (ctl, authority, crls != NULL);
      json_array_add_object_element (array, authority);
    }
  if (ctl->json)
    cantiga_ctl_print_array (json_array_ref (array));
  else if (certificates->len == 0)
    g_printerr ("No card authorities: a card is let in because it is enrolled, whoever issued it.\n");
  return TRUE;
}

/* ---- the command ---- */

static gboolean
list (CantigaCtl *ctl, const char *unused, GError **error)
{
  return list_cards (ctl, error);
}

static gboolean
authorities (CantigaCtl *ctl, const char *unused, GError **error)
{
  return list_authorities (ctl, error);
}

static gboolean
add_cards (CantigaCtl *ctl, const char *unused, GError **error)
{
  for (guint i = 1; ctl->arguments[i] != NULL; i++)
    if (!add_card (ctl, ctl->arguments[i], error))
      return FALSE;
  return TRUE;
}

gboolean
cantiga_command_cards (CantigaCtl *ctl, GError **error)
{
  static const struct
  {
    const char *word;
    guint min, max; /* arguments, with the word */
    gboolean (*run) (CantigaCtl *ctl, const char *argument, GError **error);
  } words[] = { { "list", 0, 1, list },
                { "add", 2, G_MAXUINT, add_cards },
                { "approve", 2, 2, approve_card },
                { "revoke", 2, 2, revoke_card },
                { "authorities", 1, 1, authorities } };
  static const char usage[] = "cards [list | add CERTIFICATE… | approve CARD | revoke CARD | authorities]";
  const char *word = cantiga_ctl_get_argument (ctl, 0);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i].word, word != NULL ? word : "list"))
      return cantiga_ctl_check_arguments (ctl, words[i].min, words[i].max, usage, error) && cantiga_ctl_open (ctl, error)
             && words[i].run (ctl, cantiga_ctl_get_argument (ctl, 1), error);
  return cantiga_fail_with (error, CANTIGA_ERROR_USAGE, "Usage: cantigactl %s", usage);
}
