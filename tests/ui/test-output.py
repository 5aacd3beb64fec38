#!/usr/bin/python3
"""Where sound goes: a device that is chosen among those of a real sound server, kept, and what is done when it goes and comes back."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter()
import journey
import sound_server

GONE = "“Cozinha” is gone: it plays on the computer's own sound device"


class House(desk.Desk):
    """Two devices; the machine's own is the first."""

    def __enter__(self):
        super().__enter__()
        self.init("Coro da Sé")
        self.add(self.tone("Rosa das rosas.flac", 440, 120))
        self.card_of_ana = self.card()
        self.serve()
        self.sound = sound_server.SoundServer(self, "sala", "cozinha")
        self.set_before("restore", "false")
        return self

    def sign_in_and_play(self):
        self.see("ANA MARIA DOS SANTOS\nAuthentication PIN…")
        self.write("PIN", journey.PIN)
        self.press("Sign in")
        self.press("Play “Rosa das rosas”")
        self.see("Pause", "push button")

    def open_preferences(self):
        self.activate_of_program("preferences-page", "<'sound'>")
        self.look_at("Preferences")
        self.focus("Preferences")

    def close_preferences(self):
        self.key("Escape")
        self.look_back()

    def sounds_on(self, name):
        """There, and nowhere else; and it is to be heard."""
        def where():
            names = {sink["index"]: sink["name"] for sink in self.sound.list("sinks")}
            return [names.get(stream["sink"]) for stream in self.sound.list("sink-inputs")]
        journey.until(lambda: where() == [name], f"it plays on {name}")
        journey.until(lambda: self.sound.loudest(name) > 1000, f"it is to be heard on {name}")
        self.plays_on()


@desk.step("nothing chosen, it plays on the machine's own device")
def _(place):
    place.open(card=place.card_of_ana, env=place.sound.env)
    place.activate("paste-invitation")
    place.look_at("Invitation")
    place.write("Invitation link", place.invite("Ana"))
    place.press("Pair")
    place.look_back()
    place.sign_in_and_play()
    place.sounds_on("sala")


@desk.step("another one chosen in Preferences, what plays goes on there")
def _(place):
    place.open_preferences()
    place.click("Output")
    place.key("Down", "Down", "Return")
    place.see("Cozinha")
    place.show("output")
    place.close_preferences()
    place.sounds_on("cozinha")


@desk.step("it goes while it plays: that is said, and the machine's own stands in; when it is back, so is the sound")
def _(place):
    place.sound.unplug("cozinha")
    place.see_toast(GONE)
    place.sounds_on("sala")
    place.sound.plug("cozinha")
    place.sounds_on("cozinha")
    place.tell_longest_gap()


@desk.step("the choice is kept, while it is not there too")
def _(place):
    place.key("ctrl+q")
    place.program.wait()
    place.sound.unplug("cozinha")
    place.open(card=place.card_of_ana, env=place.sound.env)
    place.activate("sign-in")
    place.sign_in_and_play()
    place.sounds_on("sala")
    place.open_preferences()
    place.see("Cozinha (not there)")
    place.sound.plug("cozinha")
    place.see("Cozinha")
    place.close_preferences()
    place.sounds_on("cozinha")
    place.quit()


journey.main(House)
