/* org.mpris.MediaPlayer2: the program itself. */
#include "ui/mpris-private.h"

#include "ui/application.h"

static GVariant *
raise_window (CantigaMpris *self, GVariant *parameters)
{
  g_signal_emit_by_name (self, "raise");
  return NULL;
}

static GVariant *
quit (CantigaMpris *self, GVariant *parameters)
{
  g_signal_emit_by_name (self, "quit");
  return NULL;
}

static const CantigaMprisMethod methods[] = {
  { "Raise", raise_window },
  { "Quit", quit },
  { NULL },
};

static GVariant *
get_true (CantigaMpris *self)
{
  return g_variant_new_boolean (TRUE);
}

static GVariant *
can_set_full (CantigaMpris *self)
{
  return g_variant_new_boolean (cantiga_mpris_can_be_full (self));
}

static GVariant *
get_full (CantigaMpris *self)
{
  return g_variant_new_boolean (cantiga_mpris_is_full (self));
}

/* Where it cannot be, it is of no effect. */
static void
set_full (CantigaMpris *self, GVariant *full)
{
  g_signal_emit_by_name (self, "full", g_variant_get_boolean (full));
}

static GVariant *
get_identity (CantigaMpris *self)
{
  return g_variant_new_string ("Cantiga");
}

static GVariant *
get_desktop_entry (CantigaMpris *self)
{
  return g_variant_new_string (CANTIGA_APPLICATION_ID);
}

/* Invitations: what plays has no address that others could open. */
static GVariant *
get_schemes (CantigaMpris *self)
{
  return g_variant_new_strv ((const char *const[]){ "cantiga" }, 1);
}

static GVariant *
get_types (CantigaMpris *self)
{
  return g_variant_new_strv (NULL, 0);
}

static const CantigaMprisProperty properties[] = {
  { "CanQuit", get_true },
  { "CanRaise", get_true },
  { "CanSetFullscreen", can_set_full },
  { "Fullscreen", get_full, set_full },
  { "HasTrackList", get_true },
  { "Identity", get_identity },
  { "DesktopEntry", get_desktop_entry },
  { "SupportedUriSchemes", get_schemes },
  { "SupportedMimeTypes", get_types },
  { NULL },
};

const CantigaMprisInterface cantiga_mpris_root = { "org.mpris.MediaPlayer2", methods, properties };
