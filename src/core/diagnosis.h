/* What `doctor` finds: a list of checks, each with a sentence and, unless all is well, what to do. Nothing of a person stands in it: the home folder
 * is written as "~", and whoever adds to it leaves names, serial numbers and addresses out. */
#pragma once

#include <json-glib/json-glib.h>

#include "core/error.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_FINDING_OK,
  CANTIGA_FINDING_WARN, /* it works, or for what is wanted now it need not */
  CANTIGA_FINDING_FAIL,
} CantigaFindingState;

typedef struct
{
  CantigaFindingState state;
  char *check;    /* a short name, the same in every language and version */
  char *sentence; /* what was found */
  char *remedy;   /* what to do, or NULL */
} CantigaFinding;

typedef struct _CantigaDiagnosis CantigaDiagnosis;

CantigaDiagnosis *cantiga_diagnosis_new (void);
void cantiga_diagnosis_free (CantigaDiagnosis *diagnosis);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaDiagnosis, cantiga_diagnosis_free)

/* remedy may be NULL for what is well. */
void cantiga_diagnosis_add (CantigaDiagnosis *diagnosis, CantigaFindingState state, const char *check, const char *remedy, const char *format, ...)
    G_GNUC_PRINTF (5, 6);
/* A failure whose sentence is that of an error. */
void cantiga_diagnosis_add_error (CantigaDiagnosis *diagnosis, const char *check, const char *remedy, const GError *error);

guint cantiga_diagnosis_get_n (const CantigaDiagnosis *diagnosis);
/* Borrowed. */
const CantigaFinding *cantiga_diagnosis_get (const CantigaDiagnosis *diagnosis, guint index);
guint cantiga_diagnosis_count (const CantigaDiagnosis *diagnosis, CantigaFindingState state);

/* `{"ok": …, "checks": [{"check", "state", "sentence", "remedy"}]}`, state being "ok", "warn" or "fail"; remedy null where there is none. */
JsonObject *cantiga_diagnosis_encode (const CantigaDiagnosis *diagnosis);
/* A line a check with its mark, its remedy below it, and a line that counts. Free with g_free(). */
char *cantiga_diagnosis_format (const CantigaDiagnosis *diagnosis);

G_END_DECLS
