#!/usr/bin/python3
"""Cards that are slow, and one that does not answer any more, behind the real stack."""

import stack
from stack import journey
from journey import Wrong, equal


def silent(asked, request):
    """Whether nothing comes for a while."""
    try:
        request()
        asked.answer(0.7)
    except Wrong:
        return True
    return False


def sitting(desk, who="jose"):
    asked = desk.ask()
    desk.remove()
    asked.wait_for("no-card")
    desk.insert(who)
    return asked, asked.wait_for("pin-wanted")["cards"][0]


@journey.test("a card that takes 3 s signs all the same")
def _(desk):
    asked, card = sitting(desk)
    desk.tell_reader("slow-sign", 3000)
    start = journey.now()
    equal(asked.sign(card, "1234").state, "ready", "the state")
    journey.holds(journey.now() - start >= 3, "it was not slow")
    desk.tell_reader("slow-sign", 0)


@journey.test("a card that is slow at everything is read and signs")
def _(desk):
    asked = desk.ask()
    desk.remove()
    asked.wait_for("no-card")
    desk.tell_reader("slow", 40)
    desk.insert("jose")
    card, = asked.wait_for("pin-wanted")["cards"]
    equal(asked.sign(card, "1234").state, "ready", "the state")
    desk.tell_reader("slow", 0)


@journey.test("a card that falls silent in a signature holds cantiga-card, which can be ended; taken out and put back, it signs")
def _(desk):
    asked, card = sitting(desk)
    desk.tell_reader("mute")
    journey.holds(silent(asked, lambda: asked.start_signing(card, "1234")), "a mute card gave an answer")
    asked.end()
    after = desk.ask()
    journey.holds(silent(after, lambda: after.ask({"command": "list"})), "a mute card can be read")
    after.end()
    desk.remove()
    last = desk.ask()
    last.wait_for("no-card")
    desk.insert("jose")
    last.wait_for("pin-wanted")
    equal(last.sign(card, "1234").state, "ready", "the state")


@journey.test("a card that falls silent holds nobody once it is taken out")
def _(desk):
    asked, card = sitting(desk)
    desk.tell_reader("mute")
    journey.holds(silent(asked, lambda: asked.start_signing(card, "1234")), "a mute card gave an answer")
    desk.remove()
    equal(asked.answer().state, "removed", "the state")


if __name__ == "__main__":
    stack.main()
