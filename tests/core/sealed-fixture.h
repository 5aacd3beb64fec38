/* What the tests of sealed files share: a folder, a master key, a publisher, and media full of a marker. */
#pragma once

#include "core/buffer.h"
#include "core/sealed-layout.h"

#include <string.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#define MARKER "this marker must never be seen on a disk "
#define CHUNK CANTIGA_CHUNK_SIZE
#define TAG CANTIGA_SEALED_TAG
#define COVER_LENGTH 100

typedef struct
{
  char *folder;
  CantigaSecret *master;
  EVP_PKEY *publisher;
} Fixture;

static inline void
set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  guint8 master[32];

  for (guint8 i = 0; i < sizeof master; i++)
    master[i] = i;
  fixture->folder = g_dir_make_tmp ("cantiga-sealed-XXXXXX", &error);
  fixture->master = cantiga_secret_new_copy (master, sizeof master);
  fixture->publisher = cantiga_key_pair_new (CANTIGA_AUTH_EDDSA, &error);
  g_assert_no_error (error);
}

/* The names in the folder, sorted; free with g_ptr_array_unref(). */
static inline GPtrArray *
list_folder (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) folder = g_dir_open (fixture->folder, 0, &error);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (folder)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  return names;
}

static inline void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) names = list_folder (fixture);

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (fixture->folder, g_ptr_array_index (names, i), NULL);

      g_remove (path);
    }
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
  cantiga_secret_free (fixture->master);
  EVP_PKEY_free (fixture->publisher);
}

static inline CantigaId
title_of (guint8 number)
{
  CantigaId id;

  memset (id.bytes, number, sizeof id.bytes);
  return id;
}

static inline char *
path_of (Fixture *fixture, guint8 number, const char *ending)
{
  const CantigaId title = title_of (number);
  char id[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *name = g_strconcat (cantiga_id_format (&title, id), ending, NULL);

  return g_build_filename (fixture->folder, name, NULL);
}

/* Media whose every part is known, and which is full of the marker. */
static inline guint8 *
make_media (gsize size)
{
  guint8 *media = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    media[i] = (guint8)MARKER[i % strlen (MARKER)];
  for (gsize i = 0; i + 8 <= size; i += 4096)
    cantiga_put_u64 (media + i, i);
  return media;
}

static inline CantigaMetadata *
make_metadata (gboolean with_cover)
{
  CantigaMetadata *metadata = cantiga_metadata_new ();

  g_free (metadata->name);
  metadata->name = g_strdup (MARKER "Como poden per sas culpas");
  g_free (metadata->artist);
  metadata->artist = g_strdup ("Afonso X");
  g_free (metadata->type);
  metadata->type = g_strdup ("audio/flac");
  if (with_cover)
    {
      g_free (metadata->cover_type);
      metadata->cover_type = g_strdup ("image/png");
    }
  metadata->track = 166;
  metadata->duration = 183.25;
  metadata->exportable = TRUE;
  return metadata;
}

static inline GBytes *
make_cover (void)
{
  g_autofree guint8 *cover = make_media (COVER_LENGTH);

  return g_bytes_new (cover, COVER_LENGTH);
}

static inline gboolean
add_all (CantigaSealedWriter *writer, const guint8 *media, gsize size, GError **error)
{
  for (gsize at = 0; at < size; at += CHUNK)
    if (!cantiga_sealed_writer_add (writer, media + at, MIN (CHUNK, size - at), error))
      return FALSE;
  return TRUE;
}

/* Seals media of size bytes as title number, with a cover; all or an error. */
static inline gboolean
try_to_seal (Fixture *fixture, guint8 number, gsize size, GError **error)
{
  const CantigaId title = title_of (number);
  g_autofree guint8 *media = make_media (size);
  g_autoptr (GBytes) cover = make_cover ();
  g_autoptr (CantigaMetadata) metadata = make_metadata (TRUE);
  g_autoptr (CantigaSealedWriter) writer = cantiga_sealed_writer_new (fixture->folder, &title, size, fixture->master, error);

  return writer != NULL && add_all (writer, media, size, error) && cantiga_sealed_writer_finish (writer, metadata, cover, fixture->publisher, error);
}

/* The same where nothing goes wrong; returns the path. */
static inline char *
seal_title (Fixture *fixture, guint8 number, gsize size)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (try_to_seal (fixture, number, size, &error));
  g_assert_no_error (error);
  return path_of (fixture, number, ".cantiga");
}

static inline CantigaSealed *
open_title (Fixture *fixture, const char *path)
{
  g_autoptr (GError) error = NULL;
  CantigaSealed *sealed = cantiga_sealed_open (path, fixture->master, &error);

  g_assert_no_error (error);
  return sealed;
}
