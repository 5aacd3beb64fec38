/* cantiga-play doctor: what is installed, what runs, which card module sees what, which state that is and what to type. */
#pragma once

#include "core/diagnosis.h"
#include "terminal/options.h"

G_BEGIN_DECLS

/* Prints what it found; CANTIGA_ERROR_CONFIGURATION if something is wrong. */
gboolean cantiga_doctor_run (CantigaOptions *options, GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* doctor-card.c: modules, the card service, the card. */
void cantiga_doctor_check_cards (CantigaDiagnosis *diagnosis, const CantigaOptions *options, GCancellable *cancellable);

G_END_DECLS
