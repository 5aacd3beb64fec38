/* Titles that belong together: an album, or all of an artist. Thread: main. */
#pragma once

#include "client/title.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_GROUP_ALBUM,
  CANTIGA_GROUP_ARTIST,
} CantigaGroupKind;

#define CANTIGA_TYPE_GROUP (cantiga_group_get_type ())
G_DECLARE_FINAL_TYPE (CantigaGroup, cantiga_group, CANTIGA, GROUP, GObject)

/* titles: CantigaTitle, at least one, in their order; taken. */
CantigaGroup *cantiga_group_new (CantigaGroupKind kind, GPtrArray *titles);

CantigaGroupKind cantiga_group_get_kind (CantigaGroup *group);
/* Of an album "" if it has several artists, of an artist the same as the name. */
const char *cantiga_group_get_artist (CantigaGroup *group);
const char *cantiga_group_get_name (CantigaGroup *group);
/* For its initials: the name without what stands in brackets behind it. Free with g_free(). */
char *cantiga_group_dup_plain_name (CantigaGroup *group);
GPtrArray *cantiga_group_get_titles (CantigaGroup *group);
/* The first title with a cover, else the first. */
CantigaTitle *cantiga_group_get_face (CantigaGroup *group);
/* 0 if unknown. */
guint cantiga_group_get_year (CantigaGroup *group);
/* In seconds. */
double cantiga_group_get_duration (CantigaGroup *group);
/* What is left of all its licences that can be played; -1 if there is none. */
int cantiga_group_count_plays (CantigaGroup *group);
/* Name and artist, without case and accents. */
const char *cantiga_group_get_words (CantigaGroup *group);
int cantiga_group_compare (CantigaGroup *one, CantigaGroup *other);
int cantiga_group_compare_artists (CantigaGroup *one, CantigaGroup *other);

/* The albums of titles (a model of CantigaTitle): a GPtrArray of CantigaGroup, in no order. A title without album belongs to none; two albums of one
 * name are told apart by their artists if a track stands in both. */
GPtrArray *cantiga_group_gather_albums (GListModel *titles);
GPtrArray *cantiga_group_gather_artists (GListModel *titles);

G_END_DECLS
