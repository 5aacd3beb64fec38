/* Where sound can go: this machine's devices, as GStreamer sees them come and go. Thread: main; looking begins in GTask's pool, as it may wait for the
 * sound server. */
#pragma once

#include <gio/gio.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define CANTIGA_TYPE_SPEAKER (cantiga_speaker_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSpeaker, cantiga_speaker, CANTIGA, SPEAKER, GObject)

/* What the sound system calls it: the same whenever it is there. */
const char *cantiga_speaker_get_id (CantigaSpeaker *speaker);
/* For people. */
const char *cantiga_speaker_get_name (CantigaSpeaker *speaker);
/* Floating; NULL if its plugin is not there. */
GstElement *cantiga_speaker_create_sink (CantigaSpeaker *speaker);

#define CANTIGA_TYPE_SPEAKERS (cantiga_speakers_get_type ())
G_DECLARE_FINAL_TYPE (CantigaSpeakers, cantiga_speakers, CANTIGA, SPEAKERS, GObject)

/* Looks from now on, until it is let go of. GStreamer is initialised. */
CantigaSpeakers *cantiga_speakers_new (void);
/* CantigaSpeaker, borrowed. One that goes and comes back is another object. */
GListModel *cantiga_speakers_get_all (CantigaSpeakers *speakers);
/* Borrowed; NULL if it is not there. */
CantigaSpeaker *cantiga_speakers_find (CantigaSpeakers *speakers, const char *id);

G_END_DECLS
