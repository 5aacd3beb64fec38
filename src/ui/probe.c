#include "ui/probe.h"

#include <time.h>

#define TICK_MS 5

static struct
{
  GSimpleAction *action;
  gint64 turned, worked; /* when the last turn was, and how much work there had been; microseconds */
  double gap, work;      /* milliseconds */
} probe;

static gint64
get_work (void)
{
  struct timespec used;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &used);
  return (gint64)used.tv_sec * G_USEC_PER_SEC + used.tv_nsec / 1000;
}

static gboolean
turn_cb (gpointer user_data)
{
  gint64 now = g_get_monotonic_time ();
  gint64 work = get_work ();
  double gap = (double)(now - probe.turned) / 1000;
  double worked = (double)(work - probe.worked) / 1000;
  gboolean longer = gap > probe.gap || worked > probe.work;

  probe.gap = MAX (gap, probe.gap);
  probe.work = MAX (worked, probe.work);
  probe.turned = now;
  probe.worked = work;
  if (longer)
    g_simple_action_set_state (probe.action, g_variant_new ("(dd)", probe.gap, probe.work));
  return G_SOURCE_CONTINUE;
}

static void
start_anew_cb (GSimpleAction *action, GVariant *value, gpointer user_data)
{
  probe.gap = probe.work = 0;
  probe.turned = g_get_monotonic_time ();
  probe.worked = get_work ();
  g_simple_action_set_state (action, g_variant_new ("(dd)", 0.0, 0.0));
}

void
cantiga_probe_start (GActionMap *map)
{
  if (g_getenv ("CANTIGA_PROBE") == NULL || probe.action != NULL)
    return;
  probe.action = g_simple_action_new_stateful ("longest-gap", NULL, g_variant_new ("(dd)", 0.0, 0.0));
  g_signal_connect (probe.action, "change-state", G_CALLBACK (start_anew_cb), NULL);
  g_action_map_add_action (map, G_ACTION (probe.action));
  probe.turned = g_get_monotonic_time ();
  probe.worked = get_work ();
  g_timeout_add_full (G_PRIORITY_HIGH, TICK_MS, turn_cb, NULL, NULL);
}

/* ---- marks ---- */

typedef struct
{
  GtkWidget *widget; /* weak */
  char *what;
  guint n;
} Mark;

static void
mark_free (gpointer data, GClosure *closure)
{
  Mark *mark = data;

  g_clear_weak_pointer (&mark->widget);
  g_free (mark->what);
  g_free (mark);
}

static void
say (const char *what, const char *end, guint n)
{
  g_printerr ("probe %s%s %u %" G_GINT64_FORMAT "\n", what, end, n, g_get_monotonic_time ());
}

/* A page that is not shown yet waits for the frame in which it is. */
static void
painted_cb (GdkFrameClock *clock, Mark *mark)
{
  if (mark->widget != NULL && !gtk_widget_get_mapped (mark->widget))
    return;
  if (mark->widget != NULL)
    say (mark->what, "-painted", mark->n);
  g_signal_handlers_disconnect_by_data (clock, mark);
}

void
cantiga_probe_mark (GtkWidget *widget, const char *what, guint n)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GdkFrameClock *clock = root != NULL ? gtk_widget_get_frame_clock (GTK_WIDGET (root)) : NULL;
  Mark *mark;

  if (probe.action == NULL)
    return;
  say (what, "", n);
  if (clock == NULL)
    return;
  mark = g_new0 (Mark, 1);
  g_set_weak_pointer (&mark->widget, widget);
  mark->what = g_strdup (what);
  mark->n = n;
  g_signal_connect_data (clock, "after-paint", G_CALLBACK (painted_cb), mark, mark_free, 0);
}
