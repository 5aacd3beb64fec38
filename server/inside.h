/* A server inside another program: started and stopped by a switch, with what its keeper does by hand. What goes in and out are strings and plain
 * values, so that the program around it needs nothing else of this folder.
 *
 * Thread: main, whose main context gets every callback; the server has a thread of its own, and one more while files are added. */
#pragma once

#include <gio/gio.h>

#include "core/secret.h"

G_BEGIN_DECLS

typedef struct _CantigaInside CantigaInside;

/* ---- what happens, as it happens ---- */

typedef enum
{
  CANTIGA_INSIDE_JOINED,    /* a player was paired; who: its name */
  CANTIGA_INSIDE_SIGNED_IN, /* who: the card's holder */
  CANTIGA_INSIDE_LEFT,      /* who */
  CANTIGA_INSIDE_BEGAN,     /* who began to hear what; plays_left after it */
  CANTIGA_INSIDE_REFUSED,   /* what: the sentence; who: an address */
  CANTIGA_INSIDE_NOTICE,    /* what: a sentence on the server itself */
} CantigaInsideKind;

typedef struct
{
  CantigaInsideKind kind;
  gint64 at; /* seconds since 1970 */
  const char *who;
  const char *what;
  guint plays_left;
} CantigaInsideEvent;

typedef void (*CantigaInsideTold) (const CantigaInsideEvent *event, gpointer user_data);

/* ---- the switch ---- */

/* The server in folder, made if there is none yet (called name), with a master key of 32 bytes that the caller keeps (copied). listen: "0.0.0.0:22684",
 * port 0 picks one. CANTIGA_ERROR_BUSY if another program has the port. */
void cantiga_inside_start_async (const char *folder, CantigaSecret *master, const char *name, const char *listen, CantigaInsideTold told,
                                 gpointer user_data, GAsyncReadyCallback callback, gpointer callback_data);
CantigaInside *cantiga_inside_start_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Waits for the keeper's work (cancel what adds first), answers what is under way, then stops and frees it; nothing is told any more. */
void cantiga_inside_stop_async (CantigaInside *inside, GAsyncReadyCallback callback, gpointer user_data);
void cantiga_inside_stop_finish (GAsyncResult *result);

/* "0.0.0.0:22684", with the port that was picked. */
const char *cantiga_inside_get_address (CantigaInside *inside);
/* What the server calls itself, and its identity (UUID). */
const char *cantiga_inside_get_name (CantigaInside *inside);
const char *cantiga_inside_get_server (CantigaInside *inside);

/* ---- the keeper's work ---- */

typedef struct
{
  char *id; /* hexadecimal */
  char *name;
  char *last_four; /* of the certificate's hash: tells cards of one name apart */
  gboolean waits, revoked;
} CantigaInsideCard;

typedef struct
{
  char *id; /* of the session */
  char *name;
  char *title; /* what was begun last; NULL: nothing yet */
  gint64 since;
} CantigaInsideListener;

/* As it stands. */
typedef struct
{
  guint titles;
  GPtrArray *cards;     /* CantigaInsideCard */
  GPtrArray *listeners; /* CantigaInsideListener, who came first is first */
} CantigaInsideStanding;
void cantiga_inside_standing_free (CantigaInsideStanding *standing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaInsideStanding, cantiga_inside_standing_free)

void cantiga_inside_look_async (CantigaInside *inside, GAsyncReadyCallback callback, gpointer user_data);
CantigaInsideStanding *cantiga_inside_look_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A link that is good once, until ret_expires. with_card: the first card shown in that player is let in. url: "http://host:port". The link is a secret:
 * cantiga_link_free(). */
void cantiga_inside_invite_async (CantigaInside *inside, const char *name, const char *url, gboolean with_card, GAsyncReadyCallback callback,
                                  gpointer user_data);
char *cantiga_inside_invite_finish (GAsyncResult *result, gint64 *ret_expires, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Lets a card in that waits, or takes one's right away. */
void cantiga_inside_approve_card_async (CantigaInside *inside, const char *id, GAsyncReadyCallback callback, gpointer user_data);
void cantiga_inside_revoke_card_async (CantigaInside *inside, const char *id, GAsyncReadyCallback callback, gpointer user_data);
/* A certificate in a file (PEM) that the keeper was given. */
void cantiga_inside_add_card_async (CantigaInside *inside, const char *path, GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_inside_card_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Files and whole folders (GStrv of paths). progress: file and place of n, on the main context, a few times a second. What is no media is passed over if
 * it lay in a folder, and told if it was named. Cancelled: what was added stays. */
typedef void (*CantigaInsideProgress) (guint at, guint n, double part, const char *name, gpointer user_data);
typedef struct
{
  guint added, there;
  GPtrArray *failed; /* names of files, as a person reads them */
} CantigaInsideAdded;
void cantiga_inside_added_free (CantigaInsideAdded *added);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaInsideAdded, cantiga_inside_added_free)
void cantiga_inside_add_async (CantigaInside *inside, const char *const *paths, gboolean exportable, CantigaInsideProgress progress,
                               gpointer progress_data, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
CantigaInsideAdded *cantiga_inside_add_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
