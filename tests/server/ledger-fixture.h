/* A ledger in a folder of its own, and what is put into it; or in a schema of its own of the PostgreSQL at CANTIGA_TEST_POSTGRESQL (an address with a
 * query), if that is set: the same tests hold there. */
#pragma once

#include <glib/gstdio.h>

#include "server/ledger.h"
#include "server/sql.h"

#define NOW ((gint64)1800000000)
#define PLAYER "6f1b6a0c-7d3e-4a44-9b53-0a2f7c1d2e3f"

typedef struct
{
  char *folder;
  char *path; /* or address */
  char *schema;
  CantigaSecret *master;
  CantigaLedger *ledger;
} Fixture;

static inline const char *
get_postgresql (void)
{
  return g_getenv ("CANTIGA_TEST_POSTGRESQL");
}

static inline void
exec_at (const char *place, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSql) sql = cantiga_sql_open (place, &error);
  gboolean done;

  g_assert_no_error (error);
  done = cantiga_sql_exec (sql, text, &error);
  g_assert_no_error (error);
  g_assert_true (done);
}

/* SQLite's functions that tests tamper with. */
static inline void
make_schema (Fixture *fixture)
{
  g_autofree char *text = NULL;

  fixture->schema = g_strdup_printf ("t_%08x%08x", g_random_int (), g_random_int ());
  text = g_strdup_printf ("CREATE SCHEMA %s;"
                          "CREATE FUNCTION %s.zeroblob (n int) RETURNS bytea LANGUAGE sql AS $$ SELECT decode (repeat ('00', n), 'hex') $$;"
                          "CREATE FUNCTION %s.randomblob (n int) RETURNS bytea LANGUAGE sql AS"
                          " $$ SELECT substring (decode (repeat (md5 (random ()::text), n / 16 + 1), 'hex') FROM 1 FOR n) $$",
                          fixture->schema, fixture->schema, fixture->schema);
  exec_at (get_postgresql (), text);
  fixture->path = g_strdup_printf ("%s&options=-csearch_path%%3D%s", get_postgresql (), fixture->schema);
}

static inline void
drop_schema (Fixture *fixture)
{
  g_autofree char *text = g_strdup_printf ("SET client_min_messages = error; DROP SCHEMA %s CASCADE", fixture->schema);

  exec_at (get_postgresql (), text);
  g_free (fixture->schema);
}

static inline CantigaLedger *
open_ledger (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  CantigaLedger *ledger = cantiga_ledger_open (fixture->path, fixture->master, &error);

  g_assert_no_error (error);
  g_assert_nonnull (ledger);
  return ledger;
}

static inline void
fixture_set_up (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("cantiga-ledger-XXXXXX", &error);
  g_assert_no_error (error);
  if (get_postgresql () != NULL)
    make_schema (fixture);
  else
    fixture->path = g_build_filename (fixture->folder, "ledger.sqlite", NULL);
  fixture->master = cantiga_secret_new_random (32);
  fixture->ledger = open_ledger (fixture);
}

static inline void
fixture_tear_down (Fixture *fixture, gconstpointer unused)
{
  static const char *const endings[] = { "", "-wal", "-shm", NULL };

  g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
  if (fixture->schema != NULL)
    drop_schema (fixture);
  for (guint i = 0; fixture->schema == NULL && endings[i] != NULL; i++)
    {
      g_autofree char *path = g_strconcat (fixture->path, endings[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  cantiga_secret_free (fixture->master);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static inline void
reopen (Fixture *fixture)
{
  g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
  fixture->ledger = open_ledger (fixture);
}

/* A self-signed certificate stands for a card or a leaf: the ledger looks at neither chain nor usage. */
static inline X509 *
certificate_new (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EVP_PKEY) key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, &error);
  X509 *certificate = cantiga_authority_issue (key, name, NOW - 3600, NOW + 3600, &error);

  g_assert_no_error (error);
  return certificate;
}

static inline CantigaId
id_of (guint8 byte)
{
  CantigaId id;

  memset (&id, byte, sizeof id);
  return id;
}

static inline CantigaTitle *
title_new (guint8 byte, const char *name)
{
  CantigaTitle *title = cantiga_title_new ();

  title->id = id_of (byte);
  title->size = 1000000;
  title->chunks = 4;
  title->added = NOW;
  title->cover = g_strdup ("0123456789abcdef");
  title->metadata = cantiga_metadata_new ();
  g_free (title->metadata->name);
  title->metadata->name = g_strdup (name);
  title->metadata->duration = 180.5;
  g_free (title->metadata->type);
  title->metadata->type = g_strdup ("audio/ogg");
  return title;
}

static inline void
assert_whole (CantigaLedger *ledger)
{
  g_autoptr (GError) error = NULL;
  gboolean whole = cantiga_ledger_verify (ledger, &error);

  g_assert_no_error (error);
  g_assert_true (whole);
}

/* What somebody with the database, but without the key, can do to it. text: in SQLite's words. */
static inline char *
dialect (const char *text)
{
  g_autoptr (GString) said = g_string_new (text);

  if (get_postgresql () == NULL)
    return g_strdup (text);
  g_string_replace (said, "DROP TRIGGER plays_are_not_changed; DROP TRIGGER plays_are_not_deleted; DROP TRIGGER plays_are_appended;",
                    "ALTER TABLE plays DISABLE TRIGGER USER;", 0);
  g_string_replace (said, "x'00'", "decode ('00', 'hex')", 0);
  return g_string_free (g_steal_pointer (&said), FALSE);
}

static inline void
tamper (Fixture *fixture, const char *text)
{
  g_autofree char *said = dialect (text);

  exec_at (fixture->path, said);
}

static inline CantigaInvitation *
invitation_new (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) authority = certificate_new ("authority");
  CantigaInvitation *invitation = cantiga_invitation_new ("http://box.example:22684", authority, &error);

  g_assert_no_error (error);
  return invitation;
}

static const guint8 request[32] = { 1 };

static inline GPtrArray *
leaves_new (guint n)
{
  GPtrArray *leaves = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);

  while (leaves->len < n)
    g_ptr_array_add (leaves, certificate_new ("leaf"));
  return leaves;
}

static inline gboolean
use (Fixture *fixture, const CantigaInvitation *invitation, const guint8 hash[32], gint64 now, GError **error)
{
  g_autoptr (GPtrArray) leaves = leaves_new (2);
  g_autoptr (GBytes) answer = g_bytes_new_static ("answer", 6);

  return cantiga_ledger_use_invitation (fixture->ledger, &invitation->id, hash, PLAYER, leaves, answer, now, error);
}

static inline CantigaInvitation *
invite (Fixture *fixture, gboolean with_card)
{
  g_autoptr (GError) error = NULL;
  CantigaInvitation *invitation = invitation_new ();

  g_assert_true (cantiga_ledger_add_invitation (fixture->ledger, invitation, "Sala", with_card, NOW + 900, &error));
  g_assert_no_error (error);
  return invitation;
}
