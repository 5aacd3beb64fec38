/* The head of an HTTP/1.1 request as it came, and of an answer as it goes: libsoup reads the one, and what a server of ours takes of it is said here (docs/protocol.md 3, 12; docs/adr/0022). Pure; any thread. */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* In bytes, with the request's line and the empty one at its end. */
#define CANTIGA_HEAD_MAX (16 * 1024)
/* The longest body that any route takes. */
#define CANTIGA_BODY_MAX (64 * 1024)

/* All owned. */
typedef struct
{
  SoupMessageHeaders *headers; /* NULL: this is no head */
  char *method;
  char *target;      /* origin form, query included; as it was sent, but for what may not stand in one: that is escaped */
  char *path;        /* of target */
  GHashTable *query; /* of target, decoded; NULL: it has none */
  gsize body_length;
  gboolean closes;  /* who sent it asks nothing after it on this connection */
  gboolean expects; /* its body comes once it is told to go on */
} CantigaHead;

/* bytes end with the empty line. CANTIGA_ERROR_MALFORMED: this is no request, or one of a kind that is not taken, as with a body without its length. */
gboolean cantiga_head_parse (CantigaHead *ret_head, const char *bytes, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_head_clear (CantigaHead *head);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CantigaHead, cantiga_head_clear)

typedef struct
{
  guint status;
  const char *type;
  gsize body_length;
  guint retry_after; /* seconds; 0: is not said */
  const char *allow; /* methods; NULL: is not said */
  gboolean closes;
} CantigaAnswerHead;

/* With its empty line. date: as HTTP writes it. Free with g_free(). */
char *cantiga_answer_head_format (const CantigaAnswerHead *head, const char *date);

G_END_DECLS
