#!/usr/bin/env python3
"""Another master key through the real programs: killed at any moment, given from outside, refused beside a server; players and cards work on."""
import os
import random
import time

import journey
from journey import DONE, FAILED, USAGE, contains, equal, holds

TITLE = "Rosa das rosas"


class Place(journey.Place):
    def __enter__(self):
        self.init()
        self.added = self.add(self.tone("rosa.ogg", title=TITLE))[0]
        self.ana = self.card()
        self.serve()
        self.player_ana = self.player(self.ana)
        equal(self.play(), 2, "the plays left")
        self.server.stop()
        return self

    @property
    def key(self):
        return journey.read(os.path.join(self.state, "master.key"))

    def play(self):
        return self.player_ana.play(TITLE)["plays_left"]

    def holds_together(self):
        """Everything verifies, with its identifiers."""
        verified = self.ctl("verify", "--json").json
        equal((verified["titles"], verified["damaged"], verified["ledger"]), (1, [], True), "what verify says")
        equal([title["id"] for title in self.ctl("list", "--json").json], [self.added["id"]], "the titles")


@journey.test("the master key becomes another one; player, card and licence go on as before, and the same file is the same title")
def _(place):
    before = place.key
    port = place.server.port
    contains(place.ctl("pki", "rotate-master").out, "The master key is a new one")
    holds(place.key != before, "the key is the old one")
    place.holds_together()
    place.serve(port=port)
    equal(place.play(), 1, "the plays left")
    equal(place.ctl("add", "--json", place.path("media", "rosa.ogg")).json["new"], False, "whether the title is new")


@journey.test("beside a server that runs it is refused, with what to do")
def _(place):
    before = place.key
    contains(place.ctl("pki", "rotate-master", ok=FAILED).sentence, "stop it first")
    equal(place.key == before, True, "whether the key stayed")
    # The server's own keys may be new while it runs.
    contains(place.ctl("pki", "rotate").out, "restart")
    place.server.stop()


@journey.test("killed at any moment, nothing is lost, and the next time it is done")
def _(place):
    start = time.monotonic()
    place.ctl("pki", "rotate-master")
    takes = time.monotonic() - start
    draw = random.Random(22684)
    keys = {place.key}
    for _ in range(12):
        running = place.start("cantigactl", "--state", place.state, "pki", "rotate-master")
        time.sleep(draw.uniform(0, takes * 1.2))
        running.end()
        place.holds_together()
        keys.add(place.key)
    place.ctl("pki", "rotate-master")
    keys.add(place.key)
    holds(len(keys) > 1, "the key never changed")
    equal(sorted(name for name in os.listdir(place.state) if name.startswith(".rot")), [], "what is left behind")


@journey.test("after all that the player signs in and plays")
def _(place):
    place.serve(port=place.server.port)
    equal(place.play(), 0, "the plays left")
    place.server.stop()


@journey.test("a master key that is given from outside is changed for one in a file; the old one then opens nothing")
def _(place):
    old, new = place.path("old.key"), place.path("new.key")
    os.rename(os.path.join(place.state, "master.key"), old)
    given = {"CANTIGA_MASTER_KEY_FILE": old}
    contains(place.ctl("pki", "rotate-master", env=given, ok=USAGE).sentence, "--new-master FILE")
    contains(place.ctl("pki", "rotate-master", "--new-master", old, env=given, ok=USAGE).sentence, "holds the old master key")
    contains(place.ctl("pki", "rotate-master", "--new-master", new, env=given).out, "Give the server the new one")
    equal(os.stat(new).st_mode & 0o777, 0o600, "who may read the new key")
    contains(place.ctl("verify", env=given, ok=FAILED).sentence, "does not open with this master key")
    # As systemd gives it.
    os.mkdir(place.path("credentials"), 0o700)
    os.rename(new, place.path("credentials", "cantiga.master"))
    place.ctl("verify", env={"CREDENTIALS_DIRECTORY": place.path("credentials")}, ok=DONE)
    holds("master.key" not in os.listdir(place.state), "the state keeps a key of its own")


if __name__ == "__main__":
    journey.main(Place)
