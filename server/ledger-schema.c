/* The ledger's tables, step by step from the first version on. */
#include "server/ledger-private.h"

/* docs/protocol.md 9.5, 13.4. What is in clear says nothing about people or titles: keyed hashes, counts, and the times that a sweep looks for. */
static const char *const sqlite[] = {
  "CREATE TABLE generation (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL) STRICT;"
  "INSERT INTO generation VALUES (1, 1);"
  "CREATE TABLE titles (id BLOB NOT NULL PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"
  "CREATE TABLE cards (id BLOB NOT NULL PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"
  "CREATE TABLE players (id BLOB NOT NULL PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"
  "CREATE TABLE certificates (id BLOB NOT NULL PRIMARY KEY, player BLOB NOT NULL REFERENCES players (id), sealed BLOB NOT NULL) STRICT;"
  "CREATE INDEX certificates_by_player ON certificates (player);"
  "CREATE TABLE invitations (id BLOB NOT NULL PRIMARY KEY, expires INTEGER NOT NULL, secret BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;"
  "CREATE INDEX invitations_by_end ON invitations (expires);"
  "CREATE TABLE licences (id BLOB NOT NULL PRIMARY KEY, holder BLOB NOT NULL, stamp BLOB NOT NULL, plays INTEGER NOT NULL,"
  " plays_left INTEGER NOT NULL CHECK (plays_left >= 0 AND plays_left <= plays), made INTEGER NOT NULL, expires INTEGER NOT NULL,"
  " sealed BLOB NOT NULL) STRICT;"
  "CREATE INDEX licences_by_holder ON licences (holder);"
  "CREATE TABLE plays (number INTEGER PRIMARY KEY, play BLOB NOT NULL, sealed BLOB NOT NULL, chain BLOB NOT NULL) STRICT;"
  "CREATE INDEX plays_by_play ON plays (play);"
  "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL) STRICT;"
  "CREATE TABLE leases (id BLOB NOT NULL PRIMARY KEY, number INTEGER NOT NULL UNIQUE REFERENCES plays (number), licence BLOB NOT NULL,"
  " stamp BLOB NOT NULL, awaits INTEGER NOT NULL, asked INTEGER NOT NULL, ends INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;"
  "CREATE INDEX leases_by_licence ON leases (licence);"
  "CREATE INDEX leases_by_asking ON leases (awaits, asked);"
  "CREATE INDEX leases_by_end ON leases (ends);"
  "CREATE TRIGGER plays_are_not_changed BEFORE UPDATE ON plays BEGIN SELECT raise (ABORT, 'plays are only ever appended'); END;"
  "CREATE TRIGGER plays_are_not_deleted BEFORE DELETE ON plays BEGIN SELECT raise (ABORT, 'plays are only ever appended'); END;"
  /* REPLACE would delete without asking the trigger above. */
  "CREATE TRIGGER plays_are_appended BEFORE INSERT ON plays WHEN EXISTS (SELECT 1 FROM plays WHERE number >= NEW.number)"
  " BEGIN SELECT raise (ABORT, 'plays are only ever appended'); END;",
  "CREATE TABLE ids (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL) STRICT;",
  "CREATE TABLE heard (number INTEGER PRIMARY KEY REFERENCES plays (number), licence BLOB NOT NULL) STRICT;"
  "CREATE INDEX heard_by_licence ON heard (licence, number);",
  "CREATE TABLE rules (id BLOB NOT NULL PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"
  "CREATE TABLE members (id BLOB NOT NULL PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"
  "CREATE TABLE rules_generation (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL) STRICT;"
  "INSERT INTO rules_generation VALUES (1, 1);"
  "ALTER TABLE leases ADD COLUMN holder BLOB;"
  "CREATE INDEX leases_by_holder ON leases (holder);",
  "CREATE TABLE followed (id BLOB NOT NULL PRIMARY KEY, sealed BLOB NOT NULL) STRICT;"
  "CREATE TABLE crl (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL) STRICT;",
  /* What a grant writes costs a page for each index whose key is drawn: a lease is found by its play's number (docs/adr/0005). */
  "CREATE TABLE live (number INTEGER PRIMARY KEY REFERENCES plays (number), id BLOB NOT NULL, licence BLOB NOT NULL, stamp BLOB NOT NULL,"
  " awaits INTEGER NOT NULL, asked INTEGER NOT NULL, ends INTEGER NOT NULL, sealed BLOB NOT NULL, holder BLOB) STRICT;"
  "INSERT INTO live SELECT number, id, licence, stamp, awaits, asked, ends, sealed, holder FROM leases ORDER BY number;"
  "DROP TABLE leases;"
  "ALTER TABLE live RENAME TO leases;"
  "CREATE INDEX leases_by_asking ON leases (awaits, asked);"
  "CREATE INDEX leases_by_end ON leases (ends);"
  "CREATE INDEX leases_by_holder ON leases (holder);"
  "CREATE TABLE of_licence (licence BLOB NOT NULL, number INTEGER NOT NULL REFERENCES plays (number), PRIMARY KEY (licence, number))"
  " STRICT, WITHOUT ROWID;"
  "INSERT INTO of_licence SELECT licence, number FROM heard ORDER BY licence, number;"
  "DROP TABLE heard;"
  "ALTER TABLE of_licence RENAME TO heard;",
};

/* The same for PostgreSQL, as it stood when that was learnt: one step, and what came since. */
static const char *const postgresql[] = {
  "CREATE TABLE generation (one INT PRIMARY KEY CHECK (one = 1), value BIGINT NOT NULL);"
  "INSERT INTO generation VALUES (1, 1);"
  "CREATE TABLE titles (id BYTEA PRIMARY KEY, sealed BYTEA NOT NULL);"
  "CREATE TABLE cards (id BYTEA PRIMARY KEY, sealed BYTEA NOT NULL);"
  "CREATE TABLE players (id BYTEA PRIMARY KEY, sealed BYTEA NOT NULL);"
  "CREATE TABLE certificates (id BYTEA PRIMARY KEY, player BYTEA NOT NULL REFERENCES players (id), sealed BYTEA NOT NULL);"
  "CREATE INDEX certificates_by_player ON certificates (player);"
  "CREATE TABLE invitations (id BYTEA PRIMARY KEY, expires BIGINT NOT NULL, secret BYTEA NOT NULL, sealed BYTEA NOT NULL);"
  "CREATE INDEX invitations_by_end ON invitations (expires);"
  "CREATE TABLE licences (id BYTEA PRIMARY KEY, holder BYTEA NOT NULL, stamp BYTEA NOT NULL, plays BIGINT NOT NULL,"
  " plays_left BIGINT NOT NULL CHECK (plays_left >= 0 AND plays_left <= plays), made BIGINT NOT NULL, expires BIGINT NOT NULL,"
  " sealed BYTEA NOT NULL);"
  "CREATE INDEX licences_by_holder ON licences (holder);"
  "CREATE TABLE plays (number BIGINT PRIMARY KEY, play BYTEA NOT NULL, sealed BYTEA NOT NULL, chain BYTEA NOT NULL);"
  "CREATE INDEX plays_by_play ON plays (play, number);"
  "CREATE TABLE head (one INT PRIMARY KEY CHECK (one = 1), sealed BYTEA NOT NULL);"
  "CREATE TABLE leases (id BYTEA PRIMARY KEY, number BIGINT NOT NULL UNIQUE REFERENCES plays (number), licence BYTEA NOT NULL,"
  " stamp BYTEA NOT NULL, awaits BIGINT NOT NULL, asked BIGINT NOT NULL, ends BIGINT NOT NULL, sealed BYTEA NOT NULL, holder BYTEA);"
  "CREATE INDEX leases_by_licence ON leases (licence);"
  "CREATE INDEX leases_by_asking ON leases (awaits, asked);"
  "CREATE INDEX leases_by_end ON leases (ends);"
  "CREATE INDEX leases_by_holder ON leases (holder);"
  "CREATE TABLE ids (one INT PRIMARY KEY CHECK (one = 1), sealed BYTEA NOT NULL);"
  "CREATE TABLE heard (number BIGINT PRIMARY KEY REFERENCES plays (number), licence BYTEA NOT NULL);"
  "CREATE INDEX heard_by_licence ON heard (licence, number);"
  "CREATE TABLE rules (id BYTEA PRIMARY KEY, sealed BYTEA NOT NULL);"
  "CREATE TABLE members (id BYTEA PRIMARY KEY, sealed BYTEA NOT NULL);"
  "CREATE TABLE followed (id BYTEA PRIMARY KEY, sealed BYTEA NOT NULL);"
  "CREATE TABLE crl (one INT PRIMARY KEY CHECK (one = 1), sealed BYTEA NOT NULL);"
  "CREATE TABLE rules_generation (one INT PRIMARY KEY CHECK (one = 1), value BIGINT NOT NULL);"
  "INSERT INTO rules_generation VALUES (1, 1);"
  "CREATE FUNCTION plays_refuse () RETURNS trigger LANGUAGE plpgsql AS"
  " $$ BEGIN RAISE EXCEPTION 'plays are only ever appended'; END $$;"
  "CREATE FUNCTION plays_append () RETURNS trigger LANGUAGE plpgsql AS"
  " $$ BEGIN IF EXISTS (SELECT 1 FROM plays WHERE number >= NEW.number) THEN RAISE EXCEPTION 'plays are only ever appended'; END IF;"
  " RETURN NEW; END $$;"
  "CREATE TRIGGER plays_are_not_changed BEFORE UPDATE OR DELETE ON plays FOR EACH ROW EXECUTE FUNCTION plays_refuse ();"
  "CREATE TRIGGER plays_are_not_cut BEFORE TRUNCATE ON plays FOR EACH STATEMENT EXECUTE FUNCTION plays_refuse ();"
  "CREATE TRIGGER plays_are_appended BEFORE INSERT ON plays FOR EACH ROW EXECUTE FUNCTION plays_append ();",
  /* The highest number is had from the index, whatever is known of the table; for what is above a number a new ledger's plan looked at all plays. */
  "CREATE OR REPLACE FUNCTION plays_append () RETURNS trigger LANGUAGE plpgsql AS"
  " $$ BEGIN IF NEW.number <= (SELECT max (number) FROM plays) THEN RAISE EXCEPTION 'plays are only ever appended'; END IF;"
  " RETURN NEW; END $$;",
  /* The same as for SQLite. What a row refers to is held against the plays by verify, not by a query for each row; and a whole statement's plays are
   * looked at once: none is above them, and they are without a gap, so that none can be among them. */
  "ALTER TABLE leases DROP CONSTRAINT leases_pkey, DROP CONSTRAINT leases_number_key, DROP CONSTRAINT leases_number_fkey, ADD PRIMARY KEY (number);"
  "DROP INDEX leases_by_licence;"
  "ALTER TABLE heard DROP CONSTRAINT heard_pkey, DROP CONSTRAINT heard_number_fkey, ADD PRIMARY KEY (licence, number);"
  "DROP INDEX heard_by_licence;"
  "DROP TRIGGER plays_are_appended ON plays;"
  "CREATE OR REPLACE FUNCTION plays_append () RETURNS trigger LANGUAGE plpgsql AS"
  " $$ BEGIN IF (SELECT max (number) - min (number) + 1 <> count (*) OR max (number) < (SELECT max (number) FROM plays) FROM added)"
  " THEN RAISE EXCEPTION 'plays are only ever appended'; END IF; RETURN NULL; END $$;"
  "CREATE TRIGGER plays_are_appended AFTER INSERT ON plays REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION plays_append ();",
};

gboolean
cantiga_ledger_migrate (CantigaLedger *ledger, GError **error)
{
  switch (cantiga_sql_get_kind (ledger->sql))
    {
    case CANTIGA_SQL_POSTGRESQL:
      return cantiga_sql_migrate (ledger->sql, postgresql, G_N_ELEMENTS (postgresql), error);
    case CANTIGA_SQL_SQLITE:
    default:
      return cantiga_sql_migrate (ledger->sql, sqlite, G_N_ELEMENTS (sqlite), error);
    }
}
