/* A fuzz target: fuzz.h's one function, called with any bytes at all. It aborts (g_assert) if what it is given breaks what must always hold.
 * replay.c calls it with a corpus and what comes of changing it; libFuzzer (build-aux/fuzz) with what leads somewhere new. */
#pragma once

#include <glib.h>

int LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length);

/* A memory file with these bytes, and the path that it can be opened by: for what is read by name. Close it with fuzz_file_close(). */
int fuzz_file_open (const guint8 *bytes, gsize length, char path[64]);
void fuzz_file_close (int file);
