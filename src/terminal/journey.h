/* The journey in a terminal: pair, sign in, catalogue, then titles. Each part of it ends in an error that says what and what to do. Thread: main. */
#pragma once

#include "client/card-watch.h"
#include "client/catalogue.h"
#include "client/player.h"
#include "terminal/options.h"
#include "terminal/owner.h"

G_BEGIN_DECLS

typedef struct
{
  /* borrowed */
  CantigaOptions *options;

  /* owned */
  GCancellable *cancellable; /* the whole journey's: interrupted */
  CantigaStore *store;
  CantigaPaired *paired;
  CantigaTerminalOwner *owner;
  CantigaCardWatch *watch; /* while something plays */
  CantigaSession *session;
  CantigaCatalogue *catalogue;
  CantigaPlayer *player;     /* warm before the first title is chosen */
} CantigaJourney;

void cantiga_journey_clear (CantigaJourney *journey);

/* Up to the catalogue: store, pairing if there is an invitation, the steps with their marks. */
gboolean cantiga_journey_sign_in (CantigaJourney *journey, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The numbered catalogue, or its JSON. */
void cantiga_journey_print_catalogue (CantigaJourney *journey);
CantigaTitle *cantiga_journey_find_title (CantigaJourney *journey, const char *words, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Tells the server that we go; failures do not matter any more. */
void cantiga_journey_leave (CantigaJourney *journey);

/* find.c: the servers on the local network, in place of the journey. CANTIGA_ERROR_NOT_FOUND: none. */
gboolean cantiga_journey_find_servers (CantigaJourney *journey, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* hear.c: the licence, then sound to the last sample, or to `q`. */
gboolean cantiga_journey_hear (CantigaJourney *journey, CantigaTitle *title, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* fetch.c: the licence, then every chunk, checked, to options->output. */
gboolean cantiga_journey_fetch (CantigaJourney *journey, CantigaTitle *title, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* licence.c: asks for the play and says what is left. */
CantigaPlay *cantiga_journey_start_play (CantigaJourney *journey, CantigaTitle *title, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The title was heard: the play ends. A server that cannot be told any more ends it by its window. */
void cantiga_journey_end_play (CantigaJourney *journey, CantigaPlay *play);
/* licences.c: those that the listener holds; renewed and given back by their title. */
gboolean cantiga_journey_show_licences (CantigaJourney *journey, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_journey_renew_licence (CantigaJourney *journey, CantigaTitle *title, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_journey_return_licence (CantigaJourney *journey, CantigaTitle *title, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* elsewhere.c: what the listener hears at other players is ended there, if the person says so; else refusal is the error. */
gboolean cantiga_journey_take_over (CantigaJourney *journey, const GError *refusal, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The last line under --json. */
void cantiga_journey_print_play (CantigaJourney *journey, CantigaPlay *play, guint64 chunks, guint64 bytes);

G_END_DECLS
