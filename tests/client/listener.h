/* A player that is paired with a fake server, its session and what was seen of it. */
#pragma once

#include "client/session.h"
#include "fake.h"

typedef struct
{
  Fake *fake;
  char *folder;
  CantigaStore *store;
  CantigaPaired *paired;
  FakeCard *card;
  CantigaSession *session;
  GString *steps; /* "0.0 0.1 1.0 …": step and state */
  GString *states;
  GPtrArray *details;
} Listener;

void listener_set_up (Listener *listener, gconstpointer unused);
/* Nothing holds the session any more. */
void listener_tear_down (Listener *listener, gconstpointer unused);
/* A fresh session. */
void listener_use_suites (Listener *listener, const char *const *suites);
gboolean listener_try_sign_in (Listener *listener, GError **error);
void listener_sign_in (Listener *listener);
void listener_fails_to_sign_in (Listener *listener, CantigaError code);
/* Sealed GETs. */
void listener_start_call (Listener *listener, const char *path, GCancellable *cancellable, GAsyncResult **slot);
JsonObject *listener_call (Listener *listener, const char *path, GError **error);
void listener_call_works (Listener *listener);
void listener_call_fails (Listener *listener, const char *path, CantigaError code);
