/* Waiting for what is asynchronous: the main loop turns until it is there, with a limit. It turns now and then even if nothing happens: a condition
 * may have come true while it was being asked (it turns the loop itself), or in a thread that wakes nobody. */
#pragma once

#include <gio/gio.h>

#define LOOP_LIMIT_SECONDS 200
#define LOOP_TURN_MILLISECONDS 5

static inline gboolean
loop_limit_cb (gpointer user_data)
{
  g_error ("this took longer than %d s", LOOP_LIMIT_SECONDS);
  return G_SOURCE_REMOVE;
}

static inline gboolean
loop_turn_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

#define LOOP_UNTIL(condition)                                                                                                                        \
  G_STMT_START                                                                                                                                       \
  {                                                                                                                                                  \
    guint limit_ = g_timeout_add_seconds (LOOP_LIMIT_SECONDS, loop_limit_cb, NULL);                                                                  \
    guint turns_ = g_timeout_add (LOOP_TURN_MILLISECONDS, loop_turn_cb, NULL);                                                                       \
    while (!(condition))                                                                                                                             \
      g_main_context_iteration (NULL, TRUE);                                                                                                         \
    g_source_remove (turns_);                                                                                                                        \
    g_source_remove (limit_);                                                                                                                        \
  }                                                                                                                                                  \
  G_STMT_END

/* The callback of a call whose result is kept: pass the address of a NULL GAsyncResult pointer. */
static inline void
loop_result_cb (GObject *source, GAsyncResult *result, gpointer slot)
{
  *(GAsyncResult **)slot = g_object_ref (result);
}

static inline GAsyncResult *
loop_wait (GAsyncResult **slot)
{
  LOOP_UNTIL (*slot != NULL);
  return *slot;
}

/* Turns the loop until nothing is ready. */
static inline void
loop_drain (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}
