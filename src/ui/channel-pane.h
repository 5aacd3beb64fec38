/* What the secure channel is doing, for who wants to look. */
#pragma once

#include <adwaita.h>

#include "ui/queue.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_CHANNEL_PANE (cantiga_channel_pane_get_type ())
G_DECLARE_FINAL_TYPE (CantigaChannelPane, cantiga_channel_pane, CANTIGA, CHANNEL_PANE, AdwBin)

/* Once. */
void cantiga_channel_pane_set_queue (CantigaChannelPane *pane, CantigaQueue *queue);
/* NULL when signed out. */
void cantiga_channel_pane_set_session (CantigaChannelPane *pane, CantigaSession *session);

G_END_DECLS
