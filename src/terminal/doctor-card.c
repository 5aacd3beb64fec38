/* cantiga-play doctor: what is between this program and a card. */
#include <unistd.h>

#include "client/card-official.h"
#include "client/card.h"
#include "core/wire.h"
#include "terminal/doctor.h"
#include "terminal/wait.h"

#define MODULES_MAX 64
#define CARDS_MAX 64
#define TEXT_MAX 4096
#define SERVICE_PROGRAM "/usr/sbin/pcscd"

/* ---- the card service ---- */

static void
check_service (CantigaDiagnosis *diagnosis, CantigaCardState service)
{
  gboolean installed = g_file_test (SERVICE_PROGRAM, G_FILE_TEST_IS_EXECUTABLE);

  switch (service)
    {
    case CANTIGA_CARD_STATE_NO_SERVICE:
      cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "card service",
                             installed ? "systemctl enable --now pcscd.socket" : "apt install pcscd, then systemctl enable --now pcscd.socket",
                             installed ? "The card service (pcscd) does not run." : "The card service (pcscd) is not installed.");
      break;
    case CANTIGA_CARD_STATE_NOT_AUTHORISED:
      cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "card service",
                             "Sign in at this computer's own screen; over SSH an administrator must allow you org.debian.pcsc-lite.access_pcsc and "
                             "…access_card in /etc/polkit-1/rules.d.",
                             "The card service (pcscd) turns you away.");
      break;
    case CANTIGA_CARD_STATE_NO_READER:
      cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "card service", "Plug a reader in; if there is one: apt install libccid",
                             "The card service (pcscd) runs, and sees no reader.");
      break;
    default:
      cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "card service", NULL, "The card service (pcscd) runs, and sees a reader.");
      break;
    }
}

/* ---- modules ---- */

static void
append_card (GString *text, JsonObject *card)
{
  const char *kind, *state, *tries, *key;

  if (cantiga_json_get_text (card, "kind", TEXT_MAX, &kind, NULL) && cantiga_json_get_text (card, "state", TEXT_MAX, &state, NULL)
      && cantiga_json_get_text (card, "tries", TEXT_MAX, &tries, NULL) && cantiga_json_get_text (card, "key_type", TEXT_MAX, &key, NULL))
    g_string_append_printf (text, "; a certificate for authentication (%s, %s key, %s, tries %s)", kind, key, state, tries);
}

static char *
dup_sight (JsonObject *module, gint64 slots)
{
  g_autoptr (GString) text = g_string_new (NULL);
  JsonArray *cards = cantiga_json_get_array (module, "cards", CARDS_MAX, NULL);

  g_string_append_printf (text, slots == 1 ? "one slot" : "%" G_GINT64_FORMAT " slots", slots);
  for (guint i = 0; cards != NULL && i < json_array_get_length (cards); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (cards, i)))
      append_card (text, json_array_get_object_element (cards, i));
  return g_strdup (text->str);
}

static void
check_module (CantigaDiagnosis *diagnosis, JsonObject *module)
{
  const char *path, *description, *word;
  CantigaCardState state;
  gboolean starts;
  gint64 slots;

  if (!cantiga_json_get_text (module, "path", TEXT_MAX, &path, NULL) || !cantiga_json_get_text (module, "description", TEXT_MAX, &description, NULL)
      || !cantiga_json_get_text (module, "state", TEXT_MAX, &word, NULL) || !cantiga_card_state_parse (word, &state)
      || !cantiga_json_get_boolean (module, "starts", &starts, NULL) || !cantiga_json_get_int (module, "slots", 0, G_MAXINT, &slots, NULL))
    return;
  if (!starts)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "module", "Install it again, or remove its file from p11-kit's modules.",
                           "%s does not start.", path);
  else
    {
      g_autofree char *sight = dup_sight (module, slots);

      cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "module", NULL, "%s (%s): %s: %s", path, description, word, sight);
    }
}

/* The Flatpak's own configuration names what is only there once somebody has installed the extension for the State's module. */
static gboolean
is_extension (const char *path)
{
  return g_str_has_prefix (path, "/app/extensions/") && !g_file_test (path, G_FILE_TEST_EXISTS);
}

/* p11-kit passes over it without a word. finding: how bad it is. */
static guint
check_unloaded (CantigaDiagnosis *diagnosis, JsonObject *unloaded, CantigaFindingState finding)
{
  const char *file, *path, *reason;
  g_autofree char *remedy = NULL;

  if (!cantiga_json_get_text (unloaded, "file", TEXT_MAX, &file, NULL) || !cantiga_json_get_text (unloaded, "path", TEXT_MAX, &path, NULL)
      || !cantiga_json_get_text (unloaded, "reason", TEXT_MAX, &reason, NULL) || is_extension (path))
    return 0;
  if (file[0] == '\0')
    cantiga_diagnosis_add (diagnosis, finding, "module", "Look at the path that --card-module was given, and whether what is there is a PKCS#11 module.",
                           "%s cannot be loaded: %s.", path, reason);
  else
    {
      remedy = g_strdup_printf ("Install again what %s belongs to, or remove %s.", path, file);
      cantiga_diagnosis_add (diagnosis, finding, "module", remedy, "%s names %s, which cannot be loaded: %s. No card that needs it is seen.", file, path,
                             reason);
    }
  return 1;
}

static guint
check_all_unloaded (CantigaDiagnosis *diagnosis, JsonObject *answer, CantigaFindingState finding)
{
  JsonArray *unloaded = cantiga_json_get_array (answer, "unloaded", MODULES_MAX, NULL);
  guint n = 0;

  for (guint i = 0; unloaded != NULL && i < json_array_get_length (unloaded); i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (unloaded, i)))
      n += check_unloaded (diagnosis, json_array_get_object_element (unloaded, i), finding);
  return n;
}

static void
check_modules (CantigaDiagnosis *diagnosis, JsonObject *answer)
{
  JsonArray *modules = cantiga_json_get_array (answer, "modules", MODULES_MAX, NULL);
  guint n = modules != NULL ? json_array_get_length (modules) : 0;

  /* Where others load, they may be all that is wanted. */
  if (check_all_unloaded (diagnosis, answer, n == 0 ? CANTIGA_FINDING_FAIL : CANTIGA_FINDING_WARN) == 0 && n == 0)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "module", "apt install opensc-pkcs11",
                           "p11-kit knows no module for cards: no card can be read.");
  for (guint i = 0; i < n; i++)
    if (JSON_NODE_HOLDS_OBJECT (json_array_get_element (modules, i)))
      check_module (diagnosis, json_array_get_object_element (modules, i));
}

/* p11-kit before 0.26 tells root nothing of what root's own folder configures, and says nothing about it. */
static void
check_root (CantigaDiagnosis *diagnosis)
{
  if (geteuid () == 0)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "p11-kit", "Start Cantiga as yourself.",
                           "You are root: p11-kit passes over your own configuration, in silence.");
}

/* Cards made since June 2024 are known to the State's own module alone, which registers itself nowhere. */
static void
check_official (CantigaDiagnosis *diagnosis, JsonObject *answer, CantigaCardState state)
{
  g_autofree char *path = cantiga_card_official_dup_path ();
  g_autofree char *command = path != NULL ? cantiga_card_official_dup_command (path) : NULL;
  JsonArray *modules = cantiga_json_get_array (answer, "modules", MODULES_MAX, NULL);
  gboolean wanted = state == CANTIGA_CARD_STATE_UNSUPPORTED;
  gboolean registered = FALSE;

  for (guint i = 0; modules != NULL && i < json_array_get_length (modules); i++)
    registered |= cantiga_card_official_is (json_object_get_string_member_with_default (json_array_get_object_element (modules, i), "path", ""));
  if (registered)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "autenticacao.gov", NULL, "Autenticação.gov's module is registered.");
  else if (path != NULL)
    cantiga_diagnosis_add (diagnosis, wanted ? CANTIGA_FINDING_FAIL : CANTIGA_FINDING_WARN, "autenticacao.gov", command,
                           "Autenticação.gov is installed, but its module is not registered with p11-kit%s.",
                           wanted ? ", and the card in the reader needs it" : ": cards made since June 2024 need it");
  else if (wanted)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "autenticacao.gov", "Install it: " CANTIGA_CARD_OFFICIAL_URL,
                           "The card in the reader needs Autenticação.gov, which is not installed.");
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "autenticacao.gov", NULL,
                           "Autenticação.gov is not installed; only Citizen Cards made since June 2024 need it.");
}

/* ---- the state that all of it comes to ---- */

static CantigaFindingState
judge (CantigaCardState state)
{
  switch (state)
    {
    case CANTIGA_CARD_STATE_READY:
    case CANTIGA_CARD_STATE_PIN_WANTED:
      return CANTIGA_FINDING_OK;
    case CANTIGA_CARD_STATE_NO_CARD:
    case CANTIGA_CARD_STATE_NO_READER:
    case CANTIGA_CARD_STATE_LAST_TRY:
      return CANTIGA_FINDING_WARN;
    default:
      return CANTIGA_FINDING_FAIL;
    }
}

static void
check_card (CantigaDiagnosis *diagnosis, CantigaCardState state)
{
  CantigaFindingState finding = judge (state);

  cantiga_diagnosis_add (diagnosis, finding, "card", finding != CANTIGA_FINDING_OK ? cantiga_card_state_get_remedy (state) : NULL, "%s: %s",
                         cantiga_card_state_get_name (state), cantiga_card_state_get_sentence (state));
}

static void
check_answer (CantigaDiagnosis *diagnosis, JsonObject *answer)
{
  const char *word, *service_word;
  CantigaCardState state, service;

  if (!cantiga_json_get_text (answer, "state", TEXT_MAX, &word, NULL) || !cantiga_card_state_parse (word, &state)
      || !cantiga_json_get_text (answer, "service", TEXT_MAX, &service_word, NULL) || !cantiga_card_state_parse (service_word, &service))
    return;
  check_service (diagnosis, service);
  check_modules (diagnosis, answer);
  check_official (diagnosis, answer, state);
  check_root (diagnosis);
  check_card (diagnosis, state);
}

void
cantiga_doctor_check_cards (CantigaDiagnosis *diagnosis, const CantigaOptions *options, GCancellable *cancellable)
{
  g_autoptr (CantigaCard) card = cantiga_card_new (NULL, (const char *const *)options->modules);
  g_auto (CantigaWait) wait = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = NULL;

  cantiga_card_inspect_async (card, cancellable, cantiga_wait_done_cb, &wait);
  answer = cantiga_card_inspect_finish (card, cantiga_wait_for (&wait), &error);
  if (answer != NULL)
    {
      cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "cantiga-card", NULL, "The program that speaks to cards answers.");
      check_answer (diagnosis, answer);
    }
  else
    {
      cantiga_diagnosis_add_error (diagnosis, "cantiga-card", "Take the card out and try again; if it stays so, try one module: --card-module PATH", error);
      check_root (diagnosis);
    }
}
