/* What the files behind mpris.h share: one table of methods and properties an interface. Not for other files. */
#pragma once

#include "ui/mpris.h"

G_BEGIN_DECLS

#define MPRIS_PATH "/org/mpris/MediaPlayer2"
#define MPRIS_TRACK_PATH "/io/github/cantiga/Cantiga/track/"
#define MPRIS_NO_TRACK "/org/mpris/MediaPlayer2/TrackList/NoTrack"

typedef struct
{
  const char *name;
  GVariant *(*get) (CantigaMpris *mpris);
  void (*set) (CantigaMpris *mpris, GVariant *value); /* NULL: read-only */
} CantigaMprisProperty;

typedef struct
{
  const char *name;
  /* The answer (floating), or NULL where there is none. */
  GVariant *(*call) (CantigaMpris *mpris, GVariant *parameters);
} CantigaMprisMethod;

typedef struct
{
  const char *name;
  const CantigaMprisMethod *methods;       /* the last has no name */
  const CantigaMprisProperty *properties;  /* the same */
} CantigaMprisInterface;

extern const CantigaMprisInterface cantiga_mpris_root;   /* mpris-root.c */
extern const CantigaMprisInterface cantiga_mpris_player; /* mpris-player.c */
extern const CantigaMprisInterface cantiga_mpris_tracks; /* mpris-tracks.c */

CantigaQueue *cantiga_mpris_get_queue (CantigaMpris *mpris);
/* As cantiga_mpris_set_screen() said last. */
gboolean cantiga_mpris_can_be_full (CantigaMpris *mpris);
gboolean cantiga_mpris_is_full (CantigaMpris *mpris);
void cantiga_mpris_emit (CantigaMpris *mpris, const char *interface, const char *signal, GVariant *parameters);
/* Tells listeners of the interface's properties whose values are others than when last told; together, at the end of this turn of the loop. */
void cantiga_mpris_tell_later (CantigaMpris *mpris);

/* The list of tracks is another one. */
void cantiga_mpris_tell_tracks (CantigaMpris *mpris);

/* What plays, or is loaded; NULL. */
CantigaEntry *cantiga_mpris_get_current (CantigaMpris *mpris);
/* The object path that stands for entry; it may be NULL. Free with g_free(). */
char *cantiga_mpris_dup_track (CantigaEntry *entry);
/* a{sv}, floating. entry may be NULL. */
GVariant *cantiga_mpris_describe (CantigaEntry *entry);

G_END_DECLS
