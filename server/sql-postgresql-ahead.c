/* What is sent to PostgreSQL without waiting for its answer: one trip for all of it. */
#include "server/sql-postgresql-private.h"

#ifdef CANTIGA_HAVE_POSTGRESQL

/* So many are on their way before what follows is made: the database works meanwhile. */
#define PUSH_EVERY 16

/* ---- what was sent ahead (libpq's pipeline mode) ---- */

static gboolean
send_failed (CantigaPostgresql *sql, GError **error)
{
  return cantiga_postgresql_fail (sql, NULL, error);
}

static gboolean
enter_pipeline (CantigaPostgresql *sql, GError **error)
{
  return PQpipelineStatus (sql->connection) == PQ_PIPELINE_ON || PQenterPipelineMode (sql->connection) == 1 || send_failed (sql, error);
}

/* The answer to one thing that was sent; NULL if the connection is lost. */
static PGresult *
take_result (CantigaPostgresql *sql)
{
  PGresult *result = PQgetResult (sql->connection);
  PGresult *end = result != NULL ? PQgetResult (sql->connection) : NULL;

  PQclear (end);
  return result;
}

gboolean
cantiga_postgresql_settle (CantigaPostgresql *sql, CantigaPostgresqlTake take, gpointer user_data, GError **error)
{
  g_autoptr (GError) failure = NULL;
  guint n = sql->later;

  sql->later = 0;
  if (PQpipelineStatus (sql->connection) == PQ_PIPELINE_OFF)
    return TRUE;
  if (PQpipelineSync (sql->connection) != 1)
    return send_failed (sql, error);
  for (guint i = 0; i < n; i++)
    {
      PGresult *result = take_result (sql);
      gboolean good = cantiga_postgresql_is_good (result);

      if (!good && failure == NULL)
        cantiga_postgresql_fail (sql, result, &failure);
      if (good && take != NULL)
        take (sql, i, result, user_data);
      else
        PQclear (result);
    }
  PQclear (PQgetResult (sql->connection)); /* of the sync */
  (void)PQexitPipelineMode (sql->connection);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

gboolean
cantiga_postgresql_push (CantigaPostgresql *sql, GError **error)
{
  return PQflush (sql->connection) >= 0 || send_failed (sql, error);
}

static gboolean
count_later (CantigaPostgresql *sql, gboolean sent, GError **error)
{
  if (!sent)
    return send_failed (sql, error);
  sql->later++;
  if (sql->later % PUSH_EVERY == 0 && !cantiga_postgresql_push (sql, error))
    return FALSE;
  return sql->later < CANTIGA_POSTGRESQL_LATER_MAX || cantiga_postgresql_settle (sql, NULL, NULL, error);
}

void
cantiga_postgresql_keep_last (CantigaPostgresql *sql, guint at, PGresult *result, gpointer ret_last)
{
  PGresult **last = ret_last;

  PQclear (*last);
  *last = result;
}

gboolean
cantiga_postgresql_exec_later (CantigaPostgresql *sql, const char *text, GError **error)
{
  return enter_pipeline (sql, error) && count_later (sql, PQsendQueryParams (sql->connection, text, 0, NULL, NULL, NULL, NULL, 1) == 1, error);
}

/* ---- statements ---- */

const int cantiga_postgresql_binary[CANTIGA_POSTGRESQL_PARAMETERS_MAX] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

gboolean
cantiga_postgresql_send_prepared (CantigaPostgresql *sql, const char *name, guint parameters, const gconstpointer *values, const int *lengths,
                                  GError **error)
{
  return enter_pipeline (sql, error)
         && count_later (sql,
                         PQsendQueryPrepared (sql->connection, name, (int)parameters, (const char *const *)values, lengths, cantiga_postgresql_binary, 1)
                             == 1,
                         error);
}

gboolean
cantiga_postgresql_send_later (CantigaPostgresqlStatement *statement, GError **error)
{
  return cantiga_postgresql_send_prepared (cantiga_postgresql_of (statement->base.sql), statement->name, statement->parameters, statement->values,
                                           statement->lengths, error);
}

gboolean
cantiga_postgresql_run_later (CantigaStatement *statement, GError **error)
{
  return cantiga_postgresql_send_gathered (cantiga_postgresql_of (statement->sql), error)
         && cantiga_postgresql_send_later (cantiga_postgresql_statement_of (statement), error);
}

#endif
