#include "terminal/doctor.h"

#include <stdio.h>
#include <sys/resource.h>

#include "client/player.h"
#include "client/store.h"
#include "terminal/screen.h"
#include "terminal/wait.h"

/* What keys and a PIN need (core/secret.c), and some for the rest. */
#define LOCK_WANTED (1024 * 1024)
/* Nobody ran this program before. */
#define BEGINNING G_GINT64_CONSTANT (1767225600)

/* ---- the state folder, and the keyring ---- */

static CantigaStore *
check_state (CantigaDiagnosis *diagnosis, const CantigaOptions *options, GCancellable *cancellable)
{
  g_auto (CantigaWait) wait = { 0 };
  g_autoptr (GError) error = NULL;
  CantigaStore *store;
  guint n;

  cantiga_store_open_async (options->state, cancellable, cantiga_wait_done_cb, &wait);
  store = cantiga_store_open_finish (cantiga_wait_for (&wait), &error);
  if (store == NULL)
    {
      cantiga_diagnosis_add_error (diagnosis, "state", "Do what the sentence says, or choose another folder: --state FOLDER", error);
      return NULL;
    }
  n = g_list_model_get_n_items (cantiga_store_get_servers (store));
  if (n == 0)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "state", "cantiga-play --invitation LINK, with the link that a server's keeper gives you",
                           "This player is paired with no server yet.");
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "state", NULL, n == 1 ? "This player is paired with one server." : "This player is paired with %u servers.", n);
  return store;
}

static void
judge_keyring (CantigaDiagnosis *diagnosis, const CantigaKeyringStatus *status)
{
  if (status->trouble != NULL)
    cantiga_diagnosis_add_error (diagnosis, "keyring", "Do what the sentence says; the keys are safe until then.", status->trouble);
  else if (status->kept == CANTIGA_KEYRING_SECRET_SERVICE)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "keyring", NULL, "The passphrase of this player's keys is in the keyring.");
  else if (status->kept == CANTIGA_KEYRING_FILE && status->reachable)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "keyring", "cantiga-play --keyring secret-service --list moves it there.",
                           "The passphrase of this player's keys is in a file, and there is a keyring.");
  else if (status->kept == CANTIGA_KEYRING_FILE)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "keyring", NULL,
                           "The passphrase of this player's keys is in a file that only you can read; there is no keyring here.");
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "keyring", NULL, "No passphrase was drawn yet; it will be kept in %s.",
                           status->reachable ? "the keyring" : "a file that only you can read, as there is no keyring here");
}

static void
check_keyring (CantigaDiagnosis *diagnosis, CantigaStore *store, GCancellable *cancellable)
{
  g_auto (CantigaWait) wait = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaKeyringStatus) status = NULL;

  cantiga_keyring_ask_status_async (cantiga_store_get_path (store), cancellable, cantiga_wait_done_cb, &wait);
  status = cantiga_keyring_ask_status_finish (cantiga_wait_for (&wait), &error);
  if (status != NULL)
    judge_keyring (diagnosis, status);
  else
    cantiga_diagnosis_add_error (diagnosis, "keyring", "Do what the sentence says.", error);
}

/* ---- what the player stands on ---- */

static void
check_sound (CantigaDiagnosis *diagnosis)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CantigaPlayer) player = cantiga_player_new (NULL, &error);

  if (player != NULL)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "sound", NULL, "GStreamer has what playing takes.");
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "sound",
                           "apt install gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-pulseaudio", "Nothing can be played: %s",
                           error->message);
}

static void
check_clock (CantigaDiagnosis *diagnosis)
{
  if (g_get_real_time () / G_USEC_PER_SEC < BEGINNING)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_FAIL, "clock", "timedatectl set-ntp true",
                           "This computer's clock is years behind: certificates look as if they were not valid yet.");
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "clock", NULL, "The clock can be right.");
}

static void
check_memory (CantigaDiagnosis *diagnosis)
{
  struct rlimit lock = { 0, 0 };

  if (getrlimit (RLIMIT_MEMLOCK, &lock) == 0 && lock.rlim_cur >= LOCK_WANTED)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "memory", NULL, "PINs and keys are locked in memory.");
  else
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_WARN, "memory", "ulimit -l 8192 before starting, or encrypt the swap",
                           "PINs and keys cannot be locked in memory from here, and may reach the swap.");
}

static void
print (CantigaDiagnosis *diagnosis, gboolean json)
{
  if (json)
    {
      g_autoptr (JsonObject) object = cantiga_diagnosis_encode (diagnosis);
      g_autoptr (GBytes) text = cantiga_json_format (object);

      printf ("%.*s\n", (int)g_bytes_get_size (text), (const char *)g_bytes_get_data (text, NULL));
    }
  else
    {
      g_autofree char *text = cantiga_diagnosis_format (diagnosis);

      g_print ("%s", text);
    }
}

gboolean
cantiga_doctor_run (CantigaOptions *options, GCancellable *cancellable, GError **error)
{
  g_autoptr (CantigaDiagnosis) diagnosis = cantiga_diagnosis_new ();
  g_autoptr (CantigaStore) store = NULL;
  guint wrong;

  cantiga_doctor_check_cards (diagnosis, options, cancellable);
  store = check_state (diagnosis, options, cancellable);
  if (store != NULL)
    check_keyring (diagnosis, store, cancellable);
  check_sound (diagnosis);
  check_clock (diagnosis);
  check_memory (diagnosis);
  print (diagnosis, options->json);
  wrong = cantiga_diagnosis_count (diagnosis, CANTIGA_FINDING_FAIL);
  return wrong == 0 || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, wrong == 1 ? "One thing is wrong." : "%u things are wrong.", wrong);
}
