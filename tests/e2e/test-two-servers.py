#!/usr/bin/python3
"""Two servers, one ledger in PostgreSQL, HAProxy before them: whichever dies, every title goes on, and no play is lost or counted twice.

CANTIGA_PLAYERS=50 makes it that many (docs/scaling.md tells what was seen): minutes, so no part of the suite.
"""
import os
import time

import boxes
import journey
from journey import equal, holds

PLAYERS = int(os.environ.get("CANTIGA_PLAYERS", 4 if not journey.SANITIZED else 2))
CARDS = max(2, PLAYERS // 5)


class Place(boxes.Boxes):
    def __init__(self):
        super().__init__()
        self.media = journey.wav(self.path("media", "Long.wav"), 150 if not journey.SANITIZED else 60, pattern=os.urandom(4000004))
        self.add(self.media, limit=120)
        self.serve_both()
        self.players = self.listeners(PLAYERS, CARDS)

    def check(self, rounds):
        plays = self.counts()
        equal(len(plays), rounds * PLAYERS, "plays")
        for events in plays.values():
            equal(events, ["granted", "started", "ended"], "what happened to a play")
        left = sorted(licence["plays_left"] for licence in self.ctl("licences", "list", "--json").json)
        equal(left, [1000 - rounds * PLAYERS // CARDS] * CARDS, "plays left")
        equal(self.ctl("verify", "--json").json, {"titles": 1, "ledger": True, "damaged": []}, "what verify finds")

    @property
    def key(self):
        return journey.read(self.path("state", "master.key"))

    def kill(self, name):
        self.servers[name].kill()


@journey.test("each of the two servers answers players")
def _(place):
    boxes.write_all(place, place.players, place.media, "Long", lambda: None)
    place.check(1)
    holds(place.ctl("ledger", "status", "--json").json == {"database": "postgresql"}, "the ledger is elsewhere")


@journey.test("one server is killed while all listen: every title goes on, for one play each")
def _(place):
    boxes.write_all(place, place.players, place.media, "Long", lambda: place.kill("one"))
    place.check(2)


@journey.test("it comes back, and the other one is killed: every title goes on again")
def _(place):
    place.revive("one")

    def swap():
        place.kill("other")

    boxes.write_all(place, place.players, place.media, "Long", swap)
    place.check(3)
    place.revive("other")


@journey.test("both are killed and come back: players wait, and go on")
def _(place):
    def disturb():
        place.kill("one")
        place.kill("other")
        place.revive("other")
        place.revive("one")

    boxes.write_all(place, place.players, place.media, "Long", disturb)
    place.check(4)


@journey.test("the master key changes with both servers stopped, not beside one, and is the old one or the new one whenever that is killed")
def _(place):
    journey.contains(place.ctl("pki", "rotate-master", ok=journey.FAILED).sentence, "stop it first")
    for server in place.servers.values():
        server.stop()
    before = place.ctl("plays", "--json").json
    keys = {place.key}
    for wait in 0.02, 0.1, 0.2, 0.4:
        running = place.start("cantigactl", "--state", place.state, "pki", "rotate-master")
        time.sleep(wait)
        running.end()
        equal(place.ctl("plays", "--json").json, before, "plays")
        keys.add(place.key)
    journey.contains(place.ctl("pki", "rotate-master").out, "library, pki and master.key")
    holds(place.key not in keys, "the key is the old one")
    place.revive("one")
    place.revive("other")
    journey.until(place.serves, "HAProxy to see that they are back")
    boxes.write_all(place, place.players, place.media, "Long", lambda: place.kill("one"))
    place.check(5)
    place.revive("one")


@journey.test("a backup is made of the ledger in PostgreSQL, is whole, and is restored into a state")
def _(place):
    made = place.ctl("backup", "create", place.path("out", "both.backup"), "--json").json
    equal(place.ctl("backup", "verify", place.path("out", "both.backup"), "--json").json, made, "what is in it")
    for server in place.servers.values():
        server.stop()
    journey.contains(place.ctl("backup", "restore", place.path("out", "both.backup"), ok=journey.FAILED).sentence, "ledger move")
    told = place.ctl("backup", "restore", place.path("out", "both.backup"), "--master", place.path("state", "master.key"), "--json", state=place.path("other")).json
    equal((told["rows"], told["known"]), (len(place.ctl("plays", "--json").json), False), "what came of it")
    place.ctl("plays", state=place.path("other"))


@journey.test("the ledger comes back to the state as it is")
def _(place):
    before = place.ctl("plays", "--json").json
    place.ctl("ledger", "move", "ledger.sqlite")
    journey.write(place.path("state", "server.conf"), "[licence]\nplays = 1000\n")
    place.ctl("ledger", "move", "ledger.sqlite", ok=journey.USAGE)
    equal(place.ctl("plays", "--json").json, before, "plays")
    equal(place.ctl("verify", "--json").json, {"titles": 1, "ledger": True, "damaged": []}, "what verify finds")


if __name__ == "__main__":
    if boxes.missing():
        journey.skip_all(boxes.missing())
    journey.main(Place)
