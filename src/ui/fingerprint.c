#include "ui/fingerprint.h"

#include "core/chain.h"

char *
cantiga_fingerprint_dup_lines (X509 *certificate)
{
  char *text = cantiga_certificate_dup_fingerprint (certificate);

  text[CANTIGA_FINGERPRINT_HALF] = '\n';
  return text;
}
