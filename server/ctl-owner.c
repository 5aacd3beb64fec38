#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/ctl.h"

static gboolean
become (uid_t user, gid_t group, const struct passwd *known, GError **error)
{
  int groups = known != NULL ? initgroups (known->pw_name, group) : setgroups (0, NULL);

  if (groups != 0 || setresgid (group, group, group) != 0 || setresuid (user, user, user) != 0)
    return cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, "cantigactl cannot become the owner of the state: %s.", g_strerror (errno));
  g_setenv ("HOME", known != NULL ? known->pw_dir : "/", TRUE);
  return TRUE;
}

gboolean
cantiga_ctl_become_owner (const char *folder, GError **error)
{
  struct stat status;
  const struct passwd *known;

  if (geteuid () != 0 || stat (folder, &status) != 0 || status.st_uid == 0)
    return TRUE;
  known = getpwuid (status.st_uid);
  return become (status.st_uid, known != NULL ? known->pw_gid : status.st_gid, known, error);
}
