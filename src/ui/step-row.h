/* One step of signing in: a mark, its name, what was found or what failed, and a button to do something about it. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_MARK_WAIT,
  CANTIGA_MARK_TURN,
  CANTIGA_MARK_DONE,
  CANTIGA_MARK_WARN,
  CANTIGA_MARK_FAIL,
} CantigaMark;

/* Signals "remedy", "again": that button was clicked. */
#define CANTIGA_TYPE_STEP_ROW (cantiga_step_row_get_type ())
G_DECLARE_FINAL_TYPE (CantigaStepRow, cantiga_step_row, CANTIGA, STEP_ROW, AdwPreferencesRow)

/* brief: that it is done is announced without what was found, which is for who looks for it. */
CantigaStepRow *cantiga_step_row_new (const char *title, gboolean brief);
/* said and remedy (the button's label) may be NULL. */
void cantiga_step_row_show (CantigaStepRow *row, CantigaMark mark, const char *said, const char *remedy);
void cantiga_step_row_set_remedy (CantigaStepRow *row, const char *remedy);
/* A second button, “Try again”, until the next show. */
void cantiga_step_row_offer_again (CantigaStepRow *row);
/* What the row grows by while it is revealed. */
void cantiga_step_row_set_more (CantigaStepRow *row, GtkWidget *more);
void cantiga_step_row_reveal_more (CantigaStepRow *row, gboolean reveal);
void cantiga_step_row_focus_remedy (CantigaStepRow *row);

G_END_DECLS
