#!/usr/bin/python3
"""Every state of a card as the sign-in page shows it: a sentence, what to do, and a button for it; and cards that go and come while music plays."""
import calendar
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk
from desk import journey

MOVED = "CANTIGA_TESTS_OVER_LOCAL"


def move_in():
    """Starts this script again where an empty folder lies over /usr/local/lib, as nobody in particular: p11-kit 0.24 does not look at root's configuration."""
    over = ["unshare", "-rm", "--", "sh", "-c", f'mount -t tmpfs none /usr/local/lib && exec unshare -U --map-user={journey.SOMEBODY} --map-group={journey.SOMEBODY} -- "$@"', "sh"]
    if MOVED not in os.environ:
        os.environ[MOVED] = str(subprocess.run([*over, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode)
        if os.environ[MOVED] == "0":
            os.execvp(over[0], [*over, sys.executable, *sys.argv])


move_in()
desk.enter()


class Room(desk.Room):
    """The card is a mock; and web pages are opened by a program that writes down their addresses."""

    def __enter__(self):
        super().__enter__()
        browser = journey.write(self.path("browser"), f'#!/bin/sh\nprintf %s "$1" > "{self.path("opened")}.new" && mv "{self.path("opened")}.new" "{self.path("opened")}"\n')
        os.chmod(browser, 0o700)
        applications = os.path.join(self.env["HOME"], ".local/share/applications")
        os.makedirs(applications)
        journey.write(os.path.join(applications, "browser.desktop"), f"[Desktop Entry]\nType=Application\nName=Browser\nExec={browser} %u\nMimeType=x-scheme-handler/https;\n")
        journey.write(os.path.join(applications, "mimeapps.list"), "[Default Applications]\nx-scheme-handler/https=browser.desktop\n")
        self.mock = desk.MockCard(self)
        return self

    def opens(self, address):
        """The desktop shows this page."""
        journey.until(lambda: os.path.exists(self.path("opened")) and journey.read(self.path("opened")).decode() == address, f"{address} is opened")


def asked_for(place, how="Authentication PIN · 3 tries left"):
    """The PIN. The words beside its entry alone may be those of the last time, when it was not on the screen."""
    place.see("Card, under way: Its PIN is asked for")
    place.see("MARIA MOCK\n" + how)


@desk.step("no card, and one that another module is needed for: what to do, and a way to it")
def _(place):
    place.open(card=place.mock, module=place.mock.MODULE)
    place.see("Hear music that is kept for you")
    place.press("Paste invitation")
    place.look_at("Invitation")
    place.write("Invitation link", place.invite("Maria", "--card"))
    place.see("A server at 127.0.0.1")
    place.press("Pair")
    place.look_back()
    place.see("Card, under way: Put the card in the reader, chip first.")
    journey.holds(not place.all("Try again", "push button"), "there is a button although the card is seen by itself")
    place.mock.say("unrecognised")
    place.see("Card, under way: This card needs Autenticação.gov. Install it, then put the card in again.")
    place.press("How to install")
    place.opens("https://www.autenticacao.gov.pt/cc-aplicacao")


@desk.step("smart cards that are off: the command can be copied; a card that breaks says what to do")
def _(place):
    place.mock.say("no-slot")
    place.see("Card, under way: Smart cards are off on this computer. Start the card service.")
    place.press("Copy command")
    place.see("Copied", "push button")
    place.mock.say("broken")
    place.see("Card, under way: The card does not answer. Take it out and put it back.")


@desk.step("the PIN is asked for with the holder's name and the tries that are left; a card that goes meanwhile is asked back")
def _(place):
    place.mock.say("")
    asked_for(place)
    place.write("PIN", "12a4")
    journey.until(lambda: not place.can_press("Sign in"), "letters are no PIN")
    place.mock.say("empty")
    place.see("Card, under way: The card was taken out. Put it back to go on.")
    place.mock.say("")
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
    place.is_at("How to unblock", "push button")
    # For a moment it has what was announced before, too.
    journey.until(lambda: place.focused().description == "Card, failed: The PIN is blocked. Unblock it with the PUK.", "a screen reader says beside the button what failed")
    place.press("How to unblock")
    place.look_at("The PIN is blocked")
    place.press("_Open Autenticação.gov…")
    place.look_back()
    place.opens("https://www.autenticacao.gov.pt/cc-gestao-pins")


@desk.step("a failed step is tried again without leaving: a card that ended, a program that breaks off, a PIN typed elsewhere")
def _(place):
    place.mock.fresh("expired")
    place.press("Try again")
    ended = time.localtime(time.time() - 60)
    place.see(f"Card, failed: This card's certificate ended on {ended.tm_mday} {calendar.month_name[ended.tm_mon]}. Renew the card, or use another one.")
    place.mock.fresh("sign-crashes")
    place.press("Other card")
    asked_for(place)
    place.write("PIN", "1234")
    place.press("Sign in")
    place.see("Card, failed: The program that speaks to the card broke off. Start over.")
    place.mock.fresh("pad sign-hangs")
    place.press("Start over")
    place.see("Card, under way: MARIA MOCK · Type the PIN on the reader.")
    place.press("Cancel")
    place.see("Card, failed: You stopped here.")
    place.mock.fresh("own-dialog sign-hangs")
    place.press("Try again")
    place.see("Card, under way: MARIA MOCK · Type the PIN in Autenticação.gov's own window.")
    place.press("Cancel")
    place.see("Card, failed: You stopped here.")


SILENCE_SECONDS = 20


def is_whole_at(place, width):
    place.resize(width, 640)
    journey.until(lambda: place.width() == width, "the window has its size")
    journey.equal(place.outside(place.see("Coro da Sé", "list")), [], f"what is not in the window, {width} pixels wide")
    place.name_all(f"{width} pixels wide")


@desk.step("a card that hangs without a word: after 20 s it is to be put in again, and Enter starts over; meanwhile all that the page has is in its place, and has a name")
def _(place):
    place.mock.fresh("sign-hangs")
    place.press("Try again")
    asked_for(place)
    is_whole_at(place, 360)
    place.write("PIN", "1234")
    place.press("Sign in")
    place.see("Card, under way: The card signs")
    began = time.monotonic()
    is_whole_at(place, 990)
    place.tell_longest_gap()
    place.mock.say("")
    place.see("Card, failed: The card does not answer. Take it out and put it back.", limit=SILENCE_SECONDS + 5)
    took = time.monotonic() - began
    journey.holds(took > SILENCE_SECONDS - 2, f"the card was waited for {took:.0f} s only")
    place.focus()
    place.is_at("Start over", "push button")
    place.key("Return")
    asked_for(place)


@desk.step("the first card of an invitation for it is let in; taken out while a title plays, it is told, and the title plays on")
def _(place):
    place.write("PIN", "1234")
    place.press("Sign in")
    place.see("3 titles")
    place.press("Play “Rosa das rosas”")
    place.plays_on()
    place.mock.say("empty")
    place.see("The card was taken out. What is playing plays on.")
    place.plays_on()


@desk.step("the next title asks for the card, and plays once it is back")
def _(place):
    place.press("Play “Ondas do mar de Vigo”")
    place.see("The card was taken out. Put it back to go on.")
    place.mock.say("")
    place.see_no("The card was taken out. Put it back to go on.")
    place.see("Ondas do mar de Vigo", "label")
    place.plays_on()


@desk.step("a card that the server does not know: a request for its keeper can be copied")
def _(place):
    place.mock.fresh("")
    place.activate("sign-out")
    place.activate("sign-in")
    asked_for(place)
    place.write("PIN", "1234")
    place.press("Sign in")
    place.see("Card, failed: This card is not known here. Ask the keeper to add it.")
    place.press("Copy request")
    place.see("Copied", "push button")
    place.see("Try again", "push button")


@desk.step("a card of 2024 where Autenticação.gov is installed and nobody told p11-kit: it is used at a press, and asks for the PIN itself")
def _(place):
    place.key("ctrl+q")
    place.program.wait()
    if os.environ[MOVED] != "0":
        place.whole = True
        raise journey.Skip("nothing can be laid over /usr/local/lib here")
    official = "/usr/local/lib/libpteidpkcs11.so"
    shutil.copy(place.mock.MODULE, official)
    config = os.path.join(place.env["XDG_CONFIG_HOME"], "pkcs11")
    os.makedirs(os.path.join(config, "modules"))
    journey.write(os.path.join(config, "pkcs11.conf"), "user-config: only\n")
    journey.write(os.path.join(config, "modules", "opensc.module"), f"module: {place.mock.MODULE}\n")
    place.mock.say("since-2024 own-dialog")
    place.open(card=place.mock, module="")
    place.activate("sign-in")
    place.see("Card, under way: This card needs Autenticação.gov. It is installed: let Cantiga use it.")
    place.press("Use it")
    place.see("Card, failed: This card is not known here. Ask the keeper to add it.")
    journey.equal(journey.read(os.path.join(config, "modules", "autenticacao-gov.module")).decode(), f"module: {official}\n", "what p11-kit is told")
    os.unlink(official)
    place.quit()


@desk.step("two cards: which one is asked, and not again the next time")
def _(place):
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


WISHED, OTHERS = "ECDH_ECDSA_AES256_GCM_SHA512", "ECDH_ECDSA_EDE_CBC_SHA512"


@desk.step("no cipher suite in common: the preferences are one press away, and what is allowed there counts when it is tried again")
def _(place):
    card = journey.Card(place, "EVA SOUSA", "rsa")
    place.ctl("cards", "add", card.certificate)
    player = place.player(card, name="suites")
    place.set_before("suites", f"['{OTHERS}']")
    place.open(card=card, state=player.folder)
    place.activate("sign-in")
    place.see("Cipher suite, failed: None in common. Allow one of theirs.")
    place.is_at("Preferences", "push button")
    place.press("Preferences")
    place.look_at("Preferences")
    place.click("Strong")
    place.press(WISHED, "check box")
    place.focus("Preferences")
    place.key("Escape")
    place.look_back()
    place.press("Try again")
    place.see(f"Cipher suite, done: {WISHED}")
    place.see("EVA SOUSA\nAuthentication PIN…")
    place.quit()


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
