/* A terminal's journey is a straight line: it starts something asynchronous and turns the main loop until it is done. Thread: main. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  GAsyncResult *result; /* owned */
} CantigaWait;

void cantiga_wait_clear (CantigaWait *wait);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CantigaWait, cantiga_wait_clear)

/* The GAsyncReadyCallback; user_data is the CantigaWait. */
void cantiga_wait_done_cb (GObject *object, GAsyncResult *result, gpointer wait);
/* Borrowed; good for another wait after cantiga_wait_clear(). */
GAsyncResult *cantiga_wait_for (CantigaWait *wait);

G_END_DECLS
