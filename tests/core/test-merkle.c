#include "core/manifest.h"

#include <string.h>

#include "core/kdf.h"

#define HASH 32
#define LEAVES_MAX 70

/* The leaves of the tests: distinct, and known to make-merkle.py as well. */
static void
make_leaves (guint8 *leaves, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      char chunk[32];

      g_snprintf (chunk, sizeof chunk, "chunk %" G_GSIZE_FORMAT, i);
      cantiga_merkle_leaf (i, chunk, strlen (chunk), leaves + i * HASH);
    }
}

/* RFC 9162 2.1.1 word by word: MTH({d(0)}) is the leaf, MTH(D_n) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])), k the largest power of two below n.
 */
static void
reference_root (const guint8 *leaves, gsize n, guint8 *root)
{
  guint8 text[1 + 2 * HASH] = { 0x01 };
  gsize k = 1;

  if (n == 1)
    {
      memcpy (root, leaves, HASH);
      return;
    }
  while (2 * k < n)
    k *= 2;
  reference_root (leaves, k, text + 1);
  reference_root (leaves + k * HASH, n - k, text + 1 + HASH);
  cantiga_sha256 (text, sizeof text, root);
}

/* RFC 9162 2.1.3.1: PATH(m, D_n) = PATH(m, D[0:k]) : MTH(D[k:n]) for m < k, PATH(m - k, D[k:n]) : MTH(D[0:k]) otherwise. */
static guint
reference_path (const guint8 *leaves, gsize n, gsize m, guint8 *path)
{
  gsize k = 1;
  guint length;

  if (n == 1)
    return 0;
  while (2 * k < n)
    k *= 2;
  if (m < k)
    {
      length = reference_path (leaves, k, m, path);
      reference_root (leaves + k * HASH, n - k, path + length * HASH);
    }
  else
    {
      length = reference_path (leaves + k * HASH, n - k, m - k, path);
      reference_root (leaves, k, path + length * HASH);
    }
  return length + 1;
}

static void
assert_hash (const guint8 *hash, const char *hexadecimal)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < HASH; i++)
    g_string_append_printf (text, "%02x", hash[i]);
  g_assert_cmpstr (text->str, ==, hexadecimal);
}

/* Computed by tests/vectors/make-merkle.py, which shares no code with us. */
static void
test_known_answers (void)
{
  static const struct
  {
    gsize n;
    const char *root;
  } cases[] = {
    { 1, "81a9ec4ce62d5c5f69843f252de31ab63bd8ea626b94af0a9d0034f89eb4c2fe" },
    { 2, "7cfeb1a9c5ce968a8afda6dd6fb41609453b0e866a38d7b0364fa87d6631217c" },
    { 3, "be8fb0ef16b9db5fb15717a7baf8596edc9b7277aa7fc6bb2f8276e42e16a62b" },
    { 4, "3da83f58586b89dd8754a7dcbb5a428d7b2b111f91c471bb189972e5d212aa8a" },
    { 5, "ba9972582fceda3268dee13891eeb1bc7a424a1e07b5f39bf536db47e10b8d3c" },
    { 6, "31217b6c6c849b86a55e31c5c649fe528c1161d0704ee657e5ad028584c360e2" },
    { 7, "aed88b29000b155e847e3d74d182f3003d750ade5b294ad38f666331c318ffcb" },
    { 8, "0fb242245d4095ef9deee510b1c122d500c3ca2b0927bae47646ae7587c1fae5" },
    { 9, "c02eb2ed0c9a0ae962b3ed98a2af5517bdbb9b34805891dbb21eade14b37bb79" },
    { 31, "0be91d110e65a41aaaa41243b62fd504e07572446db13e04696ad8a93f8b6342" },
    { 32, "0020663853c613942535c246d236133af8dbee5a34f3e17003eded2c6238cbcd" },
    { 33, "8a8fee8d2df71caaa0961bf307015ca8c939b7c69195ad7b9db381b0c4eb781e" },
    { 70, "a658180f1daf4c0b6314e695f64b9f68474721e0440f5eb110cad026e503aff6" },
  };
  guint8 leaves[LEAVES_MAX * HASH], root[HASH];

  make_leaves (leaves, LEAVES_MAX);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      cantiga_merkle_root (leaves, cases[i].n, root);
      assert_hash (root, cases[i].root);
    }
}

static void
test_roots (void)
{
  guint8 leaves[LEAVES_MAX * HASH], root[HASH], expected[HASH];

  make_leaves (leaves, LEAVES_MAX);
  for (gsize n = 1; n <= LEAVES_MAX; n++)
    {
      cantiga_merkle_root (leaves, n, root);
      reference_root (leaves, n, expected);
      g_assert_cmpmem (root, HASH, expected, HASH);
    }
}

static void
test_paths (void)
{
  guint8 leaves[LEAVES_MAX * HASH], root[HASH], path[CANTIGA_MERKLE_PATH_MAX * HASH], expected[CANTIGA_MERKLE_PATH_MAX * HASH];

  make_leaves (leaves, LEAVES_MAX);
  for (gsize n = 1; n <= LEAVES_MAX; n++)
    {
      g_autoptr (CantigaMerkle) merkle = cantiga_merkle_new (leaves, n);

      cantiga_merkle_root (leaves, n, root);
      for (gsize index = 0; index < n; index++)
        {
          g_autoptr (GError) error = NULL;
          guint length = cantiga_merkle_path (merkle, index, path);

          g_assert_cmpmem (path, length * HASH, expected, reference_path (leaves, n, index, expected) * HASH);
          g_assert_true (cantiga_merkle_verify (root, n, index, leaves + index * HASH, path, length, &error));
          g_assert_no_error (error);
        }
    }
}

static void
assert_refused (const guint8 *root, guint64 n, guint64 index, const guint8 *leaf, const guint8 *path, guint length)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (cantiga_merkle_verify (root, n, index, leaf, path, length, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_FORGED);
}

/* Everything that can be wrong with leaf index of a tree of n: each bit of a byte of root, leaf and path, the index, the length of the path. */
static void
refuse_all (const guint8 *leaves, gsize n, gsize index)
{
  g_autoptr (CantigaMerkle) merkle = cantiga_merkle_new (leaves, n);
  guint8 root[HASH], leaf[HASH], path[(CANTIGA_MERKLE_PATH_MAX + 1) * HASH] = { 0 };
  guint length = cantiga_merkle_path (merkle, index, path);

  cantiga_merkle_root (leaves, n, root);
  memcpy (leaf, leaves + index * HASH, HASH);
  for (guint other = 0; other < n + 3; other++)
    if (other != index)
      assert_refused (root, n, other, leaf, path, length);
  for (guint i = 0; i < length * HASH; i++)
    {
      path[i] ^= 0x10;
      assert_refused (root, n, index, leaf, path, length);
      path[i] ^= 0x10;
    }
  leaf[n % HASH] ^= 1;
  assert_refused (root, n, index, leaf, path, length);
  leaf[n % HASH] ^= 1;
  root[index % HASH] ^= 0x80;
  assert_refused (root, n, index, leaf, path, length);
  root[index % HASH] ^= 0x80;
  assert_refused (root, n, index, leaf, path, length + 1);
  if (length > 0)
    {
      assert_refused (root, n, index, leaf, path, length - 1);
      assert_refused (root, n, index, leaf, path + HASH, length - 1);
    }
}

static void
test_tampered (void)
{
  guint8 leaves[LEAVES_MAX * HASH];

  make_leaves (leaves, LEAVES_MAX);
  for (gsize n = 1; n <= 20; n++)
    for (gsize index = 0; index < n; index++)
      refuse_all (leaves, n, index);
}

/* A path alone does not tell every other n apart (leaf 0 of 5 and of 6 have paths of the same shape), but an n that asks for another length, or 0, is
 * refused. */
static void
test_other_counts (void)
{
  guint8 leaves[LEAVES_MAX * HASH], root[HASH], path[CANTIGA_MERKLE_PATH_MAX * HASH];

  make_leaves (leaves, LEAVES_MAX);
  for (gsize n = 1; n <= 33; n++)
    {
      g_autoptr (CantigaMerkle) merkle = cantiga_merkle_new (leaves, n);
      guint length = cantiga_merkle_path (merkle, n - 1, path);

      cantiga_merkle_root (leaves, n, root);
      assert_refused (root, 0, n - 1, leaves + (n - 1) * HASH, path, length);
      assert_refused (root, n - 1, n - 1, leaves + (n - 1) * HASH, path, length);
      assert_refused (root, 64 * n, n - 1, leaves + (n - 1) * HASH, path, length);
      assert_refused (root, G_MAXUINT64, n - 1, leaves + (n - 1) * HASH, path, length);
    }
}

static void
test_long_path (void)
{
  guint8 path[(CANTIGA_MERKLE_PATH_MAX + 1) * HASH] = { 0 };

  assert_refused (path, G_MAXUINT64, 0, path, path, CANTIGA_MERKLE_PATH_MAX + 1);
  assert_refused (path, G_MAXUINT64, G_MAXUINT64 - 1, path, path, CANTIGA_MERKLE_PATH_MAX);
}

/* The index is in the leaf, and leaves and nodes are hashed apart. */
static void
test_leaves (void)
{
  guint8 first[HASH], second[HASH], expected[HASH];
  guint8 text[1 + 8 + 3] = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 'a', 'b', 'c' };

  cantiga_merkle_leaf (0x0102030405060708, "abc", 3, first);
  cantiga_sha256 (text, sizeof text, expected);
  g_assert_cmpmem (first, HASH, expected, HASH);
  cantiga_merkle_leaf (0x0102030405060709, "abc", 3, second);
  g_assert_false (cantiga_bytes_equal (first, second, HASH));
}

/* Odd at many levels. 64 GiB of chunks; with -m slow 2 TiB. */
static void
test_large (void)
{
  const gsize n = (g_test_slow () ? 1u << 23 : 1u << 18) - 3;
  g_autofree guint8 *leaves = g_malloc0_n (n, HASH);
  g_autoptr (CantigaMerkle) merkle = NULL;
  guint8 root[HASH], path[CANTIGA_MERKLE_PATH_MAX * HASH];
  const gsize indexes[] = { 0, 1, 12345, n / 2, n - 2, n - 1 };

  for (gsize i = 0; i < n; i++)
    cantiga_put_u64 (leaves + i * HASH, i);
  merkle = cantiga_merkle_new (leaves, n);
  cantiga_merkle_root (leaves, n, root);
  for (guint i = 0; i < G_N_ELEMENTS (indexes); i++)
    {
      g_autoptr (GError) error = NULL;
      guint length = cantiga_merkle_path (merkle, indexes[i], path);

      g_assert_cmpuint (length, <=, 23);
      g_assert_true (cantiga_merkle_verify (root, n, indexes[i], leaves + indexes[i] * HASH, path, length, &error));
      g_assert_no_error (error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/merkle/hashes-leaves-with-their-index", test_leaves);
  g_test_add_func ("/merkle/computes-known-roots", test_known_answers);
  g_test_add_func ("/merkle/roots-are-rfc-9162s", test_roots);
  g_test_add_func ("/merkle/paths-are-rfc-9162s-and-verify", test_paths);
  g_test_add_func ("/merkle/refuses-what-was-tampered-with", test_tampered);
  g_test_add_func ("/merkle/refuses-another-number-of-leaves", test_other_counts);
  g_test_add_func ("/merkle/refuses-a-path-that-is-too-long", test_long_path);
  g_test_add_func ("/merkle/holds-very-many-leaves", test_large);
  return g_test_run ();
}
