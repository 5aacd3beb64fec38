/* Which counters of a grant were accepted: each once, "within a window of 64 below the highest seen" (docs/protocol.md 10.2). Thread: its owner locks. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define CANTIGA_WINDOW_WIDTH 64

/* A plain value, zero before the first counter. */
typedef struct
{
  guint64 next;   /* one past the highest counter accepted */
  guint64 below;  /* bit i: the counter i + 1 below the highest was accepted */
} CantigaWindow;

/* Whether counter is fresh; if so, it is not any more. */
gboolean cantiga_window_accept (CantigaWindow *window, guint64 counter);

G_END_DECLS
