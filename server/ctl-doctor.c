/* cantigactl doctor: everything that a server needs, looked at one by one. */
#include "server/ctl-doctor.h"

static void
check_configuration (CantigaCtl *ctl, CantigaDiagnosis *diagnosis)
{
  g_autoptr (GError) error = NULL;

  if (cantiga_ctl_load_config (ctl, &error))
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "configuration", NULL, "The configuration is right; the server listens on %s.",
                           ctl->configuration->listen);
  else
    cantiga_diagnosis_add_error (diagnosis, "configuration", "Mend the file: “cantigactl config” shows what may stand in it.", error);
}

/* What cannot be opened is said once, by the first that failed. */
static void
check_opened (CantigaCtl *ctl, CantigaDiagnosis *diagnosis)
{
  g_autoptr (GError) error = NULL;
  gboolean opened = ctl->configuration != NULL && cantiga_ctl_open (ctl, &error);

  if (opened)
    cantiga_diagnosis_add (diagnosis, CANTIGA_FINDING_OK, "master key", NULL, "The master key opens the server's keys and its ledger; it %s.",
                           cantiga_state_keeps_master (ctl->state) ? "is kept in the state folder" : "is given from outside the state folder");
  else if (error != NULL)
    cantiga_diagnosis_add_error (diagnosis, "master key",
                                 "Do what the sentence says; if parts of the state are gone, restore all of it from one backup.", error);
}

static void
check_all (CantigaCtl *ctl, CantigaDiagnosis *diagnosis)
{
  gboolean closed = cantiga_doctor_check_state (ctl, diagnosis);

  cantiga_doctor_check_certificates (ctl, diagnosis);
  check_configuration (ctl, diagnosis);
  if (closed)
    check_opened (ctl, diagnosis);
  if (ctl->ledger != NULL)
    {
      cantiga_doctor_check_ledger (ctl, diagnosis);
      cantiga_doctor_check_library (ctl, diagnosis);
    }
  cantiga_doctor_check_clock (ctl, diagnosis);
  cantiga_doctor_check_disk (ctl, diagnosis);
  if (ctl->configuration != NULL)
    cantiga_doctor_check_port (ctl, diagnosis);
  cantiga_doctor_check_memory (diagnosis);
  cantiga_doctor_check_import (diagnosis);
  cantiga_doctor_check_systemd (diagnosis);
}

gboolean
cantiga_command_doctor (CantigaCtl *ctl, GError **error)
{
  g_autoptr (CantigaDiagnosis) diagnosis = cantiga_diagnosis_new ();
  guint wrong;

  if (!cantiga_ctl_check_arguments (ctl, 0, 0, "doctor [--config FILE]", error))
    return FALSE;
  check_all (ctl, diagnosis);
  if (ctl->json)
    cantiga_ctl_print_object (cantiga_diagnosis_encode (diagnosis));
  else
    {
      g_autofree char *text = cantiga_diagnosis_format (diagnosis);

      g_print ("%s", text);
    }
  wrong = cantiga_diagnosis_count (diagnosis, CANTIGA_FINDING_FAIL);
  return wrong == 0 || cantiga_fail_with (error, CANTIGA_ERROR_CONFIGURATION, wrong == 1 ? "One thing is wrong." : "%u things are wrong.", wrong);
}
