/* org.mpris.MediaPlayer2.TrackList: what follows, and going there. Titles come from the library, so nothing is added by address. */
#include "ui/mpris-private.h"

/* Who shows a list shows no more; a queue may hold a whole catalogue. */
#define TRACKS_MAX 100

/* The titles around the one that plays. */
static guint
get_first (CantigaMpris *self, guint *ret_n)
{
  CantigaQueue *queue = cantiga_mpris_get_queue (self);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (queue));
  guint place = cantiga_queue_get_place (queue);
  guint first = place > TRACKS_MAX / 4 ? place - TRACKS_MAX / 4 : 0;

  *ret_n = MIN (n - MIN (first, n), TRACKS_MAX);
  return first;
}

static GVariant *
list_tracks (CantigaMpris *self)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("ao"));
  guint n, first = get_first (self, &n);

  for (guint i = first; i < first + n; i++)
    {
      g_autofree char *track = cantiga_mpris_dup_track (cantiga_queue_get_entry (cantiga_mpris_get_queue (self), i));

      g_variant_builder_add (&builder, "o", track);
    }
  return g_variant_builder_end (&builder);
}

/* FALSE: it is not there. */
static gboolean
find_track (CantigaMpris *self, const char *track, guint *ret_place)
{
  CantigaQueue *queue = cantiga_mpris_get_queue (self);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (queue)); i++)
    {
      g_autofree char *path = cantiga_mpris_dup_track (cantiga_queue_get_entry (queue, i));

      if (!g_str_equal (path, track))
        continue;
      *ret_place = i;
      return TRUE;
    }
  return FALSE;
}

static GVariant *
get_metadata (CantigaMpris *self, GVariant *parameters)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariantIter) tracks = NULL;
  const char *track;
  guint place;

  g_variant_get (parameters, "(ao)", &tracks);
  while (g_variant_iter_next (tracks, "&o", &track))
    if (find_track (self, track, &place))
      g_variant_builder_add_value (&builder, cantiga_mpris_describe (cantiga_queue_get_entry (cantiga_mpris_get_queue (self), place)));
  return g_variant_new ("(aa{sv})", &builder);
}

static GVariant *
add_track (CantigaMpris *self, GVariant *parameters)
{
  return NULL;
}

static GVariant *
remove_track (CantigaMpris *self, GVariant *parameters)
{
  const char *track;
  guint place;

  g_variant_get (parameters, "(&o)", &track);
  if (find_track (self, track, &place))
    cantiga_queue_remove (cantiga_mpris_get_queue (self), place);
  return NULL;
}

static GVariant *
go_to (CantigaMpris *self, GVariant *parameters)
{
  const char *track;
  guint place;

  g_variant_get (parameters, "(&o)", &track);
  if (find_track (self, track, &place))
    cantiga_queue_go_to (cantiga_mpris_get_queue (self), place);
  return NULL;
}

void
cantiga_mpris_tell_tracks (CantigaMpris *self)
{
  g_autofree char *current = cantiga_mpris_dup_track (cantiga_mpris_get_current (self));

  cantiga_mpris_emit (self, cantiga_mpris_tracks.name, "TrackListReplaced", g_variant_new ("(@aoo)", list_tracks (self), current));
}

static const CantigaMprisMethod methods[] = {
  { "GetTracksMetadata", get_metadata },
  { "AddTrack", add_track },
  { "RemoveTrack", remove_track },
  { "GoTo", go_to },
  { NULL },
};

/* What cannot be added cannot be edited as the specification means it; taking out works all the same. */
static GVariant *
can_edit (CantigaMpris *self)
{
  return g_variant_new_boolean (FALSE);
}

static const CantigaMprisProperty properties[] = {
  { "Tracks", list_tracks },
  { "CanEditTracks", can_edit },
  { NULL },
};

const CantigaMprisInterface cantiga_mpris_tracks = { "org.mpris.MediaPlayer2.TrackList", methods, properties };
