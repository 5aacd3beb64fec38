#include "ui/share-entry.h"

G_DEFINE_FINAL_TYPE (CantigaShareEntry, cantiga_share_entry, G_TYPE_OBJECT)

static void
cantiga_share_entry_finalize (GObject *object)
{
  CantigaShareEntry *self = CANTIGA_SHARE_ENTRY (object);

  g_free (self->id);
  g_free (self->name);
  g_free (self->detail);
  G_OBJECT_CLASS (cantiga_share_entry_parent_class)->finalize (object);
}

static void
cantiga_share_entry_class_init (CantigaShareEntryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_share_entry_finalize;
}

static void
cantiga_share_entry_init (CantigaShareEntry *self)
{
}

CantigaShareEntry *
cantiga_share_entry_new (const char *id, const char *name, const char *detail, gint64 at)
{
  CantigaShareEntry *self = g_object_new (CANTIGA_TYPE_SHARE_ENTRY, NULL);

  self->id = g_strdup (id);
  self->name = g_strdup (name);
  self->detail = g_strdup (detail);
  self->at = at;
  return self;
}

static gboolean
entry_equal (CantigaShareEntry *a, CantigaShareEntry *b)
{
  return g_strcmp0 (a->id, b->id) == 0 && g_strcmp0 (a->name, b->name) == 0 && g_strcmp0 (a->detail, b->detail) == 0 && a->waits == b->waits
         && a->revoked == b->revoked;
}

void
cantiga_share_entry_follow (GListStore *store, GPtrArray *entries)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (store));
  gboolean same = n == entries->len;

  for (guint i = 0; same && i < n; i++)
    {
      g_autoptr (CantigaShareEntry) old = g_list_model_get_item (G_LIST_MODEL (store), i);

      same = entry_equal (old, g_ptr_array_index (entries, i));
    }
  if (!same)
    g_list_store_splice (store, 0, n, entries->pdata, entries->len);
}
