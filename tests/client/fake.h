/* A server in the test's own process and main loop: core's real protocol, a title in memory, no ledger; and the faults that a network or a server may
 * have. And a card: a key that signs. */
#pragma once

#include <libsoup/soup.h>

#include "client/session.h"
#include "core/handshake.h"
#include "core/manifest.h"
#include "core/pairing.h"
#include "pki.h"

typedef struct _Fake Fake;

/* Whatever comes first to its path is answered, but not so that it arrives. */
typedef enum
{
  FAULT_NONE,
  FAULT_DROP,   /* done, then the connection is closed without the answer */
  FAULT_FORGE,  /* done, then a bit of the answer is turned */
  FAULT_BUSY,   /* not done: a bare 503 with Retry-After: 0 */
  FAULT_REFUSE, /* not done: sealed /problems/slow-down without Retry-After */
  FAULT_LATER,  /* not done: sealed /problems/slow-down with Retry-After: 1 */
  FAULT_HOLD,   /* done, answered when fake_release() says */
  FAULT_FORGET, /* not done: the session is forgotten first */
  FAULT_SWAP,   /* chunks: another chunk's bytes, sealed as they should be */
} Fault;

struct _Fake
{
  Pki *pki; /* the same for all */
  SoupServer *soup;
  guint port;
  char *url;
  CantigaServerTerms terms;
  GHashTable *sessions; /* CantigaId → Open (fake.c) */

  /* Pairing. */
  CantigaInvitation *invitation;
  GBytes *pair_request; /* the one that was accepted */
  GBytes *pair_answer;

  /* The card that is enrolled. */
  EVP_PKEY *card_key;
  GPtrArray *card; /* GBytes */

  /* The title, and a catalogue of titles that look like it. */
  CantigaManifest *manifest;
  CantigaMerkle *merkle;
  GBytes *media;
  guint titles;
  guint mark;
  guint lost_cursors; /* so many times a cursor is not known any more */
  gsize cover_length;
  guint plays_left;
  GHashTable *plays; /* play (text) → itself */

  /* Faults: the next `times` requests to `path` have it. */
  const char *path;
  Fault fault;
  guint times;
  guint skip;      /* and so many before them do not */
  GPtrArray *held; /* SoupServerMessage */

  /* What came: path → GUINT. */
  GHashTable *count;
  GPtrArray *bodies; /* GBytes: bodies of requests to fault's path, in order */
  gboolean lie;      /* the licence speaks of another size than was signed */
};

Fake *fake_new (void);
void fake_free (Fake *fake);
/* After the last test: keys are made once for all fakes. */
void fake_end (void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fake, fake_free)
/* The next times requests to path have this fault. */
void fake_fail (Fake *fake, const char *path, Fault fault, guint times);
void fake_release (Fake *fake);
/* Every session, and what was granted in it. */
void fake_forget (Fake *fake);
/* Not reachable, and again at the same address. */
void fake_stop (Fake *fake);
void fake_start (Fake *fake);
guint fake_count (Fake *fake, const char *path);
/* The plain bytes of a chunk. */
GBytes *fake_dup_chunk (Fake *fake, guint64 index);
/* As a pairing would leave it: a store in folder. identities: NULL for the usual ones. */
CantigaStore *fake_pair (Fake *fake, const char *folder, GPtrArray *identities, CantigaPaired **ret_paired);

/* The card: signs with key, as often as it is asked. */
#define FAKE_TYPE_CARD (fake_card_get_type ())
G_DECLARE_FINAL_TYPE (FakeCard, fake_card, FAKE, CARD, GObject)
struct _FakeCard
{
  GObject parent;
  EVP_PKEY *key;
  GPtrArray *certificates;
  guint signatures;
  GError *error; /* instead of a signature */
  GTask *held;
  GBytes *message;
  gboolean hold; /* signs when fake_card_release() says */
};
FakeCard *fake_card_new (EVP_PKEY *key, GPtrArray *certificates);
void fake_card_release (FakeCard *card);
