/* What the settings wish of a queue, of a session and of cards. */
#pragma once

#include "ui/queue.h"

G_BEGIN_DECLS

/* Gapless, volume and even loudness, now and whenever they change. */
void cantiga_settings_bind_queue (CantigaQueue *queue);
/* The suites to offer; free with g_strfreev(). */
GStrv cantiga_settings_dup_suites (void);
/* The PKCS#11 modules to use; NULL for those that p11-kit is configured with, also where the wished one is not installed. Free with g_strfreev(). */
GStrv cantiga_settings_dup_modules (void);

G_END_DECLS
