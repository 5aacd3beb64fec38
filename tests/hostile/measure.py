#!/usr/bin/python3
"""Figures of a hostile network, for docs/threat-model.md: each attack for some seconds, and what an honest player notices.

    CANTIGA_BUILD=build CANTIGA_SOURCE=. tests/hostile/measure.py [SECONDS [REFUSED]]

REFUSED: how many requests are to be refused in the last of them (a million).
"""
import sys
import time

import siege
from siege import journey

SOURCES = {"slow_headers": 8, "slow_bodies": 8, "many_slow_bodies": 1000, "silent": 1000, "connections": 1, "refused": 8, "guesses": 8, "invitations": 8, "hellos": 1000}


def line(place, name, took, done, seconds):
    print(f"| {name} | {done / seconds:,.0f} | {siege.median(took):.1f} | {siege.of_hundred(took, 99):.1f} | {place.resident():.0f} |", flush=True)


def besiege(place, name, seconds):
    attack = place.attack(name, seconds, "127.0.1.1", SOURCES[name])
    took = place.play(seconds=seconds - 1)
    line(place, name.replace("_", " "), took, int(attack.wait(limit=seconds * 4 + 60).out), seconds)


def refuse(place, wanted):
    """As many as wanted, by two attackers at a time."""
    begun, done = time.monotonic(), 0
    before = place.resident()
    took = []
    while done < wanted:
        running = [place.attack("refused", 60, source, 8) for source in ("127.0.1.1", "127.0.2.1")]
        took += place.play(seconds=58)
        done += sum(int(attack.wait(limit=180).out) for attack in running)
    seconds = time.monotonic() - begun
    line(place, f"{done:,} refused", took, done, seconds)
    print(f"memory before {before:.0f} MiB, after {place.resident():.0f} MiB; descriptors {place.count_descriptors()}")


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with siege.Siege() as place:
        print("| attack | connections a second | median of a chunk, ms | 99 of 100, ms | memory, MiB |\n| --- | --- | --- | --- | --- |")
        line(place, "none", place.play(seconds=seconds), 0, seconds)
        for name in SOURCES:
            besiege(place, name, seconds)
        if len(sys.argv) > 2:
            refuse(place, int(sys.argv[2]))
        print(f"at the most {place.server.peak():.0f} MiB")
        journey.holds(not place.server.ended, "the server died")


if __name__ == "__main__":
    main()
