#!/usr/bin/python3
"""test-killed.py [ROUNDS [SEED]]: cantiga-server is killed at a random moment between a licence and the last chunk, and started again: the player goes on by
itself, the title comes out whole, its play is counted once, every container and the ledger verify. A round has a seed of its own: its number, after SEED."""
import os
import random
import sys
import threading
import time

from between import Between
from stage import journey

from journey import equal, holds

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 8
SEED = sys.argv[2] if len(sys.argv) > 2 else "1"
PLAYS = 1000
AT_ONCE = 8 if ROUNDS > 16 else 4


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.media = journey.wav(self.path("media", "Twelve chunks.wav"), 16, pattern=os.urandom(40004))
        self.add(self.media)
        journey.write(self.path("state", "server.conf"), f"[licence]\nplays = {PLAYS}\n")
        self.serve()
        self.between = Between(self.server.port, lambda number, line: self.count(line))
        self.kill_at, self.kill_after, self.asked = None, 0.0, 0
        self.killing = None
        self.player = journey.Player(self, "player", self.card())
        self.player.pair(self.ctl("invite", "player", "--url", self.between.url).out.strip())
        self.plays = 0

    def tell(self):
        return f"{self.between.asked[-30:]}\n" + super().tell()

    def count(self, line):
        """Told of each request: from the licence on they are counted, and one of them, or the moment after it, is the last that the server sees."""
        if "/api/license" in line or self.asked > 0:
            self.asked += 1
            if self.asked == self.kill_at and self.killing is None:
                self.killing = threading.Thread(target=self.kill_soon, args=(self.kill_after,))
                self.killing.start()

    def kill_soon(self, after):
        time.sleep(after)
        self.server.kill()
        self.serve(port=self.server.port)

    def round(self, number):
        chance = random.Random(f"{SEED} {number}")
        # The licence is 1, the twelve chunks follow. A chunk is answered in a millisecond or a few.
        self.asked, self.kill_at, self.kill_after, self.killing = 0, chance.randint(1, 13), chance.choice((0, chance.uniform(0, 0.003), chance.uniform(0, 0.03))), None
        out = self.path("out", "title")
        told = self.player.run("--title", "Twelve chunks", "--output", out, "--json", limit=150).json
        holds(self.killing is not None, f"round {number}: nothing was killed")
        self.killing.join()
        holds(journey.read(out) == journey.read(self.media), f"round {number}: the file that came out is another one")
        os.remove(out)
        self.plays += 1
        # A used up licence is renewed in the next session.
        equal(told["plays_left"], PLAYS - 1 - (self.plays - 1) % PLAYS, f"round {number}: the plays left")

    def verify(self):
        equal(self.ctl("verify", "--json").json, {"titles": 1, "ledger": True, "damaged": []}, "what verify finds")
        plays = {}
        for play in self.ctl("plays", "--json").json:
            plays.setdefault(play["play"], []).append(play["event"])
        for play, events in plays.items():
            equal((events.count("granted"), events.count("started") <= 1), (1, True), f"what happened to play {play}")


def show(start, end):
    @journey.test(f"killed and started again in rounds {start + 1} to {end}: nothing is lost, nothing counted twice, all verifies")
    def _(place):
        for number in range(start, end):
            place.round(number)
        place.verify()


for each in range(0, ROUNDS, AT_ONCE):
    show(each, min(each + AT_ONCE, ROUNDS))


if __name__ == "__main__":
    journey.main(Place)
