#!/usr/bin/python3
"""The commands as programs that are not Cantiga's call them: their words, what they write, and their exit codes, each line of it."""
import json
import os
import pty
import re
import select
import subprocess

import journey
from journey import DONE, FAILED, NOT_FOUND, REFUSED, USAGE, contains, equal, holds, read

NAMES = "Ondas do mar", "Ai flores"
ADDED = ["album", "artist", "chunks", "duration", "id", "size", "title", "type"]
PLAYED = ["bytes", "chunks", "expires", "plays_left", "suite", "title"]
PLAYS = 2


class Place(journey.Place):
    SEEKS_LEAKS = True

    def __init__(self):
        super().__init__()
        self.media = [self.tone("Ondas do mar.mp3", seconds=20, options=("--artist", "Martim Codax", "--album", "Cantigas de amigo")),
                      self.tone("Ai flores.ogg", seconds=3)]
        self.ana = None

    def play_command(self, *arguments, pin_at=3, pin=journey.PIN, module=None, ok=DONE, env=None, folder="player"):
        """cantiga-play, with the PIN at exactly that descriptor."""
        reading, writing = os.pipe()
        os.write(writing, pin.encode() + b"\n")
        os.close(writing)
        command = [journey.path_of("cantiga-play"), "--state", self.path(folder), "--card-module", module or journey.module(), "--pin-fd", "3", *arguments]
        done = subprocess.run(["/bin/sh", "-c", f'exec "$@" {pin_at}<&{reading}', "sh", *command], env={**self.env, **journey.without_leaks(self.env),
                              **self.ana.env, **(env or {})}, stdin=subprocess.DEVNULL, capture_output=True, text=True, pass_fds=[reading], check=False)
        os.close(reading)
        ran = journey.Ran(command, done.returncode, done.stdout, done.stderr)
        holds(ran.status == ok, f"{arguments} ended with {ran.status}, not {ok}: {ran.out} {ran.err}")
        holds("AddressSanitizer" not in ran.err and "runtime error:" not in ran.err, ran.err)
        return ran


def lines(ran):
    return ran.out.splitlines()


def object_keys(value, keys, what):
    holds(isinstance(value, dict), f"{what} is no object: {value}")
    holds(set(keys) <= value.keys(), f"{what} lacks {sorted(set(keys) - value.keys())}: {value}")


@journey.test("init makes certificates, master key, ledger and library; a second time it says so, changes nothing and ends with 1")
def _(place):
    place.ctl("init", "--name", "A caixa")
    holds({"master.key", "ledger.sqlite", "library", "pki"} <= set(os.listdir(place.state)), f"the state has {os.listdir(place.state)}")
    before = {path: read(path) for path in journey.walk(place.state) if os.path.isfile(path)}
    ran = place.ctl("init", "--name", "Another", ok=FAILED)
    contains(ran.sentence, "already")
    equal(ran.out, "", "stdout")
    equal({path: read(path) for path in journey.walk(place.state) if os.path.isfile(path)} == before, True, "that nothing changed")


@journey.test("with no titles, cards, players, licences or plays yet, each list is an empty one")
def _(place):
    for words in ("list",), ("licences", "list"), ("plays",), ("players", "list"), ("cards", "list"):
        ran = place.ctl(*words, "--json")
        equal(ran.json, [], f"{words}")
        equal(len(lines(ran)), 1, f"the number of lines of {words}")
        place.ctl(*words)


@journey.test("add writes a line a title; with --json an object a line, of known members")
def _(place):
    ran = place.ctl("add", place.media[1], "--exportable")
    equal(len(lines(ran)), 1, f"lines of {ran.out!r}")
    contains(ran.out, NAMES[1])
    place.ctl("remove", NAMES[1])
    told = [json.loads(line) for line in lines(place.ctl("add", *place.media, "--exportable", "--json"))]
    equal([one["title"] for one in told], list(NAMES), "the titles, in the order of the paths")
    for one, path in zip(told, place.media):
        object_keys(one, ADDED, "what add tells")
        holds(re.fullmatch("[0-9a-f]{32}", one["id"]), f"the id is {one['id']}")
        equal(one["size"], os.path.getsize(path), "size")
        equal(one["chunks"], (one["size"] + 262143) // 262144, "chunks")
        holds(isinstance(one["duration"], (int, float)) and abs(one["duration"] - (20 if path == place.media[0] else 3)) < 0.2, f"duration {one['duration']}")
    equal((told[0]["artist"], told[0]["album"], told[0]["type"], told[1]["type"]), ("Martim Codax", "Cantigas de amigo", "audio/mpeg", "audio/ogg"), "tags")
    listed = place.ctl("list", "--json").json
    equal(sorted(one["id"] for one in listed), sorted(one["id"] for one in told), "what list has")
    for one in listed:
        object_keys(one, ADDED, "what list tells")
    place.told = {one["title"]: one for one in told}


@journey.test("cards add takes a certificate in DER and in PEM")
def _(place):
    place.ana = place.card(enrolled=False)
    der = place.path("card.der")
    subprocess.run(["openssl", "x509", "-in", place.ana.certificate, "-outform", "DER", "-out", der], check=True)
    place.ctl("cards", "add", der)
    equal(len(place.ctl("cards", "list", "--json").json), 1, "cards")
    place.rui = place.card("RUI COSTA", "rsa", enrolled=False)
    place.ctl("cards", "add", place.rui.certificate)
    object_keys(place.ctl("cards", "list", "--json").json[0], ["id", "name"], "a card")
    equal(sorted(one["name"] for one in place.ctl("cards", "list", "--json").json), ["ANA MARIA DOS SANTOS", "RUI COSTA"], "the cards")


@journey.test("the server writes “ready ADDR:PORT” and a line's end to the descriptor that it is told, and nothing else, once it serves")
def _(place):
    config = journey.write(place.path("other.conf"), f"[licence]\nplays = {PLAYS}\n")
    reading, writing = os.pipe()
    log = open(place.path("first.log"), "wb")
    process = subprocess.Popen([journey.path_of("cantiga-server"), "--state", place.state, "--config", config, "--listen", "127.0.0.1:0", "--ready-fd", str(writing)],
                               env=place.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[writing])
    os.close(writing)
    holds(select.select([reading], [], [], 30 * journey.SLOWER)[0], "the server says nothing")
    said = os.read(reading, 1000)
    found = re.fullmatch(rb"ready 127\.0\.0\.1:(\d+)\n", said)
    holds(found, f"the server says {said!r}")
    journey.connect(int(found.group(1))).close()
    process.terminate()
    equal(process.wait(30 * journey.SLOWER), 0, "the status after SIGTERM")
    equal(os.read(reading, 1000), b"", "what it wrote afterwards")
    os.close(reading)
    log.close()
    place.serve("--config", config)


@journey.test("invite writes the link alone where stdout is no terminal, and a QR code too where it is one")
def _(place):
    url = place.server.url
    ran = place.ctl("invite", "Ana", "--url", url)
    holds(re.fullmatch(r"cantiga://127\.0\.0\.1:\d+/#[\w-]+\.[\w-]+\.[\w-]+\n", ran.out), f"stdout is {ran.out!r}")
    place.link = ran.out.strip()
    holds(re.fullmatch(r"cantiga://\S+\n", place.ctl("invite", "--url", url, "--card").out), "an invitation without a name")
    ours, theirs = pty.openpty()
    process = subprocess.Popen([journey.path_of("cantigactl"), "--state", place.state, "invite", "At a terminal", "--url", url], env={**place.env, "TERM": "xterm"},
                               stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while select.select([ours], [], [], 30 * journey.SLOWER)[0]:
        try:
            shown += os.read(ours, 65536)
        except OSError:
            break
    os.close(ours)
    equal(process.wait(), 0, "the status")
    contains(shown.decode(), "cantiga://127.0.0.1:")
    holds(sum(shown.decode().count(block) for block in "█▀▄") > 200, f"there is no QR code: {shown.decode()}")


@journey.test("with an invitation the player pairs, and goes on: here the input is at its end, and it leaves")
def _(place):
    ran = place.play_command("--invitation", place.link)
    contains(ran.out + ran.err, NAMES[0])
    equal(len(place.ctl("players", "list", "--json").json), 1, "players")
    object_keys(place.ctl("players", "list", "--json").json[0], ["id", "name"], "a player")


@journey.test("--list --json writes the catalogue")
def _(place):
    ran = place.play_command("--list", "--json")
    equal(sorted(one["title"] for one in ran.json), sorted(NAMES), "titles")
    equal(len(lines(ran)), 1, "lines on stdout")


@journey.test("--title --output writes the title as it was added, and tells of it at the end")
def _(place):
    out = place.path("out", "a file with spaces é.mp3")
    ran = place.play_command("--title", NAMES[0], "--output", out, "--json")
    holds(read(out) == read(place.media[0]), "the file is another one")
    told = place.told[NAMES[0]]
    object_keys(ran.json, PLAYED, "what it tells")
    equal({name: ran.json[name] for name in ("title", "plays_left", "chunks", "bytes")},
          {"title": NAMES[0], "plays_left": PLAYS - 1, "chunks": told["chunks"], "bytes": told["size"]}, "what it tells")
    holds(re.fullmatch(r"[A-Z0-9_]+", ran.json["suite"]) and ran.json["expires"] > 1700000000, f"it tells {ran.json}")


@journey.test("lists of licences and plays have what happened")
def _(place):
    licence, = place.ctl("licences", "list", "--json").json
    equal(licence["plays_left"], PLAYS - 1, "plays left")
    equal([play["event"] for play in place.ctl("plays", "--json").json], ["granted", "started", "ended"], "the plays' events")


@journey.test("what the keeper did not mark is not written: refused, with 4, and no play is spent")
def _(place):
    path = place.tone("Not to be taken.mp3", seconds=1)
    place.ctl("add", path)
    place.play_command("--title", "Not to be taken", "--output", "none", "--json")
    before = len(place.ctl("plays", "--json").json)
    ran = place.play_command("--title", "Not to be taken", "--output", place.path("out", "not"), ok=REFUSED)
    holds(len(ran.sentence) > 20, ran.err)
    equal(os.listdir(place.path("out")), ["a file with spaces é.mp3"], "files")
    equal(len(place.ctl("plays", "--json").json), before, "events of plays")


@journey.test("1 for what failed, 2 for wrong words, 3 for what is not there, 4 for what is refused; the reason in one sentence on stderr")
def _(place):
    equal(place.play_command("--title", NAMES[0], "--output", "none", "--json").json["plays_left"], 0, "plays left")
    other = place.card("EVA LIMA", enrolled=False)
    reasons = [
        place.play_command("--title", NAMES[0], "--output", "none", ok=REFUSED),
        place.play_command("--list", ok=REFUSED, env=other.env),
        place.play_command("--list", ok=REFUSED, pin="9876"),
        place.play_command("--list", ok=REFUSED, env=journey.Card.none(place).env),
        place.play_command("--title", "No such title", "--output", "none", ok=NOT_FOUND),
        place.play_command("--list", "--server", "Nowhere", ok=NOT_FOUND),
        place.play_command("--list", folder="a new one", ok=NOT_FOUND),
        place.play_command("--bogus", ok=USAGE),
        place.play_command("--list", pin_at=9, ok=USAGE),
        place.play_command("--title", NAMES[1], "--output", "/proc/x", ok=FAILED),
        place.play_command("--invitation", place.link, "--list", folder="another", ok=REFUSED),
    ]
    port = place.server.port
    place.server.stop()
    reasons += [place.play_command("--list", ok=FAILED)]
    for ran in reasons:
        said = [line for line in ran.err.splitlines() if line.startswith("cantiga-play: ")]
        equal(len(said), 1, f"sentences of {ran.arguments}: {ran.err}")
        holds(said[0].endswith("."), f"it is no sentence: {said[0]}")
    equal(len({ran.sentence for ran in reasons}), len(reasons), f"different sentences among {[ran.sentence for ran in reasons]}")
    place.serve("--config", place.path("other.conf"), port=port)


@journey.test("cantigactl ends with the same codes; without a state it says how to make one")
def _(place):
    for program in ("cantigactl", "list"), ("cantigactl", "cards", "list"), ("cantigactl", "invite", "--url", "http://127.0.0.1:1"):
        ran = place.run(program[0], "--state", place.path("nothing there"), *program[1:], ok=FAILED)
        contains(ran.sentence, "init")
    place.ctl("bogus", ok=USAGE)
    place.ctl("remove", "No such title", ok=NOT_FOUND)
    holds(not place.server.ended, "the server is gone")


if __name__ == "__main__":
    journey.main(Place)
