#include "card/service.h"

#include <dlfcn.h>

/* libpcsclite is what the modules load themselves, in the version that fits this computer's pcscd (its protocol changes): loaded here too, not
 * linked. */
#define LIBRARY "libpcsclite.so.1"

/* pcsclite.h */
#define SCARD_S_SUCCESS 0x00000000u
#define SCARD_F_COMM_ERROR 0x80100013u
#define SCARD_W_SECURITY_VIOLATION 0x8010006Au
#define SCARD_SCOPE_SYSTEM 2

typedef long (*EstablishContext) (unsigned long scope, const void *, const void *, long *ret_context);
typedef long (*ListReaders) (long context, const char *groups, char *readers, unsigned long *size);
typedef long (*ReleaseContext) (long context);

typedef struct
{
  EstablishContext establish;
  ListReaders list;
  ReleaseContext release;
} Service;

static gpointer
load_service (gpointer unused)
{
  static Service service;
  void *library = dlopen (LIBRARY, RTLD_NOW | RTLD_LOCAL);

  if (library == NULL)
    return NULL;
  *(void **)&service.establish = dlsym (library, "SCardEstablishContext");
  *(void **)&service.list = dlsym (library, "SCardListReaders");
  *(void **)&service.release = dlsym (library, "SCardReleaseContext");
  return service.establish != NULL && service.list != NULL && service.release != NULL ? &service : NULL;
}

/* pcscd hangs up on whom polkit does not let; libpcsclite says one or the other, by when it notices. */
static gboolean
is_refusal (guint32 answer)
{
  return answer == SCARD_W_SECURITY_VIOLATION || answer == SCARD_F_COMM_ERROR;
}

CantigaCardState
cantiga_service_ask (void)
{
  static GOnce once = G_ONCE_INIT;
  const Service *service = g_once (&once, load_service, NULL);
  unsigned long size = 0;
  long context = 0;
  guint32 answer;

  if (service == NULL)
    return CANTIGA_CARD_STATE_NO_SERVICE;
  answer = (guint32)service->establish (SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
  if (answer != SCARD_S_SUCCESS)
    return is_refusal (answer) ? CANTIGA_CARD_STATE_NOT_AUTHORISED : CANTIGA_CARD_STATE_NO_SERVICE;
  answer = (guint32)service->list (context, NULL, NULL, &size);
  service->release (context);
  /* The list is of strings, ended by an empty one. */
  return answer == SCARD_S_SUCCESS && size > 1 ? CANTIGA_CARD_STATE_NO_MODULE : CANTIGA_CARD_STATE_NO_READER;
}
