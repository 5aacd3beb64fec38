/* What a sighted person sees change elsewhere than where the keyboard is, said to who hears the screen: that something was done, came, went or failed. What the keyboard goes to is said by
 * itself. Nothing that is secret. Thread: main. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_SAY_SOON,
  CANTIGA_SAY_RESTED, /* once it has not changed for a while, as the count of what is searched */
  CANTIGA_SAY_URGENT, /* whatever is said now may be broken off for it */
} CantigaSay;

/* text is plain, translated. What is announced shortly one after the other is said in one; of what the same widget announces meanwhile, the last ("": nothing). widget is in a window of the program: before
 * it is, nothing is said. */
void cantiga_announce (GtkWidget *widget, const char *text, CantigaSay say);
/* The description that widget has beside its name. Given so, and not to GTK, it is there again after something was announced. */
void cantiga_announce_describe (GtkWidget *widget, const char *description);

G_END_DECLS
