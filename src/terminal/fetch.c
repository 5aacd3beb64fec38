/* A title is fetched whole: every chunk checked, written to a file where the keeper allows it, or only checked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "terminal/journey.h"
#include "terminal/screen.h"

/* One fetch: chunks arrive in any order and are written in order. */
typedef struct
{
  CantigaJourney *journey;
  CantigaPlay *play;
  GCancellable *cancellable; /* of the chunks under way */
  int fd;                    /* -1: nothing is written */
  guint64 asked;             /* the next chunk to ask for */
  guint64 written;           /* chunks */
  guint64 bytes;
  guint under_way;
  GHashTable *early; /* index → GBytes */
  GError *error;     /* the first */
} Fetching;

typedef struct
{
  Fetching *fetching;
  guint64 index;
} Chunk;

static gboolean
write_all (int fd, GBytes *bytes, GError **error)
{
  gsize length;
  const guint8 *at = g_bytes_get_data (bytes, &length);

  while (length > 0)
    {
      gssize n = write (fd, at, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The file cannot be written: %s.", g_strerror (errno));
      at += n;
      length -= (gsize)n;
    }
  return TRUE;
}

static void
write_early (Fetching *fetching)
{
  GBytes *bytes;

  while (fetching->error == NULL && (bytes = g_hash_table_lookup (fetching->early, &fetching->written)) != NULL)
    {
      fetching->bytes += g_bytes_get_size (bytes);
      if (fetching->fd >= 0 && !write_all (fetching->fd, bytes, &fetching->error))
        g_cancellable_cancel (fetching->cancellable);
      g_hash_table_remove (fetching->early, &fetching->written);
      fetching->written++;
    }
}

static void ask (Fetching *fetching);

static void
chunk_cb (GObject *play, GAsyncResult *result, gpointer user_data)
{
  Chunk *chunk = user_data;
  Fetching *fetching = chunk->fetching;
  g_autoptr (GError) error = NULL;
  GBytes *bytes = cantiga_play_read_chunk_finish (CANTIGA_PLAY (play), result, &error);

  fetching->under_way--;
  if (bytes != NULL)
    g_hash_table_insert (fetching->early, g_memdup2 (&chunk->index, sizeof chunk->index), bytes);
  else if (fetching->error == NULL)
    {
      fetching->error = g_steal_pointer (&error);
      g_cancellable_cancel (fetching->cancellable);
    }
  g_free (chunk);
  write_early (fetching);
  ask (fetching);
}

static void
ask (Fetching *fetching)
{
  /* What has arrived early counts too, or memory would grow behind one slow chunk. */
  while (fetching->error == NULL && fetching->asked < cantiga_play_get_chunks (fetching->play)
         && fetching->asked - fetching->written < CANTIGA_PLAY_CHUNKS_IN_FLIGHT)
    {
      Chunk *chunk = g_new0 (Chunk, 1);

      chunk->fetching = fetching;
      chunk->index = fetching->asked++;
      fetching->under_way++;
      cantiga_play_read_chunk_async (fetching->play, chunk->index, fetching->cancellable, chunk_cb, chunk);
    }
}

static gboolean
draw_cb (gpointer user_data)
{
  Fetching *fetching = user_data;

  cantiga_screen_draw ("… %3u %%", (guint)(100 * fetching->written / cantiga_play_get_chunks (fetching->play)));
  return G_SOURCE_CONTINUE;
}

static void
interrupted_cb (GCancellable *cancellable, gpointer chunks)
{
  g_cancellable_cancel (chunks);
}

static gboolean
fetch_chunks (Fetching *fetching, GError **error)
{
  guint drawing = g_timeout_add (200, draw_cb, fetching);
  gulong handler;

  fetching->cancellable = g_cancellable_new ();
  fetching->early = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_bytes_unref);
  handler = g_cancellable_connect (fetching->journey->cancellable, G_CALLBACK (interrupted_cb), g_object_ref (fetching->cancellable), g_object_unref);
  ask (fetching);
  while (fetching->under_way > 0)
    g_main_context_iteration (NULL, TRUE);
  g_cancellable_disconnect (fetching->journey->cancellable, handler);
  g_source_remove (drawing);
  g_hash_table_unref (fetching->early);
  g_object_unref (fetching->cancellable);
  if (fetching->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&fetching->error));
  return FALSE;
}

/* ---- the file: beside its place until it is whole ---- */

static gboolean
open_part (const char *part, int *ret_fd, GError **error)
{
  int fd = open (part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be written: %s.", part, g_strerror (errno));
  *ret_fd = fd;
  return TRUE;
}

static gboolean
close_part (Fetching *fetching, const char *part, const char *path, gboolean whole, GError **error)
{
  gboolean closed = close (fetching->fd) == 0;

  fetching->fd = -1;
  if (whole && closed && g_rename (part, path) == 0)
    return TRUE;
  if (whole)
    cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "%s cannot be written: %s.", path, g_strerror (errno));
  g_unlink (part);
  return FALSE;
}

static gboolean
fetch_play (CantigaJourney *journey, CantigaPlay *play, const char *part, GError **error)
{
  const char *path = journey->options->output;
  Fetching fetching = { .journey = journey, .play = play, .fd = -1 };
  gboolean whole;

  if (part != NULL && !open_part (part, &fetching.fd, error))
    return FALSE;
  whole = fetch_chunks (&fetching, error);
  if (part != NULL)
    whole = close_part (&fetching, part, path, whole, error);
  if (!whole)
    return FALSE;
  cantiga_journey_end_play (journey, play);
  cantiga_screen_say ("✓ %" G_GUINT64_FORMAT " %s, %" G_GUINT64_FORMAT " bytes, each as it was published%s%s", fetching.written,
                      fetching.written == 1 ? "chunk" : "chunks", fetching.bytes, part != NULL ? ": " : "", part != NULL ? path : "");
  cantiga_journey_print_play (journey, play, fetching.written, fetching.bytes);
  return TRUE;
}

gboolean
cantiga_journey_fetch (CantigaJourney *journey, CantigaTitle *title, GError **error)
{
  gboolean to_file = !g_str_equal (journey->options->output, "none");
  g_autofree char *part = to_file ? g_strconcat (journey->options->output, ".part", NULL) : NULL;
  g_autoptr (CantigaPlay) play = NULL;
  int fd = -1;

  /* Asked before a play is spent. */
  if (to_file && !cantiga_title_is_exportable (title))
    return cantiga_fail (error, CANTIGA_ERROR_NOT_EXPORTABLE);
  if (to_file)
    {
      if (!open_part (part, &fd, error))
        return FALSE;
      close (fd);
    }
  play = cantiga_journey_start_play (journey, title, error);
  if (play != NULL && (!to_file || cantiga_play_is_exportable (play)))
    return fetch_play (journey, play, part, error);
  if (to_file)
    g_unlink (part);
  return play == NULL ? FALSE : cantiga_fail (error, CANTIGA_ERROR_NOT_EXPORTABLE);
}
