/* The envelope: a header, a sealed text, and the associated data that ties it to its place (docs/protocol.md 5). */
#pragma once

#include "core/secret.h"
#include "core/suite.h"
#include "core/wire.h"

G_BEGIN_DECLS

typedef enum { CANTIGA_ROLE_PLAYER, CANTIGA_ROLE_SERVER } CantigaRole;

typedef enum { CANTIGA_KIND_CONTROL = 1, CANTIGA_KIND_CHUNK = 2 } CantigaKind;

#define CANTIGA_ENVELOPE_VERSION 1
#define CANTIGA_ENVELOPE_HEADER_LENGTH 10

/* Where an envelope belongs: what its associated data says (5.3). A plain value; all borrowed. */
typedef struct
{
  CantigaRole direction;  /* who sealed it */
  const CantigaId *session;
  CantigaKind kind;
  guint64 number;
  const char *method;
  const char *path;
  /* Of an answer alone: the number and tag of its request. */
  guint64 request_number;
  const guint8 *request_tag;  /* NULL in a request */
  gsize request_tag_length;
} CantigaPlace;

/* The length that text_length bytes of text have in an envelope. */
gsize cantiga_envelope_length (const CantigaSuite *suite, gsize text_length);
/* What the header says, before anything is verified. FALSE if this is no envelope of this version. */
gboolean cantiga_envelope_peek (GBytes *envelope, CantigaKind *ret_kind, guint64 *ret_number);
/* The tag at its end; envelope is one that was sealed or opened under suite. */
const guint8 *cantiga_envelope_get_tag (const CantigaSuite *suite, GBytes *envelope);

/* Seals straight into envelope, which has room for cantiga_envelope_length(). */
gboolean cantiga_envelope_seal_into (const CantigaSuite *suite, const CantigaKey *key, const CantigaPlace *place, gconstpointer text,
                                     gsize text_length, guint8 *envelope, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *cantiga_envelope_seal (const CantigaSuite *suite, const CantigaKey *key, const CantigaPlace *place, GBytes *text,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The text. CANTIGA_ERROR_FORGED if envelope is not what was sealed for place. */
GBytes *cantiga_envelope_open (const CantigaSuite *suite, const CantigaKey *key, const CantigaPlace *place, GBytes *envelope,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
