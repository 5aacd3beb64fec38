/* A licence that the listener holds, with its last plays (docs/protocol.md 9.6). Thread: main. */
#pragma once

#include <gio/gio.h>

#include "core/wire.h"

G_BEGIN_DECLS

/* One play of it. */
typedef struct
{
  CantigaId play;
  gint64 at;
  gint64 until; /* 0: it goes on */
  char *state;  /* "playing", "heard", "given-back", "revoked" */
  char *player; /* as the keeper calls it; may be "" */
} CantigaHeldPlay;

/* Properties (read-only, notified): "name", "artist", "album", "cover" (strings; cover is a mark, NULL without), "removed" (boolean), "state", "renewal"
 * (strings), "plays", "plays-left" (int), "made", "expires", "renewal-from" (int64). */
#define CANTIGA_TYPE_HELD_LICENCE (cantiga_held_licence_get_type ())
G_DECLARE_FINAL_TYPE (CantigaHeldLicence, cantiga_held_licence, CANTIGA, HELD_LICENCE, GObject)

/* From an item of 9.6. */
CantigaHeldLicence *cantiga_held_licence_decode (JsonObject *object, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes over what another object of the same title says, notifying what changed, and "plays-left" in any case: its history has
 * no property. */
void cantiga_held_licence_follow (CantigaHeldLicence *licence, CantigaHeldLicence *newer);
/* What the catalogue's title says of it, which is told of each play at once. "none" and "refused" leave it as it is. */
void cantiga_held_licence_follow_title (CantigaHeldLicence *licence, const char *state, int plays_left, gint64 expires);
/* It was given back. */
void cantiga_held_licence_set_returned (CantigaHeldLicence *licence);

const CantigaId *cantiga_held_licence_get_title (CantigaHeldLicence *licence);
const char *cantiga_held_licence_get_name (CantigaHeldLicence *licence);   /* of the title; "" if it was removed */
const char *cantiga_held_licence_get_artist (CantigaHeldLicence *licence); /* "" if unknown */
const char *cantiga_held_licence_get_album (CantigaHeldLicence *licence);  /* "" if unknown */
const char *cantiga_held_licence_get_cover (CantigaHeldLicence *licence);  /* mark; NULL without */
gboolean cantiga_held_licence_is_removed (CantigaHeldLicence *licence);    /* the title, from the catalogue */
/* "valid", "used-up", "expired", "returned". */
const char *cantiga_held_licence_get_state (CantigaHeldLicence *licence);
int cantiga_held_licence_get_plays (CantigaHeldLicence *licence); /* that it was given with */
int cantiga_held_licence_get_plays_left (CantigaHeldLicence *licence);
gint64 cantiga_held_licence_get_made (CantigaHeldLicence *licence);
gint64 cantiga_held_licence_get_expires (CantigaHeldLicence *licence);
/* "now", or why it cannot be renewed: "plays-left", "sign-in", "later", "keeper", "never". */
const char *cantiga_held_licence_get_renewal (CantigaHeldLicence *licence);
gint64 cantiga_held_licence_get_renewal_from (CantigaHeldLicence *licence); /* for "later"; else 0 */
/* The last first; CantigaHeldPlay, all the licence's. */
GPtrArray *cantiga_held_licence_get_history (CantigaHeldLicence *licence);

G_END_DECLS
