#!/usr/bin/python3
"""The server dies in the middle of a title: the player signs in again by itself, goes on to the end, and one play is spent."""
import os

import journey
from journey import contains, equal, holds, read, until


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        # The source runs 4 chunks of 256 KiB ahead; this is 43 of them, in 7 seconds.
        self.heard = journey.wav(self.path("media", "Heard.wav"), 7, pattern=os.urandom(50000), rate=400000)
        self.written = journey.wav(self.path("media", "Written.wav"), 500 if not journey.SANITIZED else 150, pattern=os.urandom(4000004))
        self.add(self.heard, self.written, limit=120)
        journey.write(self.path("state", "server.conf"), "[licence]\nplays = 100\n")
        self.serve()
        self.player = self.player(self.card())
        self.out = self.path("out", "Written.wav")
        self.part = self.out + ".part"

    def serve_again(self):
        self.server.kill()
        self.serve(port=self.server.port)

    def events(self, title):
        """What happened to plays of a title, play by play."""
        plays = {}
        for play in self.ctl("plays", "--json").json:
            if play["title_name"] == title:
                plays.setdefault(play["play"], []).append(play["event"])
        return list(plays.values())

    def left(self, title):
        licence, = [licence for licence in self.ctl("licences", "list", "--json").json if licence["title_name"] == title]
        return licence["plays_left"]

    def write(self, megabytes):
        """A player that writes the title, with some of it there."""
        running = self.player.start("--title", "Written", "--output", self.out, "--json")
        until(lambda: size_of(self.part) > megabytes * 1e6 or running.ended, f"{megabytes} MB to be there")
        holds(not running.ended and not os.path.exists(self.out), "the title was written before anything could happen")
        return running

    def check(self, title, n, last):
        """n plays so far, none counted twice, the last one of these events; and nothing is damaged."""
        events = self.events(title)
        equal(len(events), n, f"plays of {title}")
        for play in events:
            equal(play.count("granted"), 1, f"how often a play was granted: {events}")
        equal(events[-1], last, "what happened to the last play")
        equal(self.left(title), 100 - n, "plays left")
        equal(self.ctl("verify", "--json").json, {"titles": 2, "ledger": True, "damaged": []}, "what verify finds")


def size_of(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


@journey.test("killed while a title is heard: it is heard to its end, for one play")
def _(place):
    running = place.player.start("--title", "Heard", "--json")
    until(lambda: place.events("Heard") == [["granted", "started"]], "the first chunk")
    place.serve_again()
    played = running.wait().json
    equal(played["plays_left"], 99, "plays left")
    chunks = (os.path.getsize(place.heard) + 262143) // 262144
    # The last chunk is looked at first, and may be fetched again when it is due.
    holds(chunks <= played["chunks"] <= chunks + 2, f"{played['chunks']} chunks were fetched of {chunks}")
    place.check("Heard", 1, ["granted", "started", "ended"])


@journey.test("killed while a title is written to a file: the file is whole, for one play")
def _(place):
    running = place.write(1)
    place.serve_again()
    equal(running.wait().json["plays_left"], 99, "plays left")
    holds(read(place.out) == read(place.written), "the file that came out is another one")
    place.check("Written", 1, ["granted", "started", "ended"])


@journey.test("killed again and again: the file is whole, for one play")
def _(place):
    os.unlink(place.out)
    running = place.write(2)
    for share in 0.2, 0.4, 0.6:
        place.serve_again()
        until(lambda wanted=share * os.path.getsize(place.written): size_of(place.part) > wanted or running.ended, "more of the file")
    running.wait()
    holds(read(place.out) == read(place.written), "the file that came out is another one")
    place.check("Written", 2, ["granted", "started", "ended"])


@journey.test("a player that is killed leaves no part of a title under its name, and its play is spent")
def _(place):
    os.unlink(place.out)
    place.write(1).end()
    holds(not os.path.exists(place.out), "a part of a title stands there as if it were whole")
    place.check("Written", 3, ["granted", "started"])
    equal(place.player.play("Written", output=place.out)["plays_left"], 96, "plays left after another play")
    holds(not os.path.exists(place.part), "the part is left behind")


@journey.test("a player stopped with SIGINT says so, and leaves no part of the file")
def _(place):
    os.unlink(place.out)
    running = place.write(1)
    running.send(journey.interrupt)
    contains(running.wait(ok=journey.FAILED).sentence, "Stopped")
    holds(not os.path.exists(place.out) and not os.path.exists(place.part), "a part of the file stayed")


@journey.test("a second server of the same state is refused, says what to do, and disturbs nobody; one that was killed is followed at once")
def _(place):
    second = place.run("cantiga-server", "--state", place.state, "--listen", "127.0.0.1:0", ok=journey.FAILED)
    contains(second.err, "Another server is at work")
    contains(second.err, "PostgreSQL")
    equal(len(place.player.list()), 2, "titles of the first")
    equal(place.ctl("status", "--json").json["titles"], 2, "titles that cantigactl finds beside it")
    # Nobody waits for the old one to be gone.
    place.server.process.kill()
    place.serve(port=place.server.port)
    equal(len(place.player.list()), 2, "titles of the next")


@journey.test("a server that stays away is said to be away")
def _(place):
    place.server.stop()
    contains(place.player.run("--list", ok=journey.FAILED).sentence, "cannot be reached")


if __name__ == "__main__":
    journey.main(Place)
