/* How many grants a second are durable, beside what the disk itself does; and what a catalogue of many titles costs. For tests/bench/bench-ledger.
 *
 *   ledger-rate grants PLACE ASKERS SECONDS      PLACE: of a new SQLite file, or postgresql://…
 *   ledger-rate plays PLACE ASKERS SECONDS       each granted, started and ended
 *   ledger-rate bare FILE BATCH SECONDS          the statements of grants alone, of 32 listeners, so many in a commit: what no ledger on SQLite is quicker than
 *   ledger-rate fdatasync FILE SECONDS           4 KiB written and fdatasync'ed
 *   ledger-rate catalogue FOLDER TITLES          FOLDER: of a state
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/library.h"

#define PLAYER "6f1b6a0c-7d3e-4a44-9b53-0a2f7c1d2e3f"

static double
seconds_now (void)
{
  return (double)g_get_monotonic_time () / G_USEC_PER_SEC;
}

G_NORETURN static void
die (const GError *error)
{
  g_printerr ("ledger-rate: %s\n", error != NULL ? error->message : "failed");
  exit (1);
}

/* ---- grants ---- */

typedef struct
{
  CantigaLedger *ledger;
  double ends;
  gboolean plays; /* each play is started and ended, too */
  guint done;
  double slowest;
} Asker;

static gpointer
ask (gpointer user_data)
{
  const CantigaPolicy policy = { .plays = 1000000, .validity = 7 * 24 * 3600 };
  Asker *asker = user_data;
  g_autoptr (GError) error = NULL;
  CantigaId listener, title, play;
  CantigaPlay granted;
  gboolean deleted;

  cantiga_id_new_random (&listener);
  cantiga_id_new_random (&title);
  for (double now; (now = seconds_now ()) < asker->ends; asker->done++)
    {
      cantiga_id_new_random (&play);
      if (!cantiga_ledger_grant_play (asker->ledger, &policy, &listener, &title, &play, PLAYER, 180, FALSE, g_get_real_time () / G_USEC_PER_SEC,
                                      &granted, &deleted, &error))
        die (error);
      if (asker->plays
          && (!cantiga_ledger_start_play (asker->ledger, &listener, &play, g_get_real_time () / G_USEC_PER_SEC, &error)
              || !cantiga_ledger_end_play (asker->ledger, &listener, &play, g_get_real_time () / G_USEC_PER_SEC, &error)))
        die (error);
      asker->slowest = MAX (asker->slowest, seconds_now () - now);
    }
  return NULL;
}

static void
measure_grants (const char *place, guint n, double seconds, gboolean plays)
{
  g_autoptr (CantigaSecret) master = cantiga_secret_new_random (32);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaLedger) ledger = cantiga_ledger_open (place, master, &error);
  g_autofree Asker *askers = g_new0 (Asker, n);
  g_autofree GThread **threads = g_new0 (GThread *, n);
  double began = seconds_now (), slowest = 0;
  guint done = 0;

  if (ledger == NULL)
    die (error);
  for (guint i = 0; i < n; i++)
    {
      askers[i] = (Asker){ ledger, began + seconds, plays, 0, 0 };
      threads[i] = g_thread_new ("asker", ask, &askers[i]);
    }
  for (guint i = 0; i < n; i++)
    {
      g_thread_join (threads[i]);
      done += askers[i].done;
      slowest = MAX (slowest, askers[i].slowest);
    }
  g_print ("{\"askers\": %u, \"%s_per_second\": %.0f, \"slowest_ms\": %.1f}\n", n, plays ? "plays" : "grants", done / (seconds_now () - began), slowest * 1000);
}

/* ---- the database alone ---- */

#define LISTENERS 32

/* What server/ledger-plays.c asks and writes for a play of a licence that is there. ?1: its number, ?2: its key, ?3: the licence's id, ?4: 32 bytes, ?5: a sealed row, ?6: now. */
static const char *const statements_of_grant[] = {
  "SELECT number, play, sealed FROM plays WHERE play = ?2 ORDER BY number DESC LIMIT 1",
  "SELECT id, sealed, (SELECT count (*) FROM leases WHERE licence = ?3 AND awaits = 0 AND asked <= ?6 - 60) FROM (SELECT 1) AS one LEFT JOIN licences ON id = ?3",
  "INSERT INTO licences (holder, id, stamp, plays, plays_left, made, expires, sealed) VALUES (?3, ?3, ?3, 9, 9, ?6, ?6, substr (?5, 1, 60))"
  " ON CONFLICT (id) DO UPDATE SET plays_left = excluded.plays_left, sealed = excluded.sealed",
  "INSERT INTO plays VALUES (?1, ?2, ?5, ?4)",
  "INSERT INTO heard (number, licence) VALUES (?1, ?3)",
  "INSERT INTO leases (id, number, licence, stamp, awaits, asked, ends, sealed, holder) VALUES (?2, ?1, ?3, ?3, 0, ?6, ?6 + 420, ?5, ?3)",
};

typedef struct
{
  sqlite3 *connection;
  sqlite3_stmt *statements[G_N_ELEMENTS (statements_of_grant)];
  guint8 licences[LISTENERS][16];
  gint64 number;
} Bare;

/* The tables are a new ledger's. */
static void
open_bare (Bare *bare, const char *path)
{
  g_autoptr (CantigaSecret) master = cantiga_secret_new_random (32);
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaLedger) ledger = cantiga_ledger_open (path, master, &error);

  if (ledger == NULL || sqlite3_open (path, &bare->connection) != SQLITE_OK
      || sqlite3_exec (bare->connection, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 8000", NULL, NULL, NULL) != SQLITE_OK)
    die (error);
  for (guint i = 0; i < G_N_ELEMENTS (statements_of_grant); i++)
    if (sqlite3_prepare_v3 (bare->connection, statements_of_grant[i], -1, SQLITE_PREPARE_PERSISTENT, &bare->statements[i], NULL) != SQLITE_OK)
      die (NULL);
  cantiga_random (bare->licences, sizeof bare->licences);
}

static void
grant_bare (Bare *bare)
{
  guint8 key[16], sealed[146] = { 0 };
  int code = SQLITE_DONE;

  cantiga_random (key, sizeof key);
  bare->number++;
  for (guint i = 0; i < G_N_ELEMENTS (bare->statements); i++)
    {
      sqlite3_stmt *statement = bare->statements[i];

      sqlite3_bind_int64 (statement, 1, bare->number);
      sqlite3_bind_blob (statement, 2, key, sizeof key, SQLITE_STATIC);
      sqlite3_bind_blob (statement, 3, bare->licences[bare->number % LISTENERS], 16, SQLITE_STATIC);
      sqlite3_bind_blob (statement, 4, sealed, 32, SQLITE_STATIC);
      sqlite3_bind_blob (statement, 5, sealed, sizeof sealed, SQLITE_STATIC);
      sqlite3_bind_int64 (statement, 6, g_get_real_time () / G_USEC_PER_SEC);
      code = sqlite3_step (statement);
      if (code != SQLITE_ROW && code != SQLITE_DONE)
        die (NULL);
      sqlite3_reset (statement);
    }
}

static void
measure_bare (const char *path, guint batch, double seconds)
{
  Bare bare = { 0 };
  double began;
  guint done = 0;

  open_bare (&bare, path);
  began = seconds_now ();
  while (seconds_now () < began + seconds)
    {
      sqlite3_exec (bare.connection, "BEGIN IMMEDIATE", NULL, NULL, NULL);
      for (guint i = 0; i < batch; i++, done++)
        grant_bare (&bare);
      if (sqlite3_exec (bare.connection, "UPDATE head SET sealed = zeroblob (68); COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        die (NULL);
    }
  g_print ("{\"batch\": %u, \"bare_per_second\": %.0f}\n", batch, done / (seconds_now () - began));
  for (guint i = 0; i < G_N_ELEMENTS (bare.statements); i++)
    sqlite3_finalize (bare.statements[i]);
  sqlite3_close (bare.connection);
}

/* ---- the disk ---- */

static void
measure_disk (const char *path, double seconds)
{
  static const char page[4096] = "";
  int file = open (path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  double began = seconds_now ();
  guint done = 0;

  while (file >= 0 && seconds_now () < began + seconds)
    {
      if (pwrite (file, page, sizeof page, (off_t)done * sizeof page) != sizeof page || fdatasync (file) != 0)
        die (NULL);
      done++;
    }
  g_print ("{\"fdatasync_per_second\": %.0f}\n", done / (seconds_now () - began));
  (void)unlink (path);
}

/* ---- a catalogue ---- */

typedef struct
{
  CantigaLedger *ledger;
  gint *next;
  gint titles;
} Filler;

static gpointer
fill (gpointer user_data)
{
  Filler *filler = user_data;
  g_autoptr (GError) error = NULL;
  gint i;

  while ((i = g_atomic_int_add (filler->next, 1)) < filler->titles)
    {
      g_autoptr (CantigaTitle) title = cantiga_title_new ();

      cantiga_id_new_random (&title->id);
      title->size = 4000000;
      title->chunks = 16;
      g_clear_pointer (&title->metadata, cantiga_metadata_free);
      title->metadata = cantiga_metadata_new ();
      g_free (title->metadata->name);
      title->metadata->name = g_strdup_printf ("Cantiga número %d", i);
      g_free (title->metadata->artist);
      title->metadata->artist = g_strdup_printf ("Trovador %d", i % 2000);
      g_free (title->metadata->album);
      title->metadata->album = g_strdup_printf ("Cancioneiro %d", i % 9000);
      g_free (title->metadata->type);
      title->metadata->type = g_strdup ("audio/ogg");
      title->metadata->duration = 200;
      if (!cantiga_ledger_put_title (filler->ledger, title, &error))
        die (error);
    }
  return NULL;
}

static double
memory_mib (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return 0;
  words = g_strsplit (text, " ", 3);
  return g_ascii_strtod (words[1], NULL) * (double)sysconf (_SC_PAGESIZE) / 1048576;
}

static void
measure_pages (CantigaLibrary *library)
{
  static const char *const questions[] = { NULL, "numero 99", "trovador 77 cancioneiro", "nowhere to be found" };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (questions); i++)
    {
      double began = seconds_now ();
      g_autoptr (CantigaCatalogue) catalogue = cantiga_library_get_catalogue (library, &error);
      g_autofree char *next = NULL;
      g_autoptr (GPtrArray) page = cantiga_catalogue_query (catalogue, questions[i], NULL, 100, NULL, NULL, &next, &error);

      g_print ("{\"query\": \"%s\", \"titles\": %u, \"page_ms\": %.2f}\n", questions[i] != NULL ? questions[i] : "", page->len,
               (seconds_now () - began) * 1000);
    }
}

static void
measure_catalogue (const char *folder, gint titles)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaState) state = cantiga_state_open (folder, &error);
  g_autofree char *place = state != NULL ? cantiga_state_dup_ledger (state, NULL) : NULL;
  g_autoptr (CantigaLedger) ledger = state != NULL ? cantiga_ledger_open (place, cantiga_state_get_master (state), &error) : NULL;
  g_autoptr (CantigaLibrary) library = NULL;
  GThread *threads[64];
  gint next = 0;
  Filler filler = { ledger, &next, titles };
  double began;

  if (ledger == NULL)
    die (error);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("filler", fill, &filler);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  began = seconds_now ();
  library = cantiga_library_new (state, ledger, &error);
  if (library == NULL)
    die (error);
  g_print ("{\"titles\": %d, \"start_s\": %.2f, \"memory_mib\": %.0f}\n", titles, seconds_now () - began, memory_mib ());
  measure_pages (library);
}

int
main (int argc, char **argv)
{
  if (argc == 5 && (g_str_equal (argv[1], "grants") || g_str_equal (argv[1], "plays")))
    measure_grants (argv[2], (guint)atoi (argv[3]), atof (argv[4]), g_str_equal (argv[1], "plays"));
  else if (argc == 5 && g_str_equal (argv[1], "bare"))
    measure_bare (argv[2], (guint)atoi (argv[3]), atof (argv[4]));
  else if (argc == 4 && g_str_equal (argv[1], "fdatasync"))
    measure_disk (argv[2], atof (argv[3]));
  else if (argc == 4 && g_str_equal (argv[1], "catalogue"))
    measure_catalogue (argv[2], atoi (argv[3]));
  else
    return 2;
  return 0;
}
