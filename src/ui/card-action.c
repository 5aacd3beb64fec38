#include "ui/card-action.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "client/card-official.h"
#include "client/pem.h"
#include "core/chain.h"
#include "ui/error-words.h"

#define UNBLOCK_URL "https://www.autenticacao.gov.pt/cc-gestao-pins"
#define COMMAND_MODULE "sudo apt install opensc-pkcs11"
#define COMMAND_SERVICE "sudo systemctl enable --now pcscd.socket"
#define COMMAND_INSTALL "sudo apt install pcscd && " COMMAND_SERVICE
#define SERVICE_PROGRAM "/usr/sbin/pcscd"

CantigaCardAction
cantiga_card_action_while (CantigaCardState state)
{
  g_autofree char *official = NULL;

  switch (state)
    {
    case CANTIGA_CARD_STATE_NO_MODULE:
    case CANTIGA_CARD_STATE_NO_SERVICE:
      return CANTIGA_CARD_ACTION_COPY_COMMAND;
    case CANTIGA_CARD_STATE_NOT_AUTHORISED:
      return CANTIGA_CARD_ACTION_COPY_DIAGNOSIS;
    case CANTIGA_CARD_STATE_UNSUPPORTED:
      official = cantiga_card_official_dup_path ();
      return official != NULL ? CANTIGA_CARD_ACTION_USE_MODULE : CANTIGA_CARD_ACTION_INSTALL;
    default:
      return CANTIGA_CARD_ACTION_NONE;
    }
}

CantigaCardAction
cantiga_card_action_after (CantigaCardState state, const GError *error)
{
  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNKNOWN))
    return CANTIGA_CARD_ACTION_COPY_REQUEST;
  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_EXPIRED) || g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_REVOKED))
    return CANTIGA_CARD_ACTION_OTHER_CARD;
  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_PIN_BLOCKED))
    return CANTIGA_CARD_ACTION_UNBLOCK;
  if (!g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD))
    return CANTIGA_CARD_ACTION_TRY_AGAIN;
  switch (state)
    {
    case CANTIGA_CARD_STATE_CERTIFICATE_INVALID:
      return CANTIGA_CARD_ACTION_OTHER_CARD;
    case CANTIGA_CARD_STATE_SILENT:
    case CANTIGA_CARD_STATE_CRASHED:
      return CANTIGA_CARD_ACTION_START_OVER;
    default:
      return cantiga_card_action_while (state) != CANTIGA_CARD_ACTION_NONE ? cantiga_card_action_while (state) : CANTIGA_CARD_ACTION_TRY_AGAIN;
    }
}

const char *
cantiga_card_action_get_label (CantigaCardAction action)
{
  static const char *const labels[] = {
    [CANTIGA_CARD_ACTION_NONE] = NULL,
    [CANTIGA_CARD_ACTION_COPY_COMMAND] = N_ ("Copy command"),
    [CANTIGA_CARD_ACTION_COPY_DIAGNOSIS] = N_ ("Copy diagnosis"),
    [CANTIGA_CARD_ACTION_COPY_REQUEST] = N_ ("Copy request"),
    [CANTIGA_CARD_ACTION_USE_MODULE] = N_ ("Use it"),
    [CANTIGA_CARD_ACTION_INSTALL] = N_ ("How to install"),
    [CANTIGA_CARD_ACTION_UNBLOCK] = N_ ("How to unblock"),
    [CANTIGA_CARD_ACTION_OTHER_CARD] = N_ ("Other card"),
    [CANTIGA_CARD_ACTION_START_OVER] = N_ ("Start over"),
    [CANTIGA_CARD_ACTION_TRY_AGAIN] = N_ ("Try again"),
    [CANTIGA_CARD_ACTION_CANCEL] = N_ ("Cancel"),
  };

  return labels[action] != NULL ? _ (labels[action]) : NULL;
}

/* ---- what is copied ---- */

static void
copy (GtkWidget *page, const char *text)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (page), text);
}

static const char *
find_command (CantigaCardState state)
{
  if (state == CANTIGA_CARD_STATE_NO_MODULE)
    return COMMAND_MODULE;
  return g_file_test (SERVICE_PROGRAM, G_FILE_TEST_IS_EXECUTABLE) ? COMMAND_SERVICE : COMMAND_INSTALL;
}

/* The certificate is what its keeper's tool takes; it holds no secret. */
static char *
dup_request (CantigaVisit *visit)
{
  GBytes *der = cantiga_visit_get_certificate (visit);
  g_autoptr (X509) certificate = der != NULL ? cantiga_certificate_decode (der, NULL) : NULL;
  g_autoptr (GBytes) pem = certificate != NULL ? cantiga_pem_encode_certificate (certificate, NULL) : NULL;

  if (pem == NULL)
    return g_strdup (_ ("Please add my card."));
  return g_strdup_printf ("%s\n\n%.*s", _ ("Please add my card: cantigactl cards add FILE, with this in the file."), (int)g_bytes_get_size (pem),
                          (const char *)g_bytes_get_data (pem, NULL));
}

char *
cantiga_card_action_dup_diagnosis (CantigaCard *card, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = cantiga_card_inspect_finish (card, result, &error);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  if (answer == NULL)
    return g_strdup (cantiga_error_words_get (error));
  json_node_set_object (node, answer);
  return json_to_string (node, TRUE);
}

static void
inspected_cb (GObject *card, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GtkWidget) page = user_data;
  g_autofree char *text = cantiga_card_action_dup_diagnosis (CANTIGA_CARD (card), result);

  copy (page, text);
}

/* ---- Autenticação.gov ---- */

static void
open_page (GtkWidget *page, const char *url)
{
  GtkRoot *root = gtk_widget_get_root (page);

  gtk_show_uri (root != NULL ? GTK_WINDOW (root) : NULL, url, GDK_CURRENT_TIME);
}

/* A module that could not be registered is what the row goes on saying. */
static void
registered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaCard) card = user_data;

  if (cantiga_card_official_register_finish (result, NULL))
    cantiga_card_start_over (card);
}

static void
use_module (CantigaVisit *visit)
{
  g_autofree char *path = cantiga_card_official_dup_path ();

  if (path != NULL)
    cantiga_card_official_register_async (path, NULL, registered_cb, g_object_ref (cantiga_visit_get_card (visit)));
}

static void
unblock_answered_cb (AdwMessageDialog *dialog, const char *response, GtkWidget *page)
{
  if (g_str_equal (response, "open"))
    open_page (page, UNBLOCK_URL);
}

static void
tell_of_unblocking (GtkWidget *page)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (page)), _ ("The PIN is blocked"),
                                              _ ("Unblock it with the PUK in Autenticação.gov or at a Loja de Cidadão."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "close", _ ("_Close"), "open", _ ("_Open Autenticação.gov"), NULL);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "close");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "close");
  g_signal_connect_object (dialog, "response", G_CALLBACK (unblock_answered_cb), page, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

gboolean
cantiga_card_action_perform (CantigaCardAction action, GtkWidget *page, CantigaVisit *visit)
{
  g_autofree char *request = NULL;

  switch (action)
    {
    case CANTIGA_CARD_ACTION_COPY_COMMAND:
      copy (page, find_command (cantiga_visit_get_card_state (visit)));
      return TRUE;
    case CANTIGA_CARD_ACTION_COPY_DIAGNOSIS:
      cantiga_card_inspect_async (cantiga_visit_get_card (visit), NULL, inspected_cb, g_object_ref (page));
      return TRUE;
    case CANTIGA_CARD_ACTION_COPY_REQUEST:
      request = dup_request (visit);
      copy (page, request);
      return TRUE;
    case CANTIGA_CARD_ACTION_USE_MODULE:
      use_module (visit);
      return FALSE;
    case CANTIGA_CARD_ACTION_INSTALL:
      open_page (page, CANTIGA_CARD_OFFICIAL_URL);
      return FALSE;
    case CANTIGA_CARD_ACTION_UNBLOCK:
      tell_of_unblocking (page);
      return FALSE;
    default:
      return FALSE;
    }
}
