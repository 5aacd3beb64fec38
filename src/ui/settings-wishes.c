/* What the settings wish of a queue, of a session and of cards. */
#include "ui/settings-wishes.h"

#include <glob.h>

#include "ui/settings.h"

static void
replay_gain_changed_cb (GSettings *settings, const char *key, CantigaPlayer *player)
{
  cantiga_player_set_replay_gain (player, (CantigaReplayGain)g_settings_get_enum (settings, "replay-gain"));
}

void
cantiga_settings_bind_queue (CantigaQueue *queue)
{
  GSettings *settings = cantiga_settings_get ();
  CantigaPlayer *player = cantiga_queue_get_player (queue);

  g_settings_bind (settings, "gapless", queue, "gapless", G_SETTINGS_BIND_GET);
  g_settings_bind (settings, "volume", player, "volume", G_SETTINGS_BIND_DEFAULT);
  g_signal_connect_object (settings, "changed::replay-gain", G_CALLBACK (replay_gain_changed_cb), player, 0);
  replay_gain_changed_cb (settings, NULL, player);
}

GStrv
cantiga_settings_dup_suites (void)
{
  return g_settings_get_strv (cantiga_settings_get (), "suites");
}

/* The first that is there, in the order of patterns. */
static GStrv
find_module (const char *const *patterns)
{
  for (; *patterns != NULL; patterns++)
    {
      glob_t found;

      if (glob (*patterns, 0, NULL, &found) == 0)
        {
          GStrv modules = g_strdupv ((char *[]){ found.gl_pathv[0], NULL });

          globfree (&found);
          return modules;
        }
    }
  return NULL;
}

GStrv
cantiga_settings_dup_modules (void)
{
  static const char *const opensc[] = { "/usr/lib/*/opensc-pkcs11.so", "/usr/lib*/opensc-pkcs11.so", "/app/lib/opensc-pkcs11.so", NULL };
  static const char *const state[] = { "/usr/local/lib/libpteidpkcs11.so", "/usr/lib/*/libpteidpkcs11.so", "/usr/lib*/libpteidpkcs11.so", NULL };
  int module = g_settings_get_enum (cantiga_settings_get (), "card-module");

  return module == 0 ? NULL : find_module (module == 1 ? opensc : state);
}
