#include "server/opened.h"

#include <string.h>
#include <sys/mman.h>

#include "core/error.h"
#include "core/stream.h"

/* u8 n, the Merkle path, the chunk, and room for the tag that it has at rest (docs/protocol.md 10.3, 13.1). */
#define TEXT_MAX (1 + 32 * CANTIGA_MERKLE_PATH_MAX + CANTIGA_CHUNK_SIZE + 16)
/* Of a page, so that one slot is wiped without another's. */
#define SLOT_SIZE ((TEXT_MAX + 4095) / 4096 * 4096)
/* A chunk that nobody asked for between so many sweeps is wiped. */
#define SWEEPS_KEPT 2

typedef struct
{
  CantigaOpenedChunk chunk; /* first: what is on loan */
  guint8 *bytes;
  gboolean kept; /* in the region, and under its key */
  guint loans;
  guint sweep; /* when it was last asked for */
  CantigaId title;
  guint64 index;
  GList link; /* of the region's slots, the one that was asked for last in front */
} Slot;

struct _CantigaOpened
{
  guint8 *region; /* locked; NULL: none */
  gsize region_size;
  guint n_slots;
  Slot *slots;
  GMutex lock; /* of what follows, and of the slots */
  guint sweep;
  GQueue order;
  GHashTable *by_place; /* Slot → Slot, those that hold a chunk */
};

/* ---- the region ---- */

static guint
hash_place (gconstpointer slot)
{
  return cantiga_id_hash (&((const Slot *)slot)->title) ^ (guint)((const Slot *)slot)->index * 2654435761u;
}

static gboolean
equal_place (gconstpointer a, gconstpointer b)
{
  const Slot *one = a, *other = b;

  return one->index == other->index && cantiga_id_equal (&one->title, &other->title);
}

/* As much of it as this process may lock. */
static void
lock_region (CantigaOpened *opened, gsize size)
{
  for (gsize n = size / SLOT_SIZE; n >= 2; n /= 2)
    {
      void *region = mmap (NULL, n * SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

      if (region == MAP_FAILED)
        continue;
      /* Locked page by page as they are used: what is never used takes no memory. */
      if (mlock2 (region, n * SLOT_SIZE, MLOCK_ONFAULT) == 0 && madvise (region, n * SLOT_SIZE, MADV_DONTDUMP) == 0
          && madvise (region, n * SLOT_SIZE, MADV_DONTFORK) == 0)
        {
          opened->region = region;
          opened->region_size = n * SLOT_SIZE;
          opened->n_slots = (guint)n;
          return;
        }
      munmap (region, n * SLOT_SIZE);
    }
}

CantigaOpened *
cantiga_opened_new (gsize size)
{
  CantigaOpened *opened = g_new0 (CantigaOpened, 1);

  g_mutex_init (&opened->lock);
  g_queue_init (&opened->order);
  opened->by_place = g_hash_table_new (hash_place, equal_place);
  lock_region (opened, size);
  opened->slots = g_new0 (Slot, opened->n_slots);
  for (guint i = 0; i < opened->n_slots; i++)
    {
      opened->slots[i].bytes = opened->region + i * SLOT_SIZE;
      opened->slots[i].link.data = &opened->slots[i];
      g_queue_push_tail_link (&opened->order, &opened->slots[i].link);
    }
  return opened;
}

guint
cantiga_opened_get_room (CantigaOpened *opened)
{
  return opened->n_slots;
}

/* With the lock held. Not found any more; the text is still there. */
static void
forget (CantigaOpened *opened, Slot *slot)
{
  if (slot->kept)
    g_hash_table_remove (opened->by_place, slot);
  slot->kept = FALSE;
}

/* With the lock held. */
static void
empty (CantigaOpened *opened, Slot *slot)
{
  if (!slot->kept)
    return;
  forget (opened, slot);
  cantiga_wipe (slot->bytes, TEXT_MAX);
}

void
cantiga_opened_free (CantigaOpened *opened)
{
  for (guint i = 0; i < opened->n_slots; i++)
    {
      g_assert (opened->slots[i].loans == 0);
      empty (opened, &opened->slots[i]);
    }
  g_hash_table_unref (opened->by_place);
  g_free (opened->slots);
  if (opened->region != NULL)
    munmap (opened->region, opened->region_size);
  g_mutex_clear (&opened->lock);
  g_free (opened);
}

void
cantiga_opened_sweep (CantigaOpened *opened)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&opened->lock);

  opened->sweep++;
  for (guint i = 0; i < opened->n_slots; i++)
    if (opened->slots[i].loans == 0 && opened->sweep - opened->slots[i].sweep >= SWEEPS_KEPT)
      empty (opened, &opened->slots[i]);
}

/* ---- one chunk ---- */

/* The chunk, if it is there; else the slot that was asked for longest ago, and no more under its old place. NULL: all are on loan. */
static Slot *
choose (CantigaOpened *opened, const Slot *place)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&opened->lock);
  Slot *slot = g_hash_table_lookup (opened->by_place, place);

  for (GList *link = opened->order.tail; slot == NULL && link != NULL; link = link->prev)
    if (((Slot *)link->data)->loans == 0)
      {
        slot = link->data;
        /* Written over at once, or wiped if that fails: wiping it now would cost as much as opening the next. */
        forget (opened, slot);
        slot->title = place->title;
        slot->index = place->index;
      }
  if (slot == NULL)
    return NULL;
  slot->loans++;
  slot->sweep = opened->sweep;
  g_queue_unlink (&opened->order, &slot->link);
  g_queue_push_head_link (&opened->order, &slot->link);
  return slot;
}

static gboolean
fill (Slot *slot, CantigaOpenTitle *title, GError **error)
{
  guint n = cantiga_merkle_path (title->merkle, slot->index, slot->bytes + 1);
  g_autoptr (GError) failure = NULL;
  gsize length = 0;

  slot->bytes[0] = (guint8)n;
  if (!cantiga_sealed_read_chunk (title->sealed, slot->index, slot->bytes + 1 + 32 * n, &length, &failure))
    return cantiga_library_fail_reading (error, g_steal_pointer (&failure));
  slot->chunk = (CantigaOpenedChunk){ slot->bytes, 1 + 32 * n + length, n };
  return TRUE;
}

/* Found from now on, unless another thread was faster. */
static void
keep (CantigaOpened *opened, Slot *slot)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&opened->lock);

  slot->kept = !g_hash_table_contains (opened->by_place, slot);
  if (slot->kept)
    g_hash_table_add (opened->by_place, slot);
}

static Slot *
slot_new (const Slot *place)
{
  Slot *slot = g_memdup2 (place, sizeof *place);

  slot->bytes = g_malloc (TEXT_MAX);
  slot->loans = 1;
  return slot;
}

static gboolean
is_of_region (CantigaOpened *opened, Slot *slot)
{
  return slot >= opened->slots && slot < opened->slots + opened->n_slots;
}

void
cantiga_opened_give_back (CantigaOpened *opened, CantigaOpenedChunk *chunk)
{
  Slot *slot = (Slot *)chunk;

  if (!is_of_region (opened, slot))
    {
      cantiga_wipe (slot->bytes, TEXT_MAX);
      g_free (slot->bytes);
      g_free (slot);
      return;
    }
  g_mutex_lock (&opened->lock);
  slot->loans--;
  /* What is not found any more is of no use to anybody. */
  if (slot->loans == 0 && !slot->kept)
    cantiga_wipe (slot->bytes, TEXT_MAX);
  g_mutex_unlock (&opened->lock);
}

CantigaOpenedChunk *
cantiga_opened_take (CantigaOpened *opened, CantigaOpenTitle *title, guint64 index, GError **error)
{
  Slot place = { .title = *cantiga_sealed_get_title (title->sealed), .index = index };
  Slot *slot = choose (opened, &place);

  if (slot != NULL && slot->kept)
    return &slot->chunk;
  if (slot == NULL)
    slot = slot_new (&place);
  if (!fill (slot, title, error))
    {
      cantiga_opened_give_back (opened, &slot->chunk);
      return NULL;
    }
  if (is_of_region (opened, slot))
    keep (opened, slot);
  return &slot->chunk;
}
