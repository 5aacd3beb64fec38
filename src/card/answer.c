#include "card/answer.h"

#include <errno.h>
#include <unistd.h>

#include "card/service.h"
#include "core/wire.h"

static gboolean
write_bytes (int fd, const char *bytes, gsize length)
{
  while (length > 0)
    {
      gssize n = write (fd, bytes, length);

      if (n < 0 && errno != EINTR)
        return FALSE;
      bytes += MAX (n, 0);
      length -= (gsize)MAX (n, 0);
    }
  return TRUE;
}

static gboolean
write_object (int fd, JsonObject *object)
{
  g_autoptr (GBytes) text = cantiga_json_format (object);
  gsize length;
  const char *bytes = g_bytes_get_data (text, &length);

  return write_bytes (fd, bytes, length) && write_bytes (fd, "\n", 1);
}

static JsonObject *
create_answer (gint64 id, CantigaCardState state)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "id", id);
  json_object_set_string_member (object, "state", cantiga_card_state_get_name (state));
  return object;
}

static JsonObject *
create_card (const CantigaFound *found)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "uri", found->uri);
  json_object_set_string_member (object, "label", found->label);
  json_object_set_string_member (object, "token", found->token);
  json_object_set_string_member (object, "name", found->name);
  cantiga_json_set_gbytes (object, "certificate", found->certificate);
  json_object_set_string_member (object, "key_type", EVP_PKEY_is_a (found->key, "RSA") ? "rsa" : "ec");
  json_object_set_string_member (object, "kind", cantiga_card_kind_get_name (found->kind));
  json_object_set_string_member (object, "state", cantiga_card_state_get_name (found->state));
  json_object_set_string_member (object, "tries", cantiga_card_tries_get_name (found->tries));
  json_object_set_string_member (object, "pin", cantiga_card_pin_get_name (found->pin));
  json_object_set_int_member (object, "pin_min", (gint64)found->pin_min);
  json_object_set_int_member (object, "pin_max", (gint64)found->pin_max);
  json_object_set_int_member (object, "not_after", found->not_after);
  return object;
}

gboolean
cantiga_answer_list (int fd, gint64 id, const CantigaSurvey *survey)
{
  g_autoptr (JsonObject) object = create_answer (id, survey->state);
  JsonArray *cards = json_array_new ();

  for (guint i = 0; i < survey->found->len; i++)
    json_array_add_object_element (cards, create_card (g_ptr_array_index (survey->found, i)));
  json_object_set_array_member (object, "cards", cards);
  return write_object (fd, object);
}

/* No name, no number of a card, no address: this is made to be sent to strangers. */
static JsonObject *
create_inspected (const CantigaInspected *inspected)
{
  JsonObject *object = json_object_new ();
  JsonArray *cards = json_array_new ();

  for (guint i = 0; i < inspected->survey->found->len; i++)
    {
      const CantigaFound *found = g_ptr_array_index (inspected->survey->found, i);
      JsonObject *card = json_object_new ();

      json_object_set_string_member (card, "kind", cantiga_card_kind_get_name (found->kind));
      json_object_set_string_member (card, "key_type", EVP_PKEY_is_a (found->key, "RSA") ? "rsa" : "ec");
      json_object_set_string_member (card, "state", cantiga_card_state_get_name (found->state));
      json_object_set_string_member (card, "tries", cantiga_card_tries_get_name (found->tries));
      json_object_set_string_member (card, "pin", cantiga_card_pin_get_name (found->pin));
      json_array_add_object_element (cards, card);
    }
  json_object_set_string_member (object, "path", inspected->module->path != NULL ? inspected->module->path : "");
  json_object_set_string_member (object, "description", inspected->description);
  json_object_set_boolean_member (object, "starts", inspected->starts);
  json_object_set_int_member (object, "slots", inspected->slots);
  json_object_set_string_member (object, "state", cantiga_card_state_get_name (inspected->survey->state));
  json_object_set_array_member (object, "cards", cards);
  return object;
}

static JsonObject *
create_unloaded (const CantigaUnloaded *unloaded)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "file", unloaded->file != NULL ? unloaded->file : "");
  json_object_set_string_member (object, "path", unloaded->path);
  json_object_set_string_member (object, "reason", unloaded->reason);
  return object;
}

gboolean
cantiga_answer_inspect (int fd, gint64 id, const CantigaSurvey *survey, GPtrArray *inspected, GPtrArray *unloaded)
{
  g_autoptr (JsonObject) object = create_answer (id, survey->state);
  JsonArray *modules = json_array_new ();
  JsonArray *missing = json_array_new ();

  for (guint i = 0; i < inspected->len; i++)
    json_array_add_object_element (modules, create_inspected (g_ptr_array_index (inspected, i)));
  for (guint i = 0; i < unloaded->len; i++)
    json_array_add_object_element (missing, create_unloaded (g_ptr_array_index (unloaded, i)));
  /* NO_MODULE from the service itself only means that there are readers. */
  json_object_set_string_member (object, "service", cantiga_card_state_get_name (cantiga_service_ask ()));
  json_object_set_array_member (object, "modules", modules);
  json_object_set_array_member (object, "unloaded", missing);
  return write_object (fd, object);
}

gboolean
cantiga_answer_sign (int fd, gint64 id, const CantigaSigned *signed_)
{
  g_autoptr (JsonObject) object = create_answer (id, signed_->state);

  json_object_set_string_member (object, "tries", cantiga_card_tries_get_name (signed_->tries));
  json_object_set_int_member (object, "pin_min", (gint64)signed_->pin_min);
  json_object_set_int_member (object, "pin_max", (gint64)signed_->pin_max);
  if (signed_->signature != NULL)
    {
      json_object_set_string_member (object, "algorithm", signed_->algorithm);
      cantiga_json_set_gbytes (object, "signature", signed_->signature);
    }
  return write_object (fd, object);
}
