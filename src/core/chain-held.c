/* Chains that held, of those who come again. */
#include <string.h>

#include "core/buffer.h"
#include "core/x509-private.h"

/* When it is full it is emptied: who comes then is checked as the first time. */
#define HELD_MAX 256

struct _CantigaHeldChains
{
  GPtrArray *authorities; /* X509, owned references */
  X509_CRL *crl;          /* owned reference, or NULL */
  CantigaUsage usage;
  GMutex lock;
  GHashTable *by_bytes; /* owned GBytes → Held */
};

typedef struct
{
  X509 *leaf;
  gint64 from, until; /* seconds since 1970: at from, and not at until any more */
} Held;

static void
held_free (gpointer user_data)
{
  Held *held = user_data;

  X509_free (held->leaf);
  g_free (held);
}

static gpointer
ref_certificate (gconstpointer certificate, gpointer unused)
{
  X509 *mine = (X509 *)certificate;

  X509_up_ref (mine);
  return mine;
}

CantigaHeldChains *
cantiga_held_chains_new (GPtrArray *authorities, X509_CRL *crl, CantigaUsage usage)
{
  CantigaHeldChains *chains = g_new0 (CantigaHeldChains, 1);

  chains->authorities = g_ptr_array_copy (authorities, ref_certificate, NULL);
  g_ptr_array_set_free_func (chains->authorities, (GDestroyNotify)X509_free);
  if (crl != NULL)
    X509_CRL_up_ref (crl);
  chains->crl = crl;
  chains->usage = usage;
  g_mutex_init (&chains->lock);
  chains->by_bytes = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, held_free);
  return chains;
}

void
cantiga_held_chains_free (CantigaHeldChains *chains)
{
  if (chains == NULL)
    return;
  g_hash_table_unref (chains->by_bytes);
  g_mutex_clear (&chains->lock);
  X509_CRL_free (chains->crl);
  g_ptr_array_unref (chains->authorities);
  g_free (chains);
}

/* All bytes of the chain, each certificate with its length before it. NULL: too much to be kept. */
static GBytes *
bytes_of (GPtrArray *certificates)
{
  g_autoptr (CantigaBuffer) buffer = cantiga_buffer_new ();

  for (guint i = 0; i < certificates->len; i++)
    cantiga_buffer_add_field (buffer, g_bytes_get_data (certificates->pdata[i], NULL), g_bytes_get_size (certificates->pdata[i]));
  return cantiga_buffer_failed (buffer) ? NULL : g_bytes_new (cantiga_buffer_bytes (buffer), cantiga_buffer_length (buffer));
}

/* A reference of the caller's; NULL: it did not hold before, or the clock stands elsewhere. */
static X509 *
find (CantigaHeldChains *chains, GBytes *bytes, gint64 now)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&chains->lock);
  const Held *held = g_hash_table_lookup (chains->by_bytes, bytes);

  if (held == NULL || now < held->from || now >= held->until || X509_up_ref (held->leaf) != 1)
    return NULL;
  return held->leaf;
}

static void
narrow (Held *held, X509 *certificate)
{
  held->from = MAX (held->from, cantiga_certificate_get_not_before (certificate));
  held->until = MIN (held->until, cantiga_certificate_get_not_after (certificate));
}

/* From the last beginning to the first end of all that was looked at: between them no date says anything else than it does now. */
static gboolean
find_dates (CantigaHeldChains *chains, GPtrArray *certificates, Held *held)
{
  gint64 listed = G_MAXINT64;

  for (guint i = 0; i < certificates->len; i++)
    {
      g_autoptr (X509) certificate = cantiga_certificate_decode (certificates->pdata[i], NULL);

      if (certificate == NULL)
        return FALSE;
      narrow (held, certificate);
    }
  for (guint i = 0; i < chains->authorities->len; i++)
    narrow (held, chains->authorities->pdata[i]);
  if (chains->crl == NULL)
    return TRUE;
  held->until = MIN (held->until, cantiga_crl_get_next_update (chains->crl));
  (void)cantiga_asn1_time_get (X509_CRL_get0_lastUpdate (chains->crl), &listed);
  held->from = MAX (held->from, listed);
  return TRUE;
}

static void
keep (CantigaHeldChains *chains, GPtrArray *certificates, GBytes *bytes, X509 *leaf)
{
  Held dates = { .from = G_MININT64, .until = G_MAXINT64 };
  g_autoptr (GMutexLocker) locker = NULL;

  if (!find_dates (chains, certificates, &dates) || X509_up_ref (leaf) != 1)
    return;
  dates.leaf = leaf;
  locker = g_mutex_locker_new (&chains->lock);
  if (g_hash_table_size (chains->by_bytes) >= HELD_MAX)
    g_hash_table_remove_all (chains->by_bytes);
  g_hash_table_replace (chains->by_bytes, g_bytes_ref (bytes), g_memdup2 (&dates, sizeof dates));
}

X509 *
cantiga_held_chains_verify (CantigaHeldChains *chains, GPtrArray *certificates, gint64 now, GError **error)
{
  g_autoptr (GBytes) bytes = bytes_of (certificates);
  X509 *leaf = bytes != NULL ? find (chains, bytes, now) : NULL;

  if (leaf != NULL)
    return leaf;
  leaf = cantiga_chain_verify (certificates, chains->authorities, chains->crl, chains->usage, now, error);
  if (leaf != NULL && bytes != NULL)
    keep (chains, certificates, bytes, leaf);
  return leaf;
}
