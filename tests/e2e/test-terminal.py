#!/usr/bin/python3
"""The player at a terminal: steps, a PIN that is not seen, a numbered catalogue, a title, and the way out."""
import os
import pty
import re
import select
import signal
import time

import journey
from journey import equal, holds

STEPS = "server certificate fetched", "it is valid", "ours sent", "suite agreed", "keys exchanged", "card accepted", "catalogue here"


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, place, player, *arguments, card=None):
        card = card or player.card
        env = {**place.env, **journey.without_leaks(place.env), **card.env, "TERM": "xterm"}
        program = journey.path_of("cantiga-play")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(program, [program, "--state", player.folder, "--card-module", journey.module(), *arguments], env)
        place.running.append(self)
        self.ended = False
        self.seen = ""
        self.at = 0

    def expect(self, text, limit=30.0):
        """Waits until text was written, after what was expected before."""
        ends = time.monotonic() + limit * journey.SLOWER
        while (found := self.seen.find(text, self.at)) < 0:
            holds(time.monotonic() < ends, f"waited for “{text}”, saw: {self.seen[self.at:]!r}")
            if select.select([self.fd], [], [], 0.1)[0] and not self.read():
                holds(self.seen.find(text, self.at) >= 0, f"it ended without “{text}”: {self.seen!r}")
        self.at = found + len(text)

    def read(self):
        try:
            more = os.read(self.fd, 65536)
        except OSError:
            more = b""
        self.seen += more.decode("utf-8", "replace")
        return more

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait(self, ok=0, limit=30.0):
        ends = time.monotonic() + limit * journey.SLOWER
        while time.monotonic() < ends:
            if select.select([self.fd], [], [], 0.1)[0] and not self.read():
                break
        pid, status = os.waitpid(self.pid, 0 if time.monotonic() < ends else os.WNOHANG)
        holds(pid == self.pid, f"it did not end: {self.seen[-500:]!r}")
        self.ended = True
        os.close(self.fd)
        equal(os.waitstatus_to_exitcode(status), ok, f"the exit status after {self.seen[-1500:]!r}")
        holds("AddressSanitizer" not in self.seen and "CRITICAL" not in self.seen, self.seen)

    def end(self):
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.ended = True


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.add(self.tone("Ai flores.mp3", seconds=1), self.tone("Ondas do mar.ogg", seconds=60))
        self.serve()
        self.ana = self.card()
        self.player = self.player(self.ana)


@journey.test("the whole journey: steps, PIN, a number, the title, the catalogue again, q")
def _(place):
    terminal = Terminal(place, place.player)
    terminal.expect("PIN of ANA MARIA DOS SANTOS")
    terminal.type(journey.PIN + "\r")
    terminal.expect("1  Ai flores")
    for step in STEPS:
        holds(f"✓ {step}" in terminal.seen, f"no mark at “{step}”: {terminal.seen}")
    terminal.expect("2  Ondas do mar")
    terminal.expect("A number, or q to leave: ")
    terminal.type("1\n")
    terminal.expect("licence made, 2 more plays")
    terminal.expect("heard to the end")
    terminal.expect("2 plays")
    terminal.expect("A number, or q to leave: ")
    terminal.type("q\n")
    terminal.wait()
    # Fingerprints, identifiers, dates and ports may hold the same digits.
    rest = re.sub(r"[0-9A-F]{4} |\d{4}-|[0-9a-f]{32}|127\.0\.0\.1:\d+", "", terminal.seen)
    holds(journey.PIN not in rest, f"the PIN is on the screen: {terminal.seen!r}")


@journey.test("the PIN can be mended with backspace; a wrong one is asked again, with a warning; no digit of it is seen")
def _(place):
    terminal = Terminal(place, place.player)
    terminal.expect("PIN of")
    terminal.type("987\x7f\x7f\x7f" + "7654\n")
    terminal.expect("The PIN is wrong")
    terminal.expect("PIN of")
    holds("7654" not in terminal.seen and "987" not in terminal.seen.partition("PIN of")[2], f"digits are on the screen: {terminal.seen!r}")
    terminal.type("12\x7f2" + "34\n")
    terminal.expect("A number, or q to leave: ")
    terminal.type("Q\n")
    terminal.wait()


@journey.test("nothing for a PIN gives up")
def _(place):
    terminal = Terminal(place, place.player)
    terminal.expect("PIN of")
    terminal.type("\n")
    terminal.wait(ok=journey.FAILED)


@journey.test("wrong numbers and empty lines are said, and asked again; a title can be left, paused, sought in")
def _(place):
    terminal = Terminal(place, place.player)
    terminal.expect("PIN of")
    terminal.type(journey.PIN + "\n")
    for wrong in "99", "0", "-1", "no such title", "1 2", "\N{SNOWMAN}":
        terminal.expect("A number, or q to leave: ")
        terminal.type(wrong + "\n")
        terminal.expect("✗")
    terminal.expect("A number, or q to leave: ")
    terminal.type("\n")
    terminal.expect("A number, or q to leave: ")
    terminal.type("2\n")
    terminal.expect("♪ Ondas do mar  0:01")
    terminal.type(" ")
    terminal.expect("paused")
    terminal.type(" ")
    terminal.type("\x1b[C")
    terminal.expect("♪ Ondas do mar  0:1")
    terminal.type("q")
    terminal.expect("A number, or q to leave: ")
    terminal.type("q\n")
    terminal.wait()


@journey.test("the end of input leaves; so does Control-C, and the terminal echoes again")
def _(place):
    terminal = Terminal(place, place.player)
    terminal.expect("PIN of")
    terminal.type(journey.PIN + "\n")
    terminal.expect("A number, or q to leave: ")
    terminal.type("\x04")
    terminal.wait()
    terminal = Terminal(place, place.player)
    terminal.expect("PIN of")
    os.kill(terminal.pid, signal.SIGINT)
    terminal.wait(ok=journey.FAILED)


@journey.test("a card that comes late is seen; until then it is said what is missing")
def _(place):
    empty = journey.Card.none(place)
    terminal = Terminal(place, place.player, card=empty)
    terminal.expect("card")
    holds("PIN of" not in terminal.seen, terminal.seen)
    os.rmdir(os.path.join(empty.folder, "tokens"))
    os.symlink(os.path.join(place.ana.folder, "tokens"), os.path.join(empty.folder, "tokens"))
    terminal.expect("PIN of ANA")
    terminal.type(journey.PIN + "\n")
    terminal.expect("A number, or q to leave: ")
    terminal.type("q\n")
    terminal.wait()


if __name__ == "__main__":
    journey.main(Place)
