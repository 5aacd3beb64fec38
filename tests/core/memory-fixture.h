/* Work that does not get the memory that it asks for. GLib ends a program that it has none for, and so do the core's hashes; what is tried here is
 * what can be told as an error: what OpenSSL asks for, and whatever else has its memory from memory_ask().
 *
 * Each trial is a child, in which one allocation is refused, or every one from there on: it must do its work, or say why not, or end as GLib does;
 * and never anything else. What it left on the disk the parent then looks at. */
#pragma once

#include <glib.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "core/error.h"

/* Counted from 1; 0: nothing is refused. */
static struct
{
  guint refused;
  gboolean from_there_on;
  guint asked;
} memory;

static inline gboolean
memory_is_refused (void)
{
  if (memory.refused == 0)
    return FALSE;
  memory.asked++;
  return memory.from_there_on ? memory.asked >= memory.refused : memory.asked == memory.refused;
}

static inline void *
memory_ask (void *old, size_t size)
{
  return memory_is_refused () ? NULL : realloc (old, size);
}

static void *
openssl_malloc (size_t size, const char *file, int line)
{
  return size == 0 ? NULL : memory_ask (NULL, size);
}

static void *
openssl_realloc (void *old, size_t size, const char *file, int line)
{
  return memory_ask (old, size);
}

static void
openssl_free (void *old, const char *file, int line)
{
  free (old);
}

/* Before anything else of OpenSSL. */
static inline void
memory_watch_openssl (void)
{
  g_assert_true (CRYPTO_set_mem_functions (openssl_malloc, openssl_realloc, openssl_free) == 1);
}

/* ---- a trial ---- */

/* What is tried, and what must be so afterwards, with memory again; both in the child. */
typedef gboolean (*Work) (gpointer data, GError **error);
typedef void (*After) (gpointer data, gboolean done);

enum
{
  TRIAL_DONE = 0,
  TRIAL_FAILED = 70,    /* with a reason */
  TRIAL_ENDED = 71,     /* as GLib does */
  TRIAL_UNTOUCHED = 72, /* done, and nothing was refused: there are no more allocations */
  TRIAL_WRONG = 73,
};

/* A child that is measured (build-aux/coverage) tells what it came by; _exit() alone would not. */
#ifdef CANTIGA_COVERAGE
#include <gcov.h>
#endif

G_NORETURN static void
end_trial (int outcome)
{
#ifdef CANTIGA_COVERAGE
  __gcov_dump ();
#endif
  _exit (outcome);
}

static GLogWriterOutput
end_cb (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer unused)
{
  if ((level & G_LOG_LEVEL_ERROR) != 0 && memory.refused != 0)
    end_trial (TRIAL_ENDED);
  g_log_writer_standard_streams (level, fields, n_fields, NULL);
  _exit (TRIAL_WRONG);
}

/* A lack of memory is neither damage nor forgery, and never without a reason. */
static void
assert_fair (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_cmpuint (strlen (error->message), >, 10);
  if (error->domain != CANTIGA_ERROR || (error->code != CANTIGA_ERROR_DAMAGED && error->code != CANTIGA_ERROR_FORGED))
    return;
  g_printerr ("a lack of memory is called: %s\n", error->message);
  _exit (TRIAL_WRONG);
}

G_NORETURN static void
try_and_exit (guint at, gboolean from_there_on, Work work, After after, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean done, untouched;

  g_log_set_writer_func (end_cb, NULL, NULL);
  memory.refused = at;
  memory.from_there_on = from_there_on;
  memory.asked = 0;
  done = work (data, &error);
  memory.refused = 0;
  untouched = memory.asked < at;
  if (!done)
    assert_fair (error);
  if (after != NULL)
    after (data, done);
  if (untouched)
    g_assert_true (done);
  end_trial (untouched ? TRIAL_UNTOUCHED : done ? TRIAL_DONE : TRIAL_FAILED);
}

static int
try_once (guint at, gboolean from_there_on, Work work, After after, gpointer data)
{
  int status;
  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    try_and_exit (at, from_there_on, work, after, data);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  if (!WIFEXITED (status) || WEXITSTATUS (status) == TRIAL_WRONG)
    g_error ("allocation %u%s: the child ended with status %x", at, from_there_on ? " and all after it" : "", (guint)status);
  return WEXITSTATUS (status);
}

/* Refuses each allocation of the work in turn, every step-th at least; between (may be NULL) looks at what each trial left. The same, then, with
 * everything refused from there on. */
static inline void
memory_try_all (guint step, Work work, After after, gpointer data, void (*between) (gpointer data))
{
  guint failed = 0, n = 0;

  for (guint from_there_on = 0; from_there_on < 2; from_there_on++)
    for (guint at = 1;; at += step)
      {
        int outcome = try_once (at, from_there_on != 0, work, after, data);

        /* What grows with each trial would never come to an end. */
        g_assert_cmpuint (n, <, 20000);
        failed += outcome == TRIAL_FAILED;
        n++;
        if (between != NULL)
          between (data);
        if (outcome == TRIAL_UNTOUCHED)
          break;
      }
  g_test_message ("%u trials, %u failed", n, failed);
  /* Else nothing was tried. */
  g_assert_cmpuint (failed, >, 0);
}
