/* What the tests of cards share: a folder of their own, asynchronous calls as calls, programs that stand before cantiga-card. */
#pragma once

#include "client/card.h"

G_BEGIN_DECLS

/* The folder, removed at the end; what is in it. */
const char *card_tests_folder (void);
char *card_tests_path (const char *name);
void card_tests_end (void);
void card_tests_write (const char *name, const char *text);
char *card_tests_read (const char *name);

/* Runs a script to its end; it must succeed. */
void card_tests_run (const char *const *arguments);
/* tests/card/softhsm.sh with arguments, into the folder `hsm`. */
void card_tests_make_card (const char *first, const char *kind, const char *name);
/* SoftHSM's module's path, once a card was made. */
char *card_tests_softhsm (void);

/* A shell script that ends with `exec "$CANTIGA_CARD_HELPER" "$@"`, after it did what lines say. Returns its path. */
char *card_tests_program (const char *name, const char *lines);
/* The number in the file, once it is there. */
GPid card_tests_wait_for_pid (const char *name);
/* Turns the main loop until check is TRUE; fails after 10 s. */
void card_tests_wait (gboolean (*check) (gpointer), gpointer argument);
gboolean card_tests_is_gone (gpointer pid);

GPtrArray *card_tests_list (CantigaCard *card, GError **error);
/* The only card, or the one of that name. */
CantigaCardFound *card_tests_find (CantigaCard *card, const char *name);
/* pin NULL for none. */
GBytes *card_tests_sign (CantigaCard *card, CantigaCardFound *found, const char *pin, const char **ret_algorithm, GError **error);
/* The message that card_tests_sign() signs. */
GBytes *card_tests_message (void);
void card_tests_assert_signed (CantigaCardFound *found, const char *algorithm, GBytes *signature);

G_END_DECLS
