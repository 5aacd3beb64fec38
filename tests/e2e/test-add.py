#!/usr/bin/python3
"""Files go in whole or not at all, whatever stops the keeper's tool; the server starts and ends as it should."""
import os
import shutil

import journey
from journey import FAILED, NOT_FOUND, contains, equal, holds, until


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()

    def library(self):
        return sorted(os.listdir(os.path.join(self.state, "library")))

    def titles(self, **options):
        return self.ctl("list", "--json", **options).json

    def check(self, n, state=None):
        """n titles, each in a file of its own, nothing else, all of it right."""
        titles = self.titles(state=state)
        equal(len(titles), n, "the number of titles")
        library = os.path.join(state or self.state, "library")
        equal(sorted(os.listdir(library)), sorted(title["id"] + ".cantiga" for title in titles), "the library's files")
        equal(self.ctl("verify", "--json", state=state).json, {"titles": n, "ledger": True, "damaged": []}, "what verify finds")

    def big_files(self, folder, n, megabytes):
        """n files that take a while to seal."""
        os.mkdir(self.path("media", folder))
        for i in range(n):
            journey.wav(self.path("media", folder, f"Big {i}.wav"), megabytes * 1e6 / 192000, pattern=os.urandom(400004))
        return self.path("media", folder)


@journey.test("the same file twice is one title, also under another name")
def _(place):
    path = place.tone("One.mp3")
    first, = place.add(path)
    equal(first["new"], True, "new the first time")
    other = shutil.copy(path, place.path("media", "Other name.mp3"))
    for again in place.add(path, other):
        equal(again, {**first, "new": False}, "the title the second time")
    place.check(1)


@journey.test("a folder with other things in it goes in without them, and that is noted")
def _(place):
    folder = place.path("media", "mixed", "deeper")
    os.makedirs(folder)
    place.tone("mixed/Two.ogg", title="Two")
    place.tone("mixed/deeper/Three.flac", title="Three")
    journey.write(place.path("media", "mixed", "notes.txt"), "not media\n")
    journey.write(os.path.join(folder, "broken.mp3"), os.urandom(5000))
    journey.write(os.path.join(folder, "empty.ogg"), b"")
    journey.write(place.path("media", "mixed", ".hidden.mp3"), b"hidden")
    os.symlink("..", os.path.join(folder, "round in a circle"))
    os.symlink("nowhere", os.path.join(folder, "dangling.mp3"))
    os.mkfifo(os.path.join(folder, "pipe.mp3"))
    ran = place.ctl("add", "--json", place.path("media", "mixed"), limit=30)
    equal(sorted(title["title"] for title in ran.jsons), ["Three", "Two"], "the titles")
    for name in "notes.txt", "broken.mp3", "empty.ogg", "dangling.mp3", "pipe.mp3":
        equal(sum(name in line for line in ran.err.splitlines()), 1, f"notes of {name}")
    holds("hidden" not in ran.err, "hidden files are noted too")
    place.check(3)


@journey.test("a file that was named and is not media is an error; the others go in all the same")
def _(place):
    good = place.tone("Four.opus", title="Four")
    bad = journey.write(place.path("media", "bad.mp3"), b"nothing")
    ran = place.ctl("add", "--json", bad, good, ok=FAILED)
    equal([title["title"] for title in ran.jsons], ["Four"], "the titles")
    contains(ran.sentence, "bad.mp3")
    contains(place.ctl("add", place.path("media", "missing.mp3"), ok=NOT_FOUND).sentence, "missing.mp3")
    place.check(4)


@journey.test("a title that was removed can be added again")
def _(place):
    place.ctl("remove", "Four")
    place.check(3)
    equal(place.add(place.path("media", "Four.opus"))[0]["new"], True, "new")
    place.check(4)


def stopped(place, name, stop):
    """Two of six files are in, then stop(running) comes; the second run does the rest."""
    state = place.path(name)
    place.init(state=state)
    folder = place.big_files(name + " files", 6, 24 if not journey.SANITIZED else 8)
    running = place.start("cantigactl", "--state", state, "add", "--json", folder)
    until(lambda: running.out.count("\n") >= 2, "two files to be in")
    stop(running)
    n = len(place.titles(state=state))
    holds(2 <= n < 6, f"{n} of 6 files are in: it was not stopped half way")
    holds(os.path.exists(folder), "the files themselves")
    again = place.ctl("add", "--json", folder, state=state).jsons
    equal([title["new"] for title in again], [False] * n + [True] * (6 - n), "what is new in the second run")
    place.check(6, state)


@journey.test("stopped half way with SIGINT, it says so; run again, it goes on")
def _(place):
    def stop(running):
        running.send(journey.interrupt)
        contains(running.wait(ok=FAILED).sentence, "Stopped")
        state = place.path("interrupted")
        place.check(len(place.titles(state=state)), state)
    stopped(place, "interrupted", stop)


@journey.test("killed half way, it loses nothing that was in; run again, it goes on and leaves nothing half made")
def _(place):
    stopped(place, "killed", lambda running: running.end())


@journey.test("init that is killed at any moment can be run again")
def _(place):
    state = place.path("half made")
    for milliseconds in (0, 40, 120, 250):
        running = place.start("cantigactl", "--state", state, "init", "--name", "Half made")
        ends = journey.now() + milliseconds / 1000
        until(lambda ends=ends: journey.now() > ends, "the moment")
        running.end()
        finished = place.ctl("init", state=state, ok=None)
        # Either that one was done already, or this one is.
        holds(finished.status == 0 or (running.process.returncode in (0, -9) and "already" in finished.sentence), f"{finished.status} {finished.err}")
        place.check(0, state)
        shutil.rmtree(state)


@journey.test("init a second time says so and changes nothing")
def _(place):
    before = {path: journey.read(path) for path in journey.walk(place.state) if os.path.isfile(path)}
    contains(place.ctl("init", ok=FAILED).sentence, "already")
    equal({path: journey.read(path) for path in journey.walk(place.state) if os.path.isfile(path)} == before, True, "that nothing changed")


@journey.test("a damaged file is found by verify, which names it")
def _(place):
    id, = [title["id"] for title in place.titles() if title["title"] == "Three"]
    path = os.path.join(place.state, "library", id + ".cantiga")
    whole = journey.read(path)
    journey.write(path, whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    ran = place.ctl("verify", "--json", ok=FAILED)
    equal(ran.json["damaged"], ["Three"], "the damaged titles")
    journey.write(path, whole)
    place.check(4)


@journey.test("SIGTERM ends the server cleanly, also with connections open; SIGINT does too")
def _(place):
    for number in journey.terminate, journey.interrupt:
        server = place.serve()
        idle = journey.connect(server.port)
        half = journey.connect(server.port)
        half.sendall(b"GET /api/auth HTTP/1.1\r\nHo")
        server.process.send_signal(number)
        equal(server.process.wait(20 * journey.SLOWER), 0, "the exit status")
        idle.close()
        half.close()


@journey.test("a server on an empty folder makes its state by itself, and says so")
def _(place):
    state = place.path("made by the server")
    os.mkdir(state)
    server = place.serve(state=state)
    contains(server.log, "made a new state")
    server.stop()
    place.check(0, state)


@journey.test("two servers cannot share an address by mistake")
def _(place):
    server = place.serve()
    second = place.run("cantiga-server", "--state", place.path("made by the server"), "--listen", f"127.0.0.1:{server.port}", ok=FAILED, limit=10)
    contains(second.sentence, "in use")
    server.stop()


if __name__ == "__main__":
    journey.main(Place)
