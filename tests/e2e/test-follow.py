#!/usr/bin/python3
"""A library that follows folders: what is put there is listed once it is whole, what is taken away goes, and a disk that is not mounted takes nothing."""
import os
import shutil
import time

import journey
from journey import contains, equal, holds, read, until, write


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.followed = self.path("followed")
        os.makedirs(os.path.join(self.followed, "album"))
        self.tones = {name: self.tone(name + ".mp3", hertz=hertz) for name, hertz in (("First", 440), ("Second", 550), ("Third", 660), ("Fourth", 770))}
        write(self.path("state", "server.conf"), f"[library]\nfolders = {self.followed}\nexportable = yes\n")

    def titles(self):
        return sorted(title["title"] for title in self.ctl("list", "--json").json)

    def put(self, name, *names):
        path = os.path.join(self.followed, *names)
        shutil.copyfile(self.tones[name], path)
        return path

    def wait_for(self, *names):
        until(lambda: self.titles() == sorted(names), f"the titles to be {names}", limit=60)

    def containers(self):
        return len(os.listdir(self.path("state", "library")))


@journey.test("what is in the folder when the server starts is taken, folders below included")
def _(place):
    place.put("First", "first.mp3")
    place.put("Second", "album", "second.mp3")
    write(os.path.join(place.followed, "notes.txt"), "not media")
    place.serve()
    place.wait_for("First", "Second")
    holds(all(title["exportable"] for title in place.ctl("list", "--json").json), "what came is exportable, as the keeper said")
    until(lambda: "notes.txt" in place.server.log, "what was passed over to be said")


@journey.test("a file that is half copied is not taken; once it is whole, it is")
def _(place):
    whole = read(place.tones["Third"])
    path = os.path.join(place.followed, "third.mp3")
    with open(path, "wb") as file:
        file.write(whole[:len(whole) // 2])
        file.flush()
        # Longer than a file is given to settle; it is open, and says nothing more.
        ends = time.monotonic() + 6
        while time.monotonic() < ends:
            equal(place.titles(), ["First", "Second"], "titles while the file is half there")
            time.sleep(0.2)
        holds("third.mp3" not in place.server.log, "nobody looked at it")
        file.write(whole[len(whole) // 2:])
    place.wait_for("First", "Second", "Third")


@journey.test("a new folder is followed too; a renamed file is the same title; one that is replaced is another")
def _(place):
    before = {title["title"]: title["id"] for title in place.ctl("list", "--json").json}
    os.mkdir(os.path.join(place.followed, "new"))
    os.rename(os.path.join(place.followed, "first.mp3"), os.path.join(place.followed, "new", "renamed.mp3"))
    place.put("Fourth", "album", "second.mp3")
    place.wait_for("First", "Third", "Fourth")
    after = {title["title"]: title["id"] for title in place.ctl("list", "--json").json}
    equal(after["First"], before["First"], "the renamed file's title")
    equal(place.containers(), 3, "sealed files")


@journey.test("a file that is taken away takes its title with it; one that the keeper had added by hand stays")
def _(place):
    place.add(place.tones["Second"])
    place.put("Second", "again.mp3")
    os.unlink(os.path.join(place.followed, "third.mp3"))
    place.wait_for("First", "Second", "Fourth")
    os.unlink(os.path.join(place.followed, "again.mp3"))
    os.unlink(os.path.join(place.followed, "album", "second.mp3"))
    place.wait_for("First", "Second")


@journey.test("a folder that is gone, or empty as a whole, takes nothing out of the library")
def _(place):
    place.server.stop()
    os.rename(place.followed, place.followed + ".away")
    os.mkdir(place.followed)
    place.serve()
    until(lambda: "empty" in place.server.log, "the empty folder to be said")
    equal(place.titles(), ["First", "Second"], "titles")
    place.server.stop()
    os.rmdir(place.followed)
    os.rename(place.followed + ".away", place.followed)


@journey.test("what went while nobody looked is noticed at the next start; a title that was known is not read again")
def _(place):
    place.put("Third", "third.mp3")
    os.unlink(os.path.join(place.followed, "new", "renamed.mp3"))
    place.serve()
    place.wait_for("Second", "Third")
    place.server.stop()
    equal(place.ctl("verify", "--json").json, {"titles": 2, "ledger": True, "damaged": []}, "what verify finds")


@journey.test("the keeper's tool follows a folder in the foreground, until it is stopped")
def _(place):
    contains(place.ctl("add", "--watch", place.tones["First"], ok=journey.NOT_FOUND).sentence, "not a folder")
    following = place.start("cantigactl", "--state", place.state, "add", "--watch", "--json", place.followed)
    until(lambda: "notes.txt" in following.err or following.ended, "the folder to be looked at")
    place.put("First", "first.mp3")
    until(lambda: '"title":"First"' in following.out or following.ended, "the file to be added")
    following.send(journey.terminate)
    following.wait()
    equal(place.titles(), ["First", "Second", "Third"], "titles")


if __name__ == "__main__":
    journey.main(Place)
