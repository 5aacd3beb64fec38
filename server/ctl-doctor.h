/* The checks of cantigactl doctor. Each adds what it found, and none stops another. */
#pragma once

#include "core/diagnosis.h"
#include "server/ctl.h"

G_BEGIN_DECLS

/* ctl-doctor-state.c: what is in the state folder. FALSE: it cannot be opened. */
gboolean cantiga_doctor_check_state (CantigaCtl *ctl, CantigaDiagnosis *diagnosis);
void cantiga_doctor_check_certificates (CantigaCtl *ctl, CantigaDiagnosis *diagnosis);
/* Needs the ledger open. */
void cantiga_doctor_check_ledger (CantigaCtl *ctl, CantigaDiagnosis *diagnosis);
void cantiga_doctor_check_library (CantigaCtl *ctl, CantigaDiagnosis *diagnosis);

/* ctl-doctor-around.c: what the server stands on. */
void cantiga_doctor_check_clock (CantigaCtl *ctl, CantigaDiagnosis *diagnosis);
void cantiga_doctor_check_disk (CantigaCtl *ctl, CantigaDiagnosis *diagnosis);
void cantiga_doctor_check_memory (CantigaDiagnosis *diagnosis);
void cantiga_doctor_check_import (CantigaDiagnosis *diagnosis);
void cantiga_doctor_check_systemd (CantigaDiagnosis *diagnosis);
/* Needs the configuration. */
void cantiga_doctor_check_port (CantigaCtl *ctl, CantigaDiagnosis *diagnosis);

G_END_DECLS
