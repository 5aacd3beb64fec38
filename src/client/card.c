#include "client/card.h"

#include "client/card-program.h"
#include "client/card-request.h"
#include "core/wire.h"

#define TIMEOUT_MILLISECONDS 20000
/* A person types on the reader, or in the module's own window. */
#define PERSON_FACTOR 6
/* cantiga-card takes no longer ones. */
#define PIN_MAX 64

struct _CantigaCard
{
  GObject parent;

  char *path;
  GStrv modules;
  guint timeout;
  CantigaCardState state;

  gboolean outdated;           /* the program is to be started anew */
  CantigaCardProgram *program; /* NULL until it is needed, and after it ended */
  CantigaCardRequest *current;
  GQueue waiting;
  gint64 last_id;
};

enum
{
  PROPERTY_STATE = 1,
};

G_DEFINE_FINAL_TYPE (CantigaCard, cantiga_card, G_TYPE_OBJECT)

static void send_next (CantigaCard *card);

void
cantiga_card_set_state (CantigaCard *card, CantigaCardState state)
{
  if (card->state == state)
    return;
  card->state = state;
  g_object_notify (G_OBJECT (card), "state");
}

/* Requests hold the card: there is none any more. */
static void
cantiga_card_finalize (GObject *object)
{
  CantigaCard *card = CANTIGA_CARD (object);

  if (card->program != NULL)
    g_signal_handlers_disconnect_by_data (card->program, card);
  g_clear_object (&card->program);
  g_free (card->path);
  g_strfreev (card->modules);
  G_OBJECT_CLASS (cantiga_card_parent_class)->finalize (object);
}

static void
cantiga_card_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  if (id == PROPERTY_STATE)
    g_value_set_int (value, (int)CANTIGA_CARD (object)->state);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
}

static void
cantiga_card_class_init (CantigaCardClass *class_)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class_);

  object_class->finalize = cantiga_card_finalize;
  object_class->get_property = cantiga_card_get_property;
  g_object_class_install_property (object_class, PROPERTY_STATE,
                                   g_param_spec_int ("state", NULL, NULL, 0, CANTIGA_N_CARD_STATES - 1, CANTIGA_CARD_STATE_NO_CARD,
                                                     G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY));
}

static void
cantiga_card_init (CantigaCard *card)
{
  card->timeout = TIMEOUT_MILLISECONDS;
  card->state = CANTIGA_CARD_STATE_NO_CARD;
  g_queue_init (&card->waiting);
}

/* A program that runs where it was built takes the cantiga-card that was built with it. */
static char *
dup_program_path (void)
{
  const char *chosen = g_getenv ("CANTIGA_CARD_HELPER");
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *beside = folder != NULL ? g_canonicalize_filename ("../card/cantiga-card", folder) : NULL;

  if (chosen != NULL && *chosen != '\0')
    return g_strdup (chosen);
  if (beside != NULL && g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&beside);
  return g_build_filename (CANTIGA_LIBEXECDIR, "cantiga-card", NULL);
}

CantigaCard *
cantiga_card_new (const char *program, const char *const *modules)
{
  CantigaCard *card = g_object_new (CANTIGA_TYPE_CARD, NULL);

  card->path = program != NULL ? g_strdup (program) : dup_program_path ();
  card->modules = g_strdupv ((GStrv)modules);
  return card;
}

CantigaCardState
cantiga_card_get_last_state (CantigaCard *card)
{
  return card->state;
}

void
cantiga_card_set_timeout (CantigaCard *card, guint milliseconds)
{
  card->timeout = milliseconds;
}

static void
drop_program (CantigaCard *card)
{
  if (card->program == NULL)
    return;
  g_signal_handlers_disconnect_by_data (card->program, card);
  cantiga_card_program_stop (card->program);
  g_clear_object (&card->program);
}

static void
answer_ready_cb (GObject *program, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaCardRequest) request = user_data;
  g_autoptr (CantigaCard) card = g_object_ref (request->card);
  g_autoptr (JsonObject) answer = cantiga_card_program_ask_finish (CANTIGA_CARD_PROGRAM (program), result, NULL);

  card->current = NULL;
  cantiga_card_request_stop_watching (request);
  if (answer == NULL || request->fate != CANTIGA_CARD_FATE_NONE || !cantiga_card_request_take_answer (request, answer))
    {
      drop_program (card);
      cantiga_card_request_fail_by_fate (request);
    }
  send_next (card);
}

/* Between requests: the next one starts another. During one, its answer tells, or the lack of it. */
static void
program_ended_cb (CantigaCardProgram *program, gpointer user_data)
{
  CantigaCard *card = user_data;

  if (card->current != NULL)
    return;
  drop_program (card);
  cantiga_card_set_state (card, CANTIGA_CARD_STATE_CRASHED);
}

static gboolean
start_program (CantigaCard *card, GError **error)
{
  if (card->program != NULL)
    return TRUE;
  card->program = cantiga_card_program_start (card->path, (const char *const *)card->modules, error);
  if (card->program == NULL)
    return FALSE;
  g_signal_connect (card->program, "ended", G_CALLBACK (program_ended_cb), card);
  return TRUE;
}

static gboolean
request_timed_out_cb (gpointer user_data)
{
  CantigaCardRequest *request = user_data;

  request->fate = CANTIGA_CARD_FATE_SILENT;
  cantiga_card_program_stop (request->card->program);
  return G_SOURCE_REMOVE;
}

static void
fail_to_start (CantigaCardRequest *request, const GError *reason)
{
  GError *error = NULL;

  cantiga_card_set_state (request->card, CANTIGA_CARD_STATE_CRASHED);
  cantiga_fail_with (&error, CANTIGA_ERROR_CARD, "%s cannot be started: %s.", request->card->path, reason->message);
  cantiga_card_request_fail (request, error);
}

void
cantiga_card_start_over (CantigaCard *card)
{
  card->outdated = TRUE;
}

void
cantiga_card_set_modules (CantigaCard *card, const char *const *modules)
{
  static const char *const none[] = { NULL };
  const char *const *former = card->modules != NULL ? (const char *const *)card->modules : none;

  if (g_strv_equal (former, modules != NULL ? modules : none))
    return;
  g_strfreev (card->modules);
  card->modules = g_strdupv ((GStrv)modules);
  cantiga_card_start_over (card);
}

static void
send_request (CantigaCard *card, CantigaCardRequest *request)
{
  gboolean person = request->found != NULL && request->found->pin != CANTIGA_CARD_PIN_ASKED;
  g_autoptr (GError) error = NULL;

  if (card->outdated)
    drop_program (card);
  card->outdated = FALSE;
  if (!start_program (card, &error))
    {
      fail_to_start (request, error);
      cantiga_card_request_free (request);
      return;
    }
  card->current = request;
  cantiga_card_request_start_timer (request, card->timeout * (person ? PERSON_FACTOR : 1), request_timed_out_cb);
  cantiga_card_program_ask_async (card->program, request->line, g_steal_pointer (&request->pin), answer_ready_cb, request);
}

static void
send_next (CantigaCard *card)
{
  g_autoptr (CantigaCard) hold = g_object_ref (card);

  while (card->current == NULL && !g_queue_is_empty (&card->waiting))
    send_request (card, g_queue_pop_head (&card->waiting));
}

/* A list goes on unheard, so that nobody is signed out of a card; a signature may wait for a person in a window that only the end of cantiga-card
 * closes. */
static gboolean
request_cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  CantigaCardRequest *request = user_data;
  CantigaCard *card = request->card;
  gboolean waits = request != card->current;

  if (!waits && request->found != NULL)
    {
      request->fate = CANTIGA_CARD_FATE_CANCELLED;
      cantiga_card_program_stop (card->program);
      return G_SOURCE_REMOVE;
    }
  g_clear_pointer (&request->cancel, g_source_unref);
  if (waits)
    g_queue_remove (&card->waiting, request);
  cantiga_card_request_fail (request, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The card is not asked any more."));
  if (waits)
    cantiga_card_request_free (request);
  return G_SOURCE_REMOVE;
}

/* Takes task, object and pin. */
static CantigaCardRequest *
push_request (CantigaCard *card, GTask *task, JsonObject *object, CantigaCardFound *found, CantigaSecret *pin)
{
  CantigaCardRequest *request = cantiga_card_request_new (card, task, ++card->last_id, object, found, pin);

  cantiga_card_request_watch (request, g_task_get_cancellable (task), request_cancelled_cb);
  g_queue_push_tail (&card->waiting, request);
  return request;
}

void
cantiga_card_list_async (CantigaCard *card, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (card, cancellable, callback, user_data);
  JsonObject *object;

  g_task_set_source_tag (task, cantiga_card_list_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  object = json_object_new ();
  json_object_set_string_member (object, "command", "list");
  push_request (card, g_steal_pointer (&task), object, NULL, NULL);
  send_next (card);
}

GPtrArray *
cantiga_card_list_finish (CantigaCard *card, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, card), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
cantiga_card_inspect_async (CantigaCard *card, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (card, cancellable, callback, user_data);
  JsonObject *object;

  g_task_set_source_tag (task, cantiga_card_inspect_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  object = json_object_new ();
  json_object_set_string_member (object, "command", "inspect");
  push_request (card, g_steal_pointer (&task), object, NULL, NULL)->inspects = TRUE;
  send_next (card);
}

JsonObject *
cantiga_card_inspect_finish (CantigaCard *card, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, card), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static JsonObject *
create_sign (CantigaCardFound *found, GBytes *message, CantigaSecret *pin)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "command", "sign");
  json_object_set_string_member (object, "certificate", found->uri);
  cantiga_json_set_gbytes (object, "message", message);
  json_object_set_int_member (object, "pin_length", pin != NULL ? (gint64)cantiga_secret_length (pin) : 0);
  return object;
}

/* cantiga-card decides what is a PIN of the card; an empty or endless one it would not even take for one. */
static gboolean
pin_can_be_sent (CantigaSecret *pin)
{
  return pin == NULL || (cantiga_secret_length (pin) > 0 && cantiga_secret_length (pin) <= PIN_MAX);
}

void
cantiga_card_sign_async (CantigaCard *card, CantigaCardFound *found, GBytes *message, CantigaSecret *pin, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (card, cancellable, callback, user_data);
  g_autoptr (CantigaSecret) owned = pin;

  g_task_set_source_tag (task, cantiga_card_sign_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  /* Where the reader or the module asks, nobody else is told the PIN. */
  if (found->pin != CANTIGA_CARD_PIN_ASKED)
    g_clear_pointer (&owned, cantiga_secret_free);
  if (!pin_can_be_sent (owned))
    {
      g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_PIN_WRONG, "This is not a PIN of the card, and was not tried.");
      return;
    }
  pin = g_steal_pointer (&owned);
  push_request (card, g_steal_pointer (&task), create_sign (found, message, pin), found, pin);
  send_next (card);
}

GBytes *
cantiga_card_sign_finish (CantigaCard *card, GAsyncResult *result, const char **ret_algorithm, GError **error)
{
  CantigaCardSignature *signature;
  GBytes *bytes;

  g_return_val_if_fail (g_task_is_valid (result, card), NULL);
  signature = g_task_propagate_pointer (G_TASK (result), error);
  if (signature == NULL)
    return NULL;
  *ret_algorithm = signature->algorithm;
  bytes = g_steal_pointer (&signature->signature);
  cantiga_card_signature_free (signature);
  return bytes;
}
