#!/usr/bin/python3
"""The player at a terminal: steps, a PIN that is not seen, a numbered catalogue, a title, and the way out."""
import os
import signal

import journey
from journey import equal, holds
from terminal import Terminal

STEPS = "server certificate fetched", "it is valid", "ours sent", "suite agreed", "keys exchanged", "card accepted", "catalogue here"


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
    holds(journey.PIN not in terminal.words, f"the PIN is on the screen: {terminal.seen!r}")


@journey.test("the PIN can be mended with backspace; a wrong one is asked again, with a warning; no digit of it is seen")
def _(place):
    terminal = Terminal(place, place.player)
    terminal.expect("PIN of")
    terminal.type("987\x7f\x7f\x7f" + "7654\n")
    terminal.expect("The PIN is wrong")
    terminal.expect("PIN of")
    holds("7654" not in terminal.words and "987" not in terminal.words.partition("PIN of")[2], f"digits are on the screen: {terminal.seen!r}")
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
    terminal.expect_one_of("♪ Ondas do mar  0:0[1-9]")
    terminal.type(" ")
    terminal.expect("paused")
    terminal.type(" ")
    terminal.type("\x1b[C")
    terminal.expect_one_of("♪ Ondas do mar  0:[1-5]")
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
