#!/usr/bin/python3
"""pcscd absent, late, gone and back: the same cantiga-card says which, and finds it again."""

import stack
from stack import journey
from journey import equal


def working(desk):
    """pcscd runs and José's card is seen."""
    if desk.service is not None:
        desk.stop_service()
    desk.start_service()
    desk.insert("jose")
    asked = desk.ask()
    return asked, asked.wait_for("pin-wanted")["cards"][0]


@journey.test("without pcscd smart cards are off; a pcscd that comes late is found, its card too")
def _(desk):
    desk.stop_service()
    asked = desk.ask()
    equal(asked.list().state, "no-service", "the state")
    desk.start_service()
    equal(asked.wait_for("no-card").names, [], "the cards")
    desk.insert("jose")
    card, = asked.wait_for("pin-wanted")["cards"]
    equal(asked.sign(card, "1234").state, "ready", "the state")


@journey.test("a pcscd that starts again is found again; who had signed in has to again")
def _(desk):
    asked, card = working(desk)
    equal(asked.sign(card, "1234").state, "ready", "the state")
    desk.stop_service()
    equal(asked.list().state, "no-service", "the state without it")
    equal(asked.sign(card).state, "no-service", "the state of a signature without it")
    desk.start_service()
    desk.insert("jose")
    asked.wait_for("pin-wanted")
    equal(asked.sign(card).state, "pin-wanted", "the state without a PIN")
    equal(asked.sign(card, "1234").state, "ready", "the state")


@journey.test("a pcscd that dies while a card signs is told, and the next one found")
def _(desk):
    asked, card = working(desk)
    desk.tell_reader("slow-sign", 20000)
    before = desk.count("verify")
    asked.start_signing(card, "1234")
    journey.until(lambda: desk.count("verify") > before, "the card to sign")
    desk.stop_service(kill=True)
    equal(asked.answer().state, "no-service", "the state")
    desk.tell_reader("slow-sign", 0)
    desk.start_service()
    desk.insert("jose")
    asked.wait_for("pin-wanted")
    equal(asked.sign(card, "1234").state, "ready", "the state")


@journey.test("a pcscd that starts again between two questions is found by the next one")
def _(desk):
    asked, card = working(desk)
    desk.stop_service(kill=True)
    desk.start_service()
    desk.insert("jose")
    asked.wait_for("pin-wanted")
    equal(asked.sign(card, "1234").state, "ready", "the state")


@journey.test("without readers there is none")
def _(desk):
    desk.stop_service()
    journey.write(desk.path("readers/vpcd"), "")
    desk.start_service()
    asked = desk.ask()
    equal(asked.list().state, "no-reader", "the state")


if __name__ == "__main__":
    stack.main()
