/* What stands behind server/sql.h: a table of functions for each database. */
#pragma once

#include "server/sql.h"

G_BEGIN_DECLS

typedef struct
{
  const char *begin_reading;
  const char *begin_writing;
  const char *begin_writing_ahead; /* its commit is not on the disk yet */
  void (*free) (CantigaSql *sql);
  gboolean (*check) (CantigaSql *sql, GError **error);
  gboolean (*exec) (CantigaSql *sql, const char *text, GError **error);
  gboolean (*in_transaction) (CantigaSql *sql);
  /* Within a transaction, and also where there is no memory. */
  void (*rollback) (CantigaSql *sql);
  CantigaStatement *(*prepare) (CantigaSql *sql, const char *text, GError **error);
  gboolean (*get_version) (CantigaSql *sql, guint *ret_version, GError **error);
  gboolean (*set_version) (CantigaSql *sql, guint version, GError **error);
  gboolean (*commit) (CantigaSql *sql, GError **error); /* NULL: like any command */
  /* For a database that is far away; each may be NULL. A statement without rows: sent, and its failure told by whatever is asked next, the commit at the
   * latest. */
  gboolean (*run_later) (CantigaStatement *statement, GError **error);
  /* The same, at the latest with what is run, asked or committed next: all rows of one statement are written at once then. */
  gboolean (*gather) (CantigaStatement *statement, GError **error);
  /* Between the two, what is asked has no rows; it is answered by the second at one go, and each answer is had by who asks the same again, once, within the
   * transaction. */
  void (*foresee) (CantigaSql *sql);
  gboolean (*foreseen) (CantigaSql *sql, GError **error);
  /* What any connection has committed is on the disk. */
  gboolean (*flush) (CantigaSql *sql, GError **error);
  /* Before a transaction that writes, ahead or not: what a flush failed at is on the disk; may be NULL. Outside of transactions. */
  gboolean (*ready) (CantigaSql *sql, gboolean ahead, GError **error);
  /* Looks whether the connection is still there, without a trip; may be NULL. */
  void (*look) (CantigaSql *sql);
  /* Nobody else has it open from now on, or CANTIGA_ERROR_BUSY; may be NULL. Outside of transactions. */
  gboolean (*lock_alone) (CantigaSql *sql, GError **error);
  /* The connection is there, or is made again; may be NULL. Outside of transactions. */
  gboolean (*connect) (CantigaSql *sql, GError **error);

  void (*release) (CantigaStatement *statement);
  void (*bind_int) (CantigaStatement *statement, guint at, gint64 value);
  void (*bind_blob) (CantigaStatement *statement, guint at, gconstpointer bytes, gsize length);
  CantigaStep (*step) (CantigaStatement *statement, GError **error);
  guint (*get_changed) (CantigaStatement *statement);
  gint64 (*get_int) (CantigaStatement *statement, guint column);
  gconstpointer (*get_blob) (CantigaStatement *statement, guint column, gsize *ret_length);
} CantigaSqlBackend;

/* First in each database's own structures. */
struct _CantigaSql
{
  const CantigaSqlBackend *backend;
  CantigaSqlKind kind;
  guint written;     /* statements without rows */
  guint connections; /* made so far: what was prepared in an older one is prepared again */
};

struct _CantigaStatement
{
  CantigaSql *sql;
  gboolean borrowed;
};

typedef enum
{
  CANTIGA_SQL_BESIDE, /* of a program that has a connection already, and is alone with it */
  CANTIGA_SQL_SHARED,
} CantigaSqlPresence;

CantigaSql *cantiga_sql_open_sqlite (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* url: postgresql://… CANTIGA_ERROR_CONFIGURATION if this program was built without it. */
CantigaSql *cantiga_sql_open_postgresql (const char *url, CantigaSqlPresence presence, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
