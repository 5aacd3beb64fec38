/* What the files of PostgreSQL's ledger share: the connection and its statements (sql-postgresql.c), and what is sent without waiting for its answer
 * (sql-postgresql-ahead.c). */
#pragma once

#include "server/sql-private.h"

#ifdef CANTIGA_HAVE_POSTGRESQL

#include <libpq-fe.h>

G_BEGIN_DECLS

#define CANTIGA_POSTGRESQL_PARAMETERS_MAX 12
#define CANTIGA_POSTGRESQL_NUMBER_LENGTH 8
/* How much may be sent before its answers are taken in: both sides' buffers have room for that. */
#define CANTIGA_POSTGRESQL_LATER_MAX 128

typedef struct
{
  CantigaSql base;
  PGconn *connection;
  GHashTable *statements; /* text → CantigaPostgresqlStatement, owned */
  CantigaSqlPresence presence;
  gboolean is_configured; /* the connection that there is */
  guint names;

  guint later;           /* sent, and not answered yet; the connection is in pipeline mode then */
  GPtrArray *gathering;  /* CantigaPostgresqlMany, of statements: rows that were not sent yet */
  gboolean is_foreseeing;
  GPtrArray *asked;      /* CantigaPostgresqlMany, of statements: what was asked meanwhile */
  GHashTable *foreseen;  /* GBytes of a question → its answer */
} CantigaPostgresql;

/* A statement for many rows at once. */
typedef struct
{
  char *text;
  char name[24];
  guint prepared; /* in which connection; 0: in none */
  guint parameters;
  gboolean is_number[CANTIGA_POSTGRESQL_PARAMETERS_MAX];
  GByteArray *columns[CANTIGA_POSTGRESQL_PARAMETERS_MAX];
  guint rows;
  const char *for_one;  /* name of the statement for one row, prepared in the same connection */
  GPtrArray *questions; /* GBytes, one a row; NULL: it asks nothing */
} CantigaPostgresqlMany;

/* What came for all who asked (g_rc_box). */
typedef struct
{
  PGresult *result;
  int column; /* the first of the statement's own */
} CantigaPostgresqlRows;

typedef struct
{
  CantigaStatement base;
  char *text;       /* with $1 for ?1 */
  char name[24];
  guint prepared;   /* in which connection; 0: in none */
  guint parameters; /* how many it has */
  gconstpointer values[CANTIGA_POSTGRESQL_PARAMETERS_MAX];
  int lengths[CANTIGA_POSTGRESQL_PARAMETERS_MAX];
  guint8 numbers[CANTIGA_POSTGRESQL_PARAMETERS_MAX][CANTIGA_POSTGRESQL_NUMBER_LENGTH];
  PGresult *result;
  CantigaPostgresqlRows *rows; /* whose the result is; NULL: it is the statement's own */
  int row, until;
  int column;                  /* the first of its own */
  CantigaPostgresqlMany *many; /* NULL: it was never for many rows */
  CantigaPostgresqlMany *all;  /* NULL: it was never asked for many */
} CantigaPostgresqlStatement;

static inline CantigaPostgresql *
cantiga_postgresql_of (CantigaSql *sql)
{
  return (CantigaPostgresql *)sql;
}

static inline CantigaPostgresqlStatement *
cantiga_postgresql_statement_of (CantigaStatement *statement)
{
  return (CantigaPostgresqlStatement *)statement;
}

/* Says why a result (NULL: whatever was tried last) is none. */
gboolean cantiga_postgresql_fail (CantigaPostgresql *sql, const PGresult *result, GError **error);
gboolean cantiga_postgresql_is_good (const PGresult *result);
/* Unless it is; prepared: in which connection. */
gboolean cantiga_postgresql_prepare_in_connection (CantigaPostgresql *sql, char *name, gsize size, const char *text, guint *prepared,
                                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- what was sent ahead: libpq's pipeline mode ---- */
typedef void (*CantigaPostgresqlTake) (CantigaPostgresql *sql, guint at, PGresult *result, gpointer user_data);
/* Takes in the answers to everything that was sent; take (may be NULL) gets each that is well, to keep or clear. The first failure is told. */
gboolean cantiga_postgresql_settle (CantigaPostgresql *sql, CantigaPostgresqlTake take, gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For settle(): the last answer goes to a PGresult *. */
void cantiga_postgresql_keep_last (CantigaPostgresql *sql, guint at, PGresult *result, gpointer ret_last);
gboolean cantiga_postgresql_exec_later (CantigaPostgresql *sql, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What was sent is on its way. */
gboolean cantiga_postgresql_push (CantigaPostgresql *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_postgresql_send_prepared (CantigaPostgresql *sql, const char *name, guint parameters, const gconstpointer *values, const int *lengths,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_postgresql_send_later (CantigaPostgresqlStatement *statement, GError **error) G_GNUC_WARN_UNUSED_RESULT;
extern const int cantiga_postgresql_binary[CANTIGA_POSTGRESQL_PARAMETERS_MAX];

/* ---- what is foreseen: sql-postgresql-foresee.c ---- */
GHashTable *cantiga_postgresql_foreseen_new (void);
void cantiga_postgresql_ask_ahead (CantigaPostgresqlStatement *statement);
/* FALSE: the question was not foreseen. */
gboolean cantiga_postgresql_take_foreseen (CantigaPostgresqlStatement *statement) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_postgresql_forget_foreseen (CantigaPostgresql *sql);
void cantiga_postgresql_rows_release (CantigaPostgresqlRows *rows);

/* ---- many rows at once, and what is gathered: sql-postgresql-gather.c ---- */
/* “unnest ($1::bytea[], …)”: what is bound to the statement tells its types. */
char *cantiga_postgresql_write_columns (const CantigaPostgresqlStatement *statement);
/* text is taken. */
CantigaPostgresqlMany *cantiga_postgresql_many_new (const CantigaPostgresqlStatement *statement, char *text);
/* What is bound to the statement is a row more. */
void cantiga_postgresql_many_add (CantigaPostgresqlMany *many, const CantigaPostgresqlStatement *statement);
/* Few rows are cheaper each by the statement for one: how many statements are sent. */
guint cantiga_postgresql_many_count (const CantigaPostgresqlMany *many);
/* Where it is needed. */
gboolean cantiga_postgresql_many_prepare (CantigaPostgresql *sql, CantigaPostgresqlMany *many, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_postgresql_many_send (CantigaPostgresql *sql, CantigaPostgresqlMany *many, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_postgresql_send_gathered (CantigaPostgresql *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_postgresql_forget_gathered (CantigaPostgresql *sql);
void cantiga_postgresql_many_free (CantigaPostgresqlMany *many);

/* Of the backend (server/sql-private.h). */
gboolean cantiga_postgresql_gather (CantigaStatement *statement, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_postgresql_run_later (CantigaStatement *statement, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_postgresql_foresee (CantigaSql *base);
gboolean cantiga_postgresql_foreseen (CantigaSql *base, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS

#endif
