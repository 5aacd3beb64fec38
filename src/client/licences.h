/* The listener's own licences: listed, renewed, given back (docs/protocol.md 9.6 to 9.8). Thread: main. */
#pragma once

#include "client/held-licence.h"
#include "client/session.h"
#include "client/title.h"

G_BEGIN_DECLS

/* All of them, those made last first: a new list model of CantigaHeldLicence. */
void cantiga_session_list_licences_async (CantigaSession *session, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
GListModel *cantiga_session_list_licences_finish (CantigaSession *session, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where its "renewal" is "now". licence follows, and so does title: the catalogue's object of it, or NULL. CANTIGA_ERROR_RENEWAL_REFUSED with the reason
 * as a sentence; CANTIGA_ERROR_NOT_FOUND if the licence is gone. */
void cantiga_session_renew_licence_async (CantigaSession *session, CantigaHeldLicence *licence, CantigaTitle *title, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_session_renew_licence_finish (CantigaSession *session, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is being heard goes on to its end. licence becomes "returned", title follows. It may be gone from the next list. */
void cantiga_session_return_licence_async (CantigaSession *session, CantigaHeldLicence *licence, CantigaTitle *title, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);
gboolean cantiga_session_return_licence_finish (CantigaSession *session, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
