#include "ui/channel-pane.h"

#include <glib/gi18n.h>

#include "core/kdf.h"
#include "ui/application.h"
#include "ui/fingerprint.h"

#define UPDATE_MS 500

struct _CantigaChannelPane
{
  AdwBin parent_instance;

  /* template */
  GtkStack *stack;
  GtkLabel *server;
  GtkLabel *holder;
  GtkLabel *fingerprint;
  GtkLabel *suite;
  GtkLabel *strength;
  GtkLabel *exchange;
  GtkLabel *messages;
  GtkLabel *key;
  GtkWidget *media;
  GtkLabel *here;
  GtkLabel *fetched;
  GtkLabel *bytes;

  /* owned */
  CantigaQueue *queue;
  CantigaSession *session;
  guint update; /* numbers change faster than they can be read */
};

G_DEFINE_FINAL_TYPE (CantigaChannelPane, cantiga_channel_pane, ADW_TYPE_BIN)

/* ---- what changes seldom ---- */

static const char *
get_strength (CantigaClass class_)
{
  switch (class_)
    {
    case CANTIGA_CLASS_STRONG:
      return _ ("Strong");
    case CANTIGA_CLASS_SOUND:
      return _ ("Sound");
    case CANTIGA_CLASS_LEGACY:
    default:
      return _ ("Old");
    }
}

static void
show_session (CantigaChannelPane *self)
{
  const CantigaSuite *suite = self->session != NULL ? cantiga_session_get_suite (self->session) : NULL;
  const char *listener = self->session != NULL ? cantiga_session_get_listener (self->session) : NULL;
  g_autofree char *fingerprint = NULL;

  gtk_stack_set_visible_child_name (self->stack, suite != NULL ? "channel" : "nothing");
  if (suite == NULL)
    return;
  fingerprint = cantiga_fingerprint_dup_lines (cantiga_paired_get_authority (cantiga_session_get_paired (self->session)));
  gtk_label_set_label (self->server, cantiga_paired_get_name (cantiga_session_get_paired (self->session)));
  gtk_label_set_label (self->holder, listener != NULL ? listener : "");
  gtk_label_set_label (self->fingerprint, fingerprint);
  gtk_label_set_label (self->suite, cantiga_suite_get_name (suite));
  gtk_label_set_label (self->strength, get_strength (cantiga_suite_get_class (suite)));
  gtk_label_set_label (self->exchange,
                       suite->kex == CANTIGA_KEX_ECDH ? _ ("X25519 · proved by both sides") : _ ("Diffie-Hellman · proved by both sides"));
}

/* ---- what changes all the time ---- */

static void
set_number (GtkLabel *label, guint64 number)
{
  g_autofree char *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, number);

  gtk_label_set_label (label, digits);
}

static void
show_source (CantigaChannelPane *self, CantigaSource *source)
{
  CantigaPlay *play = cantiga_source_get_play (source);
  guint64 chunks = cantiga_play_get_chunks (play), here = 0;
  g_autofree char *share = NULL, *bytes = NULL;

  for (guint64 i = 0; i < chunks; i++)
    here += cantiga_source_has_chunk (source, i);
  share = g_strdup_printf (_ ("%u of %u"), (guint)here, (guint)chunks);
  bytes = g_format_size (MIN (cantiga_source_get_fetched (source) * cantiga_play_get_chunk_size (play), cantiga_play_get_size (play)));
  gtk_label_set_label (self->here, share);
  set_number (self->fetched, cantiga_source_get_fetched (source));
  gtk_label_set_label (self->bytes, bytes);
}

static void
show_numbers (CantigaChannelPane *self)
{
  CantigaSource *source = cantiga_player_get_source (cantiga_queue_get_player (self->queue));

  if (self->session != NULL)
    {
      set_number (self->messages, cantiga_session_get_number (self->session));
      set_number (self->key, cantiga_session_get_number (self->session));
    }
  gtk_widget_set_visible (self->media, source != NULL);
  if (source != NULL)
    show_source (self, source);
}

static gboolean
update_cb (gpointer user_data)
{
  CantigaChannelPane *self = user_data;

  self->update = 0;
  show_numbers (self);
  return G_SOURCE_REMOVE;
}

static void
number_changed_cb (CantigaChannelPane *self)
{
  if (self->update == 0 && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->update = g_timeout_add (UPDATE_MS, update_cb, self);
}

void
cantiga_channel_pane_set_session (CantigaChannelPane *self, CantigaSession *session)
{
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  g_set_object (&self->session, session);
  if (session != NULL)
    {
      g_signal_connect_swapped (session, "notify::number", G_CALLBACK (number_changed_cb), self);
      g_signal_connect_swapped (session, "notify::suite", G_CALLBACK (show_session), self);
      g_signal_connect_swapped (session, "notify::listener", G_CALLBACK (show_session), self);
    }
  show_session (self);
}

void
cantiga_channel_pane_set_queue (CantigaChannelPane *self, CantigaQueue *queue)
{
  self->queue = g_object_ref (queue);
  g_signal_connect_object (queue, "notify::title", G_CALLBACK (number_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (cantiga_queue_get_player (queue), "notify::buffered", G_CALLBACK (number_changed_cb), self, G_CONNECT_SWAPPED);
}

/* ---- the pane ---- */

static void
cantiga_channel_pane_map (GtkWidget *widget)
{
  CantigaChannelPane *self = CANTIGA_CHANNEL_PANE (widget);

  GTK_WIDGET_CLASS (cantiga_channel_pane_parent_class)->map (widget);
  if (self->queue != NULL)
    show_numbers (self);
}

static void
cantiga_channel_pane_dispose (GObject *object)
{
  CantigaChannelPane *self = CANTIGA_CHANNEL_PANE (object);

  g_clear_handle_id (&self->update, g_source_remove);
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  g_clear_object (&self->session);
  g_clear_object (&self->queue);
  G_OBJECT_CLASS (cantiga_channel_pane_parent_class)->dispose (object);
}

static void
cantiga_channel_pane_class_init (CantigaChannelPaneClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cantiga_channel_pane_dispose;
  widget_class->map = cantiga_channel_pane_map;
  gtk_widget_class_set_template_from_resource (widget_class, CANTIGA_RESOURCES "ui/channel-pane.ui");
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, stack);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, server);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, holder);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, fingerprint);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, suite);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, strength);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, exchange);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, messages);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, key);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, media);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, here);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, fetched);
  gtk_widget_class_bind_template_child (widget_class, CantigaChannelPane, bytes);
}

static void
cantiga_channel_pane_init (CantigaChannelPane *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
