/* What most files here include of others', read once for all of them with -Dprecompiled=true. Without, each file says for itself what it needs. */
#include <json-glib/json-glib.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
