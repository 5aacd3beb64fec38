/* What the files of a play share. Inner to src/client. */
#pragma once

#include "client/play.h"
#include "core/manifest.h"
#include "core/stream.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_GRANT_HELD,
  CANTIGA_GRANT_ASKED,  /* the same play is asked for again */
  CANTIGA_GRANT_LAPSED, /* asking failed: the next read asks once more */
} CantigaGrantState;

struct _CantigaPlay
{
  GObject parent;
  CantigaSession *session;
  CantigaTitle *title;

  /* The licence. */
  CantigaId id;
  guint plays_left;
  gint64 expires;
  gint64 ends;
  double duration;
  gboolean exportable;
  gboolean announced; /* the title shows what this play cost */
  CantigaManifest *manifest; /* verified; not changed afterwards, so that the pool may read it */

  /* The grant. */
  CantigaGrantState grant_state;
  CantigaStream *stream;
  guint grant;      /* how many there were */
  guint generation; /* of the session that it belongs to */

  /* Reads (GTask): those on the wire, and those that wait for a place or a grant. */
  guint in_flight;
  gboolean received; /* a chunk */
  GQueue waiting;
};

/* Asks for a grant of the same play, once for all who wait; then lets the reads go on, or fail. */
void cantiga_play_renew_grant (CantigaPlay *self);
void cantiga_play_pump (CantigaPlay *self);
void cantiga_play_fail_reads (CantigaPlay *self, const GError *error);

G_END_DECLS
