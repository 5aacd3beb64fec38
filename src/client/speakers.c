#include "client/speakers.h"

/* ---- one ---- */

struct _CantigaSpeaker
{
  GObject parent_instance;
  GstDevice *device; /* owned */
  char *id;
  char *name;
};

G_DEFINE_FINAL_TYPE (CantigaSpeaker, cantiga_speaker, G_TYPE_OBJECT)

static void
cantiga_speaker_finalize (GObject *object)
{
  CantigaSpeaker *self = CANTIGA_SPEAKER (object);

  g_clear_object (&self->device);
  g_free (self->id);
  g_free (self->name);
  G_OBJECT_CLASS (cantiga_speaker_parent_class)->finalize (object);
}

static void
cantiga_speaker_class_init (CantigaSpeakerClass *class)
{
  G_OBJECT_CLASS (class)->finalize = cantiga_speaker_finalize;
}

static void
cantiga_speaker_init (CantigaSpeaker *self)
{
}

/* Each sound system has its own place for it; where there is none, the name for people has to do. */
static char *
dup_id (GstDevice *device)
{
  g_autoptr (GstStructure) properties = gst_device_get_properties (device);
  const char *node = properties != NULL ? gst_structure_get_string (properties, "node.name") : NULL;
  char *name = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (device), "internal-name") != NULL)
    g_object_get (device, "internal-name", &name, NULL);
  if (name != NULL)
    return name;
  return node != NULL ? g_strdup (node) : gst_device_get_display_name (device);
}

static CantigaSpeaker *
speaker_new (GstDevice *device)
{
  CantigaSpeaker *self = g_object_new (CANTIGA_TYPE_SPEAKER, NULL);

  self->device = g_object_ref (device);
  self->id = dup_id (device);
  self->name = gst_device_get_display_name (device);
  return self;
}

const char *
cantiga_speaker_get_id (CantigaSpeaker *self)
{
  return self->id;
}

const char *
cantiga_speaker_get_name (CantigaSpeaker *self)
{
  return self->name;
}

GstElement *
cantiga_speaker_create_sink (CantigaSpeaker *self)
{
  return gst_device_create_element (self->device, NULL);
}

/* ---- all of them ---- */

struct _CantigaSpeakers
{
  GObject parent_instance;

  /* owned */
  GstDeviceMonitor *monitor;
  GSource *watch;
  GListStore *all; /* CantigaSpeaker */
};

G_DEFINE_FINAL_TYPE (CantigaSpeakers, cantiga_speakers, G_TYPE_OBJECT)

GListModel *
cantiga_speakers_get_all (CantigaSpeakers *self)
{
  return G_LIST_MODEL (self->all);
}

/* Borrowed: the list keeps it. */
static CantigaSpeaker *
find (CantigaSpeakers *self, const char *id, guint *ret_place)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->all)); i++)
    {
      g_autoptr (CantigaSpeaker) speaker = g_list_model_get_item (G_LIST_MODEL (self->all), i);

      if (!g_str_equal (speaker->id, id))
        continue;
      *ret_place = i;
      return speaker;
    }
  return NULL;
}

CantigaSpeaker *
cantiga_speakers_find (CantigaSpeakers *self, const char *id)
{
  guint place;

  return find (self, id, &place);
}

/* What is there already when looking begins is told twice. */
static void
add (CantigaSpeakers *self, GstDevice *device)
{
  g_autoptr (CantigaSpeaker) speaker = speaker_new (device);

  if (cantiga_speakers_find (self, speaker->id) == NULL)
    g_list_store_append (self->all, speaker);
}

static void
drop (CantigaSpeakers *self, GstDevice *device)
{
  g_autofree char *id = dup_id (device);
  guint place;

  if (find (self, id, &place) != NULL)
    g_list_store_remove (self->all, place);
}

static gboolean
message_cb (GstBus *bus, GstMessage *message, gpointer user_data)
{
  g_autoptr (CantigaSpeakers) self = g_object_ref (user_data);
  g_autoptr (GstDevice) device = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_DEVICE_ADDED)
    {
      gst_message_parse_device_added (message, &device);
      add (self, device);
    }
  else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_DEVICE_REMOVED)
    {
      gst_message_parse_device_removed (message, &device);
      drop (self, device);
    }
  return G_SOURCE_CONTINUE;
}

/* ---- looking ---- */

static void
start_thread (GTask *task, gpointer source, gpointer monitor, GCancellable *cancellable)
{
  g_task_return_boolean (task, gst_device_monitor_start (monitor));
}

/* Without a sound system there are none. */
static void
started_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  CantigaSpeakers *self = CANTIGA_SPEAKERS (object);
  GList *devices;

  if (!g_task_propagate_boolean (G_TASK (result), NULL))
    return;
  devices = gst_device_monitor_get_devices (self->monitor);
  for (GList *each = devices; each != NULL; each = each->next)
    add (self, each->data);
  g_list_free_full (devices, gst_object_unref);
}

static void
cantiga_speakers_dispose (GObject *object)
{
  CantigaSpeakers *self = CANTIGA_SPEAKERS (object);

  if (self->watch != NULL)
    g_source_destroy (self->watch);
  g_clear_pointer (&self->watch, g_source_unref);
  if (self->monitor != NULL)
    gst_device_monitor_stop (self->monitor);
  g_clear_object (&self->monitor);
  G_OBJECT_CLASS (cantiga_speakers_parent_class)->dispose (object);
}

static void
cantiga_speakers_finalize (GObject *object)
{
  g_object_unref (CANTIGA_SPEAKERS (object)->all);
  G_OBJECT_CLASS (cantiga_speakers_parent_class)->finalize (object);
}

static void
cantiga_speakers_class_init (CantigaSpeakersClass *class)
{
  G_OBJECT_CLASS (class)->dispose = cantiga_speakers_dispose;
  G_OBJECT_CLASS (class)->finalize = cantiga_speakers_finalize;
}

static void
cantiga_speakers_init (CantigaSpeakers *self)
{
  self->all = g_list_store_new (CANTIGA_TYPE_SPEAKER);
}

CantigaSpeakers *
cantiga_speakers_new (void)
{
  CantigaSpeakers *self = g_object_new (CANTIGA_TYPE_SPEAKERS, NULL);
  g_autoptr (GTask) task = g_task_new (self, NULL, started_cb, NULL);
  g_autoptr (GstBus) bus = NULL;

  self->monitor = gst_device_monitor_new ();
  gst_device_monitor_add_filter (self->monitor, "Audio/Sink", NULL);
  bus = gst_device_monitor_get_bus (self->monitor);
  self->watch = gst_bus_create_watch (bus);
  g_source_set_callback (self->watch, G_SOURCE_FUNC (message_cb), self, NULL);
  g_source_attach (self->watch, g_main_context_get_thread_default ());
  g_task_set_task_data (task, g_object_ref (self->monitor), g_object_unref);
  g_task_run_in_thread (task, start_thread);
  return self;
}
