#!/usr/bin/python3
"""A server that stalls, dies and comes back while music plays, and a program that begins where it was left."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter()
import journey

HOLDER = "ANA MARIA DOS SANTOS"
STALL_SECONDS = 5


class Storm(desk.Desk):
    """Titles that are all here after a moment, and one that is not."""

    def __enter__(self):
        super().__enter__()
        self.init("Coro da Sé")
        for name, hertz in (("Ai flores", 440), ("Ondas do mar", 550)):
            self.add(self.tone(name + ".flac", hertz, 90))
        self.add(journey.wav(self.path("media", "long.wav"), 150, title="Rosa das rosas", pattern=os.urandom(50_001 * 4)))
        self.card_of_ana = self.card(HOLDER)
        self.serve()
        return self

    def give_pin(self):
        self.see(f"{HOLDER}\nAuthentication PIN…")
        self.write("PIN", journey.PIN)
        self.press("Sign in")

    def count_plays(self):
        return len([play for play in self.ctl("plays", "--json").json if play["event"] == "granted"])

    def slow_card(self):
        """What speaks to the card takes 3 s until it does."""
        script = journey.write(self.path("slow-card"), f'#!/bin/sh\nsleep 3\nexec "{journey.path_of("cantiga-card")}" "$@"\n')
        os.chmod(script, 0o700)
        return {"CANTIGA_CARD_HELPER": script}

    def come_back(self):
        port = self.server.port
        self.serve(port=port)


@desk.step("a server that stalls for 5 s holds nothing up: what plays, plays on, and what was asked for comes after it")
def _(place):
    place.set_before("restore", "true")
    place.open(card=place.card_of_ana)
    place.activate("paste-invitation")
    place.look_at("Invitation")
    place.write("Invitation link", place.invite("Ana"))
    place.press("Pair")
    place.look_back()
    place.give_pin()
    place.see("3 titles")
    place.press("Play “Ai flores”")
    place.plays_on()
    os.kill(place.server.pid, signal.SIGSTOP)
    ends = time.monotonic() + STALL_SECONDS
    place.plays_on()
    place.press("Play “Rosa das rosas”")
    place.see("Rosa das rosas", "label")
    place.activate("show-pane", "<'queue'>")
    journey.until(lambda: time.monotonic() > ends, "the stall is over")
    os.kill(place.server.pid, signal.SIGCONT)
    place.plays_on()
    place.tell_longest_gap()


@desk.step("the title that plays is put into the queue once more")
def _(place):
    place.focus()
    place.tab_into(place.see("Queue", "list"))
    place.key("End", "Menu")
    place.press("Add to queue", "menu item")
    journey.until(lambda: len(place.all("Rosa das rosas…", "list item")) == 2, "it stands there twice")
    place.spent = place.count_plays()


@desk.step("a server that was killed is told of; once it is back, the session is too, and the queue goes on")
def _(place):
    place.server.kill()
    place.set_place(120)
    place.see("Connecting again…")
    place.come_back()
    journey.until(lambda: place.all("PIN", "password text") or place.at() > 120, "it goes on, or asks for the PIN")
    if place.all("PIN", "password text"):
        place.give_pin()
    place.see_toast("Signed in again")
    place.see_no("Connecting again…")
    journey.until(lambda: place.at() > 120, "it plays where it was put")
    place.tell_longest_gap()


@desk.step("the play that was broken off went on; the title's second turn is a play of its own")
def _(place):
    journey.equal(place.count_plays(), place.spent, "plays, of what was broken off and went on")
    place.key("ctrl+n")
    journey.until(lambda: place.at() < 100, "it plays from its start")
    place.plays_on()
    journey.equal(place.count_plays(), place.spent + 1, "plays")
    place.set_place(121)
    journey.until(lambda: place.at() > 120, "it is where it was put")


@desk.step("with a card that takes 3 s, what is left is found again: queue, and the place in the title; nothing is spent until it is played")
def _(place):
    place.key("ctrl+q")
    place.program.wait()
    spent = place.count_plays()
    place.open(card=place.card_of_ana, env=place.slow_card())
    place.give_pin()
    place.see("Play", "push button")
    place.see("Rosa das rosas", "label")
    journey.equal(place.count_plays(), spent, "plays")
    place.press("Play")
    journey.until(lambda: place.at() > 120, "it plays where it was left")
    place.tell_longest_gap()
    place.key("ctrl+q")
    place.program.wait()


journey.main(Storm)
