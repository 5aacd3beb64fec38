/* PC/SC itself, asked where no module shows a slot: why is there none? */
#pragma once

#include "core/card-state.h"

G_BEGIN_DECLS

/* NO_SERVICE, NOT_AUTHORISED or NO_READER; NO_MODULE if there are readers, which then no module serves. */
CantigaCardState cantiga_service_ask (void);

G_END_DECLS
