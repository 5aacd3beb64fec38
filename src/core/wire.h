/* Strict JSON for messages: what arrives is checked member by member, what leaves is built with the same words (docs/protocol.md 1, 3, 11).
 *
 * json-glib parses; this file refuses first what json-glib would let pass: depth over 8, text that is not UTF-8, NUL, anything after the object,
 * a member twice, comments. Getters fail with CANTIGA_ERROR_MALFORMED naming the member, and leave ret_* untouched on failure. */
#pragma once

#include <json-glib/json-glib.h>

#include "core/error.h"

G_BEGIN_DECLS

#define CANTIGA_PROTOCOL_VERSION 1
#define CANTIGA_ID_LENGTH 16
#define CANTIGA_NONCE_LENGTH 32
#define CANTIGA_JSON_DEPTH_MAX 8
#define CANTIGA_ENVELOPE_TYPE "application/vnd.cantiga.envelope"
#define CANTIGA_PROBLEM_TYPE "application/problem+json"

/* An identifier: session, title, play, grant. A plain value. */
typedef struct { guint8 bytes[CANTIGA_ID_LENGTH]; } CantigaId;
#define CANTIGA_ID_TEXT_LENGTH (2 * CANTIGA_ID_LENGTH + 1)

void cantiga_id_new_random (CantigaId *ret_id);
gboolean cantiga_id_equal (const CantigaId *a, const CantigaId *b);
guint cantiga_id_hash (gconstpointer id);                          /* for GHashTable, with cantiga_id_equal_func */
gboolean cantiga_id_equal_func (gconstpointer a, gconstpointer b);
/* 32 lower-case hexadecimal digits into text; returns text. */
char *cantiga_id_format (const CantigaId *id, char text[CANTIGA_ID_TEXT_LENGTH]);
gboolean cantiga_id_parse (const char *text, CantigaId *ret_id);

/* Base64 (RFC 4648 §4), padded, strict: NULL for anything else. */
GBytes *cantiga_base64_decode (const char *text);
/* Base64url without padding (RFC 4648 §5), strict. */
char *cantiga_base64url_encode (gconstpointer bytes, gsize length);
GBytes *cantiga_base64url_decode (const char *text, gsize length);  /* NULL if it is not */

/* Parses one object. Free with json_object_unref(). */
JsonObject *cantiga_json_parse (gconstpointer text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Serializes compactly; takes nothing. Fractions are below 1e17: json-glib writes larger ones wrongly. */
GBytes *cantiga_json_format (JsonObject *object);

gboolean cantiga_json_get_text (JsonObject *object, const char *member, gsize max, const char **ret_text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_json_get_int (JsonObject *object, const char *member, gint64 min, gint64 max, gint64 *ret_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An integer or a fraction; finite. */
gboolean cantiga_json_get_number (JsonObject *object, const char *member, double min, double max, double *ret_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_json_get_boolean (JsonObject *object, const char *member, gboolean *ret_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean cantiga_json_get_id (JsonObject *object, const char *member, CantigaId *ret_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Base64, min to max bytes decoded. Free with g_bytes_unref(). */
GBytes *cantiga_json_get_bytes (JsonObject *object, const char *member, gsize min, gsize max, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An array of Base64 strings: 1 to max_items of at most max bytes each; GPtrArray of GBytes. */
GPtrArray *cantiga_json_get_bytes_list (JsonObject *object, const char *member, guint max_items, gsize max, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An array of strings. Free with g_strfreev(). */
GStrv cantiga_json_get_texts (JsonObject *object, const char *member, guint max_items, gsize max, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Borrowed from object. */
JsonObject *cantiga_json_get_object (JsonObject *object, const char *member, GError **error) G_GNUC_WARN_UNUSED_RESULT;
JsonArray *cantiga_json_get_array (JsonObject *object, const char *member, guint max_items, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the member is there and not null. */
gboolean cantiga_json_has (JsonObject *object, const char *member);

void cantiga_json_set_bytes (JsonObject *object, const char *member, gconstpointer bytes, gsize length);
void cantiga_json_set_gbytes (JsonObject *object, const char *member, GBytes *bytes);
void cantiga_json_set_bytes_list (JsonObject *object, const char *member, GPtrArray *list);
void cantiga_json_set_id (JsonObject *object, const char *member, const CantigaId *id);
void cantiga_json_set_texts (JsonObject *object, const char *member, const char *const *texts);

/* Problems (11). The object of an error: code and sentence as on the wire; an error that is never on the wire, or of another domain, becomes /problems/internal. */
JsonObject *cantiga_problem_create (const GError *error);
/* Sets error from a problem object, which has the integer member "status". Returns FALSE always. */
gboolean cantiga_problem_consume (JsonObject *problem, GError **error);
/* Whether an answer's object is a problem. */
gboolean cantiga_problem_is (JsonObject *object);
/* The HTTP status that goes with an error. */
guint cantiga_problem_get_status (const GError *error);

G_END_DECLS
