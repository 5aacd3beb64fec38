#!/usr/bin/python3
"""The demo: from nothing to music without a server, an invitation or a card; and nothing of it stays."""
import contextlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter()
import journey


class Trial(desk.Desk):
    """Nobody's server is here but the demo's."""

    def menu(self, title, what):
        """By the mouse, as a title's menu is opened."""
        def chosen():
            for node in self.all(what, "menu item"):
                return node.press()
            return False
        # A page that is still sliding is not where it will be.
        for patience in 2, 20:
            self.click(title, button=3)
            with contextlib.suppress(*[journey.Wrong] * (patience < 20)):
                return journey.until(chosen, f"the menu has “{what}”", patience)
            self.key("Escape")

    def rows(self):
        return [node for node in self.walk(self.see("Queue", "list")) if node.role == "list item"]

    def queued(self):
        return [row.name.split(", Alfonso")[0] for row in self.rows()]

    def drag(self, place, onto):
        """By its handle, in steps as a hand makes them."""
        boxes = [row.box for row in self.rows()]
        x, y, to_y = boxes[place].x + 20, boxes[place].y + boxes[place].height // 2, boxes[onto].y + boxes[onto].height // 2
        self.hand("mousemove", x, y, "mousedown", 1)
        for part in (0.2, 0.4, 0.6, 0.8, 1, 1):
            self.hand("mousemove", x + 3, int(y + (to_y - y) * part))
            desk.wait(0.1)
        self.hand("mouseup", 1)

    def bottom(self, name, role):
        box = self.see(name, role).box
        return box.y + box.height

    def contrast(self, x, y, height):
        """The most there is between two pixels that stand above each other, as WCAG counts it."""
        pixels = subprocess.run(["import", "-window", "root", "-crop", f"1x{height}+{x}+{y}", "-depth", "8", "rgb:-"], env=self.env, capture_output=True, check=True).stdout
        linear = [value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in pixels]
        light = sorted(0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in zip(linear[::3], linear[1::3], linear[2::3]))
        return (light[-1] + 0.05) / (light[0] + 0.05)

    def hand(self, *does):
        subprocess.run(["xdotool", *map(str, does)], env=self.env, check=True)


@desk.step("a first start offers it, and it plays")
def _(place):
    place.open(env={"G_DEBUG": "fatal-criticals"})
    place.see("Hear music that is kept for you")
    place.show("first-start")
    place.press("Try the demo")
    place.see("5 titles", limit=60)
    place.see("Play “A Madre de Jesu-Cristo”")
    place.show("demo")
    place.press("Play “A Madre de Jesu-Cristo”")
    place.plays_on()
    place.see("Licence: Playing · 2 plays left")
    place.resize(720, 294)
    journey.until(lambda: place.bottom("Pause", "push button") <= 300, "the player is whole where the window is as low as it goes")
    place.resize(990, 690)
    place.press("Pause")


@desk.step("a title's menu queues it, and what was queued can be taken back")
def _(place):
    place.activate("page", "<'library'>")
    place.menu("A Madre de Jesu-Cristo…", "Play")
    place.menu("Quen a omagen da Virgen…", "Add to queue")
    journey.until(lambda: any("Quen a omagen" in node.name for node in place.in_toast()), "a toast says that it was queued")
    place.undo()
    for title in ("Da que Deus mamou o leite", "Como poden per sas culpas", "Quen a omagen da Virgen"):
        place.menu(title + "…", "Play next")
    place.activate("show-pane", "<'queue'>")
    journey.until(lambda: place.queued() == ["A Madre de Jesu-Cristo", "Quen a omagen da Virgen", "Como poden per sas culpas", "Da que Deus mamou o leite"],
                  "what was put next last plays next first")
    place.show("queue")


@desk.step("a row of the queue is dragged to another place")
def _(place):
    before = place.queued()
    place.drag(3, 1)
    journey.until(lambda: place.queued() == [before[0], before[3], before[1], before[2], *before[4:]], "the row stands where it was let go")
    place.key("Escape")


@desk.step("a title's menu leads to its album, and from there to its artist, and back")
def _(place):
    place.menu("Quen a omagen da Virgen…", "Go to album")
    place.see("Cantigas de Santa Maria", "heading") if place.all("Cantigas de Santa Maria", "heading") else place.see("Cantigas de Santa Maria")
    place.show("album")
    place.menu("Como poden per sas culpas…", "Go to artist")
    place.show("artist")
    place.key("alt+Left")
    place.key("alt+Left")
    place.see("5 titles")


@desk.step("and to its licence")
def _(place):
    place.menu("A Madre de Jesu-Cristo…", "Licence")
    place.see("A Madre de Jesu-Cristo. 2 of 3 left…")
    place.see("Give back")
    place.show("licence")


@desk.step("it is not among the person's own servers, and can be gone back to")
def _(place):
    place.activate("page", "<'servers'>")
    place.see("Ready")
    place.see_no("Cantiga's demo…")
    place.activate("sign-out")
    place.activate("demo")
    place.see("5 titles")
    place.see("Play “Quen a omagen da Virgen”")


@desk.step("with the program its server goes, and all but its music")
def _(place):
    place.key("ctrl+q")
    place.program.wait()
    journey.equal(os.listdir(place.path("home/.cache/cantiga/demo")), ["music"], "what is left of the demo")
    journey.holds(set(os.listdir(place.path("player"))) <= {"lock", "player.json"}, "the demo stands among the servers")


@desk.step("from the command line it begins at once; with letters twice as large, in Portuguese, all of it stands in a window of 720 pixels")
def _(place):
    place.scale_text(2)
    place.open("--demo", state=place.path("other"), env={"LANGUAGE": "pt", "ADW_DEBUG_HIGH_CONTRAST": "1"})
    place.see("5 títulos", limit=60)
    place.resize(720, 640)
    place.press("Tocar «A Madre de Jesu-Cristo»")
    place.see("Licença: A tocar · restam 2 audições")
    for page, sentence in ("servers", "Encontrados nesta rede"), ("library", "5 títulos"), ("licences", "Os seus"), ("sharing", "Deixe outros ouvir a sua música"):
        place.activate("page", f"<'{page}'>")
        place.see(sentence)
        journey.equal(place.outside(), [], f"what stands outside on {page}")


@desk.step("with high contrast, a licence has an outline and not its tint alone")
def _(place):
    place.activate("page", "<'servers'>")
    # In the bar, which comes last: those of pages that are not shown are where they were.
    box = place.all("Licença: A tocar · restam 2 audições")[-1].box
    journey.until(lambda: place.contrast(box.x + box.width // 3, box.y - 3, 12) > 3, "it has an outline that can be seen")
    place.key("ctrl+q")
    place.program.wait()


journey.main(Trial)
