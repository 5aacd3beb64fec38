#include "server/ledger-private.h"
#include "tests/server/ledger-fixture.h"

/* ---- the file ---- */

static void
test_refuses_newer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  tamper (fixture, get_postgresql () != NULL ? "UPDATE ledger_version SET value = 1000" : "PRAGMA user_version = 1000");
  g_assert_null (cantiga_ledger_open (fixture->path, fixture->master, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
  g_assert_nonnull (strstr (error->message, "update"));
}

static void
test_refuses_another_master (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaSecret) other = cantiga_secret_new_random (32);

  g_assert_null (cantiga_ledger_open (fixture->path, other, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CONFIGURATION);
}

static void
test_a_new_one_is_whole (Fixture *fixture, gconstpointer unused)
{
  assert_whole (fixture->ledger);
}

static void
assert_not_in_file (const char *path, const char *text)
{
  g_autofree char *bytes = NULL;
  gsize length;

  if (!g_file_get_contents (path, &bytes, &length, NULL))
    return;
  g_assert_null (memmem (bytes, length, text, strlen (text)));
}

static void
assert_nowhere (Fixture *fixture, const char *text)
{
  g_autoptr (GDir) folder = g_dir_open (fixture->folder, 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

      assert_not_in_file (path, text);
      n++;
    }
  g_assert_cmpuint (n, >=, 1);
}

/* docs/protocol.md 13.4. */
static void
test_nothing_personal_in_clear (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) card = certificate_new ("MARIA DA PURIFICACAO");
  g_autoptr (CantigaTitle) title = title_new (1, "Cantiga da Garvaia");
  g_autoptr (CantigaInvitation) invitation = invitation_new ();
  g_autofree char *secret = g_strndup ((const char *)cantiga_secret_bytes (invitation->secret), 8);
  CantigaPolicy policy = CANTIGA_POLICY_DEFAULT;
  CantigaId listener, play = id_of (9);
  CantigaPlay granted;
  gboolean deleted;

  g_assert_true (cantiga_ledger_add_card (fixture->ledger, card, NOW, &listener, NULL, &error));
  g_assert_true (cantiga_ledger_put_title (fixture->ledger, title, &error));
  g_assert_true (cantiga_ledger_add_invitation (fixture->ledger, invitation, "Sala da Beatriz", TRUE, NOW + 900, &error));
  g_assert_true (
      cantiga_ledger_grant_play (fixture->ledger, &policy, &listener, &title->id, &play, PLAYER, 180, FALSE, NOW, &granted, &deleted, &error));
  g_assert_no_error (error);
  for (guint round = 0; round < 2; round++)
    {
      assert_nowhere (fixture, "PURIFICACAO");
      assert_nowhere (fixture, "Garvaia");
      assert_nowhere (fixture, "Beatriz");
      assert_nowhere (fixture, PLAYER);
      if (strlen (secret) == 8)
        assert_nowhere (fixture, secret);
      g_clear_pointer (&fixture->ledger, cantiga_ledger_free);
    }
}

/* ---- titles ---- */

static gint64
generation_of (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  gint64 generation;

  g_assert_true (cantiga_ledger_get_generation (fixture->ledger, &generation, &error));
  return generation;
}

static void
test_keeps_titles (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaTitle) title = title_new (1, "Ondas do mar de Vigo");
  g_autoptr (GPtrArray) titles = NULL;
  const CantigaTitle *read;
  gboolean has;

  g_assert_true (cantiga_ledger_put_title (fixture->ledger, title, &error));
  reopen (fixture);
  titles = cantiga_ledger_list_titles (fixture->ledger, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (titles->len, ==, 1);
  read = g_ptr_array_index (titles, 0);
  g_assert_true (cantiga_id_equal (&read->id, &title->id));
  g_assert_cmpuint (read->size, ==, title->size);
  g_assert_cmpuint (read->chunks, ==, title->chunks);
  g_assert_cmpint (read->added, ==, title->added);
  g_assert_cmpstr (read->cover, ==, title->cover);
  g_assert_cmpstr (read->metadata->name, ==, "Ondas do mar de Vigo");
  g_assert_cmpfloat (read->metadata->duration, ==, 180.5);
  g_assert_true (cantiga_ledger_has_title (fixture->ledger, &title->id, &has, &error));
  g_assert_true (has);
  assert_whole (fixture->ledger);
}

/* A row as it was written before it was fields one after the other. */
static void
test_reads_a_title_of_before (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaTitle) title = title_new (1, "first");
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (CantigaTransaction) transaction = cantiga_ledger_write (fixture->ledger, &error);
  g_autoptr (CantigaStatement) statement = cantiga_sql_prepare (fixture->ledger->sql, "INSERT INTO titles (id, sealed) VALUES (?1, ?2)", &error);
  g_autoptr (GBytes) sealed = NULL;
  g_autoptr (GPtrArray) titles = NULL;
  const CantigaTitle *read;

  json_object_set_int_member (object, "size", (gint64)title->size);
  json_object_set_int_member (object, "chunks", (gint64)title->chunks);
  json_object_set_int_member (object, "added", title->added);
  json_object_set_string_member (object, "cover", title->cover);
  json_object_set_object_member (object, "metadata", cantiga_metadata_encode (title->metadata));
  sealed = cantiga_ledger_seal_object (fixture->ledger, CANTIGA_TABLE_TITLES, &title->id, NULL, object, &error);
  cantiga_statement_bind_id (statement, 1, &title->id);
  cantiga_statement_bind_bytes (statement, 2, sealed);
  g_assert_true (cantiga_statement_run (statement, NULL, &error) && cantiga_transaction_commit (transaction, &error));
  g_clear_pointer (&statement, cantiga_statement_release);
  g_clear_pointer (&transaction, cantiga_transaction_end);
  titles = cantiga_ledger_list_titles (fixture->ledger, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (titles->len, ==, 1);
  read = titles->pdata[0];
  g_assert_true (cantiga_id_equal (&read->id, &title->id) && read->size == title->size && read->chunks == title->chunks && read->added == title->added);
  g_assert_cmpstr (read->cover, ==, title->cover);
  g_assert_cmpstr (read->metadata->name, ==, "first");
}

static void
test_replaces_a_title (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaTitle) before = title_new (1, "before");
  g_autoptr (CantigaTitle) after = title_new (1, "after");
  g_autoptr (GPtrArray) titles = NULL;

  g_clear_pointer (&after->cover, g_free);
  g_assert_true (cantiga_ledger_put_title (fixture->ledger, before, &error));
  g_assert_true (cantiga_ledger_put_title (fixture->ledger, after, &error));
  titles = cantiga_ledger_list_titles (fixture->ledger, &error);
  g_assert_cmpuint (titles->len, ==, 1);
  g_assert_cmpstr (((const CantigaTitle *)g_ptr_array_index (titles, 0))->metadata->name, ==, "after");
  g_assert_null (((const CantigaTitle *)g_ptr_array_index (titles, 0))->cover);
}

static void
test_removes_a_title (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaTitle) title = title_new (1, "one");
  gboolean has;

  g_assert_true (cantiga_ledger_put_title (fixture->ledger, title, &error));
  g_assert_true (cantiga_ledger_remove_title (fixture->ledger, &title->id, &error));
  g_assert_true (cantiga_ledger_has_title (fixture->ledger, &title->id, &has, &error));
  g_assert_false (has);
  g_assert_false (cantiga_ledger_remove_title (fixture->ledger, &title->id, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_TITLE_UNKNOWN);
}

static void
test_generation_tells_of_other_programs (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaTitle) title = title_new (1, "one");
  g_autoptr (CantigaLedger) other = open_ledger (fixture);
  gint64 first = generation_of (fixture), second;

  g_assert_cmpint (generation_of (fixture), ==, first);
  g_assert_true (cantiga_ledger_put_title (other, title, &error));
  second = generation_of (fixture);
  g_assert_cmpint (second, !=, first);
  g_assert_true (cantiga_ledger_remove_title (other, &title->id, &error));
  g_assert_cmpint (generation_of (fixture), !=, second);
}

/* ---- cards ---- */

static void
test_enrols_a_card_once (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) card = certificate_new ("Martim Codax");
  g_autoptr (GPtrArray) cards = NULL;
  g_autoptr (GBytes) der = cantiga_certificate_encode (card);
  const CantigaCardRow *row;
  CantigaId id, again, found;
  gboolean new_;

  g_assert_false (cantiga_ledger_find_card (fixture->ledger, card, &found, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNKNOWN);
  g_clear_error (&error);
  g_assert_true (cantiga_ledger_add_card (fixture->ledger, card, NOW, &id, &new_, &error));
  g_assert_true (new_);
  g_assert_true (cantiga_ledger_add_card (fixture->ledger, card, NOW + 1, &again, &new_, &error));
  g_assert_false (new_);
  g_assert_true (cantiga_id_equal (&id, &again));
  g_assert_true (cantiga_ledger_find_card (fixture->ledger, card, &found, &error));
  g_assert_true (cantiga_id_equal (&id, &found));
  cards = cantiga_ledger_list_cards (fixture->ledger, &error);
  g_assert_cmpuint (cards->len, ==, 1);
  row = g_ptr_array_index (cards, 0);
  g_assert_cmpstr (row->name, ==, "Martim Codax");
  g_assert_true (g_bytes_equal (row->certificate, der));
  g_assert_cmpint (row->added, ==, NOW);
  g_assert_cmpint (row->revoked, ==, 0);
  assert_whole (fixture->ledger);
}

static void
test_revokes_a_card_and_takes_it_back (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (X509) card = certificate_new ("Martim Codax");
  CantigaId id, found, unknown = id_of (7);
  gboolean new_;

  g_assert_true (cantiga_ledger_add_card (fixture->ledger, card, NOW, &id, NULL, &error));
  g_assert_true (cantiga_ledger_revoke_card (fixture->ledger, &id, NOW + 5, &error));
  g_assert_false (cantiga_ledger_find_card (fixture->ledger, card, &found, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_REVOKED);
  g_clear_error (&error);
  g_assert_true (cantiga_ledger_add_card (fixture->ledger, card, NOW + 10, &id, &new_, &error));
  g_assert_false (new_);
  g_assert_true (cantiga_ledger_find_card (fixture->ledger, card, &found, &error));
  g_assert_false (cantiga_ledger_revoke_card (fixture->ledger, &unknown, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
}

/* ---- invitations and players ---- */

static const guint8 other_request[32] = { 2 };

static gboolean
get (Fixture *fixture, const CantigaInvitation *invitation, const guint8 hash[32], gint64 now, char **ret_answer, GError **error)
{
  g_autoptr (CantigaSecret) secret = NULL;
  g_autofree char *name = NULL;
  g_autoptr (GBytes) answer = NULL;

  if (!cantiga_ledger_get_invitation (fixture->ledger, &invitation->id, hash, now, &secret, &name, &answer, error))
    return FALSE;
  g_assert_cmpmem (cantiga_secret_bytes (secret), cantiga_secret_length (secret), cantiga_secret_bytes (invitation->secret), 32);
  g_assert_cmpstr (name, ==, "Sala");
  *ret_answer = answer != NULL ? g_strndup (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer)) : NULL;
  return TRUE;
}

/* docs/protocol.md 14.4: "The same request again within the invitation's time gets the same answer." */
static void
test_an_invitation_is_good_once (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = invite (fixture, FALSE);
  g_autofree char *none = NULL;
  g_autofree char *answer = NULL;

  g_assert_true (get (fixture, invitation, request, NOW, &none, &error));
  g_assert_null (none);
  g_assert_true (use (fixture, invitation, request, NOW, &error));
  g_assert_no_error (error);
  g_assert_true (get (fixture, invitation, request, NOW + 899, &answer, &error));
  g_assert_cmpstr (answer, ==, "answer");
  g_assert_false (get (fixture, invitation, other_request, NOW, &none, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_INVITATION_REFUSED);
  g_clear_error (&error);
  g_assert_false (use (fixture, invitation, other_request, NOW, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_INVITATION_REFUSED);
  assert_whole (fixture->ledger);
}

static void
test_an_invitation_ends (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = invite (fixture, FALSE);
  g_autofree char *answer = NULL;
  guint given_back;

  g_assert_false (get (fixture, invitation, request, NOW + 900, &answer, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_INVITATION_REFUSED);
  g_clear_error (&error);
  g_assert_false (use (fixture, invitation, request, NOW + 900, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_INVITATION_REFUSED);
  g_clear_error (&error);
  g_assert_true (cantiga_ledger_sweep (fixture->ledger, NOW + 900, &given_back, &error));
  g_assert_false (get (fixture, invitation, request, NOW, &answer, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_INVITATION_REFUSED);
}

static void
test_an_unknown_invitation_is_refused (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = invitation_new ();
  g_autofree char *answer = NULL;

  g_assert_false (get (fixture, invitation, request, NOW, &answer, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_INVITATION_REFUSED);
}

static void
test_a_used_invitation_is_a_player (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = invite (fixture, FALSE);
  g_autoptr (GPtrArray) players = NULL;
  const CantigaPlayerRow *player;

  g_assert_false (cantiga_ledger_check_player (fixture->ledger, PLAYER, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (use (fixture, invitation, request, NOW, &error));
  g_assert_true (cantiga_ledger_check_player (fixture->ledger, PLAYER, &error));
  players = cantiga_ledger_list_players (fixture->ledger, &error);
  g_assert_cmpuint (players->len, ==, 1);
  player = g_ptr_array_index (players, 0);
  g_assert_cmpstr (player->uuid, ==, PLAYER);
  g_assert_cmpstr (player->name, ==, "Sala");
  g_assert_cmpint (player->added, ==, NOW);
  g_assert_cmpint (player->expires, ==, NOW + 3600);
  g_assert_cmpint (player->revoked, ==, 0);
}

static char *
issuer_of_the_player (CantigaLedger *ledger)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) players = cantiga_ledger_list_players (ledger, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (players->len, ==, 1);
  return g_strdup (((const CantigaPlayerRow *)players->pdata[0])->issuer);
}

/* docs/protocol.md 14.8: "The ledger keeps, with each player, the key identifier of the authority that issued to it last". */
static void
test_keeps_who_issued_to_a_player (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = invite (fixture, FALSE);
  g_autoptr (EVP_PKEY) key = cantiga_key_pair_new (CANTIGA_AUTH_ECDSA, &error);
  g_autoptr (X509) authority = cantiga_authority_issue (key, "authority", NOW - 3600, NOW + 3600, &error);
  g_autofree char *own = cantiga_certificate_dup_key_id (authority);
  g_autoptr (GPtrArray) leaves = g_ptr_array_new_with_free_func ((GDestroyNotify)X509_free);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  g_assert_true (use (fixture, invitation, request, NOW, &error));
  before = issuer_of_the_player (fixture->ledger);
  g_assert_null (before);
  /* Of less time than what it has. */
  g_ptr_array_add (leaves, cantiga_certificate_issue (authority, key, key, CANTIGA_USAGE_PLAYER, "Sala", PLAYER, NOW - 3600, NOW + 60, &error));
  g_assert_no_error (error);
  g_assert_true (cantiga_ledger_add_certificates (fixture->ledger, PLAYER, leaves, &error));
  reopen (fixture);
  after = issuer_of_the_player (fixture->ledger);
  g_assert_cmpstr (after, ==, own);
  assert_whole (fixture->ledger);
}

static void
test_all_serials_of_a_revoked_player (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = invite (fixture, FALSE);
  g_autoptr (GPtrArray) renewed = leaves_new (1);
  g_autofree char *serial = cantiga_certificate_dup_serial (g_ptr_array_index (renewed, 0));
  g_auto (GStrv) before = NULL;
  g_auto (GStrv) after = NULL;

  g_assert_true (use (fixture, invitation, request, NOW, &error));
  g_assert_true (cantiga_ledger_add_certificates (fixture->ledger, PLAYER, renewed, &error));
  before = cantiga_ledger_list_revoked_serials (fixture->ledger, &error);
  g_assert_cmpuint (g_strv_length (before), ==, 0);
  g_assert_true (cantiga_ledger_revoke_player (fixture->ledger, PLAYER, NOW + 1, &error));
  after = cantiga_ledger_list_revoked_serials (fixture->ledger, &error);
  g_assert_cmpuint (g_strv_length (after), ==, 3);
  g_assert_true (g_strv_contains ((const char *const *)after, serial));
  g_assert_false (cantiga_ledger_check_player (fixture->ledger, PLAYER, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  g_clear_error (&error);
  g_assert_false (cantiga_ledger_add_certificates (fixture->ledger, PLAYER, renewed, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CERTIFICATE_REFUSED);
  assert_whole (fixture->ledger);
}

/* docs/protocol.md 14.5: "the first card shown in a session of that player is enrolled, once." */
static void
test_lets_the_first_card_in_once (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = invite (fixture, TRUE);
  g_autoptr (X509) first = certificate_new ("first");
  g_autoptr (X509) second = certificate_new ("second");
  CantigaId id, found;
  gboolean taken;

  g_assert_true (use (fixture, invitation, request, NOW, &error));
  g_assert_true (cantiga_ledger_take_first_card (fixture->ledger, PLAYER, first, NOW, &taken, &id, &error));
  g_assert_true (taken);
  g_assert_true (cantiga_ledger_find_card (fixture->ledger, first, &found, &error));
  g_assert_true (cantiga_id_equal (&id, &found));
  g_assert_true (cantiga_ledger_take_first_card (fixture->ledger, PLAYER, second, NOW, &taken, &id, &error));
  g_assert_false (taken);
  g_assert_false (cantiga_ledger_find_card (fixture->ledger, second, &found, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_UNKNOWN);
}

static void
test_lets_no_card_in_without_being_told (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = invite (fixture, FALSE);
  g_autoptr (X509) card = certificate_new ("card");
  CantigaId id;
  gboolean taken = TRUE;

  g_assert_true (use (fixture, invitation, request, NOW, &error));
  g_assert_true (cantiga_ledger_take_first_card (fixture->ledger, PLAYER, card, NOW, &taken, &id, &error));
  g_assert_false (taken);
}

static void
test_a_revoked_card_is_no_first_card (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaInvitation) invitation = invite (fixture, TRUE);
  g_autoptr (X509) card = certificate_new ("card");
  CantigaId id;
  gboolean taken = TRUE;

  g_assert_true (cantiga_ledger_add_card (fixture->ledger, card, NOW, &id, NULL, &error));
  g_assert_true (cantiga_ledger_revoke_card (fixture->ledger, &id, NOW, &error));
  g_assert_true (use (fixture, invitation, request, NOW, &error));
  g_assert_true (cantiga_ledger_take_first_card (fixture->ledger, PLAYER, card, NOW, &taken, &id, &error));
  g_assert_false (taken);
  g_assert_false (cantiga_ledger_find_card (fixture->ledger, card, &id, &error));
  g_assert_error (error, CANTIGA_ERROR, CANTIGA_ERROR_CARD_REVOKED);
}

static gint64
draw (Fixture *fixture, const char *digest, gint64 now)
{
  g_autoptr (GError) error = NULL;
  gint64 number, last;

  g_assert_true (cantiga_ledger_draw_crl_number (fixture->ledger, digest, now, &number, &error));
  g_assert_true (cantiga_ledger_get_crl_number (fixture->ledger, &last, &error));
  g_assert_no_error (error);
  g_assert_cmpint (number, ==, last);
  return number;
}

/* docs/protocol.md 3.1: "its number not below the highest one seen", whichever server shows it, and if a clock is set back. */
static void
test_list_numbers_never_fall (Fixture *fixture, gconstpointer unused)
{
  g_assert_cmpint (draw (fixture, "a", NOW), ==, NOW);
  g_assert_cmpint (draw (fixture, "a", NOW + 9), ==, NOW);
  reopen (fixture);
  g_assert_cmpint (draw (fixture, "a", NOW + 9), ==, NOW);
  g_assert_cmpint (draw (fixture, "b", NOW + 9), ==, NOW + 9);
  g_assert_cmpint (draw (fixture, "a", NOW - 9), ==, NOW + 10);
}

static void
test_followed_files_are_kept (Fixture *fixture, gconstpointer unused)
{
  CantigaFollowed followed = { .path = (char *)"/srv/m\xfa\xfasica.ogg", .title = id_of (1), .size = 7, .changed = NOW, .brought = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = NULL, none = NULL;
  const CantigaFollowed *row;

  g_assert_true (cantiga_ledger_put_followed (fixture->ledger, &followed, &error));
  followed.size = 8;
  g_assert_true (cantiga_ledger_put_followed (fixture->ledger, &followed, &error));
  rows = cantiga_ledger_list_followed (fixture->ledger, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rows->len, ==, 1);
  row = rows->pdata[0];
  g_assert_cmpstr (row->path, ==, followed.path);
  g_assert_cmpint (row->size, ==, 8);
  g_assert_true (row->brought);
  assert_whole (fixture->ledger);
  g_assert_true (cantiga_ledger_forget_followed (fixture->ledger, followed.path, &error));
  none = cantiga_ledger_list_followed (fixture->ledger, &error);
  g_assert_cmpuint (none->len, ==, 0);
}

#define ADD(path, function) g_test_add ("/ledger/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("refuses-one-of-a-newer-version", test_refuses_newer);
  ADD ("refuses-another-master-key", test_refuses_another_master);
  ADD ("a-new-one-is-whole", test_a_new_one_is_whole);
  /* The files of PostgreSQL are not ours to read; the rows are the same. */
  if (get_postgresql () == NULL)
    ADD ("holds-nothing-personal-in-clear", test_nothing_personal_in_clear);
  ADD ("keeps-titles", test_keeps_titles);
  ADD ("reads-a-title-of-before", test_reads_a_title_of_before);
  ADD ("replaces-a-title", test_replaces_a_title);
  ADD ("removes-a-title", test_removes_a_title);
  ADD ("its-generation-tells-of-other-programs", test_generation_tells_of_other_programs);
  ADD ("enrols-a-card-once", test_enrols_a_card_once);
  ADD ("revokes-a-card-and-takes-it-back", test_revokes_a_card_and_takes_it_back);
  ADD ("an-invitation-is-good-once", test_an_invitation_is_good_once);
  ADD ("an-invitation-ends", test_an_invitation_ends);
  ADD ("an-unknown-invitation-is-refused", test_an_unknown_invitation_is_refused);
  ADD ("a-used-invitation-is-a-player", test_a_used_invitation_is_a_player);
  ADD ("keeps-who-issued-to-a-player-last", test_keeps_who_issued_to_a_player);
  ADD ("lists-all-serials-of-a-revoked-player", test_all_serials_of_a_revoked_player);
  ADD ("lets-the-first-card-in-once", test_lets_the_first_card_in_once);
  ADD ("lets-no-card-in-without-being-told", test_lets_no_card_in_without_being_told);
  ADD ("a-revoked-card-is-no-first-card", test_a_revoked_card_is_no_first_card);
  ADD ("list-numbers-never-fall", test_list_numbers_never_fall);
  ADD ("followed-files-are-kept", test_followed_files_are_kept);
  return g_test_run ();
}
