/* All readers at one moment. */
#pragma once

#include "card/found.h"

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *found;       /* CantigaFound, Citizen Cards first, no certificate twice */
  CantigaCardState state; /* the first one's, or why there is none */
} CantigaSurvey;

CantigaSurvey *cantiga_survey_take (GPtrArray *modules);
/* What one module sees; NO_READER for nothing at all. */
CantigaSurvey *cantiga_survey_take_one (CantigaModule *module);
void cantiga_survey_free (CantigaSurvey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaSurvey, cantiga_survey_free)

/* The certificate of that URI, or NULL. */
CantigaFound *cantiga_survey_find (CantigaSurvey *survey, const char *uri);

G_END_DECLS
