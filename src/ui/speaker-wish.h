/* The device that the person chose for sound (the setting "output"): played on while it is there, remembered while it is not. Thread: main.
 *
 * Signals: "gone" (string): the device of this name went while it was played on; the machine's own stands in for it. */
#pragma once

#include "client/player.h"
#include "client/speakers.h"

G_BEGIN_DECLS

#define CANTIGA_TYPE_SPEAKER_WISH (cantiga_speaker_wish_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSpeakerWish, cantiga_speaker_wish, CANTIGA, SPEAKER_WISH, GObject)

/* Follows the setting from now on. */
CantigaSpeakerWish *cantiga_speaker_wish_new (CantigaPlayer *player);

/* The program's one list; looking for devices begins when it is first asked for. Borrowed. */
CantigaSpeakers *cantiga_speaker_wish_get_speakers (void);
/* What is wished: "" for the machine's own. Free with g_free(). */
void cantiga_speaker_wish_read (char **ret_id, char **ret_name);
void cantiga_speaker_wish_write (const char *id, const char *name);

G_END_DECLS
