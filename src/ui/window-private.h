/* What window.c and window-actions.c share. */
#pragma once

#include "ui/covers.h"
#include "ui/home.h"
#include "ui/player-bar.h"
#include "ui/sign-in-page.h"
#include "ui/window.h"

G_BEGIN_DECLS

struct _CantigaWindow
{
  AdwApplicationWindow parent_instance;

  /* template */
  AdwToastOverlay *toasts;
  AdwLeaflet *pages;
  CantigaHome *home;
  GtkRevealer *bar_revealer;
  CantigaPlayerBar *bar;
  AdwViewSwitcherBar *switcher;

  /* borrowed from the tree */
  CantigaSignInPage *sign_in; /* NULL while it is not open */

  /* owned */
  CantigaStore *store; /* NULL until it is read */
  CantigaVisit *visit;
  CantigaCovers *covers;
  CantigaQueue *queue;
  char **modules;
  char *link; /* an invitation that waits for the store */
};

void cantiga_window_toast (CantigaWindow *window, const char *text);
/* Goes to server: signs in, or shows its library if that is done. */
void cantiga_window_visit (CantigaWindow *window, CantigaPaired *paired);
void cantiga_window_open_sign_in (CantigaWindow *window);
void cantiga_window_go_home (CantigaWindow *window);
void cantiga_window_sign_out (CantigaWindow *window);
/* Which of them make sense now. */
void cantiga_window_update_actions (CantigaWindow *window);
void cantiga_window_install_actions (CantigaWindow *window);

G_END_DECLS
