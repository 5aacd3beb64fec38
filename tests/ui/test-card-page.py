#!/usr/bin/python3
"""Every state of a card as the sign-in page shows it: a sentence, what to do, and a button for it; and cards that go and come while music plays."""
import contextlib
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter()
import journey


class Room(desk.Room):
    """The card is a module's that behaves as the words in a file say at that moment."""

    def __enter__(self):
        super().__enter__()
        self.words = self.path("mock")
        # Whatever card service the machine has is none of this desk's.
        self.mock = {"CANTIGA_MOCK_CARD": self.words, "PCSCLITE_CSOCK_NAME": self.path("no-pcscd")}
        self.say("empty")
        return self

    def say(self, words):
        journey.write(self.words + ".new", words)
        os.rename(self.words + ".new", self.words)

    def fresh(self, words):
        """Another card: the module makes it when cantiga-card starts."""
        self.say(words)
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError, ValueError):
                with open(f"/proc/{int(name)}/stat", encoding="ascii", errors="replace") as stat:
                    before, after = stat.read().rsplit(")", 1)
                if before.endswith("(cantiga-card") and int(after.split()[1]) == self.program.pid:
                    os.kill(int(name), signal.SIGKILL)


MOCK = os.path.join(journey.BUILD, "tests/card/libmock-card.so")


def asked_for(place, how="Authentication PIN · 3 tries left"):
    """The PIN. The words beside its entry alone may be those of the last time, when it was not on the screen."""
    place.see("Card, under way: Its PIN is asked for")
    place.see("MARIA MOCK\n" + how)


@desk.step("no card, and one that another module is needed for: what to do, and a way to it")
def _(place):
    place.open(env=place.mock, module=MOCK)
    place.see("Hear music that is kept for you")
    place.press("Paste invitation")
    place.look_at("Invitation")
    place.write("Invitation link", place.invite("Maria", "--card"))
    place.see("A server at 127.0.0.1")
    place.press("Pair")
    place.look_back()
    place.see("Card, under way: Put the card in the reader, chip first.")
    journey.holds(not place.all("Try again", "push button"), "there is a button although the card is seen by itself")
    place.say("unrecognised")
    place.see("Card, under way: This card needs Autenticação.gov. Install it, then put the card in again.")
    place.see("How to install", "push button")


@desk.step("smart cards that are off: the command can be copied; a card that breaks says what to do")
def _(place):
    place.say("no-slot")
    place.see("Card, under way: Smart cards are off on this computer. Start the card service.")
    place.press("Copy command")
    place.see("Copied", "push button")
    place.say("broken")
    place.see("Card, under way: The card does not answer. Take it out and put it back.")


@desk.step("the PIN is asked for with the holder's name and the tries that are left; a card that goes meanwhile is asked back")
def _(place):
    place.say("")
    asked_for(place)
    place.write("PIN", "12a4")
    journey.until(lambda: not place.can_press("Sign in"), "letters are no PIN")
    place.say("empty")
    place.see("Card, under way: The card was taken out. Put it back to go on.")
    place.say("")
    asked_for(place)


@desk.step("wrong PINs count down, the last try is a warning of its own, and a blocked PIN says how to unblock it")
def _(place):
    place.write("PIN", "1111")
    place.press("Sign in")
    asked_for(place, "Wrong PIN. 2 tries left")
    place.write("PIN", "2222")
    place.press("Sign in")
    place.look_at("Last try")
    place.press("_Go on…")
    place.look_back()
    asked_for(place, "Last try: a wrong PIN now blocks it")
    place.write("PIN", "3333")
    place.press("Sign in")
    place.see("Card, failed: The PIN is blocked. Unblock it with the PUK.")
    place.press("How to unblock")
    place.look_at("The PIN is blocked")
    place.press("_Close…")
    place.look_back()


@desk.step("a failed step is tried again without leaving: a card that ended, a program that breaks off, a PIN typed elsewhere")
def _(place):
    place.fresh("expired")
    place.press("Try again")
    place.see("Card, failed: This card's certificate is not valid now. Renew the card, or use another one.")
    place.fresh("sign-crashes")
    place.press("Other card")
    asked_for(place)
    place.write("PIN", "1234")
    place.press("Sign in")
    place.see("Card, failed: The program that speaks to the card broke off. Start over.")
    place.fresh("pad sign-hangs")
    place.press("Start over")
    place.see("Card, under way: MARIA MOCK · Type the PIN on the reader.")
    place.press("Cancel")
    place.see("Card, failed: You stopped here.")
    place.fresh("own-dialog sign-hangs")
    place.press("Try again")
    place.see("Card, under way: MARIA MOCK · Type the PIN in Autenticação.gov's own window.")
    place.press("Cancel")
    place.see("Card, failed: You stopped here.")


@desk.step("the first card of an invitation for it is let in; taken out while a title plays, it is told, and the title plays on")
def _(place):
    place.fresh("")
    place.press("Try again")
    asked_for(place)
    place.write("PIN", "1234")
    place.press("Sign in")
    place.see("3 titles")
    place.press("Play “Rosa das rosas”")
    position = place.see("Position", "slider")
    journey.until(lambda: position.queryValue().currentValue > 0.5, "the position moves")
    place.say("empty")
    place.see("The card was taken out. What is playing plays on.")
    at = position.queryValue().currentValue
    journey.until(lambda: position.queryValue().currentValue > at, "it plays on")


@desk.step("the next title asks for the card, and plays once it is back")
def _(place):
    place.press("Play “Ondas do mar de Vigo”")
    place.see("The card was taken out. Put it back to go on.")
    place.say("")
    place.see_no("The card was taken out. Put it back to go on.")
    journey.until(lambda: place.see("Position", "slider").queryValue().currentValue > 0.5, "the next title plays")
    place.see("Ondas do mar de Vigo", "label")


@desk.step("a card that the server does not know: a request for its keeper can be copied")
def _(place):
    place.fresh("")
    place.activate("sign-out")
    place.activate("sign-in")
    asked_for(place)
    place.write("PIN", "1234")
    place.press("Sign in")
    place.see("Card, failed: This card is not known here. Ask the keeper to add it.")
    place.press("Copy request")
    place.see("Copied", "push button")
    place.see("Try again", "push button")


@desk.step("two cards: which one is asked, and not again the next time")
def _(place):
    place.key("ctrl+q")
    place.program.wait()
    both = journey.Card(place, "RUI SANTOS", "rsa")
    place.ctl("cards", "add", both.certificate)
    both.add("BEATRIZ LIMA", "ec")
    for once in True, False:
        place.open(card=both)
        place.activate("sign-in")
        if once:
            place.see("Card, under way: There are several")
            place.press("RUI SANTOS…")
        place.see("RUI SANTOS\nAuthentication PIN…")
        if not once:
            place.write("PIN", "1234")
            place.press("Sign in")
            place.see("3 titles")
        place.key("ctrl+q")
        place.program.wait()


@desk.step("another server at its address: nobody goes on, and what to compare is shown")
def _(place):
    known = journey.Card(place, "INÊS DIAS", "rsa")
    place.ctl("cards", "add", known.certificate)
    port = place.server.port
    player = place.player(known, name="compared")
    place.server.stop()
    place.init("Another", state=place.path("another"))
    place.serve(state=place.path("another"), port=port)
    place.open(card=known, state=player.folder)
    place.activate("sign-in")
    place.see("Server certificate, failed: Not the server you paired with. Don't go on.")
    place.press("Compare")
    place.look_at("Not the server you paired with")
    place.see("You paired with a server of the fingerprint…")
    place.press("_Close…")
    place.look_back()
    place.see("Try again", "push button")
    place.quit()


journey.main(Room)
