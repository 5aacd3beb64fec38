#!/usr/bin/python3
"""What a newcomer does at the desktop, from the first start to music."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter()
import journey


@desk.step("a first start says what to do, and an invitation pairs")
def _(place):
    place.open(card=place.card_of_ana)
    place.see("Hear music that is kept for you")
    place.press("Paste invitation")
    place.look_at("Invitation")
    place.write("Invitation link", "cantiga://127.0.0.1:1/#nonsense")
    place.see("The link is not whole. Copy all of it.")
    journey.holds(not place.see("Pair", "push button").is_sensitive, "one may pair by a broken link")
    place.write("Invitation link", place.invite("Ana"))
    place.see("A server at 127.0.0.1")
    place.press("Pair")
    place.look_back()


@desk.step("signing in shows each step, refuses a wrong PIN and takes the right one")
def _(place):
    place.see("Connection, done…")
    place.see("Cipher suite, done…")
    place.see("Card, under way: Its PIN is asked for")
    place.see("ANA MARIA DOS SANTOS\nAuthentication PIN…")
    place.write("PIN", "123")
    journey.until(lambda: not [n for n in place.all("Sign in", "push button") if n.is_sensitive],
                  "three digits are no PIN")
    place.write("PIN", "9999")
    place.press("Sign in")
    place.see("ANA MARIA DOS SANTOS\nWrong PIN…")
    place.write("PIN", "1234")
    place.press("Sign in")


@desk.step("the library shows every title, and finds one without its accents")
def _(place):
    place.see("3 titles")
    place.see("Play “Rosa das rosas”")
    place.press("Search")
    place.write("Search the library", "VÍGO")
    place.see("1 title")
    place.write("Search the library", "xyz")
    place.see("No title with “xyz”")
    place.press("Clear")
    place.see("3 titles")


@desk.step("no licence is there yet, and the page leads to where one is had")
def _(place):
    place.activate("page", "<'licences'>")
    place.see("No licences yet")
    place.press("To the library")
    place.press("Play “Rosa das rosas”")
    place.press("Pause")


@desk.step("who is signed in where can be compared, and leads to the other servers")
def _(place):
    keepers = re.search(r"^authority .*\n {4}(.*)\n {4}(.*)", place.ctl("pki", "status").out)
    place.click("Signed in to Coro da Sé")
    place.see("\n".join(keepers.groups()), "label")
    place.press("Switch server")
    place.see("Coro da Sé, Signed in · ANA MARIA DOS SANTOS")
    place.activate("page", "<'library'>")


@desk.step("a title plays, its licence falls, and time goes on")
def _(place):
    place.press("Play “Rosa das rosas”")
    place.see("Pause", "push button")
    place.plays_on()
    place.see("Licence: Playing · 2 plays left")


@desk.step("pause holds it, seeking moves it, next goes on")
def _(place):
    position = place.see("Position", "slider")
    place.press("Pause")
    place.see("Play", "push button")
    position.value = 9
    journey.until(lambda: position.value >= 9, "the position is where it was put")
    place.press("Play")
    place.see("Pause", "push button")
    place.plays_on()
    journey.holds(position.value > 9, "it began elsewhere than where it was put")
    place.press("Next")
    place.see("Santa Maria, strela do dia", "label")
    journey.until(lambda: position.value < 8, "the next title starts at its start")
    place.plays_on()


@desk.step("a server is called as the person likes, and goes on being called so")
def _(place):
    place.activate("page", "<'servers'>")
    place.press("More", "toggle button") if place.all("More", "toggle button") else place.press("More")
    place.see("Rename…", "menu item")
    place.press("Rename…", "menu item")
    place.look_at("Rename")
    place.write("Name", "O coro")
    place.press("_Rename…")
    place.look_back()
    place.see("O coro, Signed in · ANA MARIA DOS SANTOS")
    journey.until(lambda: any(b"O coro" in journey.read(path) for path in journey.walk(place.path("player")) if path.endswith("server.json")), "it is kept")


@desk.step("a forgotten server can be thought of again, and goes else")
def _(place):
    place.activate("page", "<'servers'>")
    place.see("O coro, Signed in · ANA MARIA DOS SANTOS")
    place.press("More", "toggle button") if place.all("More", "toggle button") else place.press("More")
    place.see("Forget", "menu item")
    place.press("Forget", "menu item")
    place.see_no("O coro…")
    place.press("Undo…")
    place.see("O coro, Last used today")


@desk.step("it ends when it is told to, without complaint")
def _(place):
    place.activate("page", "<'library'>")
    place.see("Sign in to see the music")
    place.key("ctrl+q")
    place.program.wait()


journey.main(desk.Room)
