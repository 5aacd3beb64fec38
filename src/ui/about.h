/* Who made it, and what someone who helps needs to know. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* modules: PKCS#11 modules that cards are spoken to through, NULL for p11-kit's. */
void cantiga_about_show (GtkWindow *parent, const char *const *modules);

G_END_DECLS
