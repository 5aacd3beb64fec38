#include "client/paired.h"

struct _CantigaPaired
{
  GObject parent;
  char *name;
  char *url;
  char *server;
  X509 *authority;
  gint64 crl_number;
  gint64 last_used;
};

enum
{
  PROP_NAME = 1,
  PROP_URL,
  PROP_SERVER,
  PROP_LAST_USED,
  N_PROPS
};
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (CantigaPaired, cantiga_paired, G_TYPE_OBJECT)

static void
cantiga_paired_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CantigaPaired *self = CANTIGA_PAIRED (object);

  switch (id)
    {
    case PROP_NAME:
      return g_value_set_string (value, self->name);
    case PROP_URL:
      return g_value_set_string (value, self->url);
    case PROP_SERVER:
      return g_value_set_string (value, self->server);
    case PROP_LAST_USED:
      return g_value_set_int64 (value, self->last_used);
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
cantiga_paired_finalize (GObject *object)
{
  CantigaPaired *self = CANTIGA_PAIRED (object);

  g_free (self->name);
  g_free (self->url);
  g_free (self->server);
  X509_free (self->authority);
  G_OBJECT_CLASS (cantiga_paired_parent_class)->finalize (object);
}

static void
cantiga_paired_class_init (CantigaPairedClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = cantiga_paired_get_property;
  object_class->finalize = cantiga_paired_finalize;
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  props[PROP_URL] = g_param_spec_string ("url", NULL, NULL, NULL, flags);
  props[PROP_SERVER] = g_param_spec_string ("server", NULL, NULL, NULL, flags);
  props[PROP_LAST_USED] = g_param_spec_int64 ("last-used", NULL, NULL, 0, G_MAXINT64, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
cantiga_paired_init (CantigaPaired *self)
{
  self->crl_number = -1;
}

CantigaPaired *
cantiga_paired_new (const char *name, const char *url, const char *server, X509 *authority, gint64 crl_number, gint64 last_used)
{
  CantigaPaired *self = g_object_new (CANTIGA_TYPE_PAIRED, NULL);

  g_assert (X509_up_ref (authority) == 1);
  self->authority = authority;
  self->name = g_strdup (name);
  self->url = g_strdup (url);
  self->server = g_strdup (server);
  self->crl_number = crl_number;
  self->last_used = last_used;
  return self;
}

void
cantiga_paired_set_authority (CantigaPaired *self, X509 *authority)
{
  g_return_if_fail (CANTIGA_IS_PAIRED (self));
  if (X509_cmp (self->authority, authority) == 0)
    return;
  g_assert (X509_up_ref (authority) == 1);
  X509_free (self->authority);
  self->authority = authority;
}

void
cantiga_paired_set_name (CantigaPaired *self, const char *name)
{
  g_return_if_fail (CANTIGA_IS_PAIRED (self));
  if (g_str_equal (self->name, name))
    return;
  g_free (self->name);
  self->name = g_strdup (name);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NAME]);
}

void
cantiga_paired_set_seen (CantigaPaired *self, gint64 crl_number, gint64 last_used)
{
  g_return_if_fail (CANTIGA_IS_PAIRED (self));
  self->crl_number = MAX (self->crl_number, crl_number);
  if (last_used <= self->last_used)
    return;
  self->last_used = last_used;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LAST_USED]);
}

const char *
cantiga_paired_get_name (CantigaPaired *self)
{
  g_return_val_if_fail (CANTIGA_IS_PAIRED (self), NULL);
  return self->name;
}

const char *
cantiga_paired_get_url (CantigaPaired *self)
{
  g_return_val_if_fail (CANTIGA_IS_PAIRED (self), NULL);
  return self->url;
}

const char *
cantiga_paired_get_server (CantigaPaired *self)
{
  g_return_val_if_fail (CANTIGA_IS_PAIRED (self), NULL);
  return self->server;
}

X509 *
cantiga_paired_get_authority (CantigaPaired *self)
{
  g_return_val_if_fail (CANTIGA_IS_PAIRED (self), NULL);
  return self->authority;
}

gint64
cantiga_paired_get_crl_number (CantigaPaired *self)
{
  g_return_val_if_fail (CANTIGA_IS_PAIRED (self), -1);
  return self->crl_number;
}

gint64
cantiga_paired_get_last_used (CantigaPaired *self)
{
  g_return_val_if_fail (CANTIGA_IS_PAIRED (self), 0);
  return self->last_used;
}
