/* A title of the catalogue with this listener's licence for it (docs/protocol.md 8.2). Thread: main. */
#pragma once

#include <gio/gio.h>

#include "core/wire.h"

G_BEGIN_DECLS

/* Properties (read-only, notified): "id", "name", "artist", "album" (strings), "track", "year" (uint), "duration" (double, seconds), "type" (string),
 * "size", "chunks" (uint64), "cover" (string, NULL without), "exportable" (boolean), "licence-state" (string), "plays-left" (int), "expires" (int64),
 * "failure" (GError, NULL without).
 */
#define CANTIGA_TYPE_TITLE (cantiga_title_get_type ())
G_DECLARE_FINAL_TYPE (CantigaTitle, cantiga_title, CANTIGA, TITLE, GObject)

/* From an item of 8.2. */
CantigaTitle *cantiga_title_decode (JsonObject *object, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes over what another object of the same id says, notifying what changed. */
void cantiga_title_follow (CantigaTitle *title, CantigaTitle *newer);

const CantigaId *cantiga_title_get_id (CantigaTitle *title);
const char *cantiga_title_get_name (CantigaTitle *title);
const char *cantiga_title_get_artist (CantigaTitle *title); /* "" if unknown */
const char *cantiga_title_get_album (CantigaTitle *title);  /* "" if unknown */
guint cantiga_title_get_track (CantigaTitle *title);
guint cantiga_title_get_year (CantigaTitle *title);
double cantiga_title_get_duration (CantigaTitle *title);
const char *cantiga_title_get_media_type (CantigaTitle *title);
/* Whether it is a film, by its type. */
gboolean cantiga_title_has_picture (CantigaTitle *title);
guint64 cantiga_title_get_size (CantigaTitle *title);
guint64 cantiga_title_get_chunks (CantigaTitle *title);
const char *cantiga_title_get_cover (CantigaTitle *title); /* mark; NULL without */
gboolean cantiga_title_is_exportable (CantigaTitle *title);
/* "none" (a play would make one), "valid", "used-up", "expired", "refused"; "returned": given back in this session, which gets no other. */
const char *cantiga_title_get_licence_state (CantigaTitle *title);
int cantiga_title_get_plays_left (CantigaTitle *title); /* -1 without a licence */
gint64 cantiga_title_get_expires (CantigaTitle *title); /* 0 without a licence */
void cantiga_title_set_licence (CantigaTitle *title, const char *state, int plays_left, gint64 expires);
/* Why it could not be played the last time, until it is tried again; NULL if it could, or was not tried. */
const GError *cantiga_title_get_failure (CantigaTitle *title);
void cantiga_title_set_failure (CantigaTitle *title, const GError *error);

G_END_DECLS
