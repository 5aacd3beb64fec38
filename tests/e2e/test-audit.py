#!/usr/bin/python3
"""The audit log: who did what, by the keeper's tool and by the server; what was changed in it is seen."""
import base64
import os

import journey
from journey import contains, equal, holds


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.serve()
        self.log = self.path("state", "audit.log")

    def entries(self):
        return [(entry["who"].split(" ")[0], entry["what"], entry["of"]) for entry in self.ctl("audit", "--json").jsons]


@journey.test("what the keeper does is written down, and what the keeper only looks at is not")
def _(place):
    start = len(place.entries())
    place.add(place.tone("Song.flac"))
    card = place.card("ANA MARIA DOS SANTOS")
    place.invite("Eva")
    for command in (["list"], ["cards"], ["cards", "list"], ["players", "list"], ["licences"], ["plays"], ["status"], ["config"], ["pki"], ["audit"], ["verify"]):
        place.ctl(*command)
    done = place.entries()[start:]
    equal([each[:2] for each in done], [("keeper", "add"), ("keeper", "cards"), ("keeper", "invite")], "what was written down")
    contains(done[1][2], "add " + card.certificate, "of which card")
    equal(done[2][2], "Eva", "of which player")
    equal(os.stat(place.log).st_mode & 0o777, 0o600, "who may read the log")


@journey.test("who is behind sudo is named")
def _(place):
    place.ctl("invite", "Rui", env={"SUDO_USER": "joana"})
    contains(place.ctl("audit", "--json").jsons[-1]["who"], "keeper joana (as ", "who it was")


@journey.test("what the server does is written down: start, players, first cards, refused cards, stop")
def _(place):
    start = len(place.entries())
    first = place.card("BRUNO COSTA", enrolled=False)
    player = place.player(first, "bruno", paired=False)
    player.pair(place.invite("bruno", "--card"))
    stranger = place.player(place.card("NOBODY", enrolled=False), "stranger", paired=False)
    stranger.pair(place.invite("stranger"), ok=journey.REFUSED)
    place.server.stop()
    place.serve()
    done = [each for each in place.entries()[start:] if each[0] != "keeper"]
    equal([each[:2] for each in done], [("player", "paired"), ("player", "card let in as the first card of this player"), ("player", "paired"),
                                        ("player", "card unknown"), ("server", "stopped"), ("server", "started")], "what was written down")
    equal((done[0][2], done[1][2]), ("bruno", "BRUNO COSTA"), "of whom")


@journey.test("nobody's name is in the file, and a new master key opens it still")
def _(place):
    text = journey.read(place.log)
    # As text, and in base64, as its lines are. In those three letters in a row come to stand by chance.
    lines = [base64.b64decode(line, validate=True) for line in text.split()]
    for name in (b"ANA MARIA", b"bruno", b"BRUNO", b"keeper", b"invite"):
        holds(not any(name in part for part in (text, *lines)), f"{name} stands in the log")
    entries = place.entries()
    place.server.stop()
    place.ctl("pki", "rotate-master")
    equal(place.entries(), [*entries, ("server", "stopped", ""), ("keeper", "pki", "rotate-master")], "the entries after it")
    contains(place.ctl("audit", "verify").out, "each follows from the one before", "what is said")


@journey.test("an entry that is changed, taken out, moved or put in is seen; a half one that a power cut left is not there")
def _(place):
    text = journey.read(place.log)
    lines = text.splitlines(keepends=True)
    holds(len(lines) > 5, "the log is short")
    changed = lines[2][:40] + (b"A" if lines[2][40:41] != b"A" else b"B") + lines[2][41:]
    for what, wrong, number in (("changed", [*lines[:2], changed, *lines[3:]], 3), ("taken out", lines[:1] + lines[2:], 2), ("moved", [lines[1], lines[0], *lines[2:]], 1),
                                ("twice", lines[:2] + lines[1:], 3), ("rubbish", [*lines[:4], b"\n", *lines[4:]], 5), ("first gone", lines[1:], 1),
                                ("written in another way", [*lines[:-1], lines[-1][:-1] + b" \n"], len(lines))):
        journey.write(place.log, b"".join(wrong))
        for command in ("list", "verify"):
            ran = place.ctl("audit", command, ok=None)
            holds(ran.status == journey.FAILED, f"{what}: it is not seen")
            contains(ran.sentence, f"Entry {number} of the audit log", what)
    journey.write(place.log, text + b"half a li")
    equal(place.ctl("audit", "verify", "--json").json["entries"], len(lines), "entries")
    place.ctl("invite", "after the power cut")
    equal(place.ctl("audit", "verify", "--json").json["entries"], len(lines) + 1, "entries")


@journey.test("many write at once, and the chain holds")
def _(place):
    before = len(place.entries())
    running = [place.start("cantigactl", "--state", place.state, "invite", f"player {number}") for number in range(8)]
    for each in running:
        each.wait()
    equal(len(place.entries()), before + 8, "entries")


if __name__ == "__main__":
    journey.main(Place)
