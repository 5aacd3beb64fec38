/* HTTP/1.1 to one server: bytes out, bytes back, bounded in size and time; no proxies, redirects, cookies, content encodings. Thread: main. */
#pragma once

#include <gio/gio.h>

#include "core/wire.h"

G_BEGIN_DECLS

#define CANTIGA_ANSWER_MAX (1024 * 1024)
#define CANTIGA_JSON_TYPE "application/json"

/* What came back, whatever its status. */
typedef struct
{
  guint status;
  char *type; /* media type without parameters; "" if it said none */
  GBytes *body;
  guint retry_after; /* seconds; 0 if it said nothing */
} CantigaAnswer;

void cantiga_answer_free (CantigaAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaAnswer, cantiga_answer_free)
/* TRUE for a 2xx of that type, and for any envelope if type is CANTIGA_ENVELOPE_TYPE. A problem becomes its error; anything else is not a Cantiga
 * server: CANTIGA_ERROR_UNREACHABLE. */
gboolean cantiga_answer_check (const CantigaAnswer *answer, const char *type, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for CANTIGA_JSON_TYPE, parsed. */
JsonObject *cantiga_answer_parse (const CantigaAnswer *answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct _CantigaTransport CantigaTransport;

/* url: "http://host:port". CANTIGA_ERROR_USAGE if it is not one. */
CantigaTransport *cantiga_transport_new (const char *url, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CantigaTransport *cantiga_transport_ref (CantigaTransport *transport);
void cantiga_transport_unref (CantigaTransport *transport);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaTransport, cantiga_transport_unref)

const char *cantiga_transport_get_url (CantigaTransport *transport);
/* The time for one whole answer: 60,000 ms unless told; 15 s without a byte end it too. */
void cantiga_transport_set_limit (CantigaTransport *transport, guint milliseconds);

/* authorization and body (of media type type) may be NULL; an answer longer than max is refused unread (CANTIGA_ERROR_MALFORMED).
 * CANTIGA_ERROR_UNREACHABLE with the reason. */
void cantiga_transport_send_async (CantigaTransport *transport, const char *method, const char *path, const char *authorization, const char *type,
                                   GBytes *body, gsize max, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
CantigaAnswer *cantiga_transport_send_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
