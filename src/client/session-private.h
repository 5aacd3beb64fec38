/* What the files of a session share. Inner to src/client. */
#pragma once

#include "client/session.h"
#include "client/sign-in.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_CALL_PLAIN, /* said again in the next session if this one is lost */
  CANTIGA_CALL_BOUND, /* means something in this session alone */
  CANTIGA_CALL_LEAVE, /* bound, and the session is over with it */
} CantigaCallKind;

typedef struct _CantigaCall CantigaCall;

struct _CantigaSession
{
  GObject parent;

  /* Given. */
  CantigaStore *store;
  CantigaPaired *paired;
  GStrv suites;
  CantigaSigner *signer;
  CantigaTransport *transport;
  guint return_limit; /* ms */

  /* The session as it stands. state is written by session_set_state() alone. */
  CantigaSessionState state;
  CantigaChannel *channel; /* while OPEN; and until the answer under way is there */
  CantigaSuite suite;      /* if generation > 0 */
  char *listener;
  X509 *authority; /* that it was opened under */
  guint generation;
  GError *reason; /* why it is signed out, if it was not wished */

  /* Signing in. */
  GTask *sign_in;          /* asked for; waits for the answer under way */
  GCancellable *returning; /* of the attempt under way */
  guint pause;             /* source id, between two attempts */
  guint pause_ms;
  gint64 deadline; /* monotonic time */

  /* Calls: one under way, the others in their order. */
  CantigaCall *current;
  GQueue calls;

  guint renewals; /* under way */
  GTask *leave;   /* waits for them */
};

/* session.c */
void cantiga_session_show_step (CantigaSession *self, CantigaStep step, CantigaStepState state, const char *detail);
CantigaTransport *cantiga_session_get_transport (CantigaSession *self);
/* NULL unless open. */
const CantigaId *cantiga_session_get_id (CantigaSession *self);
/* The channel cannot be used any more: signs in again. */
void cantiga_session_lost (CantigaSession *self);
/* Signed out as wished. */
void cantiga_session_over (CantigaSession *self);
void cantiga_session_notify_number (CantigaSession *self);
/* Starts the sign-in that waits, if one does. */
gboolean cantiga_session_start_sign_in (CantigaSession *self);

/* calls.c */
void cantiga_session_pump (CantigaSession *self);
void cantiga_session_fail_calls (CantigaSession *self, const GError *error);
/* Leaves, if it was asked for and waits. */
void cantiga_session_start_leave (CantigaSession *self);
void cantiga_session_call_kind_async (CantigaSession *self, CantigaCallKind kind, const char *method, const char *path, JsonObject *body,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* Of cantiga_session_call_async(), with a GTask of a boolean as user data, which it takes: for an answer that says only that it was done. */
void cantiga_session_called_cb (GObject *session, GAsyncResult *result, gpointer task);
/* As cantiga_session_call_finish(), for an answer with a grant: its stream, and the session's generation. */
JsonObject *cantiga_session_call_finish_stream (CantigaSession *self, GAsyncResult *result, CantigaStream **ret_stream,
                                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
