/* The cards in this computer's readers, through the program cantiga-card: it alone speaks PKCS#11, and is ended and started again when a module hangs
 * or crashes. Requests go one at a time, in the order made; nothing waits. Thread: main (cantiga-card ends with the thread that started it). */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "core/card-state.h"
#include "core/secret.h"

G_BEGIN_DECLS

/* An authentication certificate on a card. Immutable, counted. */
typedef struct
{
  char *uri;           /* pkcs11: what cantiga-card calls it */
  char *name;          /* the holder: the certificate's CN */
  char *label;         /* the certificate's on the card */
  char *token;         /* the card's own */
  GBytes *certificate; /* DER */
  gint64 not_after;    /* seconds since 1970 */
  CantigaCardKind kind;
  CantigaCardState state; /* READY, PIN_WANTED, LAST_TRY, BLOCKED or CERTIFICATE_INVALID (not valid now) */
  CantigaCardTries tries;
  CantigaCardPin pin;
  guint pin_min; /* digits (the Citizen Card) or bytes */
  guint pin_max;
} CantigaCardFound;

#define CANTIGA_TYPE_CARD_FOUND (cantiga_card_found_get_type ())
GType cantiga_card_found_get_type (void);
CantigaCardFound *cantiga_card_found_ref (CantigaCardFound *found);
void cantiga_card_found_unref (CantigaCardFound *found);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaCardFound, cantiga_card_found_unref)

/* Property (read-only, notified): "state" (int): the last CantigaCardState told. CRASHED also comes between requests. */
#define CANTIGA_TYPE_CARD (cantiga_card_get_type ())
G_DECLARE_FINAL_TYPE (CantigaCard, cantiga_card, CANTIGA, CARD, GObject)

/* program: cantiga-card's path; NULL for $CANTIGA_CARD_HELPER, else the one of the same build, else the installed one. modules: paths of PKCS#11
 * modules, NULL or empty for those that p11-kit is configured with. */
CantigaCard *cantiga_card_new (const char *program, const char *const *modules);
CantigaCardState cantiga_card_get_last_state (CantigaCard *card);
/* cantiga-card is started anew before the next request: modules were registered or removed. */
void cantiga_card_start_over (CantigaCard *card);
/* Those of the next request on, as for cantiga_card_new(). */
void cantiga_card_set_modules (CantigaCard *card, const char *const *modules);
/* How long an answer may take: 20,000 ms unless told; six times as long where a person types a PIN on the reader or in the module's window. */
void cantiga_card_set_timeout (CantigaCard *card, guint milliseconds);

/* Every usable certificate, Citizen Cards first: GPtrArray of CantigaCardFound, empty without one; the state then says why (no reader, no card, …)
 * and is no error. Errors: CANTIGA_ERROR_CARD (silent, crashed), G_IO_ERROR_CANCELLED. Ask each half second to see a card come and go. */
void cantiga_card_list_async (CantigaCard *card, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *cantiga_card_list_finish (CantigaCard *card, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What every module by itself sees, for a diagnosis: cantiga-card's answer, `{"state", "service", "modules": [{"path", "description", "starts",
 * "slots", "state", "cards": [{"kind", "key_type", "state", "tries", "pin"}]}], "unloaded": [{"file", "path", "reason"}]}`, with nothing of a person in it;
 * unloaded: what cannot be loaded, and p11-kit's file that names it ("" if it was named by hand). */
void cantiga_card_inspect_async (CantigaCard *card, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
JsonObject *cantiga_card_inspect_finish (CantigaCard *card, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Signs message as it is (docs/protocol.md 7). pin (taken over, and wiped once it is sent) may be NULL: for a reader's pad or a module's own window,
 * and for a card that is READY: one that has signed stays signed in to until it is taken out or cantiga-card ends. A wrong PIN is never tried again.
 * ret_algorithm is static. Errors, with sentence and remedy as message and the state in cantiga_card_get_last_state(): CANTIGA_ERROR_PIN_WRONG
 * (PIN_WRONG, LAST_TRY; or PIN_WANTED: of the wrong form, nothing was tried), CANTIGA_ERROR_PIN_BLOCKED, CANTIGA_ERROR_CARD, G_IO_ERROR_CANCELLED
 * (cantiga-card is ended, a card's window with it). */
void cantiga_card_sign_async (CantigaCard *card, CantigaCardFound *found, GBytes *message, CantigaSecret *pin, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
GBytes *cantiga_card_sign_finish (CantigaCard *card, GAsyncResult *result, const char **ret_algorithm, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
