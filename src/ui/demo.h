/* The demo: a server inside this program with music that is made on the spot, a card that is a key in memory, and a pairing between them. All of it
 * lives in a folder of the cache that goes with it; nothing of it stands among the person's own servers. Thread: main. */
#pragma once

#include "client/signer.h"
#include "client/store.h"

G_BEGIN_DECLS

typedef enum
{
  CANTIGA_DEMO_OFF, /* the error says why if it was tried */
  CANTIGA_DEMO_MUSIC,
  CANTIGA_DEMO_SERVER,
  CANTIGA_DEMO_ON,
} CantigaDemoState;

/* Property (read-only, notified): "state" (CantigaDemoState as int). */
#define CANTIGA_TYPE_DEMO (cantiga_demo_get_type ())
G_DECLARE_FINAL_TYPE (CantigaDemo, cantiga_demo, CANTIGA, DEMO, GObject)

CantigaDemo *cantiga_demo_new (void);
/* Nothing, if it is on or under way. */
void cantiga_demo_start (CantigaDemo *demo);
/* Done when it is off and its folder is gone, by the program's end. */
void cantiga_demo_stop_async (CantigaDemo *demo, GAsyncReadyCallback callback, gpointer user_data);
void cantiga_demo_stop_finish (CantigaDemo *demo, GAsyncResult *result);

CantigaDemoState cantiga_demo_get_state (CantigaDemo *demo);
const GError *cantiga_demo_get_error (CantigaDemo *demo);
/* While it is on, all borrowed: what a visit is made of. */
CantigaStore *cantiga_demo_get_store (CantigaDemo *demo);
CantigaPaired *cantiga_demo_get_paired (CantigaDemo *demo);
CantigaSigner *cantiga_demo_get_signer (CantigaDemo *demo);

G_END_DECLS
