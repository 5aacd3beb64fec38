#include "core/manifest.h"

#include <string.h>

#include <openssl/evp.h>

#include "core/buffer.h"
#include "core/kdf.h"
#include "core/secret.h"

#define HASH CANTIGA_HASH_LENGTH
#define LEVELS_MAX (CANTIGA_MERKLE_PATH_MAX + 1)

/* Level 0 holds the leaves, the last level the root; the last node of a level of odd length stands in the next level as it is. That is RFC 9162's
 * tree, which splits at the largest power of two. */
struct _CantigaMerkle
{
  guint8 *nodes;
  guint n_levels;
  gsize lengths[LEVELS_MAX]; /* in nodes, as starts */
  gsize starts[LEVELS_MAX];
};

/* docs/protocol.md 13.2: leaf_i = SHA-256(0x00 || u64 i || chunk). */
void
cantiga_merkle_leaf (guint64 index, gconstpointer chunk, gsize length, guint8 ret_leaf[32])
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 prefix[1 + 8] = { 0x00 };

  cantiga_put_u64 (prefix + 1, index);
  if (context == NULL || EVP_DigestInit_ex2 (context, EVP_sha256 (), NULL) != 1 || EVP_DigestUpdate (context, prefix, sizeof prefix) != 1
      || EVP_DigestUpdate (context, chunk, length) != 1 || EVP_DigestFinal_ex (context, ret_leaf, NULL) != 1)
    g_error ("OpenSSL failed hashing");
  EVP_MD_CTX_free (context);
}

/* docs/protocol.md 13.2: node = SHA-256(0x01 || left || right). ret_node may be left or right. */
static void
join (const guint8 *left, const guint8 *right, guint8 *ret_node)
{
  guint8 text[1 + 2 * HASH] = { 0x01 };

  memcpy (text + 1, left, HASH);
  memcpy (text + 1 + HASH, right, HASH);
  cantiga_sha256 (text, sizeof text, ret_node);
}

void
cantiga_merkle_root (const guint8 *leaves, gsize n, guint8 ret_root[32])
{
  guint8 stack[64 * HASH]; /* one whole subtree for each bit that is set in the number of leaves so far, the largest first */
  guint height = 0;

  g_return_if_fail (n > 0);
  for (gsize i = 0; i < n; i++)
    {
      memcpy (stack + height++ * HASH, leaves + i * HASH, HASH);
      for (gsize bits = i; (bits & 1) != 0; bits >>= 1, height--)
        join (stack + (height - 2) * HASH, stack + (height - 1) * HASH, stack + (height - 2) * HASH);
    }
  for (; height > 1; height--)
    join (stack + (height - 2) * HASH, stack + (height - 1) * HASH, stack + (height - 2) * HASH);
  memcpy (ret_root, stack, HASH);
}

/* Lays the levels out one after the other; returns how many nodes they are. */
static gsize
plan_levels (CantigaMerkle *merkle, gsize n)
{
  gsize nodes = 0;

  for (gsize length = n;; length = length / 2 + length % 2)
    {
      g_assert (merkle->n_levels < LEVELS_MAX);
      merkle->starts[merkle->n_levels] = nodes;
      merkle->lengths[merkle->n_levels++] = length;
      nodes += length;
      if (length == 1)
        return nodes;
    }
}

static guint8 *
node_at (const CantigaMerkle *merkle, guint level, gsize index)
{
  return merkle->nodes + (merkle->starts[level] + index) * HASH;
}

static void
fill_level (CantigaMerkle *merkle, guint level)
{
  gsize below = merkle->lengths[level - 1];

  for (gsize i = 0; i < below / 2; i++)
    join (node_at (merkle, level - 1, 2 * i), node_at (merkle, level - 1, 2 * i + 1), node_at (merkle, level, i));
  if (below % 2 != 0)
    memcpy (node_at (merkle, level, below / 2), node_at (merkle, level - 1, below - 1), HASH);
}

CantigaMerkle *
cantiga_merkle_new (const guint8 *leaves, gsize n)
{
  CantigaMerkle *merkle;

  g_return_val_if_fail (n > 0 && n <= CANTIGA_CHUNKS_MAX, NULL);
  merkle = g_new0 (CantigaMerkle, 1);
  merkle->nodes = g_malloc_n (plan_levels (merkle, n), HASH);
  memcpy (merkle->nodes, leaves, n * HASH);
  for (guint level = 1; level < merkle->n_levels; level++)
    fill_level (merkle, level);
  return merkle;
}

void
cantiga_merkle_free (CantigaMerkle *merkle)
{
  if (merkle == NULL)
    return;
  g_free (merkle->nodes);
  g_free (merkle);
}

guint
cantiga_merkle_path (const CantigaMerkle *merkle, guint64 index, guint8 *path)
{
  guint length = 0;

  g_return_val_if_fail (index < merkle->lengths[0], 0);
  for (guint level = 0; level + 1 < merkle->n_levels; level++, index >>= 1)
    if ((index ^ 1) < merkle->lengths[level])
      memcpy (path + length++ * HASH, node_at (merkle, level, index ^ 1), HASH);
  return length;
}

/* One step of RFC 9162 2.1.3.2 (4): hash becomes the node above it. fn and sn are the RFC's: the places of node and last node in their level. */
static void
climb (guint8 *hash, const guint8 *sibling, guint64 *fn, guint64 *sn)
{
  gboolean right = (*fn & 1) != 0 || *fn == *sn;

  join (right ? sibling : hash, right ? hash : sibling, hash);
  if (right)
    while ((*fn & 1) == 0 && *fn != 0)
      {
        *fn >>= 1;
        *sn >>= 1;
      }
  *fn >>= 1;
  *sn >>= 1;
}

gboolean
cantiga_merkle_verify (const guint8 root[32], guint64 n, guint64 index, const guint8 leaf[32], const guint8 *path, guint path_length, GError **error)
{
  guint64 fn = index, sn = n - 1;
  guint8 hash[HASH];

  if (n == 0 || index >= n || path_length > CANTIGA_MERKLE_PATH_MAX)
    return cantiga_fail (error, CANTIGA_ERROR_FORGED);
  memcpy (hash, leaf, HASH);
  for (guint i = 0; i < path_length; i++)
    {
      if (sn == 0)
        return cantiga_fail (error, CANTIGA_ERROR_FORGED);
      climb (hash, path + i * HASH, &fn, &sn);
    }
  if (sn != 0 || !cantiga_bytes_equal (hash, root, HASH))
    return cantiga_fail (error, CANTIGA_ERROR_FORGED);
  return TRUE;
}
