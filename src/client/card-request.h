/* One request to cantiga-card, from who asked to its answer. Private to client/card.c. */
#pragma once

#include <json-glib/json-glib.h>

#include "client/card.h"

G_BEGIN_DECLS

/* Why cantiga-card was ended under a request. */
typedef enum
{
  CANTIGA_CARD_FATE_NONE, /* it was not: if it is gone, it crashed */
  CANTIGA_CARD_FATE_SILENT,
  CANTIGA_CARD_FATE_CANCELLED,
} CantigaCardFate;

typedef struct
{
  CantigaCard *card;
  GTask *task; /* NULL: who asked was answered */
  GMainContext *context;
  gint64 id;
  GBytes *line;
  CantigaSecret *pin;      /* until it is passed on */
  CantigaCardFound *found; /* whose signature is wanted; NULL: the list is */
  gboolean inspects; /* wants the answer as it is */
  gboolean with_pin;
  GSource *timer;
  GSource *cancel;
  CantigaCardFate fate;
} CantigaCardRequest;

typedef struct
{
  const char *algorithm; /* static */
  GBytes *signature;
} CantigaCardSignature;

/* Takes task, object and pin. */
CantigaCardRequest *cantiga_card_request_new (CantigaCard *card, GTask *task, gint64 id, JsonObject *object, CantigaCardFound *found,
                                              CantigaSecret *pin);
void cantiga_card_request_free (CantigaCardRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaCardRequest, cantiga_card_request_free)
void cantiga_card_signature_free (CantigaCardSignature *signature);

void cantiga_card_request_start_timer (CantigaCardRequest *request, guint milliseconds, GSourceFunc timed_out_cb);
void cantiga_card_request_watch (CantigaCardRequest *request, GCancellable *cancellable, GCancellableSourceFunc cancelled_cb);
void cantiga_card_request_stop_watching (CantigaCardRequest *request);

/* Tells who asked; takes error. */
void cantiga_card_request_fail (CantigaCardRequest *request, GError *error);
/* By its fate: silent, cancelled or crashed. */
void cantiga_card_request_fail_by_fate (CantigaCardRequest *request);
/* FALSE, having told nobody, for an answer that is none, or another request's. */
gboolean cantiga_card_request_take_answer (CantigaCardRequest *request, JsonObject *answer) G_GNUC_WARN_UNUSED_RESULT;

/* card.c's. */
void cantiga_card_set_state (CantigaCard *card, CantigaCardState state);

G_END_DECLS
