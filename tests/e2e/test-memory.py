#!/usr/bin/python3
"""Memory does not grow with titles or listeners. Of the plain build alone: sanitizers keep a multiple of it."""
import os
import time

import journey
from journey import equal, holds, peak_of

SERVER, PLAYER = 64, 150


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        journey.write(self.path("state", "server.conf"), "[licence]\nplays = 1000\n")
        self.card_of_all = self.card()


def follow(*programs):
    """Until all have ended: the most that each had, which the kernel keeps."""
    peaks = {}
    while not all(program.ended for program in programs):
        for program in programs:
            peaks[program.pid] = max(peaks.get(program.pid, 0), peak_of(program.pid) or 0)
        # Asked without a pause, this takes a processor from those that are measured.
        time.sleep(0.01)
    return peaks


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
    peaks = follow(*running)
    told = [player.wait().json for player in running]
    equal(sorted(each["bytes"] for each in told), sorted(os.path.getsize(path) for path in files), "bytes fetched")
    for i, path in enumerate(files):
        holds(journey.read(place.path("out", f"{i}.wav")) == journey.read(path), f"{path} came out as another one")
    check(place, peaks)


@journey.test("one title of 2 GiB: added, and fetched, in as little")
def _(place):
    path = journey.wav(place.path("media", "Long.wav"), 2 ** 31 // 192000 - 1)
    running = place.start("cantigactl", "--state", place.state, "add", "--json", path)
    peak, = follow(running).values()
    running.wait()
    os.unlink(path)
    holds(0 < peak < SERVER, f"add had {peak:.0f} MiB")
    running = place.player(place.card_of_all, "long").start("--title", "Long", "--output", "none", "--json")
    peaks = follow(running)
    told = running.wait().json
    equal(told["chunks"], (told["bytes"] + 262143) // 262144, "chunks")
    holds(told["bytes"] > 2.1e9, f"it has {told['bytes']} bytes")
    check(place, peaks)


if __name__ == "__main__":
    journey.main(Place)
