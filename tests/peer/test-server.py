#!/usr/bin/python3
"""test-server.py RSA|ECDSA|EDDSA: cantiga-play against the server written again in Python, with every suite of that kind of certificate."""
import os
import sys

import server
from stage import journey, key_of
from suites import all_suites

from journey import contains, equal, holds

AUTH = sys.argv[1]
SUITES = all_suites(AUTH)


class Place(journey.Place):
    SEEKS_LEAKS = True

    def __init__(self):
        super().__init__()
        card = journey.Card(self, "ANA MARIA DOS SANTOS", "rsa" if AUTH == "RSA" else "ec")
        self.media = os.urandom(2 * 262144 + 40004)
        self.box = server.Box([server.Title("Three chunks", self.media)], key_of(card)[1])
        self.player = journey.Player(self, "player", card)

    def tell(self):
        return f"the other server was asked last: {self.box.asked[-12:]}"


@journey.test("it pairs, and signs in")
def _(place):
    ran = place.player.pair(place.box.invite())
    equal([title["title"] for title in ran.json], ["Three chunks"], "the catalogue")
    contains(ran.err, "ANA MARIA DOS SANTOS")


def show(suite):
    @journey.test(f"{suite}: signed in, listed, fetched")
    def _(place):
        # Each suite has three plays of its own.
        place.box.licences.clear()
        out = place.path("out", suite)
        told = place.player.run("--suite", suite, "--title", "Three chunks", "--output", out, "--json")
        equal((told.json["suite"], told.json["chunks"], told.json["plays_left"]), (suite, 3, 2), "what it tells")
        holds(journey.read(out) == place.media, "the file that came out is another one")
        equal("legacy" in told.err, "EDE" in suite, "whether the listener is told of a legacy suite")


for each in SUITES:
    show(each)


if __name__ == "__main__":
    journey.main(Place)
