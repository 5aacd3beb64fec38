/* What window.c and window-actions.c share. */
#pragma once

#include "ui/covers.h"
#include "ui/home.h"
#include "ui/now-playing.h"
#include "ui/player-bar.h"
#include "ui/sign-in-page.h"
#include "ui/speaker-wish.h"
#include "ui/window.h"

G_BEGIN_DECLS

struct _CantigaWindow
{
  AdwApplicationWindow parent_instance;

  /* template */
  AdwToastOverlay *toasts;
  GtkStack *root; /* "pages" or "now" */
  AdwLeaflet *pages;
  CantigaHome *home;
  CantigaNowPlaying *now;
  GtkRevealer *bar_revealer;
  CantigaPlayerBar *bar;
  AdwViewSwitcherBar *switcher;

  /* borrowed from the tree */
  CantigaSignInPage *sign_in; /* NULL while it is not open */
  gboolean silent; /* there is no sound device, and nobody was told */
  AdwToast *card_toast;       /* weak */
  gboolean returning;         /* the session was lost, and signs in again by itself */

  /* owned */
  CantigaStore *store; /* NULL until it is read */
  CantigaVisit *visit;
  CantigaDemo *demo;
  CantigaCovers *covers;
  CantigaQueue *queue;
  CantigaSpeakerWish *wish;
  char **modules;
  char *link; /* an invitation that waits for the store */

  gboolean restored; /* where it was left is read: from now on where it is may be kept */
  guint keeping;
  guint fitting;
};

/* Goes to server: signs in, or shows its library if that is done. */
void cantiga_window_visit (CantigaWindow *window, CantigaPaired *paired);
/* Once. */
void cantiga_window_take_demo (CantigaWindow *window, CantigaDemo *demo);
void cantiga_window_open_sign_in (CantigaWindow *window);
void cantiga_window_go_home (CantigaWindow *window);
/* Leaves Now playing, if it is open. */
void cantiga_window_show_pages (CantigaWindow *window);
/* pane: "queue", "sound", "channel" to open it at; NULL for the cover. */
void cantiga_window_show_now (CantigaWindow *window, const char *pane);
gboolean cantiga_window_shows_now (CantigaWindow *window);
/* Slides page in over what is shown; it is removed when it is left. */
void cantiga_window_push (CantigaWindow *window, GtkWidget *page);
gboolean cantiga_window_go_back (CantigaWindow *window);
void cantiga_window_sign_out (CantigaWindow *window);
/* window-restore.c: as large as it was left; begins where it was left, once the store is there; keeps where it is soon, or now. */
void cantiga_window_restore_size (CantigaWindow *window);
void cantiga_window_restore (CantigaWindow *window);
void cantiga_window_keep_later (CantigaWindow *window);
/* window-sound.c: once, when there is a queue. */
void cantiga_window_follow_sound (CantigaWindow *window);
/* Which of them make sense now. */
void cantiga_window_update_actions (CantigaWindow *window);
void cantiga_window_install_actions (CantigaWindow *window);

G_END_DECLS
