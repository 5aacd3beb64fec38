/* The ledger: titles, cards, players, invitations, licences, and plays, which are only ever appended (docs/protocol.md 9.5, 13.4).
 *
 * Rows are sealed (core/aead.h, key from the master key, associated data: table and key of the row) and found by keyed hashes. Every function is one transaction, durable when it returns;
 * thread: any (one lock inside). Times are seconds since 1970 and come from the caller. The SQL stands behind server/sql.h, so that another database can take SQLite's place. */
#pragma once

#include "core/chain.h"
#include "core/licence.h"
#include "core/pairing.h"
#include "core/sealed.h"

G_BEGIN_DECLS

typedef struct _CantigaLedger CantigaLedger;

/* path: of the SQLite file; made (0600) with numbered migrations if it is not there. WAL, synchronous=FULL. A ledger newer than the program is refused. */
CantigaLedger *cantiga_ledger_open (const char *path, CantigaSecret *master, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_ledger_free (CantigaLedger *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaLedger, cantiga_ledger_free)
/* Writes all of it anew to a new ledger at path, under another master key; identifiers stay what they are (docs/protocol.md 13.6). Checks plays and rows as it reads them. */
gboolean cantiga_ledger_copy (CantigaLedger *ledger, const char *path, CantigaSecret *master, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same in its place, for a ledger in PostgreSQL at url (the ledger's own), all in one transaction: CANTIGA_ERROR_BUSY if any program has it open, on whatever machine. ready is called when
 * all of it is written and nothing is valid yet, with a mark by which cantiga_ledger_has_mark() tells whether it became so. The ledger is of no use after it: open it again. */
typedef gboolean (*CantigaLedgerReady) (const char *mark, gpointer user_data, GError **error);
gboolean cantiga_ledger_rekey (CantigaLedger *ledger, const char *url, CantigaSecret *master, CantigaLedgerReady ready, gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* No key is needed. Waits for who may still be writing. */
gboolean cantiga_ledger_has_mark (const char *url, const char *mark, gboolean *ret_has, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What a ledger out of a backup came to. */
typedef struct
{
  gboolean known;            /* what was spent after the backup is known: the ledger that was in its place says it */
  guint licences, plays;     /* lowered, and by how many plays in all */
  guint may_return;          /* plays spent after the backup that may be heard again */
} CantigaRestored;
/* To be done with a ledger that came out of a backup, before it is used: licences are lowered by what before, the ledger that was in its place, says was spent since; to nothing if before is NULL or tells nothing.
 * keep_plays: they stay as they are, and how many plays may have come back is told. Plays under way are closed, what was revoked meanwhile is revoked, and all of it is a row of the plays. */
gboolean cantiga_ledger_restore (CantigaLedger *ledger, CantigaLedger *before, gboolean keep_plays, gint64 now, CantigaRestored *ret_restored, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Files that travel with a ledger in the SQLite file at path, which nobody has open: put there, and taken out again. Name → GBytes. */
gboolean cantiga_ledger_put_files (const char *path, GHashTable *files, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GHashTable *cantiga_ledger_take_files (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The key that identifiers of titles are made with (docs/protocol.md 13.6). */
CantigaSecret *cantiga_ledger_get_id_key (CantigaLedger *ledger);
/* Every row opens, the chain of plays holds, counts agree with plays. CANTIGA_ERROR_DAMAGED says where. */
gboolean cantiga_ledger_verify (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How many titles, and rows of plays. */
gboolean cantiga_ledger_count (CantigaLedger *ledger, guint *ret_titles, guint64 *ret_plays, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* When it last came out of a backup, and how many plays may have come back since the first time; 0: never. */
gboolean cantiga_ledger_get_restored (CantigaLedger *ledger, gint64 *ret_at, guint *ret_may_return, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The quick part of it: whether the file, its indexes and references are whole. */
gboolean cantiga_ledger_check (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- titles ---- */
typedef struct
{
  CantigaId id;
  guint64 size;
  guint64 chunks;
  gint64 added;
  char *cover;               /* mark: hexadecimal of a hash of the cover, or NULL */
  CantigaMetadata *metadata;
} CantigaTitle;
CantigaTitle *cantiga_title_new (void);
void cantiga_title_free (CantigaTitle *title);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaTitle, cantiga_title_free)

/* Replaces a row of the same id. */
gboolean cantiga_ledger_put_title (CantigaLedger *ledger, const CantigaTitle *title, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_has_title (CantigaLedger *ledger, const CantigaId *id, gboolean *ret_has, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CANTIGA_ERROR_TITLE_UNKNOWN. */
gboolean cantiga_ledger_remove_title (CantigaLedger *ledger, const CantigaId *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* GPtrArray of CantigaTitle, in no order. */
GPtrArray *cantiga_ledger_list_titles (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Changes whenever a title is put or removed, by any program. Cheap. */
gboolean cantiga_ledger_get_generation (CantigaLedger *ledger, gint64 *ret_generation, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- cards: a listener is a card ---- */
typedef struct
{
  CantigaId id;              /* keyed hash of the certificate: the listener */
  char *name;
  GBytes *certificate;       /* DER */
  gint64 added;
  gint64 waiting;            /* for the keeper, since then; 0: enrolled */
  gint64 revoked;            /* 0: not */
} CantigaCardRow;

typedef enum
{
  CANTIGA_CARD_ENROLLED,
  CANTIGA_CARD_WAITS,
  CANTIGA_CARD_REVOKED,
} CantigaCardStanding;
CantigaCardStanding cantiga_card_row_get_standing (const CantigaCardRow *card);
void cantiga_card_row_free (CantigaCardRow *card);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaCardRow, cantiga_card_row_free)

/* Enrols a certificate; the same again takes back a revocation, lets in one that waits, and is no error. ret_new may be NULL. */
gboolean cantiga_ledger_add_card (CantigaLedger *ledger, X509 *certificate, gint64 now, CantigaId *ret_id, gboolean *ret_new, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CANTIGA_ERROR_CARD_UNKNOWN, CANTIGA_ERROR_CARD_WAITING, CANTIGA_ERROR_CARD_REVOKED. */
gboolean cantiga_ledger_find_card (CantigaLedger *ledger, X509 *certificate, CantigaId *ret_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *cantiga_ledger_list_cards (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Notes a certificate that is not there as waiting for the keeper. At most CANTIGA_CARDS_WAITING_MAX wait: CANTIGA_ERROR_CARD_UNKNOWN for further ones. */
#define CANTIGA_CARDS_WAITING_MAX 500
gboolean cantiga_ledger_note_card (CantigaLedger *ledger, X509 *certificate, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lets one in that waits; no error for one that is in. CANTIGA_ERROR_NOT_FOUND, CANTIGA_ERROR_CARD_REVOKED. */
gboolean cantiga_ledger_approve_card (CantigaLedger *ledger, const CantigaId *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_revoke_card (CantigaLedger *ledger, const CantigaId *id, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- players ---- */
typedef struct
{
  char *uuid;
  char *name;
  gint64 added;
  gint64 expires;            /* of its newest certificate */
  char *issuer;              /* of what was issued to it last, as of cantiga_certificate_dup_issuer_key_id(); NULL: it was written before that was kept */
  gint64 revoked;
} CantigaPlayerRow;
void cantiga_player_row_free (CantigaPlayerRow *player);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaPlayerRow, cantiga_player_row_free)

/* CANTIGA_ERROR_NOT_FOUND, CANTIGA_ERROR_CERTIFICATE_REFUSED if it was revoked. */
gboolean cantiga_ledger_check_player (CantigaLedger *ledger, const char *uuid, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Certificates issued to a player on renewal: their serials, for the revocation list. */
gboolean cantiga_ledger_add_certificates (CantigaLedger *ledger, const char *uuid, GPtrArray *leaves, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *cantiga_ledger_list_players (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The name that the keeper gave it; NULL without error if there is none. */
char *cantiga_ledger_dup_player_name (CantigaLedger *ledger, const char *uuid, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_revoke_player (CantigaLedger *ledger, const char *uuid, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Serials of all revoked players' certificates; for the revocation list. */
GStrv cantiga_ledger_list_revoked_serials (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The number of a revocation list whose contents have this digest (at most 128 letters): the same for the same contents, a higher one for others. */
gboolean cantiga_ledger_draw_crl_number (CantigaLedger *ledger, const char *digest, gint64 now, gint64 *ret_number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The last that was drawn, by any server; 0: none. */
gboolean cantiga_ledger_get_crl_number (CantigaLedger *ledger, gint64 *ret_number, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- invitations ---- */
gboolean cantiga_ledger_add_invitation (CantigaLedger *ledger, const CantigaInvitation *invitation, const char *name, gboolean with_card, gint64 expires, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The secret of an invitation that is not past its time; ret_name its player's name; ret_answer: the answer it was used for, if this same request (its SHA-256) used it before, else NULL.
 * CANTIGA_ERROR_INVITATION_REFUSED. */
gboolean cantiga_ledger_get_invitation (CantigaLedger *ledger, const CantigaId *id, const guint8 request_hash[32], gint64 now, CantigaSecret **ret_secret, char **ret_name,
                                        GBytes **ret_answer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether there is one that nobody has used yet. */
gboolean cantiga_ledger_has_open_invitation (CantigaLedger *ledger, gint64 now, gboolean *ret_open, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Uses it up, and adds the player, in one transaction. leaves: X509. CANTIGA_ERROR_INVITATION_REFUSED if somebody was faster. */
gboolean cantiga_ledger_use_invitation (CantigaLedger *ledger, const CantigaId *id, const guint8 request_hash[32], const char *uuid, GPtrArray *leaves, GBytes *answer, gint64 now,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the player's invitation lets its first card in (14.5); enrols certificate and uses that up. */
gboolean cantiga_ledger_take_first_card (CantigaLedger *ledger, const char *uuid, X509 *certificate, gint64 now, gboolean *ret_taken, CantigaId *ret_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- files that a library follows (server/follow.h) ---- */
typedef struct
{
  char *path;                /* bytes of a file name */
  CantigaId title;
  gint64 size, changed;      /* of the file, as it was taken */
  gboolean brought;          /* the title is there because of it, and goes with it */
} CantigaFollowed;
void cantiga_followed_free (CantigaFollowed *followed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaFollowed, cantiga_followed_free)
/* GPtrArray of CantigaFollowed. */
GPtrArray *cantiga_ledger_list_followed (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_put_followed (CantigaLedger *ledger, const CantigaFollowed *followed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_forget_followed (CantigaLedger *ledger, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- rights: what the keeper allows whom (docs/rights.md) ---- */
typedef struct
{
  CantigaId id;
  /* of what, for whom; NULL: of any, for all */
  char *title;               /* identifier's text */
  char *album;
  char *card;                /* identifier's text */
  char *group;
  /* what it says; NULL and -1: nothing */
  char *validity;            /* as of cantiga_validity_parse() */
  char *renewal;             /* as of cantiga_renewal_parse() */
  int plays, at_once, allowed;
} CantigaRule;
CantigaRule *cantiga_rule_new (void);
void cantiga_rule_free (CantigaRule *rule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaRule, cantiga_rule_free)
/* Replaces the one of the same title, album, card and group. */
gboolean cantiga_ledger_put_rule (CantigaLedger *ledger, const CantigaRule *rule, CantigaId *ret_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CANTIGA_ERROR_NOT_FOUND. */
gboolean cantiga_ledger_remove_rule (CantigaLedger *ledger, const CantigaId *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* GPtrArray of CantigaRule. */
GPtrArray *cantiga_ledger_list_rules (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  char *group;
  CantigaId card;
} CantigaMember;
void cantiga_member_free (CantigaMember *member);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaMember, cantiga_member_free)
gboolean cantiga_ledger_add_member (CantigaLedger *ledger, const char *group, const CantigaId *card, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* CANTIGA_ERROR_NOT_FOUND. */
gboolean cantiga_ledger_remove_member (CantigaLedger *ledger, const char *group, const CantigaId *card, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* GPtrArray of CantigaMember. */
GPtrArray *cantiga_ledger_list_members (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Changes whenever a rule or a group does, by any program. Cheap. */
gboolean cantiga_ledger_get_rules_generation (CantigaLedger *ledger, gint64 *ret_generation, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- licences and plays ---- */
typedef struct
{
  CantigaId play;
  CantigaId listener;
  CantigaId title;
  guint plays_left;
  gint64 expires;            /* of the licence */
  gint64 asked;
  gint64 ends;               /* of the play's window */
} CantigaPlay;

/* A play (9): one transaction from the licence's decision to the record. The same play of the same listener again: the same result, nothing spent; over: CANTIGA_ERROR_PLAY_OVER. The same play with another
 * title: CANTIGA_ERROR_MALFORMED. refused: this session was refused this title before. ret_deleted (set when refused as well): the licence went; the
 * session gets no more of this title. player: UUID. */
gboolean cantiga_ledger_grant_play (CantigaLedger *ledger, const CantigaPolicy *policy, const CantigaId *listener, const CantigaId *title, const CantigaId *play, const char *player,
                                    double duration, gboolean refused, gint64 now, CantigaPlay *ret_play, gboolean *ret_deleted, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Before the first chunk leaves: from now on it is not given back. Once is enough; again is no error. CANTIGA_ERROR_PLAY_OVER if it was given back already. */
gboolean cantiga_ledger_start_play (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *play, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a session's card and player (a UUID) still stand: CANTIGA_ERROR_CARD_REVOKED, CANTIGA_ERROR_CARD_UNKNOWN, CANTIGA_ERROR_CERTIFICATE_REFUSED. */
gboolean cantiga_ledger_check_session (CantigaLedger *ledger, const CantigaId *listener, const char *player, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a play that was granted may still go on: CANTIGA_ERROR_PLAY_OVER, CANTIGA_ERROR_CARD_REVOKED, CANTIGA_ERROR_CERTIFICATE_REFUSED (of player, a UUID), CANTIGA_ERROR_LICENCE_REFUSED (revoked). */
gboolean cantiga_ledger_check_play (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *play, const char *player, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Before its first chunk: it is given back. Again is no error; CANTIGA_ERROR_NOT_FOUND if there never was such a play. */
gboolean cantiga_ledger_end_play (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *play, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Gives back the plays that never got their first chunk (9.3) and closes windows that are over; how many were given back. */
gboolean cantiga_ledger_sweep (CantigaLedger *ledger, gint64 now, guint *ret_given_back, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  CantigaId id;              /* of the licence: keyed hash of listener and title */
  CantigaId listener;
  CantigaId title;
  guint plays;               /* that it was given with; 0: given back */
  CantigaLicence licence;
} CantigaLicenceRow;
/* listener: NULL for all. GPtrArray of CantigaLicenceRow (g_free). */
GPtrArray *cantiga_ledger_list_licences (CantigaLedger *ledger, const CantigaId *listener, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes, renews or sets one: plays from now on, validity seconds. */
gboolean cantiga_ledger_put_licence (CantigaLedger *ledger, const CantigaId *listener, const CantigaId *title, guint plays, gint64 validity, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For the listener (9.7, 9.8). used_here: this session had a play of the title, or was refused it. CANTIGA_ERROR_NOT_FOUND, CANTIGA_ERROR_RENEWAL_REFUSED. */
gboolean cantiga_ledger_renew_licence (CantigaLedger *ledger, const CantigaPolicy *policy, const CantigaId *listener, const CantigaId *title, gboolean used_here, gint64 now,
                                       CantigaLicenceRow *ret_row, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* ret_deleted: the licence went, and the session gets no more of this title; else ret_row is what is left of it. */
gboolean cantiga_ledger_return_licence (CantigaLedger *ledger, const CantigaPolicy *policy, const CantigaId *listener, const CantigaId *title, gint64 now, gboolean *ret_deleted,
                                        CantigaLicenceRow *ret_row, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ledger_revoke_licence (CantigaLedger *ledger, const CantigaId *id, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  gint64 number;             /* of the row, rising */
  char *event;               /* "granted", "started", "ended", "given-back", "closed" (window over); "revoked", of a licence, too; of licences alone: "renewed", "returned", "lowered"; of the ledger alone: "restored" */
  gint64 at;
  CantigaId play, listener, title;
  char *player;              /* UUID */
  guint plays_left;          /* after it; of "restored": how many plays may have come back */
} CantigaPlayRow;
void cantiga_play_row_free (CantigaPlayRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaPlayRow, cantiga_play_row_free)
/* In order; GPtrArray of CantigaPlayRow. */
GPtrArray *cantiga_ledger_list_plays (CantigaLedger *ledger, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  CantigaId play;
  char player[37];           /* UUID */
  gint64 at;
  gint64 until;              /* 0: it goes on */
  const char *state;         /* "playing", "heard", "given-back", "revoked" */
} CantigaHeard;
typedef struct
{
  CantigaId play, title;
  char player[37];           /* UUID */
  gint64 at, ends;
} CantigaLive;
/* The listener's plays that are not over, in order; GArray of CantigaLive. */
GArray *cantiga_ledger_list_live (CantigaLedger *ledger, const CantigaId *listener, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The last plays of a licence (an id of CantigaLicenceRow), the last first; GArray of CantigaHeard. */
GArray *cantiga_ledger_list_heard (CantigaLedger *ledger, const CantigaId *licence, guint limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
