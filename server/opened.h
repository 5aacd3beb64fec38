/* Chunks that were opened, for whoever asks for them next: a bounded cache in memory that is locked (never swapped), left out of core dumps and of children, and wiped when a
 * chunk has not been asked for for a minute and at the end. What is kept is the text that a stream seals: `u8 n || n hashes || chunk` (docs/protocol.md 10.3).
 * Where memory cannot be locked, less is kept, or nothing: it is then a buffer for each chunk that is just being sent. Thread: any. */
#pragma once

#include "server/library.h"

G_BEGIN_DECLS

typedef struct _CantigaOpened CantigaOpened;

/* One chunk's text, on loan. */
typedef struct
{
  const guint8 *text;
  gsize length;
  guint path_length; /* n */
} CantigaOpenedChunk;

/* Keeps at most size bytes. */
CantigaOpened *cantiga_opened_new (gsize size);
/* Nothing is on loan any more. */
void cantiga_opened_free (CantigaOpened *opened);

/* What is there, or else is read from the title's file and opened. Give it back soon: cantiga_opened_give_back(). */
CantigaOpenedChunk *cantiga_opened_take (CantigaOpened *opened, CantigaOpenTitle *title, guint64 index, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_opened_give_back (CantigaOpened *opened, CantigaOpenedChunk *chunk);
/* Wipes what nobody asked for since the last but one call. */
void cantiga_opened_sweep (CantigaOpened *opened);
/* How many chunks there is room for. */
guint cantiga_opened_get_room (CantigaOpened *opened);

G_END_DECLS
