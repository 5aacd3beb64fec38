/* cantiga-play's command line. */
#pragma once

#include "client/keyring.h"
#include "core/secret.h"

G_BEGIN_DECLS

typedef struct
{
  char *server;
  char *invitation; /* wiped once it was used: it holds a secret */
  char *state;
  CantigaKeyringChoice keyring;
  char *title;
  gboolean list;
  gboolean licences;
  char *renew;      /* a title */
  char *give_back;  /* a title */
  gboolean find;
  gboolean take_over;
  char *output;     /* a path, or "none"; NULL: sound */
  GStrv modules;
  char *card;       /* a certificate's PKCS#11 URI, or "ask"; NULL: as the last time */
  int pin_fd;
  gboolean last_try;
  GStrv suites;
  gboolean json;
  enum
  {
    CANTIGA_COMMAND_NONE, /* the journey */
    CANTIGA_COMMAND_DOCTOR,
    CANTIGA_COMMAND_CARDS,
  } command;
  gboolean version;
} CantigaOptions;

/* CANTIGA_ERROR_USAGE or G_OPTION_ERROR. */
gboolean cantiga_options_parse (CantigaOptions *options, int argc, char **argv, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_options_clear (CantigaOptions *options);

/* One line, or what there is before its end, from a file descriptor. CANTIGA_ERROR_USAGE. */
CantigaSecret *cantiga_options_read_pin (int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
