#!/usr/bin/python3
"""The demo: from nothing to music without a server, an invitation or a card; and nothing of it stays."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter()
import journey


@desk.step("a first start offers it, and it plays")
def _(place):
    place.open(env={"G_DEBUG": "fatal-criticals"})
    place.see("Hear music that is kept for you")
    place.show("first-start")
    place.press("Try the demo")
    place.see("5 titles", limit=60)
    place.see("Play “Santa Maria, Strela do dia”")
    place.show("demo")
    place.press("Play “Santa Maria, Strela do dia”")
    position = place.see("Position", "slider")
    journey.until(lambda: position.queryValue().currentValue > 0.5, "it plays")
    place.see("Licence: Playing · 2 plays left")


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


@desk.step("from the command line it begins at once")
def _(place):
    place.open("--demo", state=place.path("other"))
    place.see("5 titles", limit=60)
    place.key("ctrl+q")
    place.program.wait()


journey.main(desk.Desk)
