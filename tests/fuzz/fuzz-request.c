/* What a stranger sends on a connection, in two pieces (the first byte says where they part): each request is answered once, and when nothing more comes nothing is left. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/error.h"
#include "core/wire.h"
#include "tests/server/connection-fixture.h"

int
LLVMFuzzerTestOneInput (const guint8 *bytes, gsize length)
{
  static char answers[65536];
  gsize cut;
  Place place;
  int end;

  if (length < 1)
    return 0;
  cut = (length - 1) * bytes[0] / 255;
  place_set_up (&place);
  end = place_connect (&place, bytes + 1, cut);
  place_turn (&place);
  (void)!send (end, bytes + 1 + cut, length - 1 - cut, MSG_NOSIGNAL);
  shutdown (end, SHUT_WR);
  do
    place_turn (&place);
  while (recv (end, answers, sizeof answers, 0) > 0);
  g_assert_null (place.connections.all.head);
  g_assert_cmpuint (place.refused, <=, 1);
  close (end);
  place_tear_down (&place);
  return 0;
}
