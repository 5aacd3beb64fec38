/* Bytes to hash, sign, seal and frame: append freely, ask once at the end (failure is sticky). All integers big-endian. No secrets go in here. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _CantigaBuffer CantigaBuffer;

CantigaBuffer *cantiga_buffer_new (void);
void cantiga_buffer_free (CantigaBuffer *buffer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaBuffer, cantiga_buffer_free)

void cantiga_buffer_add (CantigaBuffer *buffer, gconstpointer bytes, gsize length);
void cantiga_buffer_add_u8 (CantigaBuffer *buffer, guint8 value);
void cantiga_buffer_add_u32 (CantigaBuffer *buffer, guint32 value);
void cantiga_buffer_add_u64 (CantigaBuffer *buffer, guint64 value);
/* lp(field) of docs/protocol.md 1. A field of 4 GiB or more makes the buffer fail. */
void cantiga_buffer_add_field (CantigaBuffer *buffer, gconstpointer bytes, gsize length);
void cantiga_buffer_add_field_bytes (CantigaBuffer *buffer, GBytes *bytes);
void cantiga_buffer_add_field_text (CantigaBuffer *buffer, const char *text);
void cantiga_buffer_add_field_u8 (CantigaBuffer *buffer, guint8 value);
void cantiga_buffer_add_field_u32 (CantigaBuffer *buffer, guint32 value);
void cantiga_buffer_add_field_u64 (CantigaBuffer *buffer, guint64 value);

gboolean cantiga_buffer_failed (const CantigaBuffer *buffer);
const guint8 *cantiga_buffer_bytes (const CantigaBuffer *buffer);
gsize cantiga_buffer_length (const CantigaBuffer *buffer);
/* What was appended; the buffer is freed. NULL if it failed. */
GBytes *cantiga_buffer_free_to_bytes (CantigaBuffer *buffer);

/* Reads what a buffer wrote; every take_ returns zero after the first that went past the end. */
typedef struct
{
  const guint8 *bytes;
  gsize length;
  gsize at;
  gboolean failed;
} CantigaCursor;

CantigaCursor cantiga_cursor (gconstpointer bytes, gsize length);
guint8 cantiga_cursor_take_u8 (CantigaCursor *cursor);
guint32 cantiga_cursor_take_u32 (CantigaCursor *cursor);
guint64 cantiga_cursor_take_u64 (CantigaCursor *cursor);
/* length bytes within the cursor's memory, or NULL. */
const guint8 *cantiga_cursor_take (CantigaCursor *cursor, gsize length);

/* Big-endian into and out of memory. */
void cantiga_put_u32 (guint8 *at, guint32 value);
void cantiga_put_u64 (guint8 *at, guint64 value);
guint32 cantiga_get_u32 (const guint8 *at);
guint64 cantiga_get_u64 (const guint8 *at);

G_END_DECLS
