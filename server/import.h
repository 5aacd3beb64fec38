/* From a media file to a sealed title: tags read by a child that holds no key (server/tags.c), chunks sealed here, then the ledger's row. */
#pragma once

#include "server/ledger.h"
#include "server/pki.h"
#include "server/state.h"

G_BEGIN_DECLS

/* What an import works with; all borrowed. */
typedef struct
{
  CantigaState *state;
  CantigaPki *pki;
  CantigaLedger *ledger;
  gboolean exportable;
  /* Called a chunk while reading (twice over the file: first for its name, then to seal). FALSE stops with G_IO_ERROR_CANCELLED; nothing half made stays. May be NULL. */
  gboolean (*progress) (const char *path, guint64 done, guint64 size, gpointer user_data);
  gpointer user_data;
} CantigaImport;

/* Returns the title; ret_new FALSE: the same file was there already, and nothing changed. CANTIGA_ERROR_MEDIA if it is not one. */
CantigaTitle *cantiga_import_file (const CantigaImport *import, const char *path, gint64 now, gboolean *ret_new, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds path to paths (g_free), or if it is a folder all files in it and below, in the order of their names; hidden ones are left out. */
gboolean cantiga_import_collect (const char *path, GPtrArray *paths, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the child that reads tags takes path for media. CANTIGA_ERROR_MEDIA. */
gboolean cantiga_import_check (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
