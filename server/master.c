#include "server/master.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "server/files.h"

#define LENGTH 32
#define TEXT_LENGTH 44 /* in base64 */
#define CREDENTIAL_NAME "cantiga.master"
#define FILE_VARIABLE "CANTIGA_MASTER_KEY_FILE"
#define KEY_VARIABLE "CANTIGA_MASTER_KEY"
#define SWAPS "/proc/swaps"

CantigaSecret *
cantiga_master_new (void)
{
  return cantiga_secret_new_random (LENGTH);
}

/* ---- files ---- */

static CantigaSecret *
read_file (const char *path, GError **error)
{
  g_autoptr (CantigaSecret) master = cantiga_secret_new (LENGTH + 1);
  int descriptor = open (path, O_RDONLY | O_CLOEXEC);
  gsize length = 0;
  gssize n = descriptor < 0 ? -1 : 1;
  int reason = errno;

  while (n > 0 && length <= LENGTH)
    {
      do
        n = read (descriptor, cantiga_secret_bytes (master) + length, LENGTH + 1 - length);
      while (n < 0 && errno == EINTR);
      reason = errno;
      length += (gsize)MAX (n, 0);
    }
  if (descriptor >= 0)
    close (descriptor);
  if (n < 0)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The master key %s cannot be read: %s.", path, g_strerror (reason));
      return NULL;
    }
  if (length != LENGTH)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "The master key %s is not a file of %d bytes: restore it from a backup.", path, LENGTH);
      return NULL;
    }
  cantiga_secret_truncate (master, LENGTH);
  return g_steal_pointer (&master);
}

CantigaSecret *
cantiga_master_read (const char *path, GError **error)
{
  return cantiga_private_check (path, error) ? read_file (path, error) : NULL;
}

CantigaSecret *
cantiga_master_read_or_make (const char *path, GError **error)
{
  g_autoptr (CantigaSecret) master = NULL;

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return cantiga_master_read (path, error);
  master = cantiga_master_new ();
  return cantiga_private_write (path, cantiga_secret_bytes (master), LENGTH, error) ? g_steal_pointer (&master) : NULL;
}

/* ---- the environment ---- */

/* An environment lies in memory that the system may put on a disk. */
static gboolean
check_no_swap (GError **error)
{
  g_autofree char *swaps = NULL;
  const char *first;

  if (!g_file_get_contents (SWAPS, &swaps, NULL, NULL))
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                              KEY_VARIABLE " is taken only where nothing is swapped, and " SWAPS " does not tell: give the key in a file.");
  first = strchr (swaps, '\n');
  if (first != NULL && first[1] != '\0')
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION,
                              KEY_VARIABLE
                              " is taken only where nothing is swapped to a disk: turn swap off, or give the key in a file (" FILE_VARIABLE
                              ", or systemd's credential " CREDENTIAL_NAME ").");
  return TRUE;
}

static CantigaSecret *
decode_key (const char *text, GError **error)
{
  g_autoptr (CantigaSecret) master = cantiga_secret_new (TEXT_LENGTH + 3);
  int state = 0;
  guint save = 0;
  gsize length = 0;

  if (strlen (text) == TEXT_LENGTH)
    length = g_base64_decode_step (text, TEXT_LENGTH, cantiga_secret_bytes (master), &state, &save);
  save = 0;
  if (length != LENGTH)
    {
      cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, KEY_VARIABLE " is not the base64 of %d bytes.", LENGTH);
      return NULL;
    }
  cantiga_secret_truncate (master, LENGTH);
  return g_steal_pointer (&master);
}

/* Taken out of the environment, so that neither children nor /proc show it, and kept for the next who asks. */
static CantigaSecret *
take_environment (GError **error)
{
  static GMutex lock;
  static CantigaSecret *kept;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  char *text = getenv (KEY_VARIABLE);

  if (kept == NULL && text != NULL && check_no_swap (error))
    kept = decode_key (text, error);
  if (text != NULL)
    {
      cantiga_wipe (text, strlen (text));
      g_unsetenv (KEY_VARIABLE);
    }
  return kept != NULL ? cantiga_secret_new_copy (cantiga_secret_bytes (kept), LENGTH) : NULL;
}

/* ---- given ---- */

static GMutex given_lock;
static CantigaSecret *given_master;

void
cantiga_master_give (CantigaSecret *master)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&given_lock);

  g_clear_pointer (&given_master, cantiga_secret_free);
  given_master = cantiga_secret_new_copy (cantiga_secret_bytes (master), cantiga_secret_length (master));
}

static CantigaSecret *
copy_given (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&given_lock);

  return given_master != NULL ? cantiga_secret_new_copy (cantiga_secret_bytes (given_master), cantiga_secret_length (given_master)) : NULL;
}

/* systemd keeps credentials from others by the folder and its own permissions. */
static char *
dup_credential (void)
{
  const char *folder = g_getenv ("CREDENTIALS_DIRECTORY");
  g_autofree char *path = folder != NULL ? g_build_filename (folder, CREDENTIAL_NAME, NULL) : NULL;

  return path != NULL && g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
}

CantigaSecret *
cantiga_master_read_given (gboolean *ret_given, GError **error)
{
  g_autofree char *credential = dup_credential ();
  const char *path = g_getenv (FILE_VARIABLE);
  g_autoptr (GError) failure = NULL;
  CantigaSecret *master = copy_given ();

  *ret_given = TRUE;
  if (master != NULL)
    return master;
  if (credential != NULL)
    return read_file (credential, error);
  if (path != NULL)
    return cantiga_master_read (path, error);
  master = take_environment (&failure);
  *ret_given = master != NULL || failure != NULL;
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  return master;
}
