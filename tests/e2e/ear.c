#include "ear.h"

#include "client/card-signer.h"

/* ---- the owner of the card: knows the PIN ---- */

#define EAR_TYPE_OWNER (ear_owner_get_type ())
G_DECLARE_FINAL_TYPE (EarOwner, ear_owner, EAR, OWNER, GObject)

struct _EarOwner
{
  GObject parent_instance;
  char *pin;
};

static void
ask_pin_async (CantigaCardOwner *owner, CantigaCardFound *found, CantigaCardState state, GCancellable *cancellable, GAsyncReadyCallback callback,
               gpointer user_data)
{
  const char *pin = EAR_OWNER (owner)->pin;
  g_autoptr (GTask) task = g_task_new (owner, cancellable, callback, user_data);

  g_task_return_pointer (task, cantiga_secret_new_copy ((const guint8 *)pin, strlen (pin)), (GDestroyNotify)cantiga_secret_free);
}

static CantigaSecret *
ask_pin_finish (CantigaCardOwner *owner, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
ear_owner_iface_init (CantigaCardOwnerInterface *iface)
{
  iface->ask_pin_async = ask_pin_async;
  iface->ask_pin_finish = ask_pin_finish;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (EarOwner, ear_owner, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (CANTIGA_TYPE_CARD_OWNER, ear_owner_iface_init))

static void
ear_owner_finalize (GObject *object)
{
  g_free (EAR_OWNER (object)->pin);
  G_OBJECT_CLASS (ear_owner_parent_class)->finalize (object);
}

static void
ear_owner_class_init (EarOwnerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ear_owner_finalize;
}

static void
ear_owner_init (EarOwner *self)
{
}

/* ---- waiting ---- */

void
ear_done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

GAsyncResult *
ear_await (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

/* ---- the journey ---- */

CantigaSession *
ear_sign_in (const char *state, const char *module, const char *pin, GError **error)
{
  const char *modules[] = { module, NULL };
  g_autoptr (GAsyncResult) opened = NULL;
  g_autoptr (GAsyncResult) signed_in = NULL;
  g_autoptr (CantigaStore) store = NULL;
  g_autoptr (CantigaCard) card = cantiga_card_new (NULL, modules);
  g_autoptr (CantigaSigner) signer = NULL;
  g_autoptr (CantigaSession) session = NULL;
  CantigaPaired *paired;
  EarOwner *owner = g_object_new (EAR_TYPE_OWNER, NULL); /* lives as long as the program: the signer does not keep it */

  owner->pin = g_strdup (pin);
  signer = cantiga_card_signer_new (card, CANTIGA_CARD_OWNER (owner));
  cantiga_store_open_async (state, NULL, ear_done_cb, &opened);
  store = cantiga_store_open_finish (ear_await (&opened), error);
  paired = store != NULL ? cantiga_store_find (store, NULL, error) : NULL;
  session = paired != NULL ? cantiga_session_new (store, paired, NULL, signer, error) : NULL;
  if (session == NULL)
    return NULL;
  cantiga_session_sign_in_async (session, NULL, ear_done_cb, &signed_in);
  return cantiga_session_sign_in_finish (session, ear_await (&signed_in), error) ? g_steal_pointer (&session) : NULL;
}

CantigaCatalogue *
ear_load (CantigaSession *session, GError **error)
{
  g_autoptr (CantigaCatalogue) catalogue = cantiga_catalogue_new (session);
  g_autoptr (GAsyncResult) loaded = NULL;

  cantiga_catalogue_load_async (catalogue, NULL, ear_done_cb, &loaded);
  return cantiga_catalogue_load_finish (catalogue, ear_await (&loaded), error) ? g_steal_pointer (&catalogue) : NULL;
}
