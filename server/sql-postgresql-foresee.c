/* What is going to be asked, asked before: one statement for all who ask the same, and one trip for all statements. */
#include "server/sql-postgresql-private.h"

#ifdef CANTIGA_HAVE_POSTGRESQL

/* The answer to one question: rows first to until of those that came for all. */
typedef struct
{
  CantigaPostgresqlRows *rows;
  int first, until;
} Answer;

static void
rows_clear (gpointer rows)
{
  PQclear (((CantigaPostgresqlRows *)rows)->result);
}

void
cantiga_postgresql_rows_release (CantigaPostgresqlRows *rows)
{
  g_rc_box_release_full (rows, rows_clear);
}

static void
answer_free (gpointer pointer)
{
  Answer *answer = pointer;

  cantiga_postgresql_rows_release (answer->rows);
  g_free (answer);
}

GHashTable *
cantiga_postgresql_foreseen_new (void)
{
  return g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, answer_free);
}

void
cantiga_postgresql_forget_foreseen (CantigaPostgresql *sql)
{
  g_hash_table_remove_all (sql->foreseen);
}

/* ---- questions ---- */

/* What tells a question from others: the statement and what is bound to it. */
static GBytes *
question_of (const CantigaPostgresqlStatement *statement)
{
  GByteArray *bytes = g_byte_array_sized_new (64);

  g_byte_array_append (bytes, (const guint8 *)&statement, sizeof statement);
  for (guint i = 0; i < statement->parameters; i++)
    {
      g_byte_array_append (bytes, (const guint8 *)&statement->lengths[i], sizeof statement->lengths[i]);
      if (statement->values[i] != NULL)
        g_byte_array_append (bytes, statement->values[i], (guint)statement->lengths[i]);
    }
  return g_byte_array_free_to_bytes (bytes);
}

static void
append_names (GString *text, guint parameters)
{
  for (guint i = 1; i <= parameters; i++)
    g_string_append_printf (text, "p%u, ", i);
}

/* “SELECT … WHERE id = $1” → the same for each of the arrays' rows, whose number stands before its answer. OFFSET 0: as it is planned for one, by index, however little is known of the table. */
static char *
write_for_all (const CantigaPostgresqlStatement *statement)
{
  g_autofree char *columns = cantiga_postgresql_write_columns (statement);
  g_auto (GStrv) parts = g_strsplit (statement->text, "$", -1);
  g_autofree char *inner = g_strjoinv ("q.p", parts);
  GString *text = g_string_new ("SELECT q.n, a.* FROM ");

  g_string_append_printf (text, "%s WITH ORDINALITY AS q (", columns);
  append_names (text, statement->parameters);
  g_string_append_printf (text, "n), LATERAL (%s OFFSET 0) AS a", inner);
  return g_string_free (text, FALSE);
}

static CantigaPostgresqlMany *
all_new (const CantigaPostgresqlStatement *statement)
{
  CantigaPostgresqlMany *all = cantiga_postgresql_many_new (statement, write_for_all (statement));

  all->questions = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  return all;
}

static void
forget_asked (CantigaPostgresql *sql)
{
  for (guint i = 0; i < sql->asked->len; i++)
    {
      CantigaPostgresqlMany *all = g_ptr_array_index (sql->asked, i);

      all->rows = 0;
      g_ptr_array_set_size (all->questions, 0);
    }
  g_ptr_array_set_size (sql->asked, 0);
}

void
cantiga_postgresql_ask_ahead (CantigaPostgresqlStatement *statement)
{
  CantigaPostgresql *sql = cantiga_postgresql_of (statement->base.sql);

  if (statement->all == NULL)
    statement->all = all_new (statement);
  if (statement->all->rows == 0)
    g_ptr_array_add (sql->asked, statement->all);
  cantiga_postgresql_many_add (statement->all, statement);
  g_ptr_array_add (statement->all->questions, question_of (statement));
}

/* ---- answers ---- */

static gint64
number_of (const PGresult *result, int row)
{
  gint64 number;

  memcpy (&number, PQgetvalue (result, row, 0), sizeof number);
  return (gint64)GUINT64_FROM_BE ((guint64)number);
}

static void
keep_answer (CantigaPostgresql *sql, GBytes *question, CantigaPostgresqlRows *rows, int first, int until)
{
  Answer *answer = g_new0 (Answer, 1);

  answer->rows = g_rc_box_acquire (rows);
  answer->first = first;
  answer->until = until;
  g_hash_table_replace (sql->foreseen, g_bytes_ref (question), answer);
}

/* The database goes through what is asked in order; should it ever not, what stands out of order is asked for again. */
static void
keep_all (CantigaPostgresql *sql, CantigaPostgresqlMany *all, CantigaPostgresqlRows *rows)
{
  int row = 0, n = PQntuples (rows->result);

  rows->column = 1;
  for (guint i = 0; i < all->questions->len; i++)
    {
      int first = row;

      while (row < n && number_of (rows->result, row) == (gint64)i + 1)
        row++;
      keep_answer (sql, all->questions->pdata[i], rows, first, row);
    }
  if (row < n)
    cantiga_postgresql_forget_foreseen (sql);
}

/* Of which statement the at-th answer is, and of which of its questions. */
static CantigaPostgresqlMany *
find_asked (CantigaPostgresql *sql, guint *at)
{
  guint i = 0;

  for (guint n; *at >= (n = cantiga_postgresql_many_count (g_ptr_array_index (sql->asked, i))); i++)
    *at -= n;
  g_assert (i < sql->asked->len);
  return g_ptr_array_index (sql->asked, i);
}

static void
keep_foreseen (CantigaPostgresql *sql, guint at, PGresult *result, gpointer unused)
{
  CantigaPostgresqlMany *all = find_asked (sql, &at);
  CantigaPostgresqlRows *rows = g_rc_box_new0 (CantigaPostgresqlRows);

  rows->result = result;
  if (cantiga_postgresql_many_count (all) == 1 && all->questions->len > 1)
    keep_all (sql, all, rows);
  else
    keep_answer (sql, all->questions->pdata[at], rows, 0, PQntuples (result));
  cantiga_postgresql_rows_release (rows);
}

gboolean
cantiga_postgresql_take_foreseen (CantigaPostgresqlStatement *statement)
{
  CantigaPostgresql *sql = cantiga_postgresql_of (statement->base.sql);
  g_autoptr (GBytes) question = NULL;
  const Answer *answer;

  if (g_hash_table_size (sql->foreseen) == 0)
    return FALSE;
  question = question_of (statement);
  answer = g_hash_table_lookup (sql->foreseen, question);
  if (answer == NULL)
    return FALSE;
  statement->rows = g_rc_box_acquire (answer->rows);
  statement->result = answer->rows->result;
  statement->row = answer->first - 1;
  statement->until = answer->until;
  statement->column = answer->rows->column;
  g_hash_table_remove (sql->foreseen, question);
  return TRUE;
}

void
cantiga_postgresql_foresee (CantigaSql *base)
{
  CantigaPostgresql *sql = cantiga_postgresql_of (base);

  forget_asked (sql);
  sql->is_foreseeing = TRUE;
}

gboolean
cantiga_postgresql_foreseen (CantigaSql *base, GError **error)
{
  CantigaPostgresql *sql = cantiga_postgresql_of (base);
  gboolean answered;

  sql->is_foreseeing = FALSE;
  /* Before any is sent: to prepare one takes in what was sent. */
  answered = cantiga_postgresql_settle (sql, NULL, NULL, error);
  for (guint i = 0; answered && i < sql->asked->len; i++)
    answered = cantiga_postgresql_many_prepare (sql, g_ptr_array_index (sql->asked, i), error);
  for (guint i = 0; answered && i < sql->asked->len; i++)
    answered = cantiga_postgresql_many_send (sql, g_ptr_array_index (sql->asked, i), error);
  answered = answered && cantiga_postgresql_settle (sql, keep_foreseen, NULL, error);
  forget_asked (sql);
  return answered;
}

#endif
