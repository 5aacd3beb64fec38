/* A catalogue is made once from the ledger's titles; what is asked of it is in server/library.h. */
#pragma once

#include "server/library.h"

G_BEGIN_DECLS

/* Takes the titles (CantigaTitle) out of the array. */
CantigaCatalogue *cantiga_catalogue_create (GPtrArray *titles);
CantigaCatalogue *cantiga_catalogue_ref (CantigaCatalogue *catalogue);

G_END_DECLS
