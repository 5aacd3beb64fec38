/* The little that the ledger asks of a database. sql-sqlite.c and sql-postgresql.c stand behind it (server/sql-private.h); sql.c is the same for both. Not
 * thread-safe: the ledger locks.
 *
 * A statement is borrowed from the connection's cache: `g_autoptr (CantigaStatement)` gives it back, reset. Binding never fails by itself: what went
 * wrong is said by the next step. */
#pragma once

#include "core/error.h"
#include "core/wire.h"

G_BEGIN_DECLS

typedef struct _CantigaSql CantigaSql;
typedef struct _CantigaStatement CantigaStatement;

typedef enum
{
  CANTIGA_SQL_SQLITE,
  CANTIGA_SQL_POSTGRESQL,
  CANTIGA_N_SQL_KINDS
} CantigaSqlKind;

/* place: of SQLite's file, made (0600) if it is not there; or postgresql://… CANTIGA_ERROR_CONFIGURATION if others can read it or it cannot be reached,
 * CANTIGA_ERROR_DAMAGED if it is no database. A PostgreSQL that goes away later is CANTIGA_ERROR_BUSY until it is back. */
CantigaSql *cantiga_sql_open (const char *place, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_sql_is_url (const char *place);
/* PostgreSQL alone: from now on no other program has the database open, on whatever machine; CANTIGA_ERROR_BUSY if one has. Held as long as the connection. Outside of transactions. */
gboolean cantiga_sql_lock_alone (CantigaSql *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A second connection for who is alone. */
CantigaSql *cantiga_sql_open_beside (const char *url, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A connection that was lost is made again, and this is another number then; what was written meanwhile is anybody's. */
guint cantiga_sql_count_connections (CantigaSql *sql);
CantigaSqlKind cantiga_sql_get_kind (CantigaSql *sql);
void cantiga_sql_free (CantigaSql *sql);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaSql, cantiga_sql_free)
/* Whether file, indexes and references are whole. CANTIGA_ERROR_DAMAGED. */
gboolean cantiga_sql_check (CantigaSql *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Statements without parameters, separated by semicolons. CANTIGA_ERROR_BUSY if another program kept the database for ten seconds. */
gboolean cantiga_sql_exec (CantigaSql *sql, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many statements without rows were run in this connection. */
guint cantiga_sql_count_written (CantigaSql *sql);
/* Whether it is worth saying beforehand what will be asked: between foresee and foreseen every question has no rows, and its answer comes with all others'; then
 * who asks the same first, in this transaction, has that answer. For what nobody writes to in between. */
gboolean cantiga_sql_is_far (CantigaSql *sql);
void cantiga_sql_foresee (CantigaSql *sql);
gboolean cantiga_sql_foreseen (CantigaSql *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* text: a literal; parameters are ?1, ?2, … */
CantigaStatement *cantiga_sql_prepare (CantigaSql *sql, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_statement_release (CantigaStatement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaStatement, cantiga_statement_release)

void cantiga_statement_bind_int (CantigaStatement *statement, guint at, gint64 value);
/* Borrowed until the statement is released. NULL: SQL's NULL. */
void cantiga_statement_bind_blob (CantigaStatement *statement, guint at, gconstpointer bytes, gsize length);
void cantiga_statement_bind_id (CantigaStatement *statement, guint at, const CantigaId *id);
void cantiga_statement_bind_bytes (CantigaStatement *statement, guint at, GBytes *bytes);

typedef enum
{
  CANTIGA_STEP_FAILED,
  CANTIGA_STEP_ROW,
  CANTIGA_STEP_DONE,
} CantigaStep;
CantigaStep cantiga_statement_step (CantigaStatement *statement, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A step that has no rows; rows that it changed go to ret_changed (may be NULL: then it may fail later, with what is asked next, the commit at the latest). */
gboolean cantiga_statement_run (CantigaStatement *statement, guint *ret_changed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for an INSERT whose parameters are all that is written, in order, to a table that no other table refers to and of which no row is written twice without being read between: far away many such rows are written at once, whatever else was gathered meanwhile. */
gboolean cantiga_statement_gather (CantigaStatement *statement, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of the row that was stepped to; valid until the next step. Columns count from 0. */
gint64 cantiga_statement_get_int (CantigaStatement *statement, guint column);
gconstpointer cantiga_statement_get_blob (CantigaStatement *statement, guint column, gsize *ret_length);
/* CANTIGA_ERROR_DAMAGED if it is not of an identifier's length. */
gboolean cantiga_statement_get_id (CantigaStatement *statement, guint column, CantigaId *ret_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One at a time. Reading sees one state of the database throughout; writing also keeps other writers out from its beginning. */
gboolean cantiga_sql_begin_reading (CantigaSql *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_sql_begin_writing (CantigaSql *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, but what is committed is on the disk only after a cantiga_sql_flush() that began after it: far away of another connection as well, else of this one, in whatever thread, one at a time. */
gboolean cantiga_sql_begin_writing_ahead (CantigaSql *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Not in a connection that was made since that commit: what was not on the disk may be gone with the one before. No connection is made. After a failure
 * every flush of this connection fails, until who begins to write next has brought all to the disk in another way. */
gboolean cantiga_sql_flush (CantigaSql *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* There is a connection, as far as can be told without asking; or one is made. */
gboolean cantiga_sql_connect (CantigaSql *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_sql_commit (CantigaSql *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* No error if nothing was begun. */
void cantiga_sql_rollback (CantigaSql *sql);
gboolean cantiga_sql_in_transaction (CantigaSql *sql);

/* migrations[i] brings a database of version i to i + 1, each in its transaction. A database newer than n is CANTIGA_ERROR_CONFIGURATION. */
gboolean cantiga_sql_migrate (CantigaSql *sql, const char *const *migrations, guint n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_sql_get_version (CantigaSql *sql, guint *ret_version, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_sql_set_version (CantigaSql *sql, guint version, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
