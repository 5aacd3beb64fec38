/* Key exchange: registered DH groups and X25519 (docs/protocol.md 2.1, 3.8). */
#pragma once

#include "core/secret.h"
#include "core/suite.h"

G_BEGIN_DECLS

/* One side's share of one exchange; the private part is wiped when freed. */
typedef struct _CantigaShare CantigaShare;

/* group: "ffdhe2048", "ffdhe3072", "ffdhe4096", "x25519". CANTIGA_ERROR_BAD_GROUP for others or one that kex does not have. */
CantigaShare *cantiga_share_new (CantigaKex kex, const char *group, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_share_free (CantigaShare *share);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaShare, cantiga_share_free)

const char *cantiga_share_get_group (const CantigaShare *share);
/* As on the wire; owned by the share. */
GBytes *cantiga_share_get_public (CantigaShare *share);
/* Z, for cantiga_hkdf_extract(). CANTIGA_ERROR_BAD_PUBLIC_VALUE for a wrong length, a DH value outside 2 … p-2, or an all-zero result. */
CantigaSecret *cantiga_share_agree (CantigaShare *share, GBytes *peer_public, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The groups of kex, the default first; NULL-terminated, static. */
const char *const *cantiga_kex_get_groups (CantigaKex kex);
/* p and g of a DH group, big-endian without leading zeros; borrowed, they are never freed. FALSE if group is not a DH group. */
gboolean cantiga_group_get_parameters (const char *group, GBytes **ret_p, GBytes **ret_g);

G_END_DECLS
