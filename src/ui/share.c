#include "ui/share.h"

#include <errno.h>

#include <glib/gi18n.h>

#include "core/kdf.h"
#include "core/pairing.h"
#include "server/inside.h"
#include "ui/share-host.h"

#define MASTER_LENGTH 32
#define LOG_MAX 500
/* What happens together is looked at together. */
#define LOOK_AFTER_MS 100

struct _CantigaSharing
{
  GObject parent_instance;

  /* owned */
  char *folder;
  char *name;
  char *listen;
  char *address;
  CantigaInside *inside; /* while it is ON or STOPPING */
  GError *error;
  GListStore *listeners;
  GListStore *cards;
  GListStore *log;
  GQueue waiting; /* GTask: for its end */
  GQueue lots;    /* GStrv, to be added after this one */
  GCancellable *adding;
  char *adding_name;
  guint look;

  CantigaSharingState state;
  CantigaSharingProgress progress;
  guint titles;
  gboolean exportable;
  CantigaKeyringChoice keyring;
};

enum
{
  CHANGED,
  JOINED,
  ADDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (CantigaSharing, cantiga_sharing, G_TYPE_OBJECT)

static void
cantiga_sharing_finalize (GObject *object)
{
  CantigaSharing *self = CANTIGA_SHARING (object);

  g_clear_handle_id (&self->look, g_source_remove);
  g_queue_clear_full (&self->lots, (GDestroyNotify)g_strfreev);
  g_clear_object (&self->listeners);
  g_clear_object (&self->cards);
  g_clear_object (&self->log);
  g_clear_object (&self->adding);
  g_clear_error (&self->error);
  g_free (self->folder);
  g_free (self->name);
  g_free (self->listen);
  g_free (self->address);
  g_free (self->adding_name);
  G_OBJECT_CLASS (cantiga_sharing_parent_class)->finalize (object);
}

static void
cantiga_sharing_class_init (CantigaSharingClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_sharing_finalize;
  signals[CHANGED] = g_signal_new ("changed", CANTIGA_TYPE_SHARING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[JOINED] = g_signal_new ("joined", CANTIGA_TYPE_SHARING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[ADDED] = g_signal_new ("added", CANTIGA_TYPE_SHARING, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4, G_TYPE_UINT, G_TYPE_UINT,
                                 G_TYPE_STRV, G_TYPE_ERROR);
}

static void
cantiga_sharing_init (CantigaSharing *self)
{
  self->listeners = g_list_store_new (CANTIGA_TYPE_SHARE_ENTRY);
  self->cards = g_list_store_new (CANTIGA_TYPE_SHARE_ENTRY);
  self->log = g_list_store_new (CANTIGA_TYPE_SHARE_ENTRY);
  g_queue_init (&self->waiting);
  g_queue_init (&self->lots);
}

CantigaSharing *
cantiga_sharing_new (const char *folder)
{
  CantigaSharing *self = g_object_new (CANTIGA_TYPE_SHARING, NULL);

  self->keyring = CANTIGA_KEYRING_AUTOMATIC;
  self->folder = folder != NULL ? g_strdup (folder) : g_build_filename (g_get_user_data_dir (), "cantiga", "sharing", NULL);
  return self;
}

void
cantiga_sharing_set_keyring (CantigaSharing *self, CantigaKeyringChoice choice)
{
  self->keyring = choice;
}

static void
set_state (CantigaSharing *self, CantigaSharingState state)
{
  GTask *waiting;

  self->state = state;
  g_signal_emit (self, signals[CHANGED], 0);
  while (self->state == CANTIGA_SHARING_OFF && (waiting = g_queue_pop_head (&self->waiting)) != NULL)
    {
      g_task_return_boolean (waiting, TRUE);
      g_object_unref (waiting);
    }
}

static void
fail (CantigaSharing *self, GError *error)
{
  g_clear_error (&self->error);
  self->error = error;
  set_state (self, CANTIGA_SHARING_OFF);
}

/* ---- as it stands ---- */

static void
show_standing (CantigaSharing *self, const CantigaInsideStanding *standing)
{
  g_autoptr (GPtrArray) listeners = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) cards = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < standing->listeners->len; i++)
    {
      const CantigaInsideListener *listener = g_ptr_array_index (standing->listeners, i);

      g_ptr_array_add (listeners, cantiga_share_entry_new (listener->id, listener->name, listener->title, listener->since));
    }
  for (guint i = 0; i < standing->cards->len; i++)
    {
      const CantigaInsideCard *card = g_ptr_array_index (standing->cards, i);
      CantigaShareEntry *entry = cantiga_share_entry_new (card->id, card->name, card->last_four, 0);

      entry->waits = card->waits;
      entry->revoked = card->revoked;
      g_ptr_array_add (cards, entry);
    }
  cantiga_share_entry_follow (self->listeners, listeners);
  cantiga_share_entry_follow (self->cards, cards);
  self->titles = standing->titles;
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaSharing) self = user_data;
  g_autoptr (CantigaInsideStanding) standing = cantiga_inside_look_finish (result, NULL);

  if (standing != NULL && self->state == CANTIGA_SHARING_ON)
    show_standing (self, standing);
}

static gboolean
look_cb (gpointer user_data)
{
  CantigaSharing *self = user_data;

  self->look = 0;
  if (self->state == CANTIGA_SHARING_ON)
    cantiga_inside_look_async (self->inside, looked_cb, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

static void
look_later (CantigaSharing *self)
{
  if (self->look == 0)
    self->look = g_timeout_add (LOOK_AFTER_MS, look_cb, self);
}

/* ---- the log ---- */

static char *
dup_sentence (const CantigaInsideEvent *event)
{
  const char *who = event->who != NULL ? event->who : _ ("Somebody");

  switch (event->kind)
    {
    case CANTIGA_INSIDE_JOINED:
      return g_strdup_printf (_ ("“%s” has joined"), who);
    case CANTIGA_INSIDE_SIGNED_IN:
      return g_strdup_printf (_ ("%s signed in"), who);
    case CANTIGA_INSIDE_LEFT:
      return g_strdup_printf (_ ("%s left"), who);
    case CANTIGA_INSIDE_BEGAN:
      return g_strdup_printf (ngettext ("%s began “%s” (%u play left)", "%s began “%s” (%u plays left)", event->plays_left), who, event->what,
                              event->plays_left);
    case CANTIGA_INSIDE_REFUSED:
      return g_strdup_printf (_ ("Refused, from %s: %s"), *who != '\0' ? who : _ ("this computer"), event->what);
    default:
      /* The server's own words are for its keeper's journal, and in English: it says one thing alone. */
      return g_strdup (_ ("Others on this network do not find this computer by themselves: they need its address or an invitation."));
    }
}

static void
write_log (CantigaSharing *self, const CantigaInsideEvent *event)
{
  g_autofree char *sentence = dup_sentence (event);
  g_autoptr (CantigaShareEntry) entry = cantiga_share_entry_new (NULL, sentence, NULL, event->at);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->log));
  g_autoptr (CantigaShareEntry) last = n > 0 ? g_list_model_get_item (G_LIST_MODEL (self->log), n - 1) : NULL;

  entry->kind = event->kind == CANTIGA_INSIDE_REFUSED  ? CANTIGA_SHARE_REFUSAL
                : event->kind == CANTIGA_INSIDE_NOTICE ? CANTIGA_SHARE_NOTICE
                                                       : CANTIGA_SHARE_PEOPLE;
  /* Somebody who knocks all day is one line. */
  if (entry->kind == CANTIGA_SHARE_REFUSAL && last != NULL && g_str_equal (last->name, sentence))
    return;
  g_list_store_append (self->log, entry);
  if (n >= LOG_MAX)
    g_list_store_remove (self->log, 0);
}

static void
told_cb (const CantigaInsideEvent *event, gpointer user_data)
{
  CantigaSharing *self = user_data;

  write_log (self, event);
  if (event->kind == CANTIGA_INSIDE_JOINED)
    g_signal_emit (self, signals[JOINED], 0, event->who);
  look_later (self);
}

/* ---- on ---- */

static char *
dup_reachable (const char *bound)
{
  const char *port = strrchr (bound, ':');
  g_autofree char *host = g_str_has_prefix (bound, "0.0.0.0:") ? cantiga_share_dup_own_host () : NULL;

  return host != NULL ? g_strconcat (host, port, NULL) : g_strdup (bound);
}

static void
started_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaSharing) self = user_data;
  GError *error = NULL;
  CantigaInside *inside = cantiga_inside_start_finish (result, &error);

  if (inside == NULL)
    return fail (self, error);
  self->inside = inside;
  self->address = dup_reachable (cantiga_inside_get_address (inside));
  g_free (self->name);
  self->name = g_strdup (cantiga_inside_get_name (inside));
  set_state (self, CANTIGA_SHARING_ON);
  look_later (self);
  if (!g_queue_is_empty (&self->waiting))
    cantiga_sharing_stop (self);
}

static char *
dup_server_folder (CantigaSharing *self)
{
  return g_build_filename (self->folder, "server", NULL);
}

/* The keyring draws 32 bytes and keeps them as text: their hash is a master key as good as they are. */
static void
passphrase_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaSharing) self = user_data;
  GError *error = NULL;
  g_autoptr (CantigaSecret) passphrase = cantiga_keyring_load_finish (result, NULL, &error);
  g_autoptr (CantigaSecret) master = cantiga_secret_new (MASTER_LENGTH);
  g_autofree char *folder = dup_server_folder (self);

  if (passphrase == NULL)
    return fail (self, error);
  cantiga_sha256 (cantiga_secret_bytes (passphrase), cantiga_secret_length (passphrase), cantiga_secret_bytes (master));
  cantiga_inside_start_async (folder, master, self->name, self->listen, told_cb, self, started_cb, g_object_ref (self));
}

static void
prepare_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  CantigaSharing *self = source;
  g_autofree char *folder = dup_server_folder (self);

  if (g_mkdir_with_parents (self->folder, 0700) != 0)
    return g_task_return_new_error (task, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION, _ ("%s cannot be made: %s."), self->folder,
                                    g_strerror (errno));
  g_task_return_boolean (task, g_file_test (folder, G_FILE_TEST_IS_DIR));
}

static void
prepared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  CantigaSharing *self = CANTIGA_SHARING (source);
  GError *error = NULL;
  gboolean is_there = g_task_propagate_boolean (G_TASK (result), &error);

  if (error != NULL)
    return fail (self, error);
  cantiga_keyring_load_async (self->folder, self->keyring, !is_there, NULL, passphrase_cb, g_object_ref (self));
}

void
cantiga_sharing_start (CantigaSharing *self, const char *name, const char *listen)
{
  g_autoptr (GTask) task = NULL;

  if (self->state != CANTIGA_SHARING_OFF)
    return;
  g_clear_error (&self->error);
  g_free (self->name);
  g_free (self->listen);
  self->name = g_strdup (name);
  self->listen = g_strdup (listen);
  set_state (self, CANTIGA_SHARING_STARTING);
  task = g_task_new (self, NULL, prepared_cb, NULL);
  g_task_run_in_thread (task, prepare_thread);
}

/* ---- off ---- */

static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaSharing) self = user_data;

  cantiga_inside_stop_finish (result);
  self->inside = NULL;
  g_clear_pointer (&self->address, g_free);
  g_list_store_remove_all (self->listeners);
  set_state (self, CANTIGA_SHARING_OFF);
}

void
cantiga_sharing_stop (CantigaSharing *self)
{
  if (self->state != CANTIGA_SHARING_ON)
    return;
  cantiga_sharing_stop_adding (self);
  set_state (self, CANTIGA_SHARING_STOPPING);
  cantiga_inside_stop_async (self->inside, stopped_cb, g_object_ref (self));
}

void
cantiga_sharing_stop_async (CantigaSharing *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_queue_push_tail (&self->waiting, task);
  if (self->state == CANTIGA_SHARING_OFF)
    set_state (self, CANTIGA_SHARING_OFF);
  else
    cantiga_sharing_stop (self);
}

void
cantiga_sharing_stop_finish (CantigaSharing *self, GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, self));
}

/* ---- what it is ---- */

CantigaSharingState
cantiga_sharing_get_state (CantigaSharing *self)
{
  return self->state;
}

const GError *
cantiga_sharing_get_error (CantigaSharing *self)
{
  return self->error;
}

const char *
cantiga_sharing_get_name (CantigaSharing *self)
{
  return self->name;
}

const char *
cantiga_sharing_get_address (CantigaSharing *self)
{
  return self->address;
}

const char *
cantiga_sharing_get_server (CantigaSharing *self)
{
  return self->inside != NULL ? cantiga_inside_get_server (self->inside) : NULL;
}

guint
cantiga_sharing_get_titles (CantigaSharing *self)
{
  return self->titles;
}

GListModel *
cantiga_sharing_get_listeners (CantigaSharing *self)
{
  return G_LIST_MODEL (self->listeners);
}

GListModel *
cantiga_sharing_get_cards (CantigaSharing *self)
{
  return G_LIST_MODEL (self->cards);
}

GListModel *
cantiga_sharing_get_log (CantigaSharing *self)
{
  return G_LIST_MODEL (self->log);
}

/* ---- adding ---- */

static void add_next (CantigaSharing *self);

static void
progress_cb (guint at, guint n, double part, const char *name, gpointer user_data)
{
  CantigaSharing *self = user_data;

  g_free (self->adding_name);
  self->adding_name = g_strdup (name);
  self->progress = (CantigaSharingProgress){ TRUE, at, n, part, self->adding_name };
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
added_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaSharing) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInsideAdded) added = cantiga_inside_add_finish (result, &error);

  g_clear_object (&self->adding);
  self->progress = (CantigaSharingProgress){ FALSE };
  look_later (self);
  if (added != NULL)
    g_ptr_array_add (added->failed, NULL);
  g_signal_emit (self, signals[ADDED], 0, added != NULL ? added->added : 0, added != NULL ? added->there : 0,
                 added != NULL ? added->failed->pdata : NULL, error);
  g_signal_emit (self, signals[CHANGED], 0);
  add_next (self);
}

static void
add_next (CantigaSharing *self)
{
  g_auto (GStrv) lot = NULL;

  if (self->state != CANTIGA_SHARING_ON || self->adding != NULL || g_queue_is_empty (&self->lots))
    return;
  lot = g_queue_pop_head (&self->lots);
  self->adding = g_cancellable_new ();
  self->progress = (CantigaSharingProgress){ TRUE };
  g_signal_emit (self, signals[CHANGED], 0);
  cantiga_inside_add_async (self->inside, (const char *const *)lot, self->exportable, progress_cb, self, self->adding, added_cb, g_object_ref (self));
}

void
cantiga_sharing_add (CantigaSharing *self, const char *const *paths, gboolean exportable)
{
  self->exportable = exportable;
  g_queue_push_tail (&self->lots, g_strdupv ((char **)paths));
  add_next (self);
}

void
cantiga_sharing_stop_adding (CantigaSharing *self)
{
  g_queue_clear_full (&self->lots, (GDestroyNotify)g_strfreev);
  if (self->adding != NULL)
    g_cancellable_cancel (self->adding);
}

const CantigaSharingProgress *
cantiga_sharing_get_progress (CantigaSharing *self)
{
  return &self->progress;
}

/* ---- people ---- */

static gboolean
check_on (CantigaSharing *self, GTask *task)
{
  if (self->state == CANTIGA_SHARING_ON)
    return TRUE;
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "%s", _ ("Switch sharing on first."));
  g_object_unref (task);
  return FALSE;
}

typedef struct
{
  char *link;
  gint64 expires;
} Invited;

static void
invited_free (Invited *invited)
{
  if (invited->link != NULL)
    cantiga_link_free (invited->link);
  g_free (invited);
}

static void
invited_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  Invited *invited = g_new0 (Invited, 1);

  invited->link = cantiga_inside_invite_finish (result, &invited->expires, &error);
  if (invited->link != NULL)
    return g_task_return_pointer (task, invited, (GDestroyNotify)invited_free);
  g_task_return_error (task, error);
  invited_free (invited);
}

void
cantiga_sharing_invite_async (CantigaSharing *self, const char *name, gboolean with_card, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  g_autofree char *url = NULL;

  if (!check_on (self, task))
    return;
  url = g_strconcat ("http://", self->address, NULL);
  cantiga_inside_invite_async (self->inside, name, url, with_card, invited_cb, task);
}

char *
cantiga_sharing_invite_finish (CantigaSharing *self, GAsyncResult *result, gint64 *ret_expires, GError **error)
{
  Invited *invited = g_task_propagate_pointer (G_TASK (result), error);
  char *link;

  if (invited == NULL)
    return NULL;
  *ret_expires = invited->expires;
  link = g_steal_pointer (&invited->link);
  invited_free (invited);
  return link;
}

/* What failed leaves the row as it was. */
static void
card_done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (CantigaSharing) self = user_data;

  (void)!cantiga_inside_card_finish (result, NULL);
  look_later (self);
}

void
cantiga_sharing_approve_card (CantigaSharing *self, const char *id)
{
  if (self->state == CANTIGA_SHARING_ON)
    cantiga_inside_approve_card_async (self->inside, id, card_done_cb, g_object_ref (self));
}

void
cantiga_sharing_revoke_card (CantigaSharing *self, const char *id)
{
  if (self->state == CANTIGA_SHARING_ON)
    cantiga_inside_revoke_card_async (self->inside, id, card_done_cb, g_object_ref (self));
}

static void
card_added_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (!cantiga_inside_card_finish (result, &error))
    return g_task_return_error (task, error);
  look_later (g_task_get_source_object (task));
  g_task_return_boolean (task, TRUE);
}

void
cantiga_sharing_add_card_async (CantigaSharing *self, const char *path, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);

  if (check_on (self, task))
    cantiga_inside_add_card_async (self->inside, path, card_added_cb, task);
}

gboolean
cantiga_sharing_add_card_finish (CantigaSharing *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
