#!/usr/bin/python3
"""Somebody between cantiga-play and cantiga-server who loses, doubles, cuts, flips, delays and reorders what they say: the title comes out whole all the same,
and its play was counted once."""
import os

from between import FAULTS, Between
from stage import journey

from journey import contains, equal, holds

EVERY = 7


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.media = journey.wav(self.path("media", "Six chunks.wav"), 7.5, pattern=os.urandom(40004))
        self.add(self.media)
        journey.write(self.path("state", "server.conf"), "[licence]\nplays = 1000\n")
        self.serve()
        self.between = Between(self.server.port, lambda number, line: self.fault(number))
        self.fault = lambda number: None
        self.player = journey.Player(self, "player", self.card())
        self.player.pair(self.ctl("invite", "player", "--url", self.between.url).out.strip())
        self.left = 1000

    def tell(self):
        return f"{self.between.asked[-30:]}\n" + super().tell()


def may_end(fault, first, asked):
    """What is wrong with the first answer of all is told at once, as is a lie in the handshake: somebody waits for it, and nothing was begun."""
    return first == 0 or ("flipped" in fault and not any("/api/list" in line for line in asked))


def show(fault):
    @journey.test(f"{fault}: one of {EVERY}, whichever: recovered")
    def _(place):
        for first in range(EVERY):
            start = place.between.count
            place.fault = lambda number, first=first, start=start: fault if (number - start) % EVERY == first else None
            out = place.path("out", "title")
            ran = place.player.run("--title", "Six chunks", "--output", out, "--json", ok=None, limit=150)
            if ran.status != journey.DONE and may_end(fault, first, place.between.asked[start:]):
                equal((ran.status, os.path.exists(out)), (journey.FAILED, False), "how it ended")
                contains(ran.sentence, "not one JSON object of the form" if "flipped" in fault else "cannot be reached: the connection was closed", "the reason")
                continue
            equal(ran.status, journey.DONE, f"its status ({ran.err})")
            place.left -= 1
            holds(journey.read(out) == journey.read(place.media), "the file that came out is another one")
            equal(ran.json["plays_left"], place.left, "the plays left")
            os.remove(out)


for each in FAULTS:
    show(each)


@journey.test("the ledger tells the same")
def _(place):
    place.fault = lambda number: None
    equal([entry["plays_left"] for entry in place.player.list()], [place.left], "the plays left")
    place.ctl("verify")


if __name__ == "__main__":
    journey.main(Place)
