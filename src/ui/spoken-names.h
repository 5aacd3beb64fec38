/* What parts of GTK's and libadwaita's widgets are called by who reads the screen aloud, where these say it wrongly or not at all. Thread: main. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* From now on they are called by their names. Once, before there is a window. */
void cantiga_spoken_names_mend (void);

/* The field in a row that is typed into, which has the keyboard and says nothing of what is typed there: it is called as the row is, and the list around it as its group. Before row is in a window. */
void cantiga_spoken_names_set_entry (AdwEntryRow *row);

G_END_DECLS
