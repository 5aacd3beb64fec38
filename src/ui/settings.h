/* What the person prefers: data/io.github.cantiga.Cantiga.gschema.xml. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The program's own; borrowed. Where the schema is not installed, the one of the same build; where there is none, the program ends with a sentence:
 * nothing of it is whole then. */
GSettings *cantiga_settings_get (void);

G_END_DECLS
