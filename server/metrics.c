#include "server/metrics.h"

#include <string.h>

/* Upper ends of the buckets, in microseconds, and how Prometheus writes them. */
static const struct
{
  gint64 ends;
  const char *text;
} buckets[] = {
  { 250, "0.00025" }, { 500, "0.0005" }, { 1000, "0.001" },  { 2500, "0.0025" }, { 5000, "0.005" }, { 10000, "0.01" }, { 25000, "0.025" },
  { 50000, "0.05" },  { 100000, "0.1" }, { 250000, "0.25" }, { 500000, "0.5" },  { 1000000, "1" },  { 5000000, "5" },
};

typedef struct
{
  guint64 counts[G_N_ELEMENTS (buckets)];
  guint64 count;
  guint64 microseconds;
} Route;

struct _CantigaMetrics
{
  guint64 counts[CANTIGA_N_COUNTS];
  guint64 refusals[CANTIGA_N_ERRORS];
  Route routes[CANTIGA_METRICS_ROUTES];
};

static const struct
{
  const char *name;
  const char *help;
} names[CANTIGA_N_COUNTS] = {
  [CANTIGA_COUNT_HELLOS] = { "cantiga_handshakes_begun_total", "Handshakes that players began." },
  [CANTIGA_COUNT_HANDSHAKES] = { "cantiga_handshakes_total", "Handshakes that were done." },
  [CANTIGA_COUNT_SIGN_INS] = { "cantiga_sign_ins_total", "Cards that were accepted." },
  [CANTIGA_COUNT_PAIRINGS] = { "cantiga_pairings_total", "Players that were let in by an invitation." },
  [CANTIGA_COUNT_GRANTS] = { "cantiga_grants_total", "Grants of plays." },
  [CANTIGA_COUNT_CHUNKS] = { "cantiga_chunks_total", "Chunks that were sealed for players." },
  [CANTIGA_COUNT_CHUNK_BYTES] = { "cantiga_chunk_bytes_total", "Bytes of sealed chunks." },
};

static void
add (guint64 *counter, guint64 n)
{
  (void)__atomic_fetch_add (counter, n, __ATOMIC_RELAXED);
}

static guint64
get (const guint64 *counter)
{
  return __atomic_load_n (counter, __ATOMIC_RELAXED);
}

CantigaMetrics *
cantiga_metrics_new (void)
{
  return g_new0 (CantigaMetrics, 1);
}

void
cantiga_metrics_free (CantigaMetrics *metrics)
{
  g_free (metrics);
}

void
cantiga_metrics_add (CantigaMetrics *metrics, CantigaCount count, guint64 n)
{
  add (&metrics->counts[count], n);
}

void
cantiga_metrics_add_refusal (CantigaMetrics *metrics, const GError *error)
{
  gboolean is_ours = error->domain == CANTIGA_ERROR && cantiga_error_get_type ((CantigaError)error->code) != NULL;

  add (&metrics->refusals[is_ours ? (guint)error->code : CANTIGA_ERROR_INTERNAL], 1);
}

void
cantiga_metrics_add_answer (CantigaMetrics *metrics, guint index, gint64 microseconds)
{
  Route *route = &metrics->routes[MIN (index, CANTIGA_METRICS_ROUTES - 1)];
  guint bucket = 0;

  while (bucket < G_N_ELEMENTS (buckets) && microseconds > buckets[bucket].ends)
    bucket++;
  if (bucket < G_N_ELEMENTS (buckets))
    add (&route->counts[bucket], 1);
  add (&route->count, 1);
  add (&route->microseconds, (guint64)MAX (microseconds, 0));
}

/* ---- the text ---- */

void
cantiga_metrics_append_value (GString *text, const char *name, const char *type, const char *help, const char *labels, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (help != NULL)
    g_string_append_printf (text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
  g_string_append (text, name);
  if (labels != NULL)
    g_string_append_printf (text, "{%s}", labels);
  g_string_append_printf (text, " %s\n", g_ascii_dtostr (number, sizeof number, value));
}

static void
append_refusals (CantigaMetrics *metrics, GString *text)
{
  gboolean is_first = TRUE;

  for (guint code = 0; code < CANTIGA_N_ERRORS; code++)
    {
      const char *type = cantiga_error_get_type ((CantigaError)code);
      g_autofree char *labels = NULL;

      if (type == NULL)
        continue;
      labels = g_strdup_printf ("reason=\"%s\"", strrchr (type, '/') + 1);
      cantiga_metrics_append_value (text, "cantiga_refusals_total", "counter", is_first ? "Requests that were refused, by reason." : NULL, labels,
                                    (double)get (&metrics->refusals[code]));
      is_first = FALSE;
    }
}

static void
append_route (const Route *route, const char *name, GString *text)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  guint64 sum = 0;

  for (guint i = 0; i < G_N_ELEMENTS (buckets); i++)
    {
      sum += get (&route->counts[i]);
      g_string_append_printf (text, "cantiga_answer_seconds_bucket{route=\"%s\",le=\"%s\"} %" G_GUINT64_FORMAT "\n", name, buckets[i].text, sum);
    }
  /* While others count, no bucket is larger than the whole. */
  sum = MAX (sum, get (&route->count));
  g_string_append_printf (text, "cantiga_answer_seconds_bucket{route=\"%s\",le=\"+Inf\"} %" G_GUINT64_FORMAT "\n", name, sum);
  g_string_append_printf (text, "cantiga_answer_seconds_sum{route=\"%s\"} %s\n", name,
                          g_ascii_dtostr (number, sizeof number, (double)get (&route->microseconds) / 1e6));
  g_string_append_printf (text, "cantiga_answer_seconds_count{route=\"%s\"} %" G_GUINT64_FORMAT "\n", name, sum);
}

void
cantiga_metrics_append (CantigaMetrics *metrics, GString *text, char *(*dup_route) (guint route))
{
  for (guint i = 0; i < CANTIGA_N_COUNTS; i++)
    cantiga_metrics_append_value (text, names[i].name, "counter", names[i].help, NULL, (double)get (&metrics->counts[i]));
  append_refusals (metrics, text);
  g_string_append (text,
                   "# HELP cantiga_answer_seconds From a request's headers to its answer being ready.\n# TYPE cantiga_answer_seconds histogram\n");
  for (guint i = 0; i < CANTIGA_METRICS_ROUTES; i++)
    {
      g_autofree char *name = dup_route (i);

      if (name != NULL)
        append_route (&metrics->routes[i], name, text);
    }
}
