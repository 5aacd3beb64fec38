#!/usr/bin/python3
"""Disks that fail under the real programs: full, broken, in pieces. Whatever fails is told, nothing that was there is lost, nothing half done is left, and once the disk
works the same command does its work."""
import errno
import os
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["CANTIGA_SOURCE"], "tests/peer"))
# pylint: disable=wrong-import-position
import player  # noqa: E402
from notation import Refused  # noqa: E402
from stage import journey, key_of  # noqa: E402
from journey import FAILED, contains, equal, holds  # noqa: E402

SHIM = os.path.join(journey.BUILD, "tests/faults/libfault.so")
# How many of a command's calls are made to fail, one a run, spread evenly from the first to the last.
TRIALS = int(os.environ.get("CANTIGA_FAULTS", "4"))
KINDS = ("write", errno.ENOSPC), ("write", errno.EIO), ("sync", errno.EIO), ("name", errno.ENOSPC), ("open", errno.EMFILE), ("read", errno.EIO)


class Disk:
    """A folder whose disk can be made to fail."""

    def __init__(self, place, folder):
        self.order, self.seen = place.path("fault-order"), place.path("fault-seen")
        # LD_PRELOAD knows no name with a space in it.
        shim = shutil.copy(SHIM, place.path("libfault.so"))
        self.env = {"LD_PRELOAD": shim, "CANTIGA_FAULT": self.order, "CANTIGA_FAULT_SEEN": self.seen, "CANTIGA_FAULT_UNDER": folder}

    def fail(self, call, number, first=1, last=1 << 30):
        self.heal()
        # It appears whole.
        os.rename(journey.write(self.order + ".new", f"{call} {number} {first} {last}"), self.order)

    def hold(self, call):
        """Until it heals."""
        self.fail(call, -1)

    @property
    def n_seen(self):
        """How many calls failed, waited or were counted, since it healed."""
        return os.path.getsize(self.seen) if os.path.exists(self.seen) else 0

    def heal(self):
        """How many did."""
        seen = self.n_seen
        for path in self.order, self.seen:
            if os.path.exists(path):
                os.unlink(path)
        return seen


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.env["CANTIGA_LICENCE_PLAYS"] = "1000"
        self.init()
        self.song = journey.wav(self.path("media", "Song.wav"), 4, pattern=os.urandom(100004))
        self.other = journey.wav(self.path("media", "Other.wav"), 3, pattern=os.urandom(100004))
        self.add(self.song)
        self.disk = Disk(self, self.state)

    def check(self, titles, state=None):
        """So many titles, whole, and not a file more."""
        equal(self.ctl("verify", "--json", state=state).json, {"titles": titles, "ledger": True, "damaged": []}, "what verify finds")

    def each_call(self, call, number, run, disk=None, trials=TRIALS):
        """run() with one call failing, for calls from the first to the last that it makes; run() tells what must be so then."""
        disk = disk or self.disk
        disk.fail(call, 0, 0, 0)
        run(None)
        calls = disk.heal()
        holds(calls > 0, f"there is no {call} to fail")
        for at in sorted({1 + (calls - 1) * trial // (trials - 1) for trial in range(trials)}):
            disk.fail(call, number, at, at)
            run(f"{call} {at} of {calls} failing with {errno.errorcode[number]}")


def told(ran, what):
    """It failed and says why in one sentence for people, or it did its work all the same."""
    if ran.status == 0:
        return False
    equal(ran.status, FAILED, f"the status with {what}")
    holds(len(ran.sentence) > 20, f"with {what} it says only: {ran.err}")
    return True


@journey.test("init, with each call failing in turn: a reason, and run again it does the rest")
def _(place):
    state = place.path("fresh")
    disk = Disk(place, state)

    def run(what):
        ran = place.ctl("init", state=state, env=disk.env, ok=None)
        if what is None:
            equal(ran.status, 0, "init without a fault")
        else:
            told(ran, what)
            holds(disk.heal() > 0, f"no {what}")
            again = place.ctl("init", state=state, ok=None)
            # Either this one does it, or the first had got so far that opening the state does the rest.
            holds(again.status == 0 or "already" in again.sentence, f"with {what}, again: {again.err}")
        place.check(0, state)
        shutil.rmtree(state)

    for call, number in KINDS[0], KINDS[2], KINDS[3]:
        place.each_call(call, number, run, disk, TRIALS - 1)


@journey.test("add, with each call failing in turn: a reason, what was there stays, and run again it adds")
def _(place):
    first, = place.ctl("list", "--json").json

    def run(what):
        ran = place.ctl("add", "--json", place.other, env=place.disk.env, ok=None)
        if what is None:
            equal(ran.status, 0, "add without a fault")
        else:
            failed = told(ran, what)
            holds(place.disk.heal() > 0, f"no {what}")
            titles = place.ctl("list", "--json").json
            holds(first in titles, f"with {what} a title that was there is gone")
            # What was told to be added is there; what was told not to be may be whole already, never half.
            holds(failed or len(titles) == 2, f"with {what} it said that it had added what it had not")
            place.ctl("verify")
            place.ctl("add", place.other)
        place.check(2)
        holds(not [name for name in os.listdir(place.path("state", "library")) if name.endswith(".part")], f"with {what} a part file stays")
        place.ctl("remove", "Other")
        place.check(1)

    for call, number in KINDS:
        place.each_call(call, number, run)


@journey.test("in pieces of a thousand bytes, every other call interrupted, all goes on and every byte is right")
def _(place):
    state = place.path("pieces")
    disk = Disk(place, state)
    journey.write(disk.order, "pieces")
    place.ctl("init", state=state, env=disk.env)
    place.ctl("add", "--exportable", place.other, state=state, env=disk.env)
    equal(place.ctl("verify", "--json", state=state, env=disk.env).json["damaged"], [], "what verify finds")
    holds(disk.heal() > 50, "nothing was interrupted")
    place.check(1, state)
    journey.write(disk.order, "pieces")
    server = place.serve(state=state, env=disk.env)
    card = place.card("PIECES", enrolled=False)
    place.ctl("cards", "add", card.certificate, state=state, env=disk.env)
    session = sign_in(server, place.ctl("invite", "peer", "--url", server.url, state=state, env=disk.env), card)
    play = session.licence(session.titles()[0]["id"])
    equal(b"".join(play.chunk(i) for i in range(play.licence["chunks"])) == journey.read(place.other), True, "that every byte is right")
    holds(disk.heal() > 10, "nothing was interrupted under the server")
    server.stop()
    place.check(1, state)


def sign_in(server, invited, card):
    session = player.Session(player.pair(invited.out.strip()), "ECDSA").sign_in()
    session.show_card(*key_of(card))
    return session


@journey.test("the ledger's disk fails under a server: the licence is refused with a reason and costs nothing; when it works again the same play goes on")
def _(place):
    server = place.serve(env=place.disk.env)
    session = sign_in(server, place.ctl("invite", "peer", "--url", server.url), place.card("LISTENER"))
    title = session.titles()[0]["id"]
    left = session.licence(title).licence["plays_left"]
    for call, number in ("write", errno.ENOSPC), ("write", errno.EIO), ("sync", errno.EIO), ("any", errno.EIO):
        name = os.urandom(16).hex()
        place.disk.fail(call, number)
        refusal = refused(session, title, name)
        holds(place.disk.heal() > 0, f"nothing failed: {refusal}")
        holds(refusal is not None, f"with {call} failing a licence was granted")
        holds(refusal.status >= 500, f"with {call} failing: {refusal.status} {refusal}")
        play = session.licence(title, name)
        left -= 1
        equal(play.licence["plays_left"], left, f"the plays left after {call} failed")
        play.chunk(0)
        equal(session.licence(title, name).licence["plays_left"], left, "the same play again")
    server.stop()
    place.check(1)


def refused(session, title, name):
    """The refusal of a licence; None: it was granted."""
    try:
        session.licence(title, name)
    except Refused as refusal:
        return refusal
    return None


@journey.test("eight chunks of a session are read beside each other; who asks for more is told to come later, and the eight come when the disk answers")
def _(place):
    disk = Disk(place, place.path("state", "library"))
    # The kernel gives connections to workers by chance: with so many, most have one to themselves.
    server = place.serve(env={**disk.env, "CANTIGA_SERVER_WORKERS": "64"})
    session = sign_in(server, place.ctl("invite", "peer", "--url", server.url), place.card("EIGHT"))
    play = session.licence(session.titles()[0]["id"])
    came, late = [], []

    def fetch(counter):
        try:
            play.chunk(counter % 2, counter=counter)
            came.append(counter)
        except Refused as refusal:
            late.append((refusal.status, refusal.kind))

    disk.hold("read")
    asked = [threading.Thread(target=fetch, args=(counter,)) for counter in range(32)]
    for thread in asked:
        thread.start()
    journey.until(lambda: disk.n_seen >= 8 and len(late) >= 8, "eight are being read, and others are answered")
    equal(disk.n_seen, 8, "how many are being read")
    equal(set(late), {(429, "slow-down")}, "what the others are told")
    equal(came, [], "what came while the disk did not answer")
    disk.heal()
    for thread in asked:
        thread.join(60 * journey.SLOWER)
    # Behind those that were being read others may have waited for the same worker.
    holds(len(came) >= 8 and len(came) + len(late) == len(asked), f"{len(came)} came, {len(late)} were told to come later")
    play.chunk(0, counter=len(asked))
    server.stop()
    place.check(1)


@journey.test("a disk that is full, a real one: nothing half done, the song that plays goes on, and with room again so does everything")
def _(place):
    with Full(place) as full:
        full.ctl("init")
        full.ctl("add", place.song)
        large = journey.wav(place.path("media", "Large.wav"), 30, pattern=os.urandom(100004))
        contains(full.ctl("add", large, ok=FAILED).sentence, "No space left")
        full.check(1)
        server = place.serve(state=full.folder, prefix=full.prefix)
        card = place.card("FULL", enrolled=False)
        full.ctl("cards", "add", card.certificate)
        session = sign_in(server, full.ctl("invite", "peer", "--url", server.url), card)
        title = session.titles()[0]["id"]
        play = session.licence(title)
        chunk = play.chunk(0)
        full.fill()
        told(full.ctl("add", place.other, ok=FAILED), "a full disk")
        # The ledger's log may have room of its own, until it grows.
        granted = 0
        while refused(session, title, name := os.urandom(16).hex()) is None:
            granted += 1
            holds(granted < 500, "a full disk refused nothing")
        equal(play.chunk(0), chunk, "the chunk of the song that plays")
        full.free()
        again = session.licence(title, name)
        again.chunk(0)
        equal(again.licence["plays_left"], play.licence["plays_left"] - granted - 1, "the plays left")
        server.stop()
        full.check(1)
        full.ctl("add", place.other)
        full.check(2)


class Full:
    """A disk of 4 MiB with a state on it, in a mount namespace of its own."""

    def __init__(self, place):
        self.place, self.folder = place, place.path("full")

    def __enter__(self):
        os.mkdir(self.folder)
        unshare = ["unshare", "--mount", "--propagation", "private"]
        if os.geteuid() != 0:
            unshare[1:1] = ["--user", "--map-root-user"]
        self.root = subprocess.Popen([*unshare, "sh", "-c", f"mount -t tmpfs -o size=4m,mode=700 tmpfs '{self.folder}' && echo made && exec cat"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.root.stdout.readline() != b"made\n":
            self.root.wait()
            raise journey.Skip("namespaces cannot be made here")
        self.prefix = ["nsenter", "--target", str(self.root.pid), *([] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]), "--mount", "--"]
        return self

    def __exit__(self, *_):
        for running in self.place.running:
            running.end()
        self.root.stdin.close()
        self.root.wait()

    def ctl(self, *arguments, **options):
        return self.place.ctl(*arguments, state=self.folder, prefix=self.prefix, **options)

    def run(self, *arguments):
        subprocess.run([*self.prefix, *arguments], check=False, capture_output=True)

    def fill(self):
        self.run("dd", "if=/dev/zero", f"of={self.folder}/lost+found", "bs=4096")

    def free(self):
        self.run("rm", f"{self.folder}/lost+found")

    def check(self, titles):
        equal(self.ctl("verify", "--json").json, {"titles": titles, "ledger": True, "damaged": []}, "what verify finds")


if __name__ == "__main__":
    journey.main(Place)
