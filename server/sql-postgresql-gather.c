/* Rows that are written, and questions that are asked, by one statement for many of them: to begin a statement costs PostgreSQL more than to write a row. */
#include "server/sql-postgresql-private.h"

#ifdef CANTIGA_HAVE_POSTGRESQL

/* So many are on their way before those that follow are made: the database writes meanwhile. */
#define ROWS_MAX 16
/* An array costs about as much as so many statements. */
#define MANY_MIN 4
/* Of the types in PostgreSQL's catalogue (pg_type.dat). */
#define TYPE_INT8 20
#define TYPE_BYTEA 17

/* ---- a column: an array as PostgreSQL sends and takes it (src/backend/utils/adt/arrayfuncs.c, array_recv()) ---- */

typedef struct
{
  guint32 dimensions, has_nulls, type, length, lower_bound; /* in network order */
} ArrayHead;

static void
add_u32 (GByteArray *bytes, guint32 value)
{
  guint32 network = GUINT32_TO_BE (value);

  g_byte_array_append (bytes, (const guint8 *)&network, sizeof network);
}

static void
begin_column (GByteArray *column)
{
  static const ArrayHead none = { 0 };

  g_byte_array_set_size (column, 0);
  g_byte_array_append (column, (const guint8 *)&none, sizeof none);
}

static void
add_value (GByteArray *column, gconstpointer value, int length)
{
  if (value == NULL)
    {
      add_u32 (column, G_MAXUINT32);
      return;
    }
  add_u32 (column, (guint32)length);
  g_byte_array_append (column, value, (guint)length);
}

static void
end_column (GByteArray *column, gboolean is_number, guint rows)
{
  ArrayHead head = { GUINT32_TO_BE (1), GUINT32_TO_BE (1), GUINT32_TO_BE (is_number ? TYPE_INT8 : TYPE_BYTEA), GUINT32_TO_BE (rows), GUINT32_TO_BE (1) };

  memcpy (column->data, &head, sizeof head);
}

/* ---- the statement for many ---- */

static gboolean
is_number (const CantigaPostgresqlStatement *statement, guint at)
{
  return statement->values[at] == statement->numbers[at];
}

char *
cantiga_postgresql_write_columns (const CantigaPostgresqlStatement *statement)
{
  GString *text = g_string_new ("unnest (");

  for (guint i = 0; i < statement->parameters; i++)
    g_string_append_printf (text, "%s$%u::%s[]", i > 0 ? ", " : "", i + 1, is_number (statement, i) ? "bigint" : "bytea");
  g_string_append_c (text, ')');
  return g_string_free (text, FALSE);
}

/* “… VALUES ($1, $2) …” → “… SELECT * FROM unnest ($1::bigint[], $2::bytea[]) …” */
static char *
write_for_many (const CantigaPostgresqlStatement *statement)
{
  static const char values[] = " VALUES (";
  const char *from = strstr (statement->text, values), *until = from != NULL ? strchr (from, ')') : NULL;
  g_autofree char *before = NULL;
  g_autofree char *columns = cantiga_postgresql_write_columns (statement);

  g_assert (until != NULL);
  before = g_strndup (statement->text, (gsize)(from - statement->text));
  return g_strconcat (before, " SELECT * FROM ", columns, until + 1, NULL);
}

CantigaPostgresqlMany *
cantiga_postgresql_many_new (const CantigaPostgresqlStatement *statement, char *text)
{
  CantigaPostgresqlMany *many = g_new0 (CantigaPostgresqlMany, 1);

  many->parameters = statement->parameters;
  many->text = text;
  many->for_one = statement->name;
  for (guint i = 0; i < many->parameters; i++)
    {
      many->is_number[i] = is_number (statement, i);
      many->columns[i] = g_byte_array_new ();
    }
  return many;
}

void
cantiga_postgresql_many_free (CantigaPostgresqlMany *many)
{
  if (many == NULL)
    return;
  for (guint i = 0; i < many->parameters; i++)
    g_byte_array_unref (many->columns[i]);
  if (many->questions != NULL)
    g_ptr_array_unref (many->questions);
  g_free (many->text);
  g_free (many);
}

void
cantiga_postgresql_many_add (CantigaPostgresqlMany *many, const CantigaPostgresqlStatement *statement)
{
  for (guint i = 0; i < many->parameters; i++)
    {
      if (many->rows == 0)
        begin_column (many->columns[i]);
      add_value (many->columns[i], statement->values[i], statement->lengths[i]);
    }
  many->rows++;
}

gboolean
cantiga_postgresql_many_prepare (CantigaPostgresql *sql, CantigaPostgresqlMany *many, GError **error)
{
  return many->rows < MANY_MIN || cantiga_postgresql_prepare_in_connection (sql, many->name, sizeof many->name, many->text, &many->prepared, error);
}

/* The next value of a column. */
static gconstpointer
take_value (const GByteArray *column, gsize *at, int *ret_length)
{
  const guint8 *value;
  guint32 network;

  memcpy (&network, column->data + *at, sizeof network);
  value = column->data + *at + sizeof network;
  *ret_length = network != G_MAXUINT32 ? (int)GUINT32_FROM_BE (network) : 0;
  *at += sizeof network + (gsize)*ret_length;
  return network != G_MAXUINT32 ? value : NULL;
}

static gboolean
send_each (CantigaPostgresql *sql, const CantigaPostgresqlMany *many, GError **error)
{
  gconstpointer values[CANTIGA_POSTGRESQL_PARAMETERS_MAX];
  int lengths[CANTIGA_POSTGRESQL_PARAMETERS_MAX];
  gsize at[CANTIGA_POSTGRESQL_PARAMETERS_MAX];

  for (guint i = 0; i < many->parameters; i++)
    at[i] = sizeof (ArrayHead);
  for (guint row = 0; row < many->rows; row++)
    {
      for (guint i = 0; i < many->parameters; i++)
        values[i] = take_value (many->columns[i], &at[i], &lengths[i]);
      if (!cantiga_postgresql_send_prepared (sql, many->for_one, many->parameters, values, lengths, error))
        return FALSE;
    }
  return TRUE;
}

guint
cantiga_postgresql_many_count (const CantigaPostgresqlMany *many)
{
  return many->rows < MANY_MIN ? many->rows : 1;
}

gboolean
cantiga_postgresql_many_send (CantigaPostgresql *sql, CantigaPostgresqlMany *many, GError **error)
{
  gconstpointer values[CANTIGA_POSTGRESQL_PARAMETERS_MAX];
  int lengths[CANTIGA_POSTGRESQL_PARAMETERS_MAX];

  if (many->rows < MANY_MIN)
    return send_each (sql, many, error);
  for (guint i = 0; i < many->parameters; i++)
    {
      end_column (many->columns[i], many->is_number[i], many->rows);
      values[i] = many->columns[i]->data;
      lengths[i] = (int)many->columns[i]->len;
    }
  return cantiga_postgresql_send_prepared (sql, many->name, many->parameters, values, lengths, error);
}

/* ---- gathering ---- */

gboolean
cantiga_postgresql_gather (CantigaStatement *base, GError **error)
{
  CantigaPostgresqlStatement *statement = cantiga_postgresql_statement_of (base);
  CantigaPostgresql *sql = cantiga_postgresql_of (base->sql);

  if (statement->many == NULL)
    statement->many = cantiga_postgresql_many_new (statement, write_for_many (statement));
  if (statement->many->rows == 0)
    g_ptr_array_add (sql->gathering, statement->many);
  cantiga_postgresql_many_add (statement->many, statement);
  return statement->many->rows < ROWS_MAX || cantiga_postgresql_send_gathered (sql, error);
}

static gboolean
send_many (CantigaPostgresql *sql, CantigaPostgresqlMany *many, GError **error)
{
  return cantiga_postgresql_many_prepare (sql, many, error) && cantiga_postgresql_many_send (sql, many, error);
}

gboolean
cantiga_postgresql_send_gathered (CantigaPostgresql *sql, GError **error)
{
  gboolean sent = TRUE;

  if (sql->gathering->len == 0)
    return TRUE;
  for (guint i = 0; sent && i < sql->gathering->len; i++)
    sent = send_many (sql, g_ptr_array_index (sql->gathering, i), error);
  cantiga_postgresql_forget_gathered (sql);
  return sent && cantiga_postgresql_push (sql, error);
}

void
cantiga_postgresql_forget_gathered (CantigaPostgresql *sql)
{
  for (guint i = 0; i < sql->gathering->len; i++)
    ((CantigaPostgresqlMany *)g_ptr_array_index (sql->gathering, i))->rows = 0;
  g_ptr_array_set_size (sql->gathering, 0);
}

#endif
