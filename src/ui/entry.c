#include "ui/entry.h"

struct _CantigaEntry
{
  GObject parent_instance;
  CantigaTitle *title; /* owned */
  guint64 serial;
};

G_DEFINE_FINAL_TYPE (CantigaEntry, cantiga_entry, G_TYPE_OBJECT)

static void
cantiga_entry_finalize (GObject *object)
{
  g_object_unref (CANTIGA_ENTRY (object)->title);
  G_OBJECT_CLASS (cantiga_entry_parent_class)->finalize (object);
}

static void
cantiga_entry_class_init (CantigaEntryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_entry_finalize;
}

static void
cantiga_entry_init (CantigaEntry *self)
{
}

CantigaEntry *
cantiga_entry_new (CantigaTitle *title)
{
  static guint64 serials;
  CantigaEntry *self = g_object_new (CANTIGA_TYPE_ENTRY, NULL);

  self->title = g_object_ref (title);
  self->serial = ++serials;
  return self;
}

CantigaTitle *
cantiga_entry_get_title (CantigaEntry *self)
{
  return self->title;
}

guint64
cantiga_entry_get_serial (CantigaEntry *self)
{
  return self->serial;
}
