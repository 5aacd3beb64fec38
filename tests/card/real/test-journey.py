#!/usr/bin/python3
"""The whole journey with virtual Citizen Cards behind the real stack: sign in, list, play; cards that go, come and are swapped meanwhile."""
import os
import re

import stack
from stack import journey
from journey import equal, holds
from terminal import Terminal

JOSE, ANA = "JOSÉ MARIA DA SILVA", "ANA LÚCIA COSTA"
GONE = "! The card was taken out. This title plays on; the next one asks for the card."


class Desk(stack.Desk):
    """The readers, a box that knows José and Ana, and a player that is paired with it."""

    def __enter__(self):
        super().__enter__()
        self.init()
        self.add(self.tone("Ai flores.flac", seconds=1), self.tone("Ondas do mar.flac", seconds=120))
        for who in "jose", "ana":
            self.ctl("cards", "add", os.path.join(stack.PEOPLE, who, "card.pem"))
        self.serve()
        self.jose = self.player(paired=False)
        self.insert("jose")
        self.ask().wait_for("pin-wanted")
        self.jose.pair(self.invite("player"))
        return self

    def empty(self):
        for reader in self.readers:
            reader.say("remove")

    def swap(self, who):
        """As hands do it: the reader is empty in between, for long enough to be seen."""
        asked = self.ask()
        self.remove()
        asked.wait_for("no-card")
        asked.end()
        self.insert(who)

    def sit(self, *arguments, who="jose"):
        """A fresh player at a terminal, with that card in the first reader."""
        self.empty()
        if who:
            self.insert(who)
        return Terminal(self, self.jose, *arguments)


def sign_in(terminal, pin="1234"):
    terminal.expect(f"PIN of {JOSE}")
    terminal.type(pin + "\r")
    terminal.expect("A number, or q to leave: ")


def position_of(terminal):
    """Where the title that plays stands, in seconds; as it was drawn last."""
    drawn = re.findall(r"♪ Ondas do mar  (\d+):(\d\d)", terminal.seen)
    return int(drawn[-1][0]) * 60 + int(drawn[-1][1]) if drawn else -1


def plays_on(terminal):
    start = position_of(terminal)

    def later():
        terminal.listen()
        return position_of(terminal) > start
    journey.until(later, "the title to play on")


@journey.test("sign in, list, play, take the card out: it plays on, the next title asks for the card, and goes on once it is back")
def _(desk):
    terminal = desk.sit()
    sign_in(terminal)
    holds("3 tries left for the PIN." in terminal.seen, f"nothing was said of the tries: {terminal.seen}")
    holds("1  Ai flores" in terminal.seen and "2  Ondas do mar" in terminal.seen, f"no list: {terminal.seen}")
    terminal.type("2\n")
    terminal.expect("licence made, 2 more plays")
    plays_on(terminal)
    desk.remove()
    terminal.expect(GONE)
    plays_on(terminal)
    terminal.type("q")
    terminal.expect("A number, or q to leave: ")
    terminal.type("1\n")
    terminal.expect("The card was taken out. Put it back to go on.")
    holds("heard to the end" not in terminal.seen, "it played without the card")
    desk.insert("jose")
    terminal.expect("licence made, 2 more plays")
    terminal.expect("heard to the end")
    terminal.expect("A number, or q to leave: ")
    terminal.type("q\n")
    terminal.wait()
    equal(terminal.seen.count("PIN of"), 1, "how often a PIN was asked for")


@journey.test("a card that comes back while a title plays is seen too, and nothing is asked")
def _(desk):
    terminal = desk.sit()
    sign_in(terminal)
    terminal.type("2\n")
    plays_on(terminal)
    desk.remove()
    terminal.expect(GONE)
    desk.insert("jose")
    terminal.expect("✓ The card is back.")
    plays_on(terminal)
    terminal.type("q")
    terminal.expect("A number, or q to leave: ")
    terminal.type("q\n")
    terminal.wait()


@journey.test("another person's card in its place while a title plays: it plays on, and the next title is not for them")
def _(desk):
    terminal = desk.sit()
    sign_in(terminal)
    terminal.type("2\n")
    plays_on(terminal)
    desk.remove()
    terminal.expect(GONE)
    desk.insert("ana")
    terminal.expect("! This is another card than the one that is asked for. This title plays on")
    plays_on(terminal)
    terminal.type("q")
    terminal.expect("A number, or q to leave: ")
    terminal.type("1\n")
    terminal.expect("This is another card than the one that is asked for.")
    holds(f"PIN of {ANA}" not in terminal.seen, "the other one's PIN was asked for")
    desk.remove()
    terminal.expect("The card was taken out. Put it back to go on.")
    desk.insert("jose")
    terminal.expect("heard to the end")
    terminal.expect("A number, or q to leave: ")
    terminal.type("q\n")
    terminal.wait()


@journey.test("cards swapped while a PIN is asked for: that is over, and the other one's is asked for by name")
def _(desk):
    terminal = desk.sit("--list")
    terminal.expect(f"PIN of {JOSE}")
    terminal.type("12")
    desk.remove()
    terminal.expect("The card was taken out. Put it back to go on.")
    desk.insert("ana")
    terminal.expect(f"PIN of {ANA}")
    equal(desk.count("verify"), 0, "PINs that the other card was given")
    terminal.type("1234\r")
    terminal.expect("2  Ondas do mar")
    terminal.wait()


@journey.test("cards swapped while one signs: it was taken out, and the other one is asked as what it is")
def _(desk):
    terminal = desk.sit("--list")
    desk.tell_reader("slow-sign", 60000)
    terminal.expect(f"PIN of {JOSE}")
    signatures = desk.count("verify")
    terminal.type("1234\r")
    journey.until(lambda: desk.count("verify") > signatures, "the card to sign")
    desk.tell_reader("slow-sign", 0)
    desk.swap("ana")
    terminal.expect(f"PIN of {ANA}")
    terminal.type("1234\r")
    terminal.expect("2  Ondas do mar")
    terminal.wait()


@journey.test("wrong PINs: the tries that are left are said before each, and the last one is warned of")
def _(desk):
    terminal = desk.sit("--list")
    terminal.expect("3 tries left for the PIN.")
    terminal.expect(f"PIN of {JOSE}")
    terminal.type("1111\r")
    terminal.expect("The PIN is wrong. 2 tries left for the PIN.")
    terminal.expect(f"PIN of {JOSE}")
    terminal.type("2222\r")
    terminal.expect("! This is the last try: a wrong PIN now blocks the card.")
    terminal.expect(f"PIN of {JOSE}")
    terminal.type("\r")
    terminal.expect("Stopped.")
    terminal.wait(journey.FAILED)
    equal(desk.jose.run("--list", ok=None).status, journey.REFUSED, "the status of a program that would spend the last try unasked")
    terminal = desk.sit("--list")
    terminal.expect("! This is the last try")
    terminal.expect(f"PIN of {JOSE}")
    terminal.type("3333\r")
    terminal.expect("The card's PIN is blocked. Unblock it with the PUK")
    terminal.wait(journey.REFUSED)
    desk.tell_reader("tries", 3)


@journey.test("no service, no card, a card put in late: each is said, and signing in goes on by itself")
def _(desk):
    desk.empty()
    desk.stop_service()
    terminal = desk.sit("--list", who=None)
    terminal.expect("Start the card service (pcscd).")
    desk.start_service()
    terminal.expect("Put the card in, chip first.")
    desk.insert("jose")
    terminal.expect(f"PIN of {JOSE}")
    terminal.type("1234\r")
    terminal.expect("2  Ondas do mar")
    terminal.wait()


@journey.test("two people's cards: which one is asked once, and remembered; --card ask and --card with an address choose again")
def _(desk):
    terminal = desk.sit("--list")
    terminal.expect(f"PIN of {JOSE}")
    terminal.end()
    desk.insert("ana", reader=1)
    asked = desk.ask()
    journey.until(lambda: len(asked.list().names) == 2, "both cards")
    uri = next(card["uri"] for card in asked.list()["cards"] if card["name"] == JOSE)
    asked.end()

    def started(*arguments):
        return Terminal(desk, desk.jose, "--list", *arguments)

    terminal = started()
    terminal.expect(f"2  {ANA}")
    terminal.expect("Which card? ")
    terminal.type("2\n")
    terminal.expect(f"PIN of {ANA}")
    terminal.type("1234\r")
    terminal.expect("2  Ondas do mar")
    terminal.wait()
    for arguments, name, questions in (((), ANA, 0), (("--card", "ask"), JOSE, 1), ((), JOSE, 0), (("--card", uri), JOSE, 0)):
        terminal = started(*arguments)
        if questions:
            terminal.expect("Which card? ")
            terminal.type("1\n")
        terminal.expect(f"PIN of {name}")
        terminal.type("1234\r")
        terminal.expect("2  Ondas do mar")
        terminal.wait()
        equal(terminal.seen.count("Which card? "), questions, "how often it was asked which card")
    desk.remove()
    terminal = started("--card", uri)
    terminal.expect("This is another card than the one that is asked for.")
    terminal.end()
    desk.empty()


if __name__ == "__main__":
    stack.main(Desk)
