#include "server/ocsp.h"

#include <libsoup/soup.h>

#define ANSWER_MAX (64 * 1024)
/* An answer is asked for again after a day, however long it holds. */
#define KEPT_MAX ((gint64)24 * 3600)
#define ANSWERS_MAX 4096

typedef struct
{
  CantigaOcspStatus status;
  gint64 until;
} Answer;

struct _CantigaOcsp
{
  const CantigaConfig *config; /* borrowed, atomic */
  GCancellable *stopping;
  GMutex lock;
  GHashTable *answers; /* SHA-256 of the card, hexadecimal → Answer */
};

void
cantiga_ocsp_set_config (CantigaOcsp *ocsp, const CantigaConfig *config)
{
  g_atomic_pointer_set (&ocsp->config, config);
}

static const CantigaConfig *
config_of (CantigaOcsp *ocsp)
{
  return g_atomic_pointer_get (&ocsp->config);
}

CantigaOcsp *
cantiga_ocsp_new (const CantigaConfig *config)
{
  CantigaOcsp *ocsp = g_new0 (CantigaOcsp, 1);

  ocsp->config = config;
  ocsp->stopping = g_cancellable_new ();
  g_mutex_init (&ocsp->lock);
  ocsp->answers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return ocsp;
}

void
cantiga_ocsp_free (CantigaOcsp *ocsp)
{
  if (ocsp == NULL)
    return;
  g_object_unref (ocsp->stopping);
  g_hash_table_unref (ocsp->answers);
  g_mutex_clear (&ocsp->lock);
  g_free (ocsp);
}

void
cantiga_ocsp_stop (CantigaOcsp *ocsp)
{
  g_cancellable_cancel (ocsp->stopping);
}

/* ---- answers that are kept ---- */

static gboolean
is_over_cb (gpointer key, gpointer answer, gpointer now)
{
  return ((Answer *)answer)->until <= *(gint64 *)now;
}

static gboolean
find_answer (CantigaOcsp *ocsp, const char *key, gint64 now, CantigaOcspStatus *ret_status)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ocsp->lock);
  const Answer *answer = g_hash_table_lookup (ocsp->answers, key);

  if (answer == NULL || answer->until <= now)
    return FALSE;
  *ret_status = answer->status;
  return TRUE;
}

static void
keep_answer (CantigaOcsp *ocsp, const char *key, CantigaOcspStatus status, gint64 until, gint64 now)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ocsp->lock);
  Answer *answer;

  g_hash_table_foreach_remove (ocsp->answers, is_over_cb, &now);
  if (until <= now || g_hash_table_size (ocsp->answers) >= ANSWERS_MAX)
    return;
  answer = g_new0 (Answer, 1);
  answer->status = status;
  answer->until = MIN (until, now + KEPT_MAX);
  g_hash_table_replace (ocsp->answers, g_strdup (key), answer);
}

/* ---- the wire ---- */

/* One question under way, in a main context of its own. */
typedef struct
{
  GMainLoop *loop;
  GCancellable *cancellable;
  guint8 *answer; /* room for one byte more than an answer may have */
  gsize length;
  SoupMessage *message;
  GError *error;
} Asking;

static void
answer_read_cb (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  Asking *asking = user_data;

  g_input_stream_read_all_finish (G_INPUT_STREAM (stream), result, &asking->length, &asking->error);
  g_main_loop_quit (asking->loop);
}

static void
answer_begun_cb (GObject *session, GAsyncResult *result, gpointer user_data)
{
  Asking *asking = user_data;
  g_autoptr (GInputStream) stream = soup_session_send_finish (SOUP_SESSION (session), result, &asking->error);

  if (stream == NULL)
    g_main_loop_quit (asking->loop);
  else
    g_input_stream_read_all_async (stream, asking->answer, ANSWER_MAX + 1, G_PRIORITY_DEFAULT, asking->cancellable, answer_read_cb, asking);
}

static gboolean
too_slow_cb (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
stopping_cb (GCancellable *stopping, gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

static void
ask_in_context (CantigaOcsp *ocsp, GMainContext *context, Asking *asking)
{
  g_autoptr (SoupSession) session = soup_session_new_with_options ("proxy-resolver", NULL, "max-conns", 1, NULL);
  g_autoptr (GSource) clock = g_timeout_source_new (config_of (ocsp)->ocsp_seconds * 1000);
  g_autoptr (GSource) stopping = g_cancellable_source_new (ocsp->stopping);

  g_source_set_callback (clock, too_slow_cb, asking->cancellable, NULL);
  g_source_attach (clock, context);
  g_source_set_callback (stopping, G_SOURCE_FUNC (stopping_cb), asking->cancellable, NULL);
  g_source_attach (stopping, context);
  soup_session_send_async (session, asking->message, G_PRIORITY_DEFAULT, asking->cancellable, answer_begun_cb, asking);
  g_main_loop_run (asking->loop);
  g_source_destroy (clock);
  g_source_destroy (stopping);
  soup_session_abort (session);
}

static GBytes *
take_answer (Asking *asking, GError **error)
{
  if (asking->error != NULL)
    cantiga_fail_with (error, CANTIGA_ERROR_UNREACHABLE, "%s",
                       g_cancellable_is_cancelled (asking->cancellable) ? "it took too long" : asking->error->message);
  else if (soup_message_get_status (asking->message) != SOUP_STATUS_OK)
    cantiga_fail_with (error, CANTIGA_ERROR_UNREACHABLE, "it answers %u", soup_message_get_status (asking->message));
  else if (asking->length > ANSWER_MAX)
    cantiga_fail_with (error, CANTIGA_ERROR_UNREACHABLE, "its answer is too long");
  else
    return g_bytes_new (asking->answer, asking->length);
  return NULL;
}

static GBytes *
ask (CantigaOcsp *ocsp, const char *url, GBytes *question, GError **error)
{
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_POST, url);
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree guint8 *room = g_malloc (ANSWER_MAX + 1);
  Asking asking = { .loop = loop, .cancellable = cancellable, .answer = room, .message = message };
  GBytes *answer;

  if (message == NULL)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_UNREACHABLE, "%s is not an address", url);
      return NULL;
    }
  soup_message_set_request_body_from_bytes (message, "application/ocsp-request", question);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  g_main_context_push_thread_default (context);
  ask_in_context (ocsp, context, &asking);
  /* What was given up is let go of in the turns that are left. */
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
  answer = take_answer (&asking, error);
  g_clear_error (&asking.error);
  return answer;
}

/* ---- use ---- */

static gboolean
ask_about (CantigaOcsp *ocsp, X509 *card, X509 *issuer, const char *url, gint64 now, CantigaOcspStatus *ret_status, gint64 *ret_until, GError **error)
{
  g_autoptr (CantigaOcspQuestion) question = cantiga_ocsp_question_new (card, issuer, error);
  g_autoptr (GBytes) asked = question != NULL ? cantiga_ocsp_question_encode (question) : NULL;
  g_autoptr (GBytes) answer = asked != NULL ? ask (ocsp, url, asked, error) : NULL;

  return answer != NULL && cantiga_ocsp_question_consume_answer (question, answer, now, ret_status, ret_until, error);
}

static gboolean
heed (CantigaOcspStatus status, GError **error)
{
  switch (status)
    {
    case CANTIGA_OCSP_GOOD:
      return TRUE;
    case CANTIGA_OCSP_REVOKED:
      return cantiga_fail (error, CANTIGA_ERROR_CARD_REVOKED);
    case CANTIGA_OCSP_UNKNOWN:
    default:
      return cantiga_fail_with (error, CANTIGA_ERROR_CERTIFICATE_REFUSED, "The card is not accepted: the authority that it names does not know it.");
    }
}

gboolean
cantiga_ocsp_check (CantigaOcsp *ocsp, X509 *card, X509 *issuer, gint64 now, char **ret_warning, GError **error)
{
  g_autofree char *url = cantiga_ocsp_dup_url (card);
  g_autoptr (GBytes) der = cantiga_certificate_encode (card);
  g_autofree char *key = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, der);
  g_autoptr (GError) failure = NULL;
  CantigaOcspStatus status;
  gint64 until;

  *ret_warning = NULL;
  if (config_of (ocsp)->ocsp == CANTIGA_OCSP_OFF || url == NULL)
    return TRUE;
  if (find_answer (ocsp, key, now, &status))
    return heed (status, error);
  if (ask_about (ocsp, card, issuer, url, now, &status, &until, &failure))
    {
      keep_answer (ocsp, key, status, until, now);
      return heed (status, error);
    }
  *ret_warning = g_strdup_printf ("no answer of the OCSP responder %s: %s", url, failure->message);
  return config_of (ocsp)->ocsp == CANTIGA_OCSP_SOFT || cantiga_fail (error, CANTIGA_ERROR_CARD_UNCHECKED);
}
