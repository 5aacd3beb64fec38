#!/usr/bin/python3
"""Films in the window and over the whole screen: their pictures are looked at and their sound is listened to; between them and round them, songs."""
import array
import contextlib
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter(size="1200x800")
import journey
import sound_server

HOLDER = "ANA MARIA DOS SANTOS"
RATE = 48000
HALF = 20  # seconds of a film: red and deep first, blue and an octave higher then
TONES = {"Ai flores": 550, "Cortejo": 440, "Feira": 500, "Romaria": 600, "Vira": 660}
IN_WINDOW = "1000x700"
WHOLE = "1200x800"
KEYS_OF_THE_MANAGER = """<openbox_config xmlns="http://openbox.org/3.4/rc">
  <keyboard><keybind key="C-A-f"><action name="ToggleFullscreen"/></keybind></keyboard>
</openbox_config>"""


class Cinema(desk.Desk):
    """Two songs and four films, which follow one another as they stand here; what they sound like is recorded."""

    def __enter__(self):
        super().__enter__()
        self.init("Cineclube")
        self.add(self.tone("Ai flores.flac", TONES["Ai flores"], HALF * 2))
        self.film("Cortejo", "webm", "vp8enc deadline=1 keyframe-max-dist=10", "audioconvert ! vorbisenc", "webmmux")
        self.film_upright("Abril")
        self.film("Feira", "mkv", "theoraenc", "audioconvert ! opusenc", "matroskamux")
        self.film("Romaria", "mp4", "x264enc tune=zerolatency key-int-max=10 ! h264parse", "audioconvert ! avenc_aac", "mp4mux")
        self.add(self.tone("Vira.flac", TONES["Vira"], HALF * 2))
        self.film("Zambra", "webm", "vp8enc deadline=1 keyframe-max-dist=10", None, "webmmux")
        self.card_of_ana = self.card(HOLDER)
        self.serve()
        self.sound = sound_server.SoundServer(self, "ear")
        self.heard = self.path("out", "heard.raw")
        with open(self.heard, "wb") as file:
            self.recorder = self.sound.recorder("ear", file)
        return self

    def __exit__(self, *why):
        self.recorder.kill()
        self.recorder.wait()
        return super().__exit__(*why)

    def film(self, name, ending, pictures, sound, muxer):
        path = self.path("media", f"{name}.{ending}")
        frames = ["videotestsrc", f"num-buffers={HALF * 10}", "pattern=solid-color"]
        shape = "video/x-raw,width=300,height=200,framerate=10/1"
        tone = ["audiotestsrc", "samplesperbuffer=4800", f"num-buffers={HALF * 10}"]
        wave = f"audio/x-raw,rate={RATE},channels=2"
        chain = [*frames, "foreground-color=0xffff0000", "!", shape, "!", "concat", "name=v", "!", "taginject", f"tags=title={name}", "!", *pictures.split(), "!", "mux.",
                 *frames, "foreground-color=0xff0000ff", "!", shape, "!", "v."]
        if sound is not None:
            chain += [*tone, f"freq={TONES[name]}", "!", wave, "!", "concat", "name=a", "!", *sound.split(), "!", "mux.", *tone, f"freq={TONES[name] * 2}", "!", wave, "!", "a."]
        self.run("/usr/bin/gst-launch-1.0", "-q", muxer, "name=mux", "!", "filesink", f"location={path}", *chain)
        self.add(path)

    def film_upright(self, name):
        """As a telephone that is held upright films: what is above, red, stands at the left of each picture, and the film says that it is to be turned."""
        path = self.path("media", f"{name}.mp4")
        half = ["videotestsrc", "num-buffers=100", "pattern=solid-color"]
        shape = "video/x-raw,width=150,height=200,framerate=10/1"
        self.run("/usr/bin/gst-launch-1.0", "-q", "compositor", "name=both", "sink_1::xpos=150", "!", "taginject", f"tags=title={name}", "!",
                 "videoconvert", "!", "x264enc", "tune=zerolatency", "!", "mp4mux", "!", "filesink", f"location={path}",
                 *half, "foreground-color=0xffff0000", "!", shape, "!", "both.sink_0", *half, "foreground-color=0xff0000ff", "!", shape, "!", "both.sink_1")
        with open(path, "r+b") as file:
            # The track header's matrix, behind 40 bytes of it: a quarter turn to the right.
            place = file.read().index(b"tkhd") + 4 + 40
            file.seek(place)
            file.write(struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 200 << 16, 0, 1 << 30))
        self.add(path)

    def full_by_bus(self, full=None):
        """What other programs are told of the whole screen, (may it be, is it); or what they ask for."""
        if full is not None:
            self.mpris("org.freedesktop.DBus.Properties.Set", "(ssv)", f"('org.mpris.MediaPlayer2', 'Fullscreen', <{str(full).lower()}>)")
        return tuple("true" in self.mpris_property(name) for name in ("CanSetFullscreen", "Fullscreen"))

    def sign_in(self):
        self.open(card=self.card_of_ana, env=self.sound.env)
        self.activate("paste-invitation")
        self.look_at("Invitation")
        self.write("Invitation link", self.invite("Ana"))
        self.press("Pair")
        self.look_back()
        self.see(f"{HOLDER}\nAuthentication PIN…")
        self.write("PIN", journey.PIN)
        self.press("Sign in")
        self.see("7 titles")

    # -- what is seen --

    def colour(self, x, y):
        red, green, blue = subprocess.run(["import", "-window", "root", "-crop", f"1x1+{x}+{y}", "-depth", "8", "rgb:-"], env=self.env, check=True,
                                          capture_output=True).stdout[:3]
        if red > 200 and green < 60 and blue < 60:
            return "red"
        return "blue" if blue > 200 and red < 60 and green < 60 else f"#{red:02x}{green:02x}{blue:02x}"

    def middle(self):
        """Of the picture in the window."""
        box = self.see("Picture of what is playing").box
        return box.x + box.width // 2, box.y + box.height // 2

    def shows(self, colour, x=None, y=None):
        """Where the picture in the window is, if no other place is named."""
        journey.until(lambda: self.colour(*(self.middle() if x is None else (x, y))) == colour, f"the picture is {colour}")

    def fills_all(self, colour):
        """Only a window over the whole screen reaches there."""
        self.shows(colour, 1150, 10)

    def size_of_window(self):
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--pid", str(self.program.pid), "--name", "^Cantiga$", "getwindowgeometry", "--shell"], env=self.env,
                               check=False, capture_output=True, text=True).stdout
        shape = dict(line.split("=") for line in found.split())
        return f"{shape.get('WIDTH')}x{shape.get('HEIGHT')}"

    def becomes(self, size):
        journey.until(lambda: self.size_of_window() == size, f"the window has {size}")

    def manage_windows(self):
        """From here on there is somebody who does: without, no window gets over the whole screen."""
        rules = journey.write(self.path("openbox.xml"), KEYS_OF_THE_MANAGER)
        self.start("/usr/bin/openbox", "--sm-disable", "--config-file", rules)

        def active():
            with contextlib.suppress(subprocess.CalledProcessError):
                window = subprocess.run(["xdotool", "search", "--onlyvisible", "--pid", str(self.program.pid), "--name", "^Cantiga$", "windowactivate", "--sync",
                                         "getactivewindow", "getwindowpid"], env=self.env, check=True, capture_output=True, text=True, timeout=10).stdout
                return window.strip() == str(self.program.pid)
            return False
        journey.until(active, "the window is managed and has the keyboard")

    # -- what is heard --

    def hears(self, name, octave=1):
        """Right now: by most cycles of the last half second, as a busy machine leaves some out."""
        hertz = TONES[name] * octave

        def most():
            with open(self.heard, "rb") as file:
                file.seek(max(0, os.path.getsize(self.heard) // 4 - RATE // 2) * 4)
                samples = array.array("h", file.read(RATE // 2 * 4))[::2]
            begins = [at for at in range(1, len(samples)) if samples[at - 1] < 0 <= samples[at]]
            lengths = sorted(other - one for one, other in zip(begins, begins[1:]))
            return RATE / lengths[len(lengths) // 2] if lengths else 0
        journey.until(lambda: abs(most() - hertz) < hertz * 0.04, f"{hertz} Hz are heard")


@desk.step("a film's picture is in the window, with its sound; sought in, both are there together")
def _(place):
    place.sign_in()
    place.press("Play “Cortejo”")
    place.activate("now-playing")
    place.shows("red")
    place.hears("Cortejo")
    place.show("film")
    place.set_place(HALF + 1)
    place.shows("blue")
    place.hears("Cortejo", octave=2)
    place.set_place(1)
    place.shows("red")
    place.hears("Cortejo")


@desk.step("paused, it stands still, and shows where it is put")
def _(place):
    place.focus()
    place.key("space")
    place.see("Play", "push button")
    place.set_place(HALF + 2)
    place.shows("blue")
    place.set_place(2)
    place.shows("red")


@desk.step("F11, a double click and its button put it over the whole screen; they and Escape bring it back")
def _(place):
    place.manage_windows()
    place.key("F11")
    place.fills_all("red")
    place.becomes(WHOLE)
    place.key("Escape")
    place.becomes(IN_WINDOW)
    place.shows("red")
    x, y = place.middle()
    for at in ((x, y), (600, 300)):
        subprocess.run(["xdotool", "mousemove", *map(str, at), "click", "--repeat", "2", "--delay", "60", "1"], env=place.env, check=True)
        place.becomes(WHOLE if at == (x, y) else IN_WINDOW)
    place.shows("red")
    place.press("Full screen")
    place.fills_all("red")
    place.becomes(WHOLE)
    place.press("Leave full screen")
    place.becomes(IN_WINDOW)
    place.key("F11")
    place.becomes(WHOLE)
    place.key("F11")
    place.becomes(IN_WINDOW)
    place.key("F11")
    place.becomes(WHOLE)
    place.key("ctrl+alt+f")
    place.becomes(IN_WINDOW)
    place.shows("red")


@desk.step("other programs put it there and back over the bus, and are told where it is")
def _(place):
    journey.equal(place.full_by_bus(), (True, False))
    place.full_by_bus(True)
    place.becomes(WHOLE)
    journey.equal(place.full_by_bus(), (True, True))
    place.full_by_bus(False)
    place.becomes(IN_WINDOW)
    journey.equal(place.full_by_bus(), (True, False))


@desk.step("over the whole screen what moves it goes when the pointer rests, and is back when it moves")
def _(place):
    place.key("F11")
    place.becomes(WHOLE)
    subprocess.run(["xdotool", "mousemove", "500", "300"], env=place.env, check=True)
    journey.until(lambda: place.colour(600, 780) not in ("red", "#000000"), "the controls are shown")
    place.shows("red", 600, 780)
    subprocess.run(["xdotool", "mousemove", "510", "310"], env=place.env, check=True)
    journey.until(lambda: place.colour(600, 780) != "red", "the controls are shown again")


@desk.step("over the whole screen one film follows another; with a song the window is back, and its cover")
def _(place):
    place.key("ctrl+n")
    place.hears("Feira")
    place.fills_all("red")
    place.key("ctrl+n")
    place.hears("Romaria")
    place.fills_all("red")
    place.key("ctrl+shift+Right", "ctrl+shift+Right", "ctrl+shift+Right")
    place.fills_all("blue")
    place.hears("Romaria", octave=2)
    place.hears("Vira")
    place.becomes(IN_WINDOW)
    journey.until(lambda: place.colour(*place.middle()) not in ("red", "blue"), "the picture is gone")


@desk.step("a film follows a song; without a sound it keeps time, and at its end it leaves the screen")
def _(place):
    place.set_place(HALF * 2 - 1)
    place.shows("red")
    place.plays_on()
    place.set_place(HALF + 1)
    place.shows("blue")
    journey.until(lambda: place.at() >= HALF + 1, "it is where it was put")
    place.plays_on()
    place.set_place(HALF * 2 - 8)
    place.key("F11")
    place.fills_all("blue")
    place.becomes(WHOLE)
    place.becomes(IN_WINDOW)
    place.see("Play", "push button")


@desk.step("a song follows a film, and a film a song that was broken off")
def _(place):
    place.key("Escape")
    place.press("Play “Ai flores”")
    place.hears("Ai flores")
    journey.equal(place.full_by_bus(True), (False, False), "a song over the whole screen")
    place.activate("now-playing")
    place.key("ctrl+n")
    place.hears("Cortejo")
    place.shows("red")
    place.key("ctrl+b")
    place.hears("Ai flores")


@desk.step("a film that was made upright stands upright")
def _(place):
    place.key("Escape")
    place.press("Play “Abril”")
    place.activate("now-playing")

    def ends():
        x, y = place.middle()
        return place.colour(x, y - 100), place.colour(x, y + 100)
    journey.until(lambda: ends() == ("red", "blue"), "red is above blue, further apart than a film that lies is high")
    place.show("upright")


@desk.step("meanwhile the screen never waited, everything has a name, and the program ends without complaint")
def _(place):
    place.name_all("at the end")
    place.tell_longest_gap()
    place.quit()


journey.main(Cinema)
