#include "ui/announce.h"

#include <dlfcn.h>

/* What comes at once, as three steps in a row, is said in one; and if the keyboard moves at the same time, that is said first. */
#define SOON_MS 300
#define RESTED_MS 1000
#define LEFT_MS 1000

static const char voice_key[] = "cantiga-voice";
static const char own_key[] = "cantiga-description";

/* Of a program. */
typedef struct
{
  GtkApplication *application; /* owns this */
  GtkWindow *window;           /* weak; whence something was announced last */
  GPtrArray *saying;           /* Saying */
  gboolean urgent;
  guint gathering;

  /* GTK before 4.14 */
  GtkWidget *borrowed; /* weak; its description is what was said last */
  GtkWindow *lender;   /* weak; whose that is */
  guint returning;
} Voice;

typedef struct
{
  gconstpointer widget; /* only compared */
  char *text;
} Saying;

static void
saying_free (gpointer data)
{
  Saying *saying = data;

  g_free (saying->text);
  g_free (saying);
}

/* ---- GTK from 4.14 on ---- */

/* As GtkAccessibleAnnouncementPriority has them. */
enum
{
  PRIORITY_MEDIUM = 1,
  PRIORITY_HIGH = 2,
};

typedef void (*Announce) (GtkAccessible *accessible, const char *message, int priority);

/* gtk_accessible_announce(); NULL: there is none. Looked for where the program runs, as it is built with older ones, too. */
static Announce
find_announce (void)
{
  Announce announce;

  *(void **)&announce = dlsym (RTLD_DEFAULT, "gtk_accessible_announce");
  return announce;
}

/* ---- GTK before 4.14 ---- */

static void
describe (GtkWidget *widget, const char *description)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description != NULL ? description : "", -1);
}

static void
give_back (Voice *voice)
{
  g_clear_handle_id (&voice->returning, g_source_remove);
  if (voice->lender != NULL)
    g_signal_handlers_disconnect_by_data (voice->lender, voice);
  g_clear_weak_pointer (&voice->lender);
  if (voice->borrowed != NULL)
    describe (voice->borrowed, g_object_get_data (G_OBJECT (voice->borrowed), own_key));
  g_clear_weak_pointer (&voice->borrowed);
}

static gboolean
return_cb (gpointer user_data)
{
  Voice *voice = user_data;

  voice->returning = 0;
  give_back (voice);
  return G_SOURCE_REMOVE;
}

/* A description that came back while the keyboard is there would be said: so it comes back once the keyboard is elsewhere, and a screen reader knows. */
static void
left_cb (Voice *voice)
{
  if (voice->returning == 0)
    voice->returning = g_timeout_add (LEFT_MS, return_cb, voice);
}

/* What has the keyboard; of an entry, what is in it has, and tells of nothing. */
static GtkWidget *
get_focus (GtkWindow *window)
{
  GtkWidget *focus = gtk_window_get_focus (window);

  if (focus == NULL)
    return GTK_WIDGET (window);
  return GTK_IS_TEXT (focus) ? gtk_widget_get_parent (focus) : focus;
}

/* A changed description of what has the keyboard is said by Orca and others: of what GTK tells by itself, nothing else is, wherever the keyboard is. */
static void
say_by_description (Voice *voice, GtkWindow *window, const char *text)
{
  GtkWidget *focus = get_focus (window);
  const char *own = g_object_get_data (G_OBJECT (focus), own_key);
  g_autofree char *both = g_strdup_printf ("%s. %s", text, own);

  /* That is said of it anyway. */
  if (g_strcmp0 (text, own) == 0)
    return;
  if (focus != voice->borrowed)
    {
      give_back (voice);
      g_set_weak_pointer (&voice->borrowed, focus);
      g_set_weak_pointer (&voice->lender, window);
      g_signal_connect_swapped (window, "notify::focus-widget", G_CALLBACK (left_cb), voice);
      g_signal_connect_swapped (window, "notify::is-active", G_CALLBACK (left_cb), voice);
    }
  g_clear_handle_id (&voice->returning, g_source_remove);
  /* A screen reader that is slow may ask only now. */
  describe (focus, own != NULL ? both : text);
}

/* ---- */

static char *
dup_all (Voice *voice)
{
  GString *all = g_string_new (NULL);

  for (guint i = 0; i < voice->saying->len; i++)
    {
      const Saying *saying = voice->saying->pdata[i];

      if (i > 0)
        g_string_append (all, g_unichar_ispunct (g_utf8_get_char (g_utf8_prev_char (all->str + all->len))) ? " " : ". ");
      g_string_append (all, saying->text);
    }
  return g_string_free (all, FALSE);
}

/* The one in front: a dialog, if there is one. */
static GtkWindow *
find_window (Voice *voice)
{
  GtkWindow *active = gtk_application_get_active_window (voice->application);

  return active != NULL && gtk_window_is_active (active) ? active : voice->window;
}

static gboolean
say_cb (gpointer user_data)
{
  Voice *voice = user_data;
  GtkWindow *window = find_window (voice);
  Announce announce = find_announce ();
  g_autofree char *text = dup_all (voice);

  voice->gathering = 0;
  if (*text == '\0')
    return G_SOURCE_REMOVE;
  if (window != NULL && announce != NULL)
    announce (GTK_ACCESSIBLE (window), text, voice->urgent ? PRIORITY_HIGH : PRIORITY_MEDIUM);
  else if (window != NULL)
    say_by_description (voice, window, text);
  g_ptr_array_set_size (voice->saying, 0);
  voice->urgent = FALSE;
  return G_SOURCE_REMOVE;
}

static void
voice_free (gpointer data)
{
  Voice *voice = data;

  g_clear_handle_id (&voice->gathering, g_source_remove);
  give_back (voice);
  g_clear_weak_pointer (&voice->window);
  g_ptr_array_unref (voice->saying);
  g_free (voice);
}

static Voice *
get_voice (GtkApplication *application)
{
  Voice *voice = g_object_get_data (G_OBJECT (application), voice_key);

  if (voice == NULL)
    {
      voice = g_new0 (Voice, 1);
      voice->application = application;
      voice->saying = g_ptr_array_new_with_free_func (saying_free);
      g_object_set_data_full (G_OBJECT (application), voice_key, voice, voice_free);
    }
  return voice;
}

static void
forget (Voice *voice, GtkWidget *widget)
{
  for (guint i = voice->saying->len; i > 0; i--)
    if (((Saying *)voice->saying->pdata[i - 1])->widget == widget)
      g_ptr_array_remove_index (voice->saying, i - 1);
}

void
cantiga_announce (GtkWidget *widget, const char *text, CantigaSay say)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkApplication *application = GTK_IS_WINDOW (root) ? gtk_window_get_application (GTK_WINDOW (root)) : NULL;
  Saying *saying;
  Voice *voice;

  if (application == NULL)
    return;
  voice = get_voice (application);
  forget (voice, widget);
  if (*text == '\0')
    return;
  g_set_weak_pointer (&voice->window, GTK_WINDOW (root));
  saying = g_new (Saying, 1);
  *saying = (Saying){ widget, g_strdup (text) };
  g_ptr_array_add (voice->saying, saying);
  voice->urgent |= say == CANTIGA_SAY_URGENT;
  g_clear_handle_id (&voice->gathering, g_source_remove);
  voice->gathering = g_timeout_add (say == CANTIGA_SAY_RESTED ? RESTED_MS : SOON_MS, say_cb, voice);
}

void
cantiga_announce_describe (GtkWidget *widget, const char *description)
{
  g_object_set_data_full (G_OBJECT (widget), own_key, g_strdup (description), g_free);
  describe (widget, description);
}
