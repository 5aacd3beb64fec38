#!/usr/bin/python3
"""Cards that are taken out and put in at every moment, behind the real stack."""

import stack
from stack import journey
from journey import equal

JOSE, ANA = "JOSÉ MARIA DA SILVA", "ANA LÚCIA COSTA"


def sitting(desk, who="jose"):
    """A card that lies in the reader, seen by a program of its own."""
    asked = desk.ask()
    desk.remove()
    asked.wait_for("no-card")
    desk.insert(who)
    return asked, asked.wait_for("pin-wanted")["cards"][0]


@journey.test("a card taken out before it signs was removed, and its PIN goes nowhere")
def _(desk):
    asked, card = sitting(desk)
    desk.remove()
    asked.wait_for("no-card")
    equal(asked.sign(card, "1234").state, "removed", "the state")
    equal(desk.count("verify"), 0, "tries spent")


@journey.test("a card taken out while it signs was removed; put back, it signs")
def _(desk):
    asked, card = sitting(desk)
    desk.tell_reader("slow-sign", 20000)
    before = desk.count("verify")
    asked.start_signing(card, "1234")
    journey.until(lambda: desk.count("verify") > before, "the card to sign")
    desk.remove()
    desk.tell_reader("slow-sign", 0)
    equal(asked.answer().state, "removed", "the state")
    asked.wait_for("no-card")
    desk.insert("jose")
    asked.wait_for("pin-wanted")
    equal(asked.sign(card).state, "pin-wanted", "the state without a PIN")
    equal(asked.sign(card, "1234").state, "ready", "the state")


@journey.test("a card taken out after it signed, and put back, asks for its PIN")
def _(desk):
    asked, card = sitting(desk)
    equal(asked.sign(card, "1234").state, "ready", "the state")
    desk.remove()
    asked.wait_for("no-card")
    equal(asked.sign(card).state, "removed", "the state")
    desk.insert("jose")
    asked.wait_for("pin-wanted")
    equal(asked.sign(card).state, "pin-wanted", "the state without a PIN")
    equal(asked.sign(card, "1234").state, "ready", "the state")


@journey.test("another person's card in its place is another person's, and never gets the first one's PIN")
def _(desk):
    asked, card = sitting(desk)
    equal(asked.sign(card, "1234").state, "ready", "the state")
    desk.remove()
    asked.wait_for("no-card")
    desk.insert("ana")
    equal(asked.wait_for("pin-wanted").names, [ANA], "the cards")
    before = desk.count("verify")
    equal(asked.sign(card, "1234").state, "removed", "the first one's state")
    equal(desk.count("verify") - before, 0, "tries spent")


@journey.test("a card that is put in late is seen")
def _(desk):
    asked = desk.ask()
    desk.remove()
    equal(asked.wait_for("no-card").names, [], "the cards")
    desk.insert("jose")
    equal(asked.wait_for("pin-wanted").names, [JOSE], "the cards")


if __name__ == "__main__":
    stack.main()
