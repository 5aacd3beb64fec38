#!/usr/bin/python3
"""From a link that was clicked on to music with the keyboard alone and eyes shut: what Orca, the screen reader, really says."""
import contextlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter()
import journey

HOLDER = "ANA MARIA DOS SANTOS"
DIGIT_SECONDS = 0.15
# Orca 43, and 48.
BUTTON = ("push button", "button")


class Room(desk.Room):
    """With somebody who hears the screen."""

    def __enter__(self):
        super().__enter__()
        self.set_before("sharing-port", f"uint32 {journey.free_port()}")
        # The window that is new has the keyboard, and Orca is told of it.
        self.start("/usr/bin/openbox", "--sm-disable")
        journey.until(lambda: "window id" in subprocess.run(["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"], env=self.env, capture_output=True, text=True, check=False).stdout,
                      "windows are managed")
        self.reader, self.mark = None, 0
        return self

    def begin_to_hear(self):
        """Once there is a window: Orca 43 and a program that begin at the same time may wait for each other, and for ever."""
        for last in (False, False, True):
            self.reader = self.start("/usr/bin/python3", os.path.join(os.path.dirname(os.path.abspath(__file__)), "reader.py"), self.path("orca"))
            try:
                journey.until(self.heard, "Orca begins", 5.0)
                break
            except journey.Wrong:
                if last:
                    raise
                self.reader.kill()

    def tell(self):
        return "Orca said:\n" + "\n".join(self.heard()) + f"\n{self.reader and self.reader.err}\n" + super().tell()

    def heard(self):
        # The last line may be half of one.
        return [json.loads(line) for line in (self.reader.out if self.reader else "").splitlines(keepends=True) if line.endswith("\n")]

    def hear(self, *texts):
        """Waits until one of them is said, alone or among other things, since the last key; and returns it."""
        return journey.until(lambda: next((text for said in self.heard()[self.mark:] for text in texts if text in said), None), f"Orca says {texts}")

    def key(self, *keys):
        self.mark = len(self.heard())
        super().key(*keys)

    def type(self, text):
        self.mark = len(self.heard())
        super().type(text)

    def go_to(self, name, *kinds):
        """From one thing to the next until the keyboard is there and that was said, which may be as Orca begins, at once or a key later; it says it once. kinds: as the
        Orcas call it."""
        for _ in range(40):
            self.key("Tab")
            with contextlib.suppress(journey.Wrong):
                journey.until(lambda: [said for said in self.heard()[self.mark:] if said != "tab"], "Orca says where it is", 1.0)
            focused = self.focused()
            if focused is not None and focused.name == name and any(f"{name} {kind}" in said for said in self.heard() for kind in kinds):
                return
        raise journey.Wrong(f"Orca does not say {name} {kinds} on the way")

    def give_pin(self, pin):
        """A digit after the other, as a person does: each might be said before the next is there."""
        for digit in pin:
            self.type(digit)
            time.sleep(DIGIT_SECONDS)
        self.key("Return")


@desk.step("an invitation is paired with; the steps of signing in are said as they are done, and whose PIN is asked for")
def _(place):
    place.open(place.invite("Ana"), card=place.card_of_ana, probe=False)
    place.look_at("Invitation")
    place.begin_to_hear()
    place.go_to("Pair", *BUTTON)
    journey.holds(any("Invitation link" in said for said in place.heard()), f"where the link is written has a name: {place.heard()}")
    place.key("Return")
    place.look_back()
    place.hear("PIN password text.")
    place.hear(f"{HOLDER}\nAuthentication PIN · 3 tries left")
    for step in ("Connection", "Server certificate", "Your certificate", "Cipher suite", "Key exchange"):
        place.hear(f"{step}, done")


@desk.step("a wrong PIN is told, and of the PIN itself no digit")
def _(place):
    place.give_pin("9999")
    place.hear(f"{HOLDER}\nWrong PIN. 2 tries left")
    place.give_pin(journey.PIN)
    place.hear(f"Card, done: {HOLDER}")
    place.hear("Catalogue, done: 3 titles")
    journey.equal([said for said in place.heard() if re.fullmatch("[0-9 ]+", said)], [], "what was said of the PIN")


@desk.step("the keyboard is at the library's first title, which Return plays")
def _(place):
    place.hear("Ondas do mar de Vigo, Cantiga.")
    place.key("Return")
    place.hear("Playing: Ondas do mar de Vigo, Cantiga")
    place.hear("No sound device: it plays in silence")


@desk.step("how many titles are found is said, and that there are none")
def _(place):
    place.key("ctrl+f")
    place.hear("Search the library")
    place.type("rosa")
    place.hear("1 title")
    place.type("xx")
    place.hear("No title with “rosaxx”")


@desk.step("the next title is told, the servers can be read, and a connection that is lost says so")
def _(place):
    place.key("ctrl+n")
    place.hear("Playing: Rosa das rosas, Cantiga")
    place.key("ctrl+1")
    place.hear(f"Coro da Sé, Signed in · {HOLDER}")
    port = place.server.port
    place.server.kill()
    # It is missed when something is asked of it.
    place.key("ctrl+n")
    place.hear("Connecting again. What is playing plays on.")
    place.serve(port=port)
    if place.hear("Signed in again", "PIN password text.") != "Signed in again":
        place.give_pin(journey.PIN)
        place.hear("Signed in again")
    place.hear("Playing: Santa Maria, strela do dia, Cantiga")


@desk.step("what sharing comes to is said, and nothing has the name of its kind alone")
def _(place):
    place.key("ctrl+4")
    place.go_to("Share from this computer", "check box", "switch")
    place.key("space")
    place.hear("On: who is invited can listen")
    place.go_to("Copy address", *BUTTON)
    journey.equal([said for said in place.heard() if re.search(r"\b(Gtk|Adw|Cantiga)[A-Z]", said)], [], "what was said of what things are made of")


journey.main(Room) if importlib.util.find_spec("orca") else journey.skip_all("there is no Orca here")
