#include "ui/fingerprint.h"

#include <string.h>

#include "core/chain.h"

/* 8 of its 16 groups, each with a space behind it but the last. */
#define HALF 39

char *
cantiga_fingerprint_dup_lines (X509 *certificate)
{
  char *text = cantiga_certificate_dup_fingerprint (certificate);

  if (strlen (text) > HALF)
    text[HALF] = '\n';
  return text;
}
