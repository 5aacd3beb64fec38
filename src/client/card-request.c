#include "client/card-request.h"

#include "client/card-found.h"
#include "core/wire.h"

#define SIGNATURE_MAX 2048

static GBytes *
create_line (JsonObject *object)
{
  g_autoptr (GBytes) text = cantiga_json_format (object);
  gsize length;
  const char *bytes = g_bytes_get_data (text, &length);
  GByteArray *line = g_byte_array_sized_new ((guint)length + 1);

  g_byte_array_append (line, (const guint8 *)bytes, (guint)length);
  g_byte_array_append (line, (const guint8 *)"\n", 1);
  return g_byte_array_free_to_bytes (line);
}

CantigaCardRequest *
cantiga_card_request_new (CantigaCard *card, GTask *task, gint64 id, JsonObject *object, CantigaCardFound *found, CantigaSecret *pin)
{
  CantigaCardRequest *request = g_new0 (CantigaCardRequest, 1);

  request->card = g_object_ref (card);
  request->task = task;
  request->context = g_main_context_ref (g_task_get_context (task));
  request->id = id;
  request->found = found != NULL ? cantiga_card_found_ref (found) : NULL;
  request->with_pin = pin != NULL;
  request->pin = pin;
  json_object_set_int_member (object, "id", id);
  request->line = create_line (object);
  json_object_unref (object);
  return request;
}

static void
drop_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

void
cantiga_card_request_stop_watching (CantigaCardRequest *request)
{
  drop_source (&request->timer);
  drop_source (&request->cancel);
}

void
cantiga_card_request_free (CantigaCardRequest *request)
{
  cantiga_card_request_stop_watching (request);
  g_clear_object (&request->task);
  g_main_context_unref (request->context);
  g_bytes_unref (request->line);
  g_clear_pointer (&request->pin, cantiga_secret_free);
  g_clear_pointer (&request->found, cantiga_card_found_unref);
  g_object_unref (request->card);
  g_free (request);
}

void
cantiga_card_signature_free (CantigaCardSignature *signature)
{
  g_clear_pointer (&signature->signature, g_bytes_unref);
  g_free (signature);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaCardSignature, cantiga_card_signature_free)

void
cantiga_card_request_start_timer (CantigaCardRequest *request, guint milliseconds, GSourceFunc timed_out_cb)
{
  request->timer = g_timeout_source_new (milliseconds);
  g_source_set_callback (request->timer, timed_out_cb, request, NULL);
  g_source_attach (request->timer, request->context);
}

void
cantiga_card_request_watch (CantigaCardRequest *request, GCancellable *cancellable, GCancellableSourceFunc cancelled_cb)
{
  if (cancellable == NULL)
    return;
  request->cancel = g_cancellable_source_new (cancellable);
  g_source_set_callback (request->cancel, G_SOURCE_FUNC (cancelled_cb), request, NULL);
  g_source_attach (request->cancel, request->context);
}

void
cantiga_card_request_fail (CantigaCardRequest *request, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&request->task);

  if (task != NULL)
    g_task_return_error (task, error);
  else
    g_error_free (error);
}

static void
fail_with_state (CantigaCardRequest *request, CantigaCardState state)
{
  GError *error = NULL;

  cantiga_card_set_state (request->card, state);
  cantiga_card_state_fail (&error, state);
  cantiga_card_request_fail (request, error);
}

void
cantiga_card_request_fail_by_fate (CantigaCardRequest *request)
{
  if (request->fate == CANTIGA_CARD_FATE_CANCELLED)
    cantiga_card_request_fail (request, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The card is not asked any more."));
  else
    fail_with_state (request, request->fate == CANTIGA_CARD_FATE_SILENT ? CANTIGA_CARD_STATE_SILENT : CANTIGA_CARD_STATE_CRASHED);
}

/* A PIN that was given and is still wanted was not of the card's form: it was not tried. */
static void
fail_for_form (CantigaCardRequest *request)
{
  GError *error = NULL;

  cantiga_card_set_state (request->card, CANTIGA_CARD_STATE_PIN_WANTED);
  cantiga_fail_with (&error, CANTIGA_ERROR_PIN_WRONG, "This is not a PIN of the card, and was not tried. Type its %u to %u %s.",
                     request->found->pin_min, request->found->pin_max, request->found->kind == CANTIGA_CARD_KIND_CITIZEN ? "digits" : "characters");
  cantiga_card_request_fail (request, error);
}

static void
fail_for_last_try (CantigaCardRequest *request)
{
  GError *error = NULL;

  cantiga_card_set_state (request->card, CANTIGA_CARD_STATE_LAST_TRY);
  cantiga_fail_with (&error, CANTIGA_ERROR_PIN_WRONG, "%s %s", cantiga_card_state_get_sentence (CANTIGA_CARD_STATE_PIN_WRONG),
                     cantiga_card_state_get_sentence (CANTIGA_CARD_STATE_LAST_TRY));
  cantiga_card_request_fail (request, error);
}

static void
fail_for_want (CantigaCardRequest *request, CantigaCardState state)
{
  GError *error = NULL;

  cantiga_card_set_state (request->card, state);
  cantiga_fail_with (&error, CANTIGA_ERROR_CARD, "%s %s", cantiga_card_state_get_sentence (state), cantiga_card_state_get_remedy (state));
  cantiga_card_request_fail (request, error);
}

static void
take_refusal (CantigaCardRequest *request, CantigaCardState state)
{
  gboolean wanted = state == CANTIGA_CARD_STATE_PIN_WANTED || state == CANTIGA_CARD_STATE_LAST_TRY;

  if (!wanted)
    fail_with_state (request, state);
  else if (!request->with_pin)
    fail_for_want (request, state);
  else if (state == CANTIGA_CARD_STATE_LAST_TRY)
    fail_for_last_try (request);
  else
    fail_for_form (request);
}

static gboolean
take_list (CantigaCardRequest *request, CantigaCardState state, JsonObject *answer)
{
  g_autoptr (GTask) task = NULL;
  GPtrArray *all = cantiga_card_found_parse_all (answer, NULL);

  if (all == NULL)
    return FALSE;
  cantiga_card_set_state (request->card, state);
  task = g_steal_pointer (&request->task);
  if (task != NULL)
    g_task_return_pointer (task, all, (GDestroyNotify)g_ptr_array_unref);
  else
    g_ptr_array_unref (all);
  return TRUE;
}

static gboolean
take_inspection (CantigaCardRequest *request, CantigaCardState state, JsonObject *answer)
{
  g_autoptr (GTask) task = g_steal_pointer (&request->task);

  cantiga_card_set_state (request->card, state);
  if (task != NULL)
    g_task_return_pointer (task, json_object_ref (answer), (GDestroyNotify)json_object_unref);
  return TRUE;
}

static const char *
find_algorithm (const char *name)
{
  static const char *const algorithms[] = { "rsa-pkcs1-sha256", "ecdsa-sha256" };

  for (guint i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if (g_str_equal (algorithms[i], name))
      return algorithms[i];
  return NULL;
}

static gboolean
take_signature (CantigaCardRequest *request, JsonObject *answer)
{
  g_autoptr (CantigaCardSignature) signature = g_new0 (CantigaCardSignature, 1);
  g_autoptr (GTask) task = NULL;
  const char *algorithm;

  if (!cantiga_json_get_text (answer, "algorithm", 32, &algorithm, NULL))
    return FALSE;
  signature->algorithm = find_algorithm (algorithm);
  signature->signature = cantiga_json_get_bytes (answer, "signature", 1, SIGNATURE_MAX, NULL);
  if (signature->algorithm == NULL || signature->signature == NULL)
    return FALSE;
  cantiga_card_set_state (request->card, CANTIGA_CARD_STATE_READY);
  task = g_steal_pointer (&request->task);
  g_task_return_pointer (task, g_steal_pointer (&signature), (GDestroyNotify)cantiga_card_signature_free);
  return TRUE;
}

gboolean
cantiga_card_request_take_answer (CantigaCardRequest *request, JsonObject *answer)
{
  CantigaCardState state;
  const char *word;
  gint64 id;

  if (!cantiga_json_get_int (answer, "id", 0, G_MAXINT64, &id, NULL) || id != request->id)
    return FALSE;
  if (!cantiga_json_get_text (answer, "state", 32, &word, NULL) || !cantiga_card_state_parse (word, &state))
    return FALSE;
  if (request->inspects)
    return take_inspection (request, state, answer);
  if (request->found == NULL)
    return take_list (request, state, answer);
  if (state == CANTIGA_CARD_STATE_READY)
    return take_signature (request, answer);
  take_refusal (request, state);
  return TRUE;
}
