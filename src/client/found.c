#include "client/found.h"

struct _CantigaFound
{
  GObject parent;
  CantigaFoundFacts facts;
  char *url;
};

enum
{
  PROP_NAME = 1,
  PROP_HOST,
  PROP_URL,
  PROP_PIN,
  PROP_PAIRING,
  N_PROPS
};
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (CantigaFound, cantiga_found, G_TYPE_OBJECT)

void
cantiga_found_facts_clear (CantigaFoundFacts *facts)
{
  g_clear_pointer (&facts->name, g_free);
  g_clear_pointer (&facts->host, g_free);
  g_clear_pointer (&facts->address, g_free);
  g_clear_pointer (&facts->pin, g_free);
}

static void
cantiga_found_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CantigaFound *self = CANTIGA_FOUND (object);

  switch (id)
    {
    case PROP_NAME:
      return g_value_set_string (value, self->facts.name);
    case PROP_HOST:
      return g_value_set_string (value, self->facts.host);
    case PROP_URL:
      return g_value_set_string (value, self->url);
    case PROP_PIN:
      return g_value_set_string (value, self->facts.pin);
    case PROP_PAIRING:
      return g_value_set_boolean (value, self->facts.pairing);
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
cantiga_found_finalize (GObject *object)
{
  CantigaFound *self = CANTIGA_FOUND (object);

  cantiga_found_facts_clear (&self->facts);
  g_free (self->url);
  G_OBJECT_CLASS (cantiga_found_parent_class)->finalize (object);
}

static void
cantiga_found_class_init (CantigaFoundClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = cantiga_found_get_property;
  object_class->finalize = cantiga_found_finalize;
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  props[PROP_HOST] = g_param_spec_string ("host", NULL, NULL, NULL, flags);
  props[PROP_URL] = g_param_spec_string ("url", NULL, NULL, NULL, flags);
  props[PROP_PIN] = g_param_spec_string ("pin", NULL, NULL, NULL, flags);
  props[PROP_PAIRING] = g_param_spec_boolean ("pairing", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
cantiga_found_init (CantigaFound *self)
{
}

static void
replace_text (CantigaFound *found, char **place, char *text, guint property)
{
  gboolean is_new = g_strcmp0 (*place, text) != 0;

  g_free (*place);
  *place = text;
  if (is_new)
    g_object_notify_by_pspec (G_OBJECT (found), props[property]);
}

void
cantiga_found_update (CantigaFound *found, const CantigaFoundFacts *facts)
{
  gboolean is_v6 = strchr (facts->address, ':') != NULL;

  g_object_freeze_notify (G_OBJECT (found));
  g_free (found->facts.address);
  found->facts.address = g_strdup (facts->address);
  found->facts.port = facts->port;
  replace_text (found, &found->facts.name, g_strdup (facts->name), PROP_NAME);
  replace_text (found, &found->facts.host, g_strdup (facts->host), PROP_HOST);
  replace_text (found, &found->facts.pin, g_strdup (facts->pin), PROP_PIN);
  replace_text (found, &found->url, g_strdup_printf (is_v6 ? "http://[%s]:%u" : "http://%s:%u", facts->address, facts->port), PROP_URL);
  if (found->facts.pairing != facts->pairing)
    {
      found->facts.pairing = facts->pairing;
      g_object_notify_by_pspec (G_OBJECT (found), props[PROP_PAIRING]);
    }
  g_object_thaw_notify (G_OBJECT (found));
}

CantigaFound *
cantiga_found_new (const CantigaFoundFacts *facts)
{
  CantigaFound *found = g_object_new (CANTIGA_TYPE_FOUND, NULL);

  cantiga_found_update (found, facts);
  return found;
}

const char *
cantiga_found_get_name (CantigaFound *found)
{
  g_return_val_if_fail (CANTIGA_IS_FOUND (found), NULL);
  return found->facts.name;
}

const char *
cantiga_found_get_host (CantigaFound *found)
{
  g_return_val_if_fail (CANTIGA_IS_FOUND (found), NULL);
  return found->facts.host;
}

const char *
cantiga_found_get_address (CantigaFound *found)
{
  g_return_val_if_fail (CANTIGA_IS_FOUND (found), NULL);
  return found->facts.address;
}

guint16
cantiga_found_get_port (CantigaFound *found)
{
  g_return_val_if_fail (CANTIGA_IS_FOUND (found), 0);
  return found->facts.port;
}

const char *
cantiga_found_get_pin (CantigaFound *found)
{
  g_return_val_if_fail (CANTIGA_IS_FOUND (found), NULL);
  return found->facts.pin;
}

gboolean
cantiga_found_get_pairing (CantigaFound *found)
{
  g_return_val_if_fail (CANTIGA_IS_FOUND (found), FALSE);
  return found->facts.pairing;
}

const char *
cantiga_found_get_url (CantigaFound *found)
{
  g_return_val_if_fail (CANTIGA_IS_FOUND (found), NULL);
  return found->url;
}
