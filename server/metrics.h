/* What the server counts of itself: no names, no addresses. Counters are written by any thread and only ever rise. */
#pragma once

#include "core/error.h"

G_BEGIN_DECLS

typedef struct _CantigaMetrics CantigaMetrics;

typedef enum
{
  CANTIGA_COUNT_HELLOS,     /* handshakes begun */
  CANTIGA_COUNT_HANDSHAKES, /* and done */
  CANTIGA_COUNT_SIGN_INS,   /* cards accepted */
  CANTIGA_COUNT_PAIRINGS,
  CANTIGA_COUNT_GRANTS,
  CANTIGA_COUNT_CHUNKS,
  CANTIGA_COUNT_CHUNK_BYTES,
  CANTIGA_N_COUNTS
} CantigaCount;

CantigaMetrics *cantiga_metrics_new (void);
void cantiga_metrics_free (CantigaMetrics *metrics);

void cantiga_metrics_add (CantigaMetrics *metrics, CantigaCount count, guint64 n);
/* By the reason of error; another domain is an internal one. */
void cantiga_metrics_add_refusal (CantigaMetrics *metrics, const GError *error);
/* A request was answered: from its headers to the answer being ready. route: a number of the caller's, less than CANTIGA_METRICS_ROUTES. */
#define CANTIGA_METRICS_ROUTES 32
void cantiga_metrics_add_answer (CantigaMetrics *metrics, guint route, gint64 microseconds);

/* ---- the text of Prometheus, 0.0.4 ---- */
/* dup_route: the name of a route, free with g_free(); NULL: there is no such route. */
void cantiga_metrics_append (CantigaMetrics *metrics, GString *text, char *(*dup_route) (guint route));
/* One that is not counted but looked at now. labels: "a=\"b\"", or NULL. type: "gauge" or "counter"; help NULL: a further value of the same. */
void cantiga_metrics_append_value (GString *text, const char *name, const char *type, const char *help, const char *labels, double value);

G_END_DECLS
