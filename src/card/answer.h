/* What goes out: one line of JSON an answer, with the request's id. */
#pragma once

#include "card/inspection.h"
#include "card/sign.h"
#include "card/unloaded.h"

G_BEGIN_DECLS

/* FALSE if nobody reads any more. */
gboolean cantiga_answer_list (int fd, gint64 id, const CantigaSurvey *survey) G_GNUC_WARN_UNUSED_RESULT;
/* inspected: CantigaInspected; unloaded: CantigaUnloaded. */
gboolean cantiga_answer_inspect (int fd, gint64 id, const CantigaSurvey *survey, GPtrArray *inspected, GPtrArray *unloaded) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_answer_sign (int fd, gint64 id, const CantigaSigned *signed_) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
