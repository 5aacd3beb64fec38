#!/usr/bin/python3
"""Memory does not grow with titles or listeners. Of the plain build alone: sanitizers keep a multiple of it."""
import os

import journey
from journey import equal, holds, peak_of

SERVER, PLAYER = 64, 150


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        journey.write(self.path("state", "server.conf"), "[licence]\nplays = 1000\n")
        self.card_of_all = self.card()


def follow(place, players):
    """Until all have ended: the most that each had; what they told."""
    peaks = {}
    while not all(player.ended for player in players):
        for player in players:
            peaks[player.pid] = max(peaks.get(player.pid, 0), peak_of(player.pid) or 0)
    return peaks, [player.wait().json for player in players]


def check(place, peaks):
    holds(place.server.peak() < SERVER, f"the server had {place.server.peak():.0f} MiB")
    holds(0 < min(peaks.values()) and max(peaks.values()) < PLAYER, f"the players had {[round(peak) for peak in peaks.values()]} MiB")
    print(f"# server {place.server.peak():.0f} MiB, players {max(peaks.values()):.0f} MiB at the most")


@journey.test(f"eight titles of 8 MiB, fetched and heard by eight players at once: the server under {SERVER} MiB, players under {PLAYER}")
def _(place):
    files = [journey.wav(place.path("media", f"Title {i}.wav"), 44, pattern=os.urandom(40004)) for i in range(8)]
    place.add(*files)
    place.serve()
    players = [place.player(place.card_of_all.copy(i), f"player {i}") for i in range(8)]
    running = [player.start("--title", f"Title {i}", "--output", place.path("out", f"{i}.wav"), "--json") for i, player in enumerate(players)]
    peaks, told = follow(place, running)
    equal(sorted(each["bytes"] for each in told), sorted(os.path.getsize(path) for path in files), "bytes fetched")
    for i, path in enumerate(files):
        holds(journey.read(place.path("out", f"{i}.wav")) == journey.read(path), f"{path} came out as another one")
    check(place, peaks)


@journey.test("one title of 2 GiB: added, and fetched, in as little")
def _(place):
    path = journey.wav(place.path("media", "Long.wav"), 2 ** 31 // 192000 - 1)
    running = place.start("cantigactl", "--state", place.state, "add", "--json", path)
    peaks = {}
    while not running.ended:
        peaks["add"] = max(peaks.get("add", 0), peak_of(running.pid) or 0)
    running.wait()
    os.unlink(path)
    holds(0 < peaks["add"] < SERVER, f"add had {peaks['add']:.0f} MiB")
    player = place.player(place.card_of_all, "long")
    peaks, told = follow(place, [player.start("--title", "Long", "--output", "none", "--json")])
    equal(told[0]["chunks"], (told[0]["bytes"] + 262143) // 262144, "chunks")
    holds(told[0]["bytes"] > 2.1e9, f"it has {told[0]['bytes']} bytes")
    check(place, peaks)


if __name__ == "__main__":
    journey.main(Place)
