/* sign-in-rate PORT FOLDER SECONDS: signs in again and again, as fast as it can, by the core's own handshake and no more HTTP than there must be, so that who asks takes little of the processor from who answers; how often,
 * at its end. For tests/bench/bench-channel, which puts into FOLDER: server (its UUID), authority.der, player.key and player.der, card.key and card.der. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "core/handshake.h"

typedef struct
{
  guint16 port;
  int connection;
  CantigaIdentity *player;
  X509 *authority;
  char *server;
  EVP_PKEY *card_key;
  GPtrArray *card;
} Load;

G_NORETURN static void
die (const char *what, const GError *error)
{
  g_printerr ("sign-in-rate: %s: %s\n", what, error != NULL ? error->message : "failed");
  exit (1);
}

/* ---- the files ---- */

static GBytes *
read_file (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  char *bytes;
  gsize length;

  if (!g_file_get_contents (path, &bytes, &length, &error))
    die (name, error);
  return g_bytes_new_take (bytes, length);
}

static EVP_PKEY *
read_key (const char *folder, const char *name)
{
  g_autoptr (GBytes) pem = read_file (folder, name);
  BIO *bio = BIO_new_mem_buf (g_bytes_get_data (pem, NULL), (int)g_bytes_get_size (pem));
  EVP_PKEY *key = PEM_read_bio_PrivateKey (bio, NULL, NULL, NULL);

  BIO_free (bio);
  if (key == NULL)
    die (name, NULL);
  return key;
}

static GPtrArray *
read_chain (const char *folder, const char *name)
{
  GPtrArray *chain = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  g_ptr_array_add (chain, read_file (folder, name));
  return chain;
}

static void
load_open (Load *load, const char *folder)
{
  g_autoptr (GBytes) authority = read_file (folder, "authority.der");
  g_autoptr (GBytes) server = read_file (folder, "server");
  g_autoptr (GPtrArray) chain = read_chain (folder, "player.der");
  g_autoptr (GError) error = NULL;
  EVP_PKEY *key = read_key (folder, "player.key");

  load->player = cantiga_identity_new (key, chain, &error);
  load->authority = error == NULL ? cantiga_certificate_decode (authority, &error) : NULL;
  if (error != NULL)
    die (folder, error);
  EVP_PKEY_free (key);
  load->server = g_strndup (g_bytes_get_data (server, NULL), g_bytes_get_size (server));
  load->card_key = read_key (folder, "card.key");
  load->card = read_chain (folder, "card.der");
}

/* ---- HTTP ---- */

/* A new one for each sign-in, as for each of those that it is compared with. */
static int
connect_to (const Load *load)
{
  const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (load->port), .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int connection = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (connect (connection, (const struct sockaddr *)&to, sizeof to) != 0)
    die ("connect", NULL);
  return connection;
}

/* Where the body begins once all of it is there, as long as its Content-Length says; NULL: there is more to come. */
static const char *
find_body (const char *answer, gsize filled)
{
  const char *end = g_strstr_len (answer, (gssize)filled, "\r\n\r\n");
  const char *length = end != NULL ? g_strstr_len (answer, end - answer, "Content-Length: ") : NULL;

  return length != NULL && filled - (gsize)(end + 4 - answer) >= (gsize)atoi (length + strlen ("Content-Length: ")) ? end + 4 : NULL;
}

/* The body of the answer to one request. */
static GBytes *
ask (const Load *load, const char *method, const char *path, const char *more, GBytes *body)
{
  g_autoptr (GByteArray) request = g_byte_array_new ();
  gsize length = body != NULL ? g_bytes_get_size (body) : 0;
  g_autofree char *head = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n", method, path, more, length);
  char answer[16384];
  gsize filled = 0;
  gssize n;
  const char *found = NULL;

  g_byte_array_append (request, (const guint8 *)head, (guint)strlen (head));
  if (body != NULL)
    g_byte_array_append (request, g_bytes_get_data (body, NULL), (guint)length);
  if (write (load->connection, request->data, request->len) != (gssize)request->len)
    die (path, NULL);
  while (found == NULL && filled < sizeof answer && (n = read (load->connection, answer + filled, sizeof answer - filled)) > 0)
    {
      filled += (gsize)n;
      found = find_body (answer, filled);
    }
  if (found == NULL || !g_str_has_prefix (answer, "HTTP/1.1 200 "))
    die (path, NULL);
  return g_bytes_new (found, filled - (gsize)(found - answer));
}

/* ---- a sign-in ---- */

static CantigaChannel *
shake_hands (const Load *load, GError **error)
{
  static const char *const offered[] = { "ECDH_ECDSA_AES256_GCM_SHA256", NULL };
  g_autoptr (CantigaHandshake) handshake
      = cantiga_handshake_new_player (load->player, offered, NULL, load->authority, load->server, -1, g_get_real_time () / G_USEC_PER_SEC);
  g_autoptr (GBytes) certificates = ask (load, "GET", "/api/auth?auth=ECDSA", "", NULL);
  g_autoptr (GBytes) hello = NULL, session = NULL, suites = NULL, suite = NULL, share = NULL, key = NULL;

  if (!cantiga_handshake_consume_certificates (handshake, certificates, &hello, error))
    return NULL;
  session = ask (load, "POST", "/api/auth", "", hello);
  if (!cantiga_handshake_consume_session (handshake, session, &suites, error))
    return NULL;
  suite = ask (load, "POST", "/api/suite", "", suites);
  if (!cantiga_handshake_consume_suite (handshake, suite, &share, error))
    return NULL;
  key = ask (load, "POST", "/api/key", "", share);
  return cantiga_handshake_consume_key (handshake, key, error) ? cantiga_handshake_take_channel (handshake) : NULL;
}

static gboolean
show_card (const Load *load, CantigaChannel *channel, GError **error)
{
  g_autoptr (GBytes) message = cantiga_channel_get_card_message (channel);
  g_autoptr (GBytes) signature = cantiga_sign_card (load->card_key, g_bytes_get_data (message, NULL), g_bytes_get_size (message), error);
  g_autoptr (JsonObject) body = json_object_new ();
  g_autoptr (GBytes) text = NULL, request = NULL, answer = NULL, opened = NULL;
  char session[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *header = g_strdup_printf ("Authorization: Cantiga %s\r\n", cantiga_id_format (cantiga_channel_get_session (channel), session));

  if (signature == NULL)
    return FALSE;
  cantiga_json_set_bytes_list (body, "certificates", load->card);
  json_object_set_string_member (body, "algorithm", "ecdsa-sha256");
  cantiga_json_set_gbytes (body, "signature", signature);
  text = cantiga_json_format (body);
  request = cantiga_channel_seal_request (channel, "POST", "/api/cc", text, error);
  answer = request != NULL ? ask (load, "POST", "/api/cc", header, request) : NULL;
  opened = answer != NULL ? cantiga_channel_open_answer (channel, answer, error) : NULL;
  if (opened == NULL || g_strstr_len (g_bytes_get_data (opened, NULL), (gssize)g_bytes_get_size (opened), "\"listener\"") == NULL)
    return FALSE;
  return TRUE;
}

int
main (int argc, char **argv)
{
  Load load = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 ends;
  guint done = 0;

  if (argc != 4)
    return 2;
  load.port = (guint16)atoi (argv[1]);
  load_open (&load, argv[2]);
  for (ends = g_get_monotonic_time () + (gint64)(atof (argv[3]) * G_USEC_PER_SEC); g_get_monotonic_time () < ends; done++)
    {
      g_autoptr (CantigaChannel) channel = NULL;

      load.connection = connect_to (&load);
      channel = shake_hands (&load, &error);
      if (channel == NULL || !show_card (&load, channel, &error))
        die ("a sign-in", error);
      close (load.connection);
    }
  g_print ("%u\n", done);
  return 0;
}
