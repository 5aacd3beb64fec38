/* What a listener may do with a title: the keeper's rules over the configuration's policy (docs/rights.md). Thread: any. */
#pragma once

#include "server/config.h"
#include "server/ledger.h"

G_BEGIN_DECLS

typedef struct
{
  gboolean allowed; /* FALSE: for this listener the title is not there */
  CantigaPolicy policy;
} CantigaRight;

/* The rules as they stand: reference counted, immutable. */
typedef struct _CantigaRightsNow CantigaRightsNow;
void cantiga_rights_now_unref (CantigaRightsNow *now);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaRightsNow, cantiga_rights_now_unref)
/* policy: the configuration's, for what no rule names. album: "" if unknown. */
CantigaRight cantiga_rights_resolve (CantigaRightsNow *now, const CantigaPolicy *policy, const CantigaId *listener, const CantigaId *title, const char *album);
/* Whether any rule forbids anything: if none does, titles need not be asked about one by one. */
gboolean cantiga_rights_forbid_some (CantigaRightsNow *now);

typedef struct _CantigaRights CantigaRights;
/* Borrowed. */
CantigaRights *cantiga_rights_new (CantigaLedger *ledger);
void cantiga_rights_free (CantigaRights *rights);
/* Read again when the ledger's changed, by any program. */
CantigaRightsNow *cantiga_rights_get (CantigaRights *rights, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a rule says, as a policy over another. CANTIGA_ERROR_CONFIGURATION if its words are not right. */
gboolean cantiga_rule_apply (const CantigaRule *rule, CantigaPolicy *policy, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
