/* cantiga-play cards. */
#pragma once

#include "terminal/options.h"

G_BEGIN_DECLS

/* Prints the certificates that can sign in, or why there is none. */
gboolean cantiga_cards_run (CantigaOptions *options, GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
