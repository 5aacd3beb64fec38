#include "ui/mpris-private.h"

#include "ui/application.h"

static const char introspection[]
    = "<node>"
      "<interface name='org.mpris.MediaPlayer2'>"
      "<method name='Raise'/><method name='Quit'/>"
      "<property name='CanQuit' type='b' access='read'/><property name='CanRaise' type='b' access='read'/>"
      "<property name='CanSetFullscreen' type='b' access='read'/><property name='Fullscreen' type='b' access='readwrite'/>"
      "<property name='HasTrackList' type='b' access='read'/><property name='Identity' type='s' access='read'/>"
      "<property name='DesktopEntry' type='s' access='read'/><property name='SupportedUriSchemes' type='as' access='read'/>"
      "<property name='SupportedMimeTypes' type='as' access='read'/>"
      "</interface>"
      "<interface name='org.mpris.MediaPlayer2.Player'>"
      "<method name='Next'/><method name='Previous'/><method name='Pause'/><method name='PlayPause'/><method name='Stop'/><method name='Play'/>"
      "<method name='Seek'><arg direction='in' type='x' name='Offset'/></method>"
      "<method name='SetPosition'><arg direction='in' type='o' name='TrackId'/><arg direction='in' type='x' name='Position'/></method>"
      "<method name='OpenUri'><arg direction='in' type='s' name='Uri'/></method>"
      "<signal name='Seeked'><arg type='x' name='Position'/></signal>"
      "<property name='PlaybackStatus' type='s' access='read'/><property name='LoopStatus' type='s' access='readwrite'/>"
      "<property name='Shuffle' type='b' access='readwrite'/>"
      "<property name='Rate' type='d' access='readwrite'/>"
      "<property name='Metadata' type='a{sv}' access='read'/><property name='Volume' type='d' access='readwrite'/>"
      "<property name='Position' type='x' access='read'/><property name='MinimumRate' type='d' access='read'/>"
      "<property name='MaximumRate' type='d' access='read'/><property name='CanGoNext' type='b' access='read'/>"
      "<property name='CanGoPrevious' type='b' access='read'/><property name='CanPlay' type='b' access='read'/>"
      "<property name='CanPause' type='b' access='read'/><property name='CanSeek' type='b' access='read'/>"
      "<property name='CanControl' type='b' access='read'/>"
      "</interface>"
      "<interface name='org.mpris.MediaPlayer2.TrackList'>"
      "<method name='GetTracksMetadata'><arg direction='in' type='ao' name='TrackIds'/><arg direction='out' type='aa{sv}' name='Metadata'/></method>"
      "<method name='AddTrack'><arg direction='in' type='s' name='Uri'/><arg direction='in' type='o' name='AfterTrack'/>"
      "<arg direction='in' type='b' name='SetAsCurrent'/></method>"
      "<method name='RemoveTrack'><arg direction='in' type='o' name='TrackId'/></method>"
      "<method name='GoTo'><arg direction='in' type='o' name='TrackId'/></method>"
      "<signal name='TrackListReplaced'><arg type='ao' name='Tracks'/><arg type='o' name='CurrentTrack'/></signal>"
      "<property name='Tracks' type='ao' access='read'>"
      "<annotation name='org.freedesktop.DBus.Property.EmitsChangedSignal' value='invalidates'/></property>"
      "<property name='CanEditTracks' type='b' access='read'/>"
      "</interface>"
      "</node>";

static const CantigaMprisInterface *const interfaces[] = { &cantiga_mpris_root, &cantiga_mpris_player, &cantiga_mpris_tracks };

struct _CantigaMpris
{
  GObject parent_instance;

  /* owned */
  GDBusConnection *connection;
  CantigaQueue *queue;
  guint name;
  guint objects[G_N_ELEMENTS (interfaces)];
  GHashTable *told; /* interface.property → GVariant: what was last told */
  guint telling;
  gboolean tracks_changed;
  gboolean can_be_full, full;
};

G_DEFINE_FINAL_TYPE (CantigaMpris, cantiga_mpris, G_TYPE_OBJECT)

static void
cantiga_mpris_dispose (GObject *object)
{
  CantigaMpris *self = CANTIGA_MPRIS (object);

  g_clear_handle_id (&self->telling, g_source_remove);
  g_clear_handle_id (&self->name, g_bus_unown_name);
  for (guint i = 0; i < G_N_ELEMENTS (interfaces); i++)
    if (self->objects[i] != 0)
      g_dbus_connection_unregister_object (self->connection, self->objects[i]);
  memset (self->objects, 0, sizeof self->objects);
  g_clear_object (&self->queue);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->told, g_hash_table_unref);
  G_OBJECT_CLASS (cantiga_mpris_parent_class)->dispose (object);
}

static void
cantiga_mpris_class_init (CantigaMprisClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = cantiga_mpris_dispose;
  g_signal_new ("raise", CANTIGA_TYPE_MPRIS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("quit", CANTIGA_TYPE_MPRIS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_signal_new ("full", CANTIGA_TYPE_MPRIS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  g_signal_new ("open", CANTIGA_TYPE_MPRIS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
cantiga_mpris_init (CantigaMpris *self)
{
  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref);
}

CantigaQueue *
cantiga_mpris_get_queue (CantigaMpris *self)
{
  return self->queue;
}

gboolean
cantiga_mpris_can_be_full (CantigaMpris *self)
{
  return self->can_be_full;
}

gboolean
cantiga_mpris_is_full (CantigaMpris *self)
{
  return self->full;
}

void
cantiga_mpris_set_screen (CantigaMpris *self, gboolean can_be_full, gboolean full)
{
  self->can_be_full = can_be_full;
  self->full = full;
  cantiga_mpris_tell_later (self);
}

void
cantiga_mpris_emit (CantigaMpris *self, const char *interface, const char *signal, GVariant *parameters)
{
  g_dbus_connection_emit_signal (self->connection, NULL, MPRIS_PATH, interface, signal, parameters, NULL);
}

/* ---- who asks ---- */

static const CantigaMprisInterface *
find_interface (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (interfaces); i++)
    if (g_str_equal (interfaces[i]->name, name))
      return interfaces[i];
  return NULL;
}

static const CantigaMprisProperty *
find_property (const char *interface, const char *name)
{
  const CantigaMprisProperty *property = find_interface (interface)->properties;

  while (property->name != NULL && !g_str_equal (property->name, name))
    property++;
  return property->name != NULL ? property : NULL;
}

static void
call_cb (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *name, GVariant *parameters,
         GDBusMethodInvocation *invocation, gpointer self)
{
  const CantigaMprisMethod *method = find_interface (interface)->methods;

  while (method->name != NULL && !g_str_equal (method->name, name))
    method++;
  if (method->name == NULL)
    return g_dbus_method_invocation_return_error_literal (invocation, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD, name);
  g_dbus_method_invocation_return_value (invocation, method->call (self, parameters));
}

static GVariant *
get_cb (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *name, GError **error, gpointer self)
{
  const CantigaMprisProperty *property = find_property (interface, name);

  if (property != NULL)
    return property->get (self);
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY, name);
  return NULL;
}

static gboolean
set_cb (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *name, GVariant *value, GError **error,
        gpointer self)
{
  const CantigaMprisProperty *property = find_property (interface, name);

  if (property != NULL && property->set != NULL)
    {
      property->set (self, value);
      return TRUE;
    }
  g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_PROPERTY_READ_ONLY, name);
  return FALSE;
}

/* ---- who listens ---- */

/* A place moves all the time, and is asked for; tracks have a signal of their own: the specification says that they are not told so. */
static void
collect_changes (CantigaMpris *self, const CantigaMprisInterface *interface, GVariantDict *changes, guint *n)
{
  for (const CantigaMprisProperty *property = interface->properties; property->name != NULL; property++)
    {
      g_autofree char *key = g_strconcat (interface->name, ".", property->name, NULL);
      g_autoptr (GVariant) value = NULL;
      GVariant *told = g_hash_table_lookup (self->told, key);

      if (g_str_equal (property->name, "Position") || g_str_equal (property->name, "Tracks"))
        continue;
      value = g_variant_ref_sink (property->get (self));
      if (told != NULL && g_variant_equal (told, value))
        continue;
      g_variant_dict_insert_value (changes, property->name, value);
      g_hash_table_insert (self->told, g_steal_pointer (&key), g_variant_ref (value));
      (*n)++;
    }
}

static void
tell (CantigaMpris *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (interfaces); i++)
    {
      g_auto (GVariantDict) changes = G_VARIANT_DICT_INIT (NULL);
      guint n = 0;

      collect_changes (self, interfaces[i], &changes, &n);
      if (n > 0)
        cantiga_mpris_emit (self, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                            g_variant_new ("(s@a{sv}as)", interfaces[i]->name, g_variant_dict_end (&changes), NULL));
    }
}

static gboolean
tell_cb (gpointer user_data)
{
  CantigaMpris *self = user_data;

  self->telling = 0;
  tell (self);
  if (self->tracks_changed)
    cantiga_mpris_tell_tracks (self);
  self->tracks_changed = FALSE;
  return G_SOURCE_REMOVE;
}

void
cantiga_mpris_tell_later (CantigaMpris *self)
{
  if (self->telling == 0)
    self->telling = g_idle_add_full (G_PRIORITY_DEFAULT, tell_cb, self, NULL);
}

static void
tracks_changed_cb (CantigaMpris *self)
{
  self->tracks_changed = TRUE;
  cantiga_mpris_tell_later (self);
}

static void
seeked_cb (CantigaMpris *self, double position)
{
  cantiga_mpris_emit (self, cantiga_mpris_player.name, "Seeked", g_variant_new ("(x)", (gint64)(position * G_USEC_PER_SEC)));
}

/* ---- life ---- */

static void
register_objects (CantigaMpris *self)
{
  static const GDBusInterfaceVTable vtable = { .method_call = call_cb, .get_property = get_cb, .set_property = set_cb };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (introspection, NULL);

  g_assert (node != NULL);
  for (guint i = 0; i < G_N_ELEMENTS (interfaces); i++)
    self->objects[i] = g_dbus_connection_register_object (
        self->connection, MPRIS_PATH, g_dbus_node_info_lookup_interface (node, interfaces[i]->name), &vtable, self, NULL, NULL);
}

CantigaMpris *
cantiga_mpris_new (GDBusConnection *connection, CantigaQueue *queue)
{
  CantigaMpris *self = g_object_new (CANTIGA_TYPE_MPRIS, NULL);

  self->connection = g_object_ref (connection);
  self->queue = g_object_ref (queue);
  register_objects (self);
  g_signal_connect_object (queue, "notify", G_CALLBACK (cantiga_mpris_tell_later), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (queue, "items-changed", G_CALLBACK (tracks_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (cantiga_queue_get_player (queue), "seeked", G_CALLBACK (seeked_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (cantiga_queue_get_player (queue), "notify::volume", G_CALLBACK (cantiga_mpris_tell_later), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (cantiga_queue_get_player (queue), "notify::muted", G_CALLBACK (cantiga_mpris_tell_later), self, G_CONNECT_SWAPPED);
  self->name = g_bus_own_name_on_connection (connection, "org.mpris.MediaPlayer2." CANTIGA_APPLICATION_ID, G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL,
                                             NULL, NULL);
  return self;
}
