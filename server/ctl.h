/* What the parts of cantigactl share: options, the stores opened once, output for people and for programs. */
#pragma once

#include "server/config.h"
#include "server/ledger.h"
#include "server/pki.h"
#include "server/state.h"

G_BEGIN_DECLS

/* The command line, taken apart, and what it opened. */
typedef struct
{
  /* options */
  char *folder;
  gboolean json;
  char *name;
  gboolean exportable;
  gboolean watch;
  char *url;
  gboolean with_card;
  gboolean version;
  int plays;
  char *validity;
  char *config;
  char *new_master;
  char *master;
  gboolean keep_plays;
  gboolean force;
  char *title, *album, *listener, *group, *renewal; /* of a rule */
  int at_once;
  gboolean allow, deny;
  GStrv arguments;       /* after the command */

  /* opened by cantiga_ctl_open() */
  CantigaState *state;
  CantigaConfig *configuration;
  CantigaPki *pki;
  CantigaLedger *ledger;
  gint64 now;
} CantigaCtl;

typedef gboolean (*CantigaCommand) (CantigaCtl *ctl, GError **error);

/* As root, becomes the owner of folder (the state), with that user's groups and home: what root left behind there the server could not open. Does nothing
 * for others, where the folder is root's, and where there is none yet. Before anything is opened. */
gboolean cantiga_ctl_become_owner (const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The configuration in force; cantiga_ctl_open() does this too. */
gboolean cantiga_ctl_load_config (CantigaCtl *ctl, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_ctl_open (CantigaCtl *ctl, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The n-th argument, or NULL. */
const char *cantiga_ctl_get_argument (CantigaCtl *ctl, guint n);
/* Fails with CANTIGA_ERROR_USAGE unless there are min to max arguments after the command's own words. */
gboolean cantiga_ctl_check_arguments (CantigaCtl *ctl, guint min, guint max, const char *usage, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- output ---- */
/* A line to stdout. */
void cantiga_ctl_print (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* One compact JSON value and a newline; takes it. */
void cantiga_ctl_print_object (JsonObject *object);
void cantiga_ctl_print_array (JsonArray *array);
/* "2026-11-23 14:05", or "never" for 0; free with g_free(). */
char *cantiga_ctl_dup_time (gint64 time);
/* "8F2A 41C0 …", from "8f2a41c0…": as players show it, so that two people can compare theirs; free with g_free(). */
char *cantiga_ctl_dup_fingerprint (const char *digits);
/* "3:07" */
char *cantiga_ctl_dup_duration (double seconds);

/* "3 plays may have come back": of a ledger that came out of a backup; free with g_free(). */
char *cantiga_ctl_dup_may_return (guint plays);
/* Says that, in object and to people, if the ledger did. */
gboolean cantiga_ctl_tell_restored (CantigaCtl *ctl, JsonObject *object, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A title in a line, and as JSON: ctl-titles.c. */
void cantiga_ctl_print_title (const CantigaTitle *title, const char *note);
JsonObject *cantiga_ctl_encode_title (const CantigaTitle *title);
/* Follows the folders of the command line until it is stopped: ctl-follow.c. */
gboolean cantiga_ctl_follow (CantigaCtl *ctl, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- finding what a person means: an identifier, the beginning of one (8 digits or more), or a whole name ---- */
/* CANTIGA_ERROR_TITLE_UNKNOWN or CANTIGA_ERROR_NOT_FOUND; CANTIGA_ERROR_USAGE if it could be several. */
CantigaTitle *cantiga_ctl_find_title (GPtrArray *titles, const char *words, GError **error);
CantigaCardRow *cantiga_ctl_find_card (GPtrArray *cards, const char *words, GError **error);
/* The name of a title or card in a list, or its identifier's text if it is gone; free with g_free(). */
char *cantiga_ctl_dup_title_name (GPtrArray *titles, const CantigaId *id);
char *cantiga_ctl_dup_card_name (GPtrArray *cards, const CantigaId *id);

/* ---- commands ---- */
gboolean cantiga_command_init (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_status (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_doctor (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_config (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_backup (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_pki (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_add (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_list (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_remove (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_verify (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_invite (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_cards (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_players (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_licences (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_plays (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_audit (CantigaCtl *ctl, GError **error);

/* Writes to the audit log that command was done, unless it only reads. */
gboolean cantiga_ctl_note (CantigaCtl *ctl, const char *command, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_command_rights (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_groups (CantigaCtl *ctl, GError **error);
gboolean cantiga_command_ledger (CantigaCtl *ctl, GError **error);

G_END_DECLS
