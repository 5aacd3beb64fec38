#include "server/sql.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

typedef struct
{
  char *folder;
  char *path;
} Place;

static void
place_set_up (Place *place, gconstpointer unused)
{
  place->folder = g_dir_make_tmp ("cantiga-sql-XXXXXX", NULL);
  g_assert_nonnull (place->folder);
  place->path = g_build_filename (place->folder, "ledger.sqlite", NULL);
}

static void
place_tear_down (Place *place, gconstpointer unused)
{
  static const char *const endings[] = { "", "-wal", "-shm", NULL };

  for (guint i = 0; endings[i] != NULL; i++)
    {
      g_autofree char *path = g_strconcat (place->path, endings[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (place->folder), ==, 0);
  g_free (place->folder);
  g_free (place->path);
}

static CantigaSql *
open_at (Place *place)
{
  g_autoptr (GError) error = NULL;
  CantigaSql *sql = cantiga_sql_open (place->path, &error);

  g_assert_no_error (error);
  return sql;
}

static gint64
get_one (CantigaSql *sql, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (sql, text, &error);

  g_assert_no_error (error);
  g_assert_cmpint (cantiga_statement_step (statement, &error), ==, CANTIGA_STEP_ROW);
  return cantiga_statement_get_int (statement, 0);
}

static void
exec (CantigaSql *sql, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (cantiga_sql_exec (sql, text, &error));
  g_assert_no_error (error);
}

static void
test_only_owner (Place *place, gconstpointer unused)
{
  static const char *const endings[] = { "", "-wal", "-shm", NULL };
  g_autoptr (CantigaSql) sql = open_at (place);

  exec (sql, "CREATE TABLE a (b INTEGER) STRICT");
  for (guint i = 0; endings[i] != NULL; i++)
    {
      g_autofree char *path = g_strconcat (place->path, endings[i], NULL);
      GStatBuf status;

      g_assert_cmpint (g_stat (path, &status), ==, 0);
      g_assert_cmpint (status.st_mode & 0777, ==, 0600);
    }
}

static void
test_refuses_readable (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  cantiga_sql_free (open_at (place));
  g_assert_cmpint (g_chmod (place->path, 0640), ==, 0);
  g_assert_null (cantiga_sql_open (place->path, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_assert_nonnull (strstr (error->message, "chmod 600"));
}

static void
test_refuses_other_files (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strnfill (4096, 'x');

  g_assert_true (g_file_set_contents_full (place->path, text, 4096, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  g_assert_null (cantiga_sql_open (place->path, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
}

static void
test_binds_and_reads (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSql) sql = open_at (place);
  CantigaId id = { "0123456789abcde" };
  CantigaId read;
  guint changed;

  exec (sql, "CREATE TABLE a (b BLOB, c INTEGER) STRICT");
  {
    g_autoptr (CantigaStatement) put = cantiga_sql_prepare (sql, "INSERT INTO a VALUES (?1, ?2)", &error);

    cantiga_statement_bind_id (put, 1, &id);
    cantiga_statement_bind_int (put, 2, G_MAXINT64);
    g_assert_true (cantiga_statement_run (put, &changed, &error));
    g_assert_cmpuint (changed, ==, 1);
  }
  g_autoptr (CantigaStatement) get = cantiga_sql_prepare (sql, "SELECT b, c, 7 FROM a", &error);
  g_assert_cmpint (cantiga_statement_step (get, &error), ==, CANTIGA_STEP_ROW);
  g_assert_true (cantiga_statement_get_id (get, 0, &read, &error));
  g_assert_true (memcmp (&read, &id, sizeof id) == 0);
  g_assert_cmpint (cantiga_statement_get_int (get, 1), ==, G_MAXINT64);
  g_assert_false (cantiga_statement_get_id (get, 2, &read, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_DAMAGED);
  g_clear_error (&error);
  g_assert_cmpint (cantiga_statement_step (get, &error), ==, CANTIGA_STEP_DONE);
}

static void
test_a_bad_bind_is_told (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSql) sql = open_at (place);
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (sql, "SELECT 1", &error);

  cantiga_statement_bind_int (statement, 5, 1);
  g_assert_cmpint (cantiga_statement_step (statement, &error), ==, CANTIGA_STEP_FAILED);
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_INTERNAL);
}

static void
test_rolls_back (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSql) sql = open_at (place);

  exec (sql, "CREATE TABLE a (b INTEGER) STRICT");
  g_assert_true (cantiga_sql_begin_writing (sql, &error));
  exec (sql, "INSERT INTO a VALUES (1)");
  cantiga_sql_rollback (sql);
  cantiga_sql_rollback (sql);
  g_assert_cmpint (get_one (sql, "SELECT count (*) FROM a"), ==, 0);
}

static const char *const migrations[]
    = { "CREATE TABLE a (b INTEGER) STRICT; INSERT INTO a VALUES (1)", "UPDATE a SET b = b + 10", "CREATE TABLE broken (" };

static void
test_migrates_each_once (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSql) sql = open_at (place);

  g_assert_true (cantiga_sql_migrate (sql, migrations, 1, &error));
  g_assert_cmpint (get_one (sql, "SELECT b FROM a"), ==, 1);
  g_assert_true (cantiga_sql_migrate (sql, migrations, 2, &error));
  g_assert_true (cantiga_sql_migrate (sql, migrations, 2, &error));
  g_assert_cmpint (get_one (sql, "SELECT b FROM a"), ==, 11);
}

static void
test_refuses_newer (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSql) sql = open_at (place);

  g_assert_true (cantiga_sql_migrate (sql, migrations, 2, &error));
  g_assert_false (cantiga_sql_migrate (sql, migrations, 1, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
}

static void
test_a_broken_migration_changes_nothing (Place *place, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSql) sql = open_at (place);
  guint version;

  g_assert_false (cantiga_sql_migrate (sql, migrations, 3, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_INTERNAL);
  g_clear_error (&error);
  g_assert_true (cantiga_sql_get_version (sql, &version, &error));
  g_assert_cmpuint (version, ==, 2);
  g_assert_true (cantiga_sql_check (sql, &error));
}

static gpointer
open_and_migrate (gpointer path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSql) sql = cantiga_sql_open (path, &error);

  g_assert_no_error (error);
  g_assert_true (cantiga_sql_migrate (sql, migrations, 2, &error));
  g_assert_no_error (error);
  return NULL;
}

static void
test_opens_from_many_at_once (Place *place, gconstpointer unused)
{
  GThread *threads[8];
  g_autoptr (CantigaSql) sql = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("opener", open_and_migrate, place->path);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  sql = open_at (place);
  g_assert_cmpint (get_one (sql, "SELECT b FROM a"), ==, 11);
}

#define ADD(path, function) g_test_add (path, Place, NULL, place_set_up, function, place_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/sql/only-the-owner-can-read-its-files", test_only_owner);
  ADD ("/sql/refuses-a-file-that-others-can-read", test_refuses_readable);
  ADD ("/sql/refuses-a-file-that-is-no-database", test_refuses_other_files);
  ADD ("/sql/binds-and-reads", test_binds_and_reads);
  ADD ("/sql/tells-of-a-bad-bind", test_a_bad_bind_is_told);
  ADD ("/sql/rolls-back", test_rolls_back);
  ADD ("/sql/migrates-each-version-once", test_migrates_each_once);
  ADD ("/sql/refuses-a-newer-database", test_refuses_newer);
  ADD ("/sql/a-broken-migration-changes-nothing", test_a_broken_migration_changes_nothing);
  ADD ("/sql/opens-from-many-threads-at-once", test_opens_from_many_at_once);
  return g_test_run ();
}
