/* What changes while the server runs, and who watches it. */
#include "server/config-private.h"
#include "server/listening.h"
#include "server/monitor.h"

void
cantiga_server_note (CantigaServer *server, const char *who, const char *what, const char *of)
{
  g_autoptr (GError) error = NULL;

  if (!cantiga_audit_add (server->audit, who, what, of, g_get_real_time () / G_USEC_PER_SEC, NULL, &error) && server->refused != NULL)
    server->refused ("", "", "/problems/internal", error->message, server->refused_data);
}

/* Whoever reads the old ones reads on; what is read from now on is new. */
gboolean
cantiga_server_reload (CantigaServer *server, const CantigaConfig *config, GError **error)
{
  g_autoptr (CantigaAuthorities) authorities = cantiga_authorities_new (server->state, config, error);
  g_autofree char *fixed = cantiga_config_dup_fixed (cantiga_server_get_config (server), config);

  if (authorities == NULL)
    return FALSE;
  g_ptr_array_add (server->retired, server->authorities);
  g_atomic_pointer_set (&server->authorities, g_steal_pointer (&authorities));
  g_atomic_pointer_set (&server->config, config);
  cantiga_ocsp_set_config (server->ocsp, config);
  cantiga_sessions_set_config (server->sessions, config);
  cantiga_doors_set_config (server->doors, config);
  if (!cantiga_server_renew_terms (server, g_get_real_time () / G_USEC_PER_SEC, error))
    return FALSE;
  cantiga_server_note (server, "server", "read its configuration again", NULL);
  if (fixed != NULL && server->told != NULL)
    {
      g_autofree char *sentence = g_strdup_printf ("What was changed of %s holds after the next start.", fixed);

      server->told (sentence, server->told_data);
    }
  return TRUE;
}

gboolean
cantiga_server_watch (CantigaServer *server, const char *address, char **ret_address, GError **error)
{
  g_autofree char *own = cantiga_listening_dup_address (g_ptr_array_index (server->sockets, 0), error);

  if (own == NULL)
    return FALSE;
  if (server->health == NULL)
    server->health = cantiga_health_new (server, own);
  if (address == NULL)
    return TRUE;
  server->monitor = cantiga_monitor_new (server, server->health, address, ret_address, error);
  return server->monitor != NULL;
}

gboolean
cantiga_server_is_well (CantigaServer *server)
{
  g_autofree char *why = NULL;

  return server->health != NULL && cantiga_health_is_well (server->health, &why);
}
