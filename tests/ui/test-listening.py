#!/usr/bin/python3
"""Listening at the desktop with the keyboard alone: from an invitation to music, the queue, seeking, titles that follow each other, a licence that is used up and renewed."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter()
import journey

HOLDER = "ANA MARIA DOS SANTOS"
TITLES = ["Ai flores", "Ondas do mar", "Rosa das rosas", "Virgem madre"]
TWICE = ["Ai flores", "Ondas do mar", "Ondas do mar", "Rosa das rosas", "Virgem madre"]


class Evening(desk.Desk):
    """Short titles, a long one that is fetched in many pieces, and one of which a single play is left."""

    def __enter__(self):
        super().__enter__()
        self.init("Coro da Sé")
        for name, hertz, seconds in (("Ai flores", 440, 12), ("Ondas do mar", 550, 12), ("Virgem madre", 660, 6)):
            self.add(self.tone(name + ".flac", hertz, seconds))
        self.add(journey.wav(self.path("media", "long.wav"), 150, title="Rosa das rosas", pattern=os.urandom(50_001 * 4)))
        self.card_of_ana = self.card(HOLDER)
        self.ctl("licences", "grant", HOLDER, "Virgem madre", "--plays", "1", "--validity", "20d")
        self.serve()
        return self

    def queued(self):
        """The queue's titles, as its rows are called."""
        rows = [node for node in self.walk(self.see("Queue", "list")) if node.role == "list item"]
        return [row.name.split(",")[0].split(".")[0] for row in rows]

    def in_queue(self, *keys):
        if self.focused(self.see("Queue", "list")) is None:
            self.tab_into(self.see("Queue", "list"))
        self.key(*keys)

    def now_playing(self):
        """Which track, and its name."""
        told = self.mpris_property("Metadata", "org.mpris.MediaPlayer2.Player")
        return re.search("/track/[0-9]+", told)[0] + " " + re.search("'xesam:title': <([^>]*)>", told)[1]

    def granted(self):
        """How many plays of each title the keeper counts."""
        return [play["title_name"] for play in self.ctl("plays", "--json").json if play["event"] == "granted"]


@desk.step("an invitation, the PIN, a search and Enter: music, and no hand left the keyboard")
def _(place):
    place.open(card=place.card_of_ana)
    place.focus()
    place.see("Hear music that is kept for you")
    place.is_at("Paste invitation", "push button")
    place.key("Return")
    place.look_at("Invitation")
    place.focus("Invitation")
    place.type(place.invite("Ana"))
    place.see("A server at 127.0.0.1")
    place.key("Return")
    place.look_back()
    place.focus()
    place.see(f"{HOLDER}\nAuthentication PIN…")
    place.type("1234")
    place.key("Return")
    place.see("4 titles")
    place.is_at("Ai flores…", "table cell")
    place.key("ctrl+f")
    place.type("flores")
    place.see("1 title")
    place.key("Down")
    place.key("Return")
    place.see("Pause", "push button")
    place.plays_on()
    journey.equal(place.granted(), ["Ai flores"])


@desk.step("from the first of many titles the Tab key goes on to the player, and back; each page is reached by key, and each control on it has a name")
def _(place):
    place.key("Escape", "Escape")
    place.see("4 titles")
    place.tab_into(place.see("Titles", "table"))
    place.is_at("Ai flores…")
    place.key("Right")
    place.is_at("Ondas do mar…")
    place.key("Tab")
    place.is_at("Position", "slider")
    place.key("shift+Tab")
    place.is_at("Ondas do mar…", "table cell")
    for number, (sentence, *way_on) in enumerate((("Found on this network", "Paste invitation", "list item"), ("4 titles", "Titles", "table"),
                                                  ("Yours", "Ai flores. 2 of 3 left…", "list item"),
                                                  ("Let others hear your music", "Share from this computer", "check box")), 1):
        place.key(f"ctrl+{number}")
        place.see(sentence)
        place.tab_to(*way_on)
        place.name_all(f"on page {number}")
    place.key("ctrl+2")


@desk.step("a title follows another by itself, and costs one play, as the first did")
def _(place):
    place.press("Play “Ondas do mar”")
    place.see("Ondas do mar", "label")
    place.see("Licence: Playing · 2 plays left")
    place.set_place(9)
    journey.until(lambda: "Rosa das rosas" in place.now_playing(), "the next title plays")
    journey.equal(place.granted(), ["Ai flores", "Ondas do mar", "Rosa das rosas"])
    place.key("space")
    place.see("Play", "push button")


@desk.step("less motion is wished for here: nothing is drawn that moves by itself, unless one asks")
def _(place):
    place.key("ctrl+u")
    place.is_at("Play", "push button")
    journey.holds(not place.all("Spectrum of what is playing"), "a spectrum moves")
    place.name_all("on Now playing")
    place.activate("show-pane", "<'sound'>")
    place.see("Nothing moves here")
    place.is_at("Draw it all the same")
    place.key("Return")
    place.see("Spectrum of what is playing")
    place.is_at("Spectrum of what is playing")
    place.key("Escape")
    place.see("4 titles")


@desk.step("Now playing opens by key at its queue, which says what it will cost; rows go, come back and move by keys")
def _(place):
    place.key("F9")
    place.see("Remaining or total", "push button")
    place.see("3 min · 1 play, 1 of them last")
    place.is_at("Rosa das rosas…", "list item")
    place.key("End", "Delete")
    journey.until(lambda: place.queued() == ["Ai flores", "Ondas do mar", "Rosa das rosas"], "the row goes")
    place.press("Undo…")
    journey.until(lambda: place.queued() == ["Ai flores", "Ondas do mar", "Rosa das rosas", "Virgem madre"], "the row is back")
    place.tab_into(place.see("Queue", "list"))
    place.key("Home", "Down", "alt+Up")
    journey.until(lambda: place.queued() == ["Ondas do mar", "Ai flores", "Rosa das rosas", "Virgem madre"], "the row moved up")


@desk.step("a long title is sought anywhere, by keys and by hand, and sounds there at once")
def _(place):
    place.key("space")
    place.see("Pause", "push button")
    place.see("Rosa das rosas", "label")
    place.key("ctrl+shift+Right", "ctrl+shift+Right")
    journey.until(lambda: place.at() > 20, "it is 20 s on")
    place.plays_on()
    place.set_place(110)
    journey.until(lambda: place.at() >= 110, "it is where it was put")
    place.plays_on()
    place.key("ctrl+shift+Left")
    journey.until(lambda: 100 <= place.at() < 110, "it is 10 s back")
    place.plays_on()
    journey.equal(place.granted().count("Rosa das rosas"), 1, "plays of what was only sought in")


@desk.step("the last play is told before it is spent; then the title is used up, and signing in again renews it")
def _(place):
    place.key("Escape")
    place.see("Play “Virgem madre”")
    place.see("Licence: 1 play left…")
    place.press("Play “Virgem madre”")
    place.see("Licence: Last play · playing now")
    place.see("Licence: Used up · sign in again to renew", limit=30)
    place.press("Play “Virgem madre”")
    place.look_at("“Virgem madre” has no plays left")
    place.dismiss("_Not now…")
    place.press("Play “Virgem madre”")
    place.look_at("“Virgem madre” has no plays left")
    place.press("_Sign in again…")
    place.look_back()
    place.see(f"{HOLDER}\nAuthentication PIN…")
    place.focus()
    place.type(journey.PIN)
    place.key("Return")
    place.see("4 titles")
    place.press("Play “Virgem madre”")
    place.see("Licence: Playing · 2 plays left")


@desk.step("a title may stand in the queue more than once: it is moved, removed and put back as any other")
def _(place):
    place.mpris("org.mpris.MediaPlayer2.Player.Stop")
    place.see("Play", "push button")
    place.press("Play “Ai flores”")
    place.see("Pause", "push button")
    place.activate("play-pause")
    place.see("Play", "push button")
    place.key("F9")
    place.see("Remaining or total", "push button")
    place.in_queue("Home", "Down", "Menu")
    place.press("Add to queue", "menu item")
    journey.until(lambda: place.queued() == [*TITLES, "Ondas do mar"], "it stands there twice")
    place.in_queue("End", "alt+Up", "alt+Up")
    journey.until(lambda: place.queued() == TWICE, "the second one moved up")
    place.in_queue("Home", "Down", "Delete")
    journey.until(lambda: place.queued() == TITLES, "one of them goes")
    place.press("Undo…")
    journey.until(lambda: place.queued() == TWICE, "it is back")


@desk.step("it plays twice without a gap, each time for a play of its own, and is a track of its own to others")
def _(place):
    tracks = place.mpris_property("Tracks", "org.mpris.MediaPlayer2.TrackList")
    journey.equal(len(set(re.findall("/track/[0-9]+", tracks))), len(TWICE), "tracks")
    before = place.granted().count("Ondas do mar")
    place.in_queue("Home", "Down", "Return")
    place.see("Licence: Playing · 1 play left")
    first = place.now_playing()
    place.set_place(9)
    journey.until(lambda: place.now_playing() != first, "it plays again")
    place.see("Licence: Last play · playing now")
    journey.equal(place.granted().count("Ondas do mar") - before, 2, "plays that it cost")
    place.key("space")
    place.see("Play", "push button")


@desk.step("made narrow and wide again, here and at the library, the window finds its place without complaint")
def _(place):
    for leave in False, True:
        for width, height in ((640, 640), (360, 480), (1000, 690)):
            place.resize(width, height)
            journey.until(lambda wanted=width: place.width() == min(wanted, 990), "the window has its size")
            if leave and width == 360:
                place.see("Show: Titles", "push button")
                place.name_all("where it is narrow")
        if not leave:
            place.key("Escape")
            place.see("4 titles")
    journey.holds("WARNING" not in place.program.err, place.program.err)
    place.key("F9")
    place.see("Remaining or total", "push button")


@desk.step("after a new start the queue is what it was; meanwhile the screen never waited, and the program ends without complaint")
def _(place):
    place.name_all("at the end")
    place.tell_longest_gap()
    place.key("ctrl+q")
    place.program.wait()
    place.open(card=place.card_of_ana)
    place.see(f"{HOLDER}\nAuthentication PIN…")
    place.write("PIN", journey.PIN)
    place.press("Sign in")
    place.see("Ondas do mar", "label")
    place.activate("show-pane", "<'queue'>")
    journey.until(lambda: place.queued() == TWICE, "the queue is back")
    place.key("ctrl+q")
    place.program.wait()


journey.main(Evening)
