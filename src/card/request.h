/* What comes in: a line of JSON, and right after it the bytes of a PIN where one is announced.
 *
 * `{"id":N,"command":"list"}`, `{"id":N,"command":"inspect"}`, `{"id":N,"command":"sign","certificate":"pkcs11:…","message":"<Base64>","pin_length":K}` and K raw bytes. */
#pragma once

#include "core/secret.h"
#include "core/wire.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_COMMAND_LIST,
  CANTIGA_COMMAND_INSPECT,
  CANTIGA_COMMAND_SIGN,
} CantigaCommand;

typedef struct
{
  gint64 id;
  CantigaCommand command;
  char *certificate;
  GBytes *message;
  CantigaSecret *pin; /* NULL without one */
} CantigaRequest;

/* Waits for the next one. NULL without an error at the end; CANTIGA_ERROR_MALFORMED for what is none: where the next one begins is not known then. */
CantigaRequest *cantiga_request_read (int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void cantiga_request_free (CantigaRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CantigaRequest, cantiga_request_free)

G_END_DECLS
