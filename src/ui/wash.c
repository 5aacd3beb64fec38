#include "ui/wash.h"

#include "ui/settings.h"

#define SHARE 0.12f /* more, and dim words on it are hard to read */
#define SAMPLE 24
#define FADE_MS 250
#define BYTES_A_PIXEL 4

struct _CantigaWash
{
  AdwBin parent_instance;

  /* owned */
  AdwAnimation *fade;
  GCancellable *looking;
  GdkTexture *texture; /* whose colour it is, or will be */

  GdkRGBA from;
  GdkRGBA to;
  float progress;
};

G_DEFINE_FINAL_TYPE (CantigaWash, cantiga_wash, ADW_TYPE_BIN)

/* ---- the colour of a cover ---- */

/* What stands out counts more than what is grey; black and white hardly count. */
static GdkRGBA
find_colour (const guint8 *pixels, gsize n)
{
  float sum[3] = { 0 }, weight = 0.001f;

  for (gsize i = 0; i < n; i++)
    {
      float blue = pixels[i * BYTES_A_PIXEL], green = pixels[i * BYTES_A_PIXEL + 1], red = pixels[i * BYTES_A_PIXEL + 2];
      float high = MAX (red, MAX (green, blue)), low = MIN (red, MIN (green, blue));
      float own = 1 + (high - low) * (high - low) / 64;

      sum[0] += red * own;
      sum[1] += green * own;
      sum[2] += blue * own;
      weight += own;
    }
  return (GdkRGBA){ sum[0] / weight / 255, sum[1] / weight / 255, sum[2] / weight / 255, 1 };
}

/* Samples are taken evenly: a small copy would be made of the same ones. */
static void
look_thread (GTask *task, gpointer source, gpointer texture, GCancellable *cancellable)
{
  gsize width = (gsize)gdk_texture_get_width (texture), height = (gsize)gdk_texture_get_height (texture);
  g_autofree guint8 *pixels = g_malloc (width * height * BYTES_A_PIXEL);
  guint8 copy[SAMPLE * SAMPLE * BYTES_A_PIXEL];
  GdkRGBA colour;

  gdk_texture_download (texture, pixels, width * BYTES_A_PIXEL);
  for (gsize y = 0; y < SAMPLE; y++)
    for (gsize x = 0; x < SAMPLE; x++)
      for (gsize i = 0; i < BYTES_A_PIXEL; i++)
        copy[(y * SAMPLE + x) * BYTES_A_PIXEL + i] = pixels[((y * height / SAMPLE) * width + x * width / SAMPLE) * BYTES_A_PIXEL + i];
  colour = find_colour (copy, SAMPLE * SAMPLE);
  g_task_return_pointer (task, gdk_rgba_copy (&colour), (GDestroyNotify)gdk_rgba_free);
}

/* ---- fading ---- */

static GdkRGBA
get_colour (CantigaWash *self)
{
  float share = self->progress;

  return (GdkRGBA){ self->from.red + (self->to.red - self->from.red) * share, self->from.green + (self->to.green - self->from.green) * share,
                    self->from.blue + (self->to.blue - self->from.blue) * share, self->from.alpha + (self->to.alpha - self->from.alpha) * share };
}

static void
progress_cb (double value, gpointer user_data)
{
  CantigaWash *self = user_data;

  self->progress = (float)value;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
fade_to (CantigaWash *self, GdkRGBA colour)
{
  self->from = get_colour (self);
  self->to = colour;
  self->progress = 0;
  adw_animation_play (self->fade);
}

static void
looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  CantigaWash *self = CANTIGA_WASH (source);
  GdkRGBA *colour = g_task_propagate_pointer (G_TASK (result), NULL);

  if (colour == NULL)
    return;
  if (self->looking == g_task_get_cancellable (G_TASK (result)))
    {
      colour->alpha = SHARE;
      fade_to (self, *colour);
    }
  gdk_rgba_free (colour);
}

void
cantiga_wash_set (CantigaWash *self, GdkTexture *texture)
{
  g_autoptr (GTask) task = NULL;

  if (texture == self->texture)
    return;
  g_set_object (&self->texture, texture);
  if (self->looking != NULL)
    g_cancellable_cancel (self->looking);
  g_clear_object (&self->looking);
  if (texture == NULL)
    return fade_to (self, (GdkRGBA){ self->to.red, self->to.green, self->to.blue, 0 });
  self->looking = g_cancellable_new ();
  task = g_task_new (self, self->looking, looked_cb, NULL);
  g_task_set_task_data (task, g_object_ref (texture), g_object_unref);
  g_task_run_in_thread (task, look_thread);
}

/* ---- the widget ---- */

static void
cantiga_wash_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  CantigaWash *self = CANTIGA_WASH (widget);
  GdkRGBA colour = get_colour (self);

  if (colour.alpha > 0 && !adw_style_manager_get_high_contrast (adw_style_manager_get_default ())
      && g_settings_get_boolean (cantiga_settings_get (), "cover-colour"))
    gtk_snapshot_append_color (snapshot, &colour, &GRAPHENE_RECT_INIT (0, 0, gtk_widget_get_width (widget), gtk_widget_get_height (widget)));
  GTK_WIDGET_CLASS (cantiga_wash_parent_class)->snapshot (widget, snapshot);
}

static void
cantiga_wash_dispose (GObject *object)
{
  CantigaWash *self = CANTIGA_WASH (object);

  if (self->looking != NULL)
    g_cancellable_cancel (self->looking);
  g_clear_object (&self->looking);
  g_clear_object (&self->texture);
  g_clear_object (&self->fade);
  G_OBJECT_CLASS (cantiga_wash_parent_class)->dispose (object);
}

static void
cantiga_wash_class_init (CantigaWashClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = cantiga_wash_dispose;
  GTK_WIDGET_CLASS (klass)->snapshot = cantiga_wash_snapshot;
}

static void
cantiga_wash_init (CantigaWash *self)
{
  AdwAnimationTarget *target = adw_callback_animation_target_new (progress_cb, self, NULL);

  self->fade = adw_timed_animation_new (GTK_WIDGET (self), 0, 1, FADE_MS, target);
  self->progress = 1;
  g_signal_connect_object (adw_style_manager_get_default (), "notify::high-contrast", G_CALLBACK (gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (cantiga_settings_get (), "changed::cover-colour", G_CALLBACK (gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
}
