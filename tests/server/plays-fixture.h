/* Plays asked for of a ledger. */
#pragma once

#include "tests/server/ledger-fixture.h"

#define DURATION 180.0
#define WINDOW 600 /* at least ten minutes */
#define WEEK (7 * 24 * 3600)

static const CantigaPolicy three = CANTIGA_POLICY_DEFAULT;

/* What a session asks for, and the outcome. */
typedef struct
{
  CantigaPlay play;
  gboolean deleted;
} Outcome;

static inline gboolean
ask (CantigaLedger *ledger, const CantigaPolicy *policy, guint8 listener, guint8 title, const CantigaId *play, gboolean refused, gint64 now,
     Outcome *outcome, GError **error)
{
  CantigaId listener_id = id_of (listener);
  CantigaId title_id = id_of (title);

  return cantiga_ledger_grant_play (ledger, policy, &listener_id, &title_id, play, PLAYER, DURATION, refused, now, &outcome->play, &outcome->deleted,
                                    error);
}

static inline GPtrArray *
licences (CantigaLedger *ledger)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *rows = cantiga_ledger_list_licences (ledger, NULL, &error);

  g_assert_no_error (error);
  return rows;
}

/* -1: there is no licence. */
static inline gint
plays_left (CantigaLedger *ledger)
{
  g_autoptr (GPtrArray) rows = licences (ledger);

  g_assert_cmpuint (rows->len, <=, 1);
  return rows->len == 0 ? -1 : (gint)((const CantigaLicenceRow *)g_ptr_array_index (rows, 0))->licence.plays_left;
}
