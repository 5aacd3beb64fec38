/* What the fake server's files share. */
#pragma once

#include "fake.h"

/* A session at the server. */
typedef struct
{
  CantigaHandshake *handshake;
  CantigaChannel *channel;
  gboolean card_accepted;
  GHashTable *streams; /* CantigaId → CantigaStream */
} Open;

void fake_send_bare (SoupServerMessage *message, const GError *error, int retry_after);
/* fake-sealed.c: what is said on an open channel, and chunks. */
void fake_answer_sealed (Fake *fake, SoupServerMessage *message, const char *target, Fault fault);
void fake_answer_chunk (Fake *fake, SoupServerMessage *message, const char *target, Fault fault);
void fake_pair_end (void);
/* Sends it as the fault says. */
void fake_send (Fake *fake, SoupServerMessage *message, guint status, const char *type, GBytes *body, Fault fault);
