/* The authentication certificates of a token. */
#pragma once

#include "card/module.h"
#include "core/card-state.h"
#include "core/chain.h"

G_BEGIN_DECLS

typedef struct
{
  CantigaModule *module; /* borrowed */
  CK_SLOT_ID slot;
  char *uri;
  char *label;
  char *token;
  char *name;
  GBytes *id; /* CKA_ID, which the private key has too */
  GBytes *certificate;
  EVP_PKEY *key; /* public */
  gint64 not_after;
  CantigaCardKind kind;
  CantigaCardState state;
  CantigaCardTries tries;
  CantigaCardPin pin;
  gsize pin_min;
  gsize pin_max;
} CantigaFound;

/* NULL too. */
void cantiga_found_free (CantigaFound *found);

/* Adds those of the token in slot, which info describes, to ret_found. */
CK_RV cantiga_found_read (CantigaModule *module, CK_SLOT_ID slot, const CK_TOKEN_INFO *info, GPtrArray *ret_found) G_GNUC_WARN_UNUSED_RESULT;
/* The objects of a class; where id is given, with that CKA_ID. ret_objects: CK_OBJECT_HANDLEs, free with g_array_unref(). */
CK_RV cantiga_objects_find (CantigaModule *module, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class_, GBytes *id,
                            GArray **ret_objects) G_GNUC_WARN_UNUSED_RESULT;
/* An attribute of at most max bytes, or NULL. */
GBytes *cantiga_object_get (CantigaModule *module, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, gsize max);
/* Whether a label is that of a certificate or key that signs in the holder's name, or in nobody's. */
gboolean cantiga_label_is_forbidden (GBytes *label);

CantigaCardTries cantiga_tries_of_flags (CK_FLAGS flags);

G_END_DECLS
