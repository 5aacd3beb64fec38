#!/usr/bin/python3
"""A hostile neighbour on a real wire: another machine (a network namespace) with a hundred addresses, and an honest player beside it."""
import os
import sys
import time

SOURCE = os.environ["CANTIGA_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests/e2e"))
# pylint: disable=wrong-import-position
import journey
import network
from journey import holds, until

ADDRESSES = 100
SECONDS, SONGS = 3, 3  # as much of both at the least, while each attack goes on
# In one attack, beside the songs that are played meanwhile: it may happen that the player's request has not been read yet when its connection's turn to go comes.
TURNED_AWAY_MAX = 1
MEMORY = 512  # MiB: MemoryMax of the unit


class Street(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.add(journey.wav(self.path("media", "Song.wav"), 10, "Song"))
        self.box = network.Machine(self, "box", "10.77.0.1")
        self.street = network.Machine(self, "street", "10.77.0.2")
        network.join(self.box, self.street)
        self.box.run("ip", "route", "add", "10.77.1.0/24", "dev", "cable0")
        for number in range(1, ADDRESSES + 1):
            self.street.run("ip", "address", "add", f"10.77.1.{number}/32", "dev", "cable0")
        self.serve(host="0.0.0.0", prefix=self.box.prefix, env={"CANTIGA_LIMITS_CONNECTIONS": "300", "CANTIGA_SERVER_DISCOVERY": "no", "CANTIGA_LICENCE_PLAYS": "1000"})
        link = self.ctl("invite", "honest", "--url", f"http://10.77.0.1:{self.server.port}").out.strip()
        self.player = journey.Player(self, "honest", self.card("ANA"))
        self.player.pair(link, prefix=self.street.prefix)

        self.turned_away = 0

    def play(self):
        """Should the player be turned away at the door, it comes again, as a person does."""
        while True:
            ran = self.player.run("--title", "Song", "--output", "none", "--json", prefix=self.street.prefix, limit=120, ok=None)
            if ran.status == journey.DONE or "the connection was closed" not in ran.err or self.turned_away == TURNED_AWAY_MAX:
                break
            self.turned_away += 1
            time.sleep(0.3)
        holds(ran.status == journey.DONE, ran.err)
        return ran.json


def besiege(name):
    @journey.test(f"{name.replace('_', ' ')} from a hundred addresses of another machine: songs are played to their end meanwhile, and the server is as before")
    def _(place):
        before = len(journey.descriptors_of(place.server.pid))
        attack = place.street.start("/usr/bin/python3", os.path.join(SOURCE, "tests/hostile/attack.py"), name, "10.77.0.1", place.server.port,
                                    60 * journey.SLOWER, "10.77.1.1", ADDRESSES)
        until(lambda: attack.err, "the attack begins")
        played = place.turned_away = 0
        ends = time.monotonic() + SECONDS
        while played < SONGS or time.monotonic() < ends:
            holds(place.play()["chunks"] > 1, "the song was not played")
            played += 1
        holds(not attack.ended, "the attack was over before the songs were")
        attack.send(journey.terminate)
        holds(int(attack.wait().out) > ADDRESSES, "the attack did little")
        holds(place.server.peak() < MEMORY, f"the server had {place.server.peak():.0f} MiB")
        until(lambda: len(journey.descriptors_of(place.server.pid)) <= before + 2, "descriptors are as before", 60)
        print(f"# {played} songs meanwhile, {place.turned_away} times turned away, at the most {place.server.peak():.0f} MiB")


for each in "silent", "many_slow_bodies", "connections", "refused":
    besiege(each)


if __name__ == "__main__":
    network.enter()
    journey.main(Street)
