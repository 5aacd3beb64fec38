/* Every module by itself, for `cantiga-play doctor`: which one sees what. Nothing of a person is in it. */
#pragma once

#include "card/survey.h"

G_BEGIN_DECLS

typedef struct
{
  CantigaModule *module; /* borrowed */
  char *description;     /* what it calls itself; "" if it does not start */
  gboolean starts;
  guint slots;
  CantigaSurvey *survey; /* of this module alone; its state is NO_READER where it sees none */
} CantigaInspected;

/* GPtrArray of CantigaInspected, in the order of modules. */
GPtrArray *cantiga_inspect_modules (GPtrArray *modules);

G_END_DECLS
