#!/usr/bin/python3
"""A backup made beside a server that goes on, and what a box comes to that is restored from it: no play comes back unseen."""
import glob
import os
import shutil
import sqlite3

import journey
from journey import FAILED, NOT_FOUND, REFUSED, USAGE, contains, equal, holds, read


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.add(self.tone("Ai flores.mp3"), self.tone("Ondas do mar.mp3", hertz=550))
        journey.write(self.path("state", "server.conf"), "[licence]\nplays = 20\nrenewal = never\n")
        self.serve()
        self.ana = self.player(self.card("ANA MARIA DOS SANTOS"), "of Ana")
        self.rui = self.player(self.card("RUI PEDRO DA COSTA", "rsa"), "of Rui")
        self.file = self.path("out", "first.backup")
        self.master = shutil.copy(self.path("state", "master.key"), self.path("master.copy"))

    def left(self, state=None):
        return {(licence["listener_name"].split()[0], licence["title_name"]): licence["plays_left"]
                for licence in self.ctl("licences", "list", "--json", state=state).json}

    def restore(self, *arguments, state=None, **options):
        return self.ctl("backup", "restore", self.file, *arguments, "--json", state=state, **options)

    def verified(self, state=None, **options):
        found = self.ctl("verify", "--json", state=state, **options).json
        equal((found["titles"], found["ledger"], found["damaged"]), (2, True, []), "what verify finds")
        return found

    def again(self):
        self.serve(port=self.server.port)


@journey.test("a backup is made while a title is heard, is whole, and says nothing to who has not the master key")
def _(place):
    place.ana.play("Ai flores")
    place.rui.play("Ondas do mar")
    heard = place.ana.start("--title", "Ai flores", "--json")
    journey.until(lambda: [play["event"] for play in place.ctl("plays", "--json").json].count("started") == 3 or heard.ended, "the title to be heard")
    made = place.ctl("backup", "create", place.file, "--json").json
    equal((made["name"], made["titles"]), ("The box", 2), "what is in it")
    equal(heard.wait().json["plays_left"], 18, "plays left of who heard meanwhile")
    equal(place.ctl("backup", "verify", place.file, "--json").json, made, "what is in it when it is opened")
    equal(os.stat(place.file).st_mode & 0o777, 0o600, "who may read it")
    for word in b"The box", b"ANA MARIA", b"SQLite", b"CERTIFICATE", b"plays":
        holds(word not in read(place.file), f"it holds {word} in clear")
    holds(not os.path.exists(place.path("state", ".backup")), "what it was made in is left behind")
    contains(place.ctl("audit").out, "backup  create")


@journey.test("what cannot be made or restored is refused with a sentence, and changes nothing")
def _(place):
    contains(place.ctl("backup", "create", place.file, ok=USAGE).sentence, "is there already")
    contains(place.ctl("backup", "create", place.path("no", "where"), ok=FAILED).sentence, "cannot be written")
    contains(place.ctl("backup", "create", ok=USAGE).sentence, "Usage")
    contains(place.ctl("backup", "restore", place.path("nothing"), ok=FAILED).sentence, "stop it first")
    place.server.stop()
    before = {path: read(path) for path in glob.glob(place.path("state", "*")) if os.path.isfile(path) and "audit" not in path}
    contains(place.ctl("backup", "restore", place.path("nothing"), ok=NOT_FOUND).sentence, "cannot be read")
    whole, broken = read(place.file), place.path("out", "broken.backup")
    journey.write(place.path("out", "other.key"), os.urandom(32))
    os.chmod(place.path("out", "other.key"), 0o600)
    for bad in whole[:-1], whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:], b"", b"no backup at all" * 100:
        journey.write(broken, bad)
        for word in "verify", "restore":
            contains(place.ctl("backup", word, broken, ok=FAILED).err, "cantigactl: ")
    title = glob.glob(place.path("state", "library", "*.cantiga"))[0]
    contains(place.ctl("backup", "restore", title, ok=FAILED).sentence, "it is no backup")
    contains(place.ctl("backup", "restore", place.file, "--master", place.path("out", "other.key"), ok=FAILED).sentence, "another master key")
    equal({path: read(path) for path in before}, before, "the state's files")
    holds(not os.path.exists(place.path("state", ".ready")), "half of a state is left behind")
    place.again()


@journey.test("restored over the ledger that went on: exactly what was spent since is taken, and who was revoked stays revoked")
def _(place):
    place.ana.play("Ai flores")
    place.ana.play("Ondas do mar")
    place.rui.play("Ondas do mar")
    place.ctl("cards", "revoke", "RUI PEDRO DA COSTA")
    before = place.left()
    place.server.stop()
    told = place.restore().json
    # Of the licence that was made after the backup the ledger knows nothing any more: its play may come back.
    equal((told["known"], told["licences_lowered"], told["plays_lowered"], told["may_have_come_back"]), (True, 2, 2, 1), "what came of it")
    del before["ANA", "Ondas do mar"]
    equal(place.left(), before, "plays left")
    found = place.verified()
    equal(found["may_have_come_back"], 1, "what verify says")
    equal(place.ctl("status", "--json").json["restored"], found["restored"], "what status says")
    contains(place.ctl("plays").out, "1 play may have come back")
    contains(place.ctl("audit").out, "backup  restore")
    place.again()
    equal(place.ana.play("Ai flores")["plays_left"], before["ANA", "Ai flores"] - 1, "plays left, by a play")
    contains(place.rui.run("--list", ok=REFUSED).sentence, "revoked")
    place.ctl("cards", "add", place.rui.card.certificate)
    place.verified()


@journey.test("restored where nothing tells what was spent: licences are lowered to nothing, until the keeper renews them")
def _(place):
    place.server.stop()
    os.unlink(place.path("state", "ledger.sqlite"))
    told = place.restore().json
    equal((told["known"], told["may_have_come_back"], told["kept_keys"]), (False, 0, True), "what came of it")
    equal(set(place.left().values()), {0}, "plays left")
    place.verified()
    place.again()
    contains(place.ana.play("Ai flores", ok=REFUSED).sentence, "used up")
    for licence in place.ctl("licences", "list", "--json").json:
        place.ctl("licences", "renew", licence["id"], "--plays", "4")
    equal(place.ana.play("Ai flores")["plays_left"], 3, "plays left after it was renewed")


@journey.test("a ledger that is damaged is replaced, and kept beside; --keep-plays says how many may come back")
def _(place):
    place.server.stop()
    ledger = place.path("state", "ledger.sqlite")
    journey.write(ledger, read(ledger)[:8192] + os.urandom(8192))
    damaged = read(ledger)
    told = place.restore("--keep-plays").json
    equal((told["known"], told["may_have_come_back"]), (False, sum(place.left().values())), "what came of it")
    holds(damaged in [read(path) for path in glob.glob(ledger + ".replaced.*")], "the damaged ledger is gone")
    equal(place.verified()["may_have_come_back"], told["may_have_come_back"], "what verify says")


@journey.test("a restore that is killed leaves the old or the new, and the next program finds either whole")
def _(place):
    for delay in 0.0, 0.01, 0.02, 0.04, 0.08, 0.12:
        running = place.start("cantigactl", "--state", place.state, "backup", "restore", place.file)
        ends = journey.now() + delay
        journey.until(lambda ends=ends: journey.now() >= ends or running.ended, "a moment")
        running.end()
        place.verified()
    told = place.ctl("backup", "restore", place.file).out
    for words in "Restored", "is known from the ledger that was in its place", "they stayed", "*.replaced.*":
        contains(told, words)
    os.unlink(place.path("state", "ledger.sqlite"))
    contains(place.ctl("backup", "restore", place.file).out, "licences renew gives plays anew")
    contains(place.ctl("backup", "restore", place.file, "--keep-plays").out, "is known from the ledger")


@journey.test("on another box, from the backup, the master key and the files: players go on as if nothing had happened")
def _(place):
    other = place.path("other")
    contains(place.restore(state=other, ok=USAGE).sentence, "--master FILE")
    # A server that was started there already has made a state of its own.
    place.init("Newcomer", state=other)
    told = place.restore("--master", place.master, state=other).json
    equal((told["kept_keys"], told["files_missing"]), (False, 2), "what came of it")
    for path in glob.glob(place.path("state", "library", "*")):
        shutil.copy(path, os.path.join(other, "library"))
    place.verified(state=other)
    place.serve(state=other, port=place.server.port)
    equal(len(place.ana.list()), 2, "titles for who was paired with the old box")
    contains(place.ctl("audit", "verify", state=other).out, "follows from the one before")
    place.server.stop()


@journey.test("after the master key was changed, a backup from before opens with the old one")
def _(place):
    place.ctl("pki", "rotate-master")
    contains(place.restore(ok=FAILED).sentence, "another master key")
    told = place.restore("--master", place.master).json
    equal((told["known"], told["kept_keys"]), (True, True), "what came of it")
    place.verified()
    place.again()
    equal(len(place.ana.list()), 2, "titles")
    ledger = sqlite3.connect(place.path("state", "ledger.sqlite"))
    equal(ledger.execute("SELECT count (*) FROM sqlite_master WHERE name = 'backup'").fetchone(), (0,), "tables of the backup in the ledger")


if __name__ == "__main__":
    journey.main(Place)
