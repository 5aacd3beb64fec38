/* server.conf: a GKeyFile; every key has a default, CANTIGA_SECTION_KEY in the environment overrides the file (CANTIGA_LICENCE_PLAYS=5). An unknown section or key, or a
 * bad value, is CANTIGA_ERROR_CONFIGURATION with file, line and what is allowed. A plain struct, immutable once loaded. */
#pragma once

#include "core/licence.h"
#include "core/suite.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_OCSP_OFF,
  CANTIGA_OCSP_SOFT, /* no answer is no reason to refuse */
  CANTIGA_OCSP_HARD,
} CantigaOcspMode;

typedef struct
{
  /* [server] */
  char *name;                      /* NULL: the one given at init (pki) */
  char *listen;                    /* "0.0.0.0:22684" ; "[::]:22684" ; several separated by ; are not needed yet */
  guint workers;                   /* 0: as many as cores */
  gboolean discovery;              /* docs/protocol.md 15 */
  char *ledger;                    /* postgresql://…; NULL: ledger.sqlite of the state */
  GStrv proxies;                   /* addresses whose X-Forwarded-For is believed; may be NULL */
  /* [suites] */
  GStrv enabled;                   /* expanded names, strongest first; enabled = default */
  CantigaSelection selection;
  /* [library] */
  GStrv folders;                   /* that the library follows; absolute; may be NULL */
  gboolean folders_exportable;
  /* [licence] */
  CantigaPolicy policy;            /* plays, validity, renewal */
  /* [cards], docs/protocol.md 7 */
  char *card_authorities;          /* file or folder; NULL: pki/card-authorities of the state, if it is there */
  GStrv card_policies;             /* OIDs, one of which a card must name; NULL: any will do */
  char *crls;                      /* file or folder; NULL: no revocation lists are asked for */
  gboolean crl_expired_allowed;
  CantigaOcspMode ocsp;
  guint ocsp_seconds;
  gboolean approve_on_first_use;
  /* [metrics] */
  char *metrics; /* address and port; NULL: off */
  /* [limits], docs/protocol.md 12 */
  guint connections, connections_per_address;
  guint half_open, half_open_per_address, sessions;
  guint header_seconds, body_seconds, answer_seconds, session_idle_seconds, handshake_seconds;
} CantigaConfig;

/* path may be NULL or not exist (unless required): the defaults. */
CantigaConfig *cantiga_config_load (const char *path, gboolean required, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_config_free (CantigaConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaConfig, cantiga_config_free)
/* Whether address is one of those that pass requests on for others. */
gboolean cantiga_config_is_proxy (const CantigaConfig *config, const char *address);
/* The configuration in force as a key file's text with a comment a key; free with g_free(). */
char *cantiga_config_format (const CantigaConfig *config);

/* The file of a keeper who has changed nothing: every key with a comment, none set. Free with g_free(). */
char *cantiga_config_format_template (void);

G_END_DECLS
