#include "core/buffer.h"

#include <string.h>

/* What GByteArray can hold for sure; nothing that is hashed, signed or framed comes near it. */
#define BUFFER_MAX (1u << 30)

struct _CantigaBuffer
{
  GByteArray *array;
  gboolean failed;
};

CantigaBuffer *
cantiga_buffer_new (void)
{
  CantigaBuffer *buffer = g_new0 (CantigaBuffer, 1);

  buffer->array = g_byte_array_new ();
  return buffer;
}

void
cantiga_buffer_free (CantigaBuffer *buffer)
{
  if (buffer == NULL)
    return;
  g_byte_array_unref (buffer->array);
  g_free (buffer);
}

/* Half a text must never be hashed or signed: a buffer that failed is empty and stays so. */
static void
fail (CantigaBuffer *buffer)
{
  buffer->failed = TRUE;
  g_byte_array_set_size (buffer->array, 0);
}

void
cantiga_buffer_add (CantigaBuffer *buffer, gconstpointer bytes, gsize length)
{
  if (buffer->failed || length == 0)
    return;
  if (length > BUFFER_MAX - buffer->array->len)
    fail (buffer);
  else
    g_byte_array_append (buffer->array, bytes, (guint)length);
}

void
cantiga_buffer_add_u8 (CantigaBuffer *buffer, guint8 value)
{
  cantiga_buffer_add (buffer, &value, sizeof value);
}

void
cantiga_buffer_add_u32 (CantigaBuffer *buffer, guint32 value)
{
  guint8 bytes[4];

  cantiga_put_u32 (bytes, value);
  cantiga_buffer_add (buffer, bytes, sizeof bytes);
}

void
cantiga_buffer_add_u64 (CantigaBuffer *buffer, guint64 value)
{
  guint8 bytes[8];

  cantiga_put_u64 (bytes, value);
  cantiga_buffer_add (buffer, bytes, sizeof bytes);
}

void
cantiga_buffer_add_field (CantigaBuffer *buffer, gconstpointer bytes, gsize length)
{
  if (length > G_MAXUINT32)
    {
      fail (buffer);
      return;
    }
  cantiga_buffer_add_u32 (buffer, (guint32)length);
  cantiga_buffer_add (buffer, bytes, length);
}

void
cantiga_buffer_add_field_bytes (CantigaBuffer *buffer, GBytes *bytes)
{
  gsize length;
  gconstpointer start = g_bytes_get_data (bytes, &length);

  cantiga_buffer_add_field (buffer, start, length);
}

void
cantiga_buffer_add_field_text (CantigaBuffer *buffer, const char *text)
{
  cantiga_buffer_add_field (buffer, text, strlen (text));
}

void
cantiga_buffer_add_field_u8 (CantigaBuffer *buffer, guint8 value)
{
  cantiga_buffer_add_field (buffer, &value, sizeof value);
}

void
cantiga_buffer_add_field_u32 (CantigaBuffer *buffer, guint32 value)
{
  guint8 bytes[4];

  cantiga_put_u32 (bytes, value);
  cantiga_buffer_add_field (buffer, bytes, sizeof bytes);
}

void
cantiga_buffer_add_field_u64 (CantigaBuffer *buffer, guint64 value)
{
  guint8 bytes[8];

  cantiga_put_u64 (bytes, value);
  cantiga_buffer_add_field (buffer, bytes, sizeof bytes);
}

gboolean
cantiga_buffer_failed (const CantigaBuffer *buffer)
{
  return buffer->failed;
}

const guint8 *
cantiga_buffer_bytes (const CantigaBuffer *buffer)
{
  return buffer->array->data;
}

gsize
cantiga_buffer_length (const CantigaBuffer *buffer)
{
  return buffer->array->len;
}

GBytes *
cantiga_buffer_free_to_bytes (CantigaBuffer *buffer)
{
  GBytes *bytes = buffer->failed ? NULL : g_byte_array_free_to_bytes (g_steal_pointer (&buffer->array));

  g_clear_pointer (&buffer->array, g_byte_array_unref);
  g_free (buffer);
  return bytes;
}

CantigaCursor
cantiga_cursor (gconstpointer bytes, gsize length)
{
  return (CantigaCursor){ .bytes = bytes, .length = length };
}

const guint8 *
cantiga_cursor_take (CantigaCursor *cursor, gsize length)
{
  const guint8 *taken;

  if (cursor->failed || length > cursor->length - cursor->at)
    {
      cursor->failed = TRUE;
      return NULL;
    }
  taken = cursor->bytes + cursor->at;
  cursor->at += length;
  return taken;
}

guint8
cantiga_cursor_take_u8 (CantigaCursor *cursor)
{
  const guint8 *taken = cantiga_cursor_take (cursor, 1);

  return taken != NULL ? *taken : 0;
}

guint32
cantiga_cursor_take_u32 (CantigaCursor *cursor)
{
  const guint8 *taken = cantiga_cursor_take (cursor, 4);

  return taken != NULL ? cantiga_get_u32 (taken) : 0;
}

guint64
cantiga_cursor_take_u64 (CantigaCursor *cursor)
{
  const guint8 *taken = cantiga_cursor_take (cursor, 8);

  return taken != NULL ? cantiga_get_u64 (taken) : 0;
}

void
cantiga_put_u32 (guint8 *at, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (at, &value, sizeof value);
}

void
cantiga_put_u64 (guint8 *at, guint64 value)
{
  value = GUINT64_TO_BE (value);
  memcpy (at, &value, sizeof value);
}

guint32
cantiga_get_u32 (const guint8 *at)
{
  guint32 value;

  memcpy (&value, at, sizeof value);
  return GUINT32_FROM_BE (value);
}

guint64
cantiga_get_u64 (const guint8 *at)
{
  guint64 value;

  memcpy (&value, at, sizeof value);
  return GUINT64_FROM_BE (value);
}
