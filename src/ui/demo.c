#include "ui/demo.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "client/made-card.h"
#include "client/pair.h"
#include "core/error.h"
#include "core/pairing.h"
#include "ui/demo-folder.h"
#include "ui/share.h"

struct _CantigaDemo
{
  GObject parent_instance;

  /* owned */
  CantigaDemoFolder *folder; /* from the first start on */
  CantigaSharing *sharing;
  CantigaStore *store;
  CantigaPaired *paired;
  CantigaSigner *signer;
  GError *error;

  CantigaDemoState state;
};

enum
{
  PROP_STATE = 1,
};

G_DEFINE_FINAL_TYPE (CantigaDemo, cantiga_demo, G_TYPE_OBJECT)

static void
cantiga_demo_finalize (GObject *object)
{
  CantigaDemo *self = CANTIGA_DEMO (object);

  g_clear_pointer (&self->folder, cantiga_demo_folder_free);
  g_clear_object (&self->sharing);
  g_clear_object (&self->store);
  g_clear_object (&self->paired);
  g_clear_object (&self->signer);
  g_clear_error (&self->error);
  G_OBJECT_CLASS (cantiga_demo_parent_class)->finalize (object);
}

static void
cantiga_demo_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_int (value, CANTIGA_DEMO (object)->state);
}

static void
cantiga_demo_class_init (CantigaDemoClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_demo_finalize;
  G_OBJECT_CLASS (klass)->get_property = cantiga_demo_get_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), PROP_STATE,
                                   g_param_spec_int ("state", NULL, NULL, 0, CANTIGA_DEMO_ON, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
cantiga_demo_init (CantigaDemo *self)
{
}

CantigaDemo *
cantiga_demo_new (void)
{
  return g_object_new (CANTIGA_TYPE_DEMO, NULL);
}

static void
set_state (CantigaDemo *self, CantigaDemoState state)
{
  if (state == self->state)
    return;
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

static void
fail (CantigaDemo *self, GError *error)
{
  g_clear_error (&self->error);
  self->error = error;
  if (self->sharing != NULL)
    cantiga_sharing_stop (self->sharing);
  set_state (self, CANTIGA_DEMO_OFF);
}

/* ---- the pairing ---- */

static void
paired_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaDemo) self = user_data;
  GError *error = NULL;

  self->paired = cantiga_pair_finish (CANTIGA_STORE (source), result, &error);
  if (self->paired == NULL)
    return fail (self, error);
  set_state (self, CANTIGA_DEMO_ON);
}

static void
invited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaDemo) self = user_data;
  GError *error = NULL;
  gint64 expires;
  char *link = cantiga_sharing_invite_finish (CANTIGA_SHARING (source), result, &expires, &error);

  if (link == NULL)
    return fail (self, error);
  cantiga_pair_async (self->store, link, NULL, paired_cb, g_object_ref (self));
  cantiga_link_free (link);
}

static void
store_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaDemo) self = user_data;
  GError *error = NULL;

  self->store = cantiga_store_open_finish (result, &error);
  if (self->store == NULL)
    return fail (self, error);
  cantiga_store_set_keyring (self->store, CANTIGA_KEYRING_FILE);
  cantiga_sharing_invite_async (self->sharing, _ ("The demo"), TRUE, invited_cb, g_object_ref (self));
}

/* ---- the server ---- */

/* A title that could not be read is no reason to have no demo; none at all is. */
static void
added_cb (CantigaSharing *sharing, guint added, guint there, GStrv failed, const GError *error, CantigaDemo *self)
{
  if (error != NULL || added + there == 0)
    return fail (self, error != NULL ? g_error_copy (error)
                                     : g_error_new_literal (CANTIGA_ERROR, CANTIGA_ERROR_MEDIA, _ ("The demo's music could not be read.")));
  cantiga_store_open_async (cantiga_demo_folder_get_player (self->folder), NULL, store_opened_cb, g_object_ref (self));
}

static void
sharing_changed_cb (CantigaSharing *sharing, CantigaDemo *self)
{
  const char *music[] = { cantiga_demo_folder_get_music (self->folder), NULL };

  if (self->state != CANTIGA_DEMO_SERVER)
    return;
  if (cantiga_sharing_get_state (sharing) == CANTIGA_SHARING_OFF && cantiga_sharing_get_error (sharing) != NULL)
    return fail (self, g_error_copy (cantiga_sharing_get_error (sharing)));
  if (cantiga_sharing_get_state (sharing) != CANTIGA_SHARING_ON)
    return;
  g_signal_handlers_disconnect_by_func (sharing, sharing_changed_cb, self);
  cantiga_sharing_add (sharing, music, TRUE);
}

static void
start_server (CantigaDemo *self)
{
  GError *error = NULL;

  set_state (self, CANTIGA_DEMO_SERVER);
  self->signer = cantiga_made_card_new (_ ("Demo listener"), &error);
  if (self->signer == NULL)
    return fail (self, error);
  self->sharing = cantiga_sharing_new (cantiga_demo_folder_get_server (self->folder));
  cantiga_sharing_set_keyring (self->sharing, CANTIGA_KEYRING_FILE);
  g_signal_connect_object (self->sharing, "changed", G_CALLBACK (sharing_changed_cb), self, 0);
  g_signal_connect_object (self->sharing, "added", G_CALLBACK (added_cb), self, 0);
  cantiga_sharing_start (self->sharing, _ ("Cantiga's demo"), "127.0.0.1:0");
}

static void
music_made_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaDemo) self = user_data;
  GError *error = NULL;

  if (cantiga_demo_folder_make_finish (result, &error))
    start_server (self);
  else
    fail (self, error);
}

void
cantiga_demo_start (CantigaDemo *self)
{
  if (self->state != CANTIGA_DEMO_OFF)
    return;
  g_clear_error (&self->error);
  g_clear_object (&self->sharing);
  g_clear_object (&self->store);
  g_clear_object (&self->paired);
  g_clear_object (&self->signer);
  if (self->folder == NULL)
    self->folder = cantiga_demo_folder_new ();
  set_state (self, CANTIGA_DEMO_MUSIC);
  cantiga_demo_folder_make_async (self->folder, music_made_cb, g_object_ref (self));
}

/* ---- the end ---- */

static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaDemo *self = g_task_get_source_object (task);

  cantiga_sharing_stop_finish (CANTIGA_SHARING (source), result);
  cantiga_demo_folder_remove (self->folder);
  g_task_return_boolean (task, TRUE);
}

void
cantiga_demo_stop_async (CantigaDemo *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  if (self->sharing == NULL)
    return g_task_return_boolean (task, TRUE);
  cantiga_sharing_stop_async (self->sharing, stopped_cb, g_object_ref (task));
}

void
cantiga_demo_stop_finish (CantigaDemo *self, GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, self));
}

/* ---- what it is ---- */

CantigaDemoState
cantiga_demo_get_state (CantigaDemo *self)
{
  return self->state;
}

const GError *
cantiga_demo_get_error (CantigaDemo *self)
{
  return self->error;
}

CantigaStore *
cantiga_demo_get_store (CantigaDemo *self)
{
  return self->store;
}

CantigaPaired *
cantiga_demo_get_paired (CantigaDemo *self)
{
  return self->paired;
}

CantigaSigner *
cantiga_demo_get_signer (CantigaDemo *self)
{
  return self->signer;
}
