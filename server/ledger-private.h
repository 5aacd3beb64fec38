/* What the files of the ledger share: tables and their keys, rows sealed and opened, transactions; events, licences and leases. Everything here is
 * called with the lock held, in a transaction. */
#pragma once

#include "core/kdf.h"
#include "server/ledger.h"
#include "server/sql.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_TABLE_TITLES,
  CANTIGA_TABLE_CARDS,
  CANTIGA_TABLE_PLAYERS,
  CANTIGA_TABLE_CERTIFICATES,
  CANTIGA_TABLE_INVITATIONS,
  CANTIGA_TABLE_LICENCES,
  CANTIGA_TABLE_LEASES,
  CANTIGA_TABLE_PLAYS,
  CANTIGA_TABLE_HEAD,
  CANTIGA_TABLE_IDS,
  CANTIGA_TABLE_RULES,
  CANTIGA_TABLE_MEMBERS,
  CANTIGA_TABLE_FOLLOWED,
  CANTIGA_TABLE_CRL,
  CANTIGA_N_TABLES
} CantigaTable;

typedef struct
{
  CantigaKey row[CANTIGA_N_TABLES];
  CantigaKey find[CANTIGA_N_TABLES];
} CantigaLedgerKeys;

/* Where the plays end: the last number and link. Sealed, so that events cannot be cut off at the end. */
typedef struct
{
  gint64 number;
  guint8 chain[CANTIGA_HASH_LENGTH];
} CantigaHead;

#define CANTIGA_LEDGER_NONCE_LENGTH 12

struct _CantigaLedger
{
  GMutex lock; /* of all that follows */
  CantigaSql *sql;
  CantigaSecret *keys; /* a CantigaLedgerKeys */
  CantigaSecret *id_key;
  guint connection;    /* the key was seen to open the ledger in this one (cantiga_sql_count_connections()) */
  gboolean knows_head; /* head is where the plays end, in this transaction: ledger-events.c */
  gboolean owes_head;  /* it is to be written before the commit */
  CantigaHead head;
  guint8 nonces[64][CANTIGA_LEDGER_NONCE_LENGTH]; /* drawn, and not used yet: the first nonces_left */
  guint nonces_left;

  GMutex queue_lock; /* of all that follows: ledger-together.c */
  GQueue waiting;    /* jobs */
  gboolean busy;     /* somebody writes for all */
  guint expected;    /* jobs that waited when the batch before was over, and those of that batch */
  gint64 flush_took; /* how long its commit waited for this machine's disk, in microseconds */
  gint64 flushed_at; /* when that was over (monotonic) */
  gint64 write_took; /* what one job took, without the disk: over the last batches, in nanoseconds */
  guint askers;      /* the most jobs that waited or were unanswered after one of the last batches */
  guint unanswered;  /* jobs that were committed */
  guint unflushed;   /* of them, those that are not on the disk */
  gboolean holds;    /* who leads waits for more, until there are wanted, or the disk is free */
  guint wanted;
  GCond stirred;     /* for who waits so */
  guint64 committed; /* batches, not all of which are on the disk */

  char *url;          /* of a database that is far away; NULL: it is here */
  GMutex flush_lock;  /* of all that follows */
  CantigaSql *second; /* the connection that waits for the disk, while the first goes on */
  guint64 flushed;    /* batches that are on the disk */
  gint second_connection; /* atomic: the number of the last that there was */
};

/* Rows sealed with master, the tables as they are: nothing is looked at. sql is taken, and may be NULL (with error). */
CantigaLedger *cantiga_ledger_new (CantigaSql *sql, CantigaSecret *master, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Every row of from, which reads, to to, which writes and has none. */
gboolean cantiga_ledger_copy_rows (CantigaLedger *from, CantigaLedger *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Tables as this program wants them: ledger-schema.c */
gboolean cantiga_ledger_migrate (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is to be written, in a transaction; FALSE with error: nothing of it is. It may be called again, when what it wrote was taken back because of another: what it told the first time is told anew. */
typedef gboolean (*CantigaWork) (CantigaLedger *ledger, gpointer work_data, GError **error);
/* What a work will ask first, asked ahead of it, without looking at the answers (server/sql.h); where that is worth it. */
typedef void (*CantigaForesee) (CantigaLedger *ledger, gpointer work_data);
/* Together with whatever other threads want to write now: one commit for all, durable when it returns. work may be called in another thread, while this
 * one waits. */
gboolean cantiga_ledger_write_together (CantigaLedger *ledger, CantigaWork work, gpointer work_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for work on the plays and licences of one listener, who is all that it touches. */
gboolean cantiga_ledger_write_for (CantigaLedger *ledger, const CantigaId *listener, CantigaForesee foresee, CantigaWork work, gpointer work_data,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The ledger with its lock held in a transaction that is rolled back unless it was committed. */
typedef struct _CantigaLedger CantigaTransaction;
CantigaTransaction *cantiga_ledger_read (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
CantigaTransaction *cantiga_ledger_write (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What is committed is not on the disk yet (cantiga_sql_begin_writing_ahead()). */
CantigaTransaction *cantiga_ledger_write_ahead (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_transaction_commit (CantigaTransaction *transaction, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_transaction_end (CantigaTransaction *transaction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaTransaction, cantiga_transaction_end)

/* The id by which a row is found: a keyed hash over fields (13.4). */
gboolean cantiga_ledger_find (CantigaLedger *ledger, CantigaTable table, const CantigaBuffer *fields, CantigaId *ret_id,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_find_by_text (CantigaLedger *ledger, CantigaTable table, const char *text, CantigaId *ret_id,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_find_by_bytes (CantigaLedger *ledger, CantigaTable table, GBytes *bytes, CantigaId *ret_id,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* second may be NULL. */
gboolean cantiga_ledger_find_by_ids (CantigaLedger *ledger, CantigaTable table, const CantigaId *first, const CantigaId *second, CantigaId *ret_id,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* plain: the row's other columns as fields, bound to it by associated data; NULL for none. CANTIGA_ERROR_DAMAGED if a row does not open. */
GBytes *cantiga_ledger_seal_row (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, const CantigaBuffer *plain, gconstpointer text,
                                 gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *cantiga_ledger_open_row (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, const CantigaBuffer *plain,
                                 CantigaStatement *statement, guint column, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *cantiga_ledger_seal_object (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, const CantigaBuffer *plain, JsonObject *object,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *cantiga_ledger_open_object (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, const CantigaBuffer *plain,
                                        CantigaStatement *statement, guint column, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A key in a column of its own: it goes through no GBytes. */
GBytes *cantiga_ledger_seal_secret (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, CantigaSecret *secret,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
CantigaSecret *cantiga_ledger_open_secret (CantigaLedger *ledger, CantigaTable table, const CantigaId *id, CantigaStatement *statement, guint column,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The key that identifiers are made with: taken up, kept under the master key. */
gboolean cantiga_ledger_set_id_key (CantigaLedger *ledger, CantigaSecret *id_key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_store_id_key (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_fail_damaged (CantigaTable table, GError **error);

/* ---- titles, cards, players, invitations ---- */
gboolean cantiga_ledger_verify_titles (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean cantiga_ledger_copy_titles (CantigaLedger *from, CantigaLedger *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ret_card: NULL if it is not there. */
gboolean cantiga_ledger_load_card (CantigaLedger *ledger, const CantigaId *id, CantigaCardRow **ret_card, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CANTIGA_ERROR_CARD_UNKNOWN, CANTIGA_ERROR_CARD_WAITING, CANTIGA_ERROR_CARD_REVOKED. */
gboolean cantiga_ledger_admit_card (CantigaLedger *ledger, const CantigaId *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_find_card_id (CantigaLedger *ledger, GBytes *certificate, CantigaId *ret_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* As it stands; a row of the same id is replaced. */
gboolean cantiga_ledger_store_card (CantigaLedger *ledger, const CantigaCardRow *card, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_insert_card (CantigaLedger *ledger, const CantigaId *id, X509 *certificate, gint64 now,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_verify_cards (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_copy_cards (CantigaLedger *from, CantigaLedger *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* CANTIGA_ERROR_NOT_FOUND, CANTIGA_ERROR_CERTIFICATE_REFUSED. */
gboolean cantiga_ledger_admit_player (CantigaLedger *ledger, const char *uuid, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* first_card: the first card that is shown in a session of this player is let in (14.5). */
gboolean cantiga_ledger_insert_player (CantigaLedger *ledger, const char *uuid, const char *name, gboolean first_card, GPtrArray *leaves, gint64 now,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* ret_name: NULL if there is no such player. */
gboolean cantiga_ledger_load_player_name (CantigaLedger *ledger, const char *uuid, char **ret_name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_verify_players (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_copy_players (CantigaLedger *from, CantigaLedger *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean cantiga_ledger_drop_invitations (CantigaLedger *ledger, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_verify_invitations (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_copy_invitations (CantigaLedger *from, CantigaLedger *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean cantiga_ledger_verify_rules (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_copy_rules (CantigaLedger *from, CantigaLedger *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean cantiga_ledger_verify_followed (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_copy_followed (CantigaLedger *from, CantigaLedger *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The next list gets a number of its own, above all that players have seen. */
gboolean cantiga_ledger_forget_crl (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_copy_crl (CantigaLedger *from, CantigaLedger *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- plays, only ever appended (9.5): ledger-events.c ---- */
typedef enum
{
  CANTIGA_EVENT_GRANTED = 1,
  CANTIGA_EVENT_STARTED,
  CANTIGA_EVENT_ENDED,
  CANTIGA_EVENT_GIVEN_BACK,
  CANTIGA_EVENT_CLOSED,
  CANTIGA_EVENT_REVOKED,
  CANTIGA_EVENT_RENEWED,  /* a licence, by its listener or the keeper: of no play */
  CANTIGA_EVENT_RETURNED, /* a licence, by its listener: of no play */
  CANTIGA_EVENT_LOWERED,  /* a licence, since its ledger came out of a backup: of no play */
  CANTIGA_EVENT_RESTORED, /* the ledger, of a backup; plays: how many licences were lowered, plays_left: how many plays may have come back */
  CANTIGA_N_EVENTS
} CantigaEventKind;

#define CANTIGA_UUID_LENGTH 36

typedef struct
{
  gint64 number;
  CantigaEventKind kind;
  gint64 at;
  CantigaId key; /* keyed hash of listener and play */
  CantigaId play, listener, title;
  CantigaId stamp;  /* of the licence as it was made or renewed last */
  guint plays;      /* that it was made with */
  guint plays_left; /* after this */
  char player[CANTIGA_UUID_LENGTH + 1];
} CantigaEvent;

/* number is drawn here. */
gboolean cantiga_ledger_append_event (CantigaLedger *ledger, CantigaEvent *event, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Before a commit: the head is written once for all events of a transaction. */
gboolean cantiga_ledger_settle_head (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All events in order, each checked against the one before, the last against the head. visit returns FALSE with error to stop. */
typedef gboolean (*CantigaEventVisit) (const CantigaEvent *event, gpointer user_data, GError **error);
gboolean cantiga_ledger_each_event (CantigaLedger *ledger, CantigaEventVisit visit, gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The last event of a play. */
gboolean cantiga_ledger_last_event (CantigaLedger *ledger, const CantigaId *key, gboolean *ret_there, CantigaEvent *ret_event,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_load_event (CantigaLedger *ledger, gint64 number, CantigaEvent *ret_event, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The ledger has no plays yet, in this transaction. */
void cantiga_ledger_begin_head (CantigaLedger *ledger);
/* In a transaction: CANTIGA_ERROR_CONFIGURATION if the ledger belongs to another master key. */
gboolean cantiga_ledger_check_key (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* 0: there are none. */
gboolean cantiga_ledger_last_number (CantigaLedger *ledger, gint64 *ret_number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes the head of a new ledger; CANTIGA_ERROR_CONFIGURATION if the ledger belongs to another master key. */
gboolean cantiga_ledger_open_head (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- licences: ledger-licences.c ---- */
typedef struct
{
  CantigaId id;
  CantigaId listener, title;
  CantigaId stamp; /* drawn anew whenever it is made or renewed: a play is given back to the licence that it was taken from, and to no other */
  guint plays;     /* that it was made with */
  CantigaLicence licence;
} CantigaLicenceEntry;

/* Sets id, listener and title, and all else to 0. */
gboolean cantiga_ledger_find_licence (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *title, CantigaLicenceEntry *ret_entry,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, and draws a stamp. */
gboolean cantiga_ledger_init_licence (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *title, CantigaLicenceEntry *ret_entry,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_load_licence (CantigaLedger *ledger, const CantigaId *id, gboolean *ret_there, CantigaLicenceEntry *ret_entry,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* That of which a play that is not over is. */
gboolean cantiga_ledger_load_licence_of_play (CantigaLedger *ledger, const CantigaId *key, gboolean *ret_there, CantigaLicenceEntry *ret_entry,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* ret_due: plays of it were asked for at or before asked, and not started. */
gboolean cantiga_ledger_load_licence_due (CantigaLedger *ledger, const CantigaId *id, gint64 asked, gboolean *ret_there, CantigaLicenceEntry *ret_entry,
                                          gboolean *ret_due, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_store_licence (CantigaLedger *ledger, const CantigaLicenceEntry *entry, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, where its listener was looked up before, which needs no lock. */
gboolean cantiga_ledger_store_licence_of (CantigaLedger *ledger, const CantigaLicenceEntry *entry, const CantigaId *holder,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_find_licence_holder (CantigaLedger *ledger, const CantigaId *listener, CantigaId *ret_holder,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_delete_licence (CantigaLedger *ledger, const CantigaId *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* GArray of CantigaLicenceEntry; listener NULL for all. */
GArray *cantiga_ledger_load_licences (CantigaLedger *ledger, const CantigaId *listener, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- which plays are of which licence: an index of the plays, found by the licence's id: ledger-heard.c ---- */
gboolean cantiga_ledger_index_play (CantigaLedger *ledger, const CantigaId *licence, gint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CANTIGA_ERROR_DAMAGED unless the play is in the index, of that licence. */
gboolean cantiga_ledger_verify_heard (CantigaLedger *ledger, const CantigaEvent *granted, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CANTIGA_ERROR_DAMAGED unless there are so many plays in it, and no more. */
gboolean cantiga_ledger_verify_n_heard (CantigaLedger *ledger, guint n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For a ledger from before there was an index. */
gboolean cantiga_ledger_open_heard (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- leases, the plays that are not over: ledger-leases.c ---- */
typedef enum
{
  CANTIGA_LEASE_AWAITS_START, /* its first chunk */
  CANTIGA_LEASE_AWAITS_END,
} CantigaLeaseAwaits;

typedef struct
{
  CantigaLeaseAwaits awaits;
  CantigaId licence;
  CantigaEvent granted; /* what the play was granted with */
  gint64 expires, ends;
} CantigaLease;

gboolean cantiga_ledger_load_lease (CantigaLedger *ledger, const CantigaId *key, gboolean *ret_there, CantigaLease *ret_lease,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_store_lease (CantigaLedger *ledger, const CantigaLease *lease, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_store_lease_of (CantigaLedger *ledger, const CantigaLease *lease, const CantigaId *holder,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_find_lease_holder (CantigaLedger *ledger, const CantigaId *listener, CantigaId *ret_holder,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* GArrays of CantigaLease. */
GArray *cantiga_ledger_load_leases (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GArray *cantiga_ledger_load_leases_of (CantigaLedger *ledger, const CantigaLicenceEntry *licence, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Of them, those asked for at or before asked, and not started: none is opened that is not wanted, of however many the licence has. */
GArray *cantiga_ledger_load_leases_unstarted_of (CantigaLedger *ledger, const CantigaId *licence, gint64 asked,
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Those whose window is not over. */
GArray *cantiga_ledger_load_leases_held (CantigaLedger *ledger, const CantigaId *listener, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For a ledger from before leases were found by their holder. */
gboolean cantiga_ledger_open_leases (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Asked for at or before asked, and not started. */
GArray *cantiga_ledger_load_leases_unstarted (CantigaLedger *ledger, gint64 asked, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GArray *cantiga_ledger_load_leases_past (CantigaLedger *ledger, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Records kind and deletes the lease; CANTIGA_EVENT_GIVEN_BACK gives the play back to its licence, if that is still there as it was. */
gboolean cantiga_ledger_close_lease (CantigaLedger *ledger, const CantigaLease *lease, CantigaEventKind kind, gint64 now,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Records kind for a lease that goes on. */
gboolean cantiga_ledger_append_lease_event (CantigaLedger *ledger, const CantigaLease *lease, CantigaEventKind kind, gint64 now,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
