#!/usr/bin/python3
"""The Licences page: what ends soon, what is left, what is used up; renewed and given back."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import desk

desk.enter()
import journey


class Shelf(desk.Desk):
    """Ana has a licence that ends tomorrow, one that was heard once, one that is used up, and one that nobody renews."""

    def __enter__(self):
        super().__enter__()
        self.init("Coro da Sé")
        for name in ("Rosa das rosas", "Ondas do mar de Vigo", "Quantas sabedes amar", "Mandad'ei comigo", "Ai ondas"):
            self.add(self.tone(name + ".wav", 440, 1))
        self.card_of_ana = self.card()
        self.serve()
        self.ctl("licences", "grant", self.card_of_ana.name, "Ondas do mar de Vigo", "--plays", "3", "--validity", "30h")
        self.ctl("rights", "set", "--title", "Mandad'ei comigo", "--renewal", "never", "--plays", "1")
        terminal = self.player(self.card_of_ana, "terminal")
        terminal.play("Rosa das rosas")
        for _ in range(3):
            terminal.play("Quantas sabedes amar")
        terminal.play("Mandad'ei comigo")
        return self

    def sign_in(self):
        self.activate("page", "<'servers'>")
        self.activate("paste-invitation")
        self.look_at("Invitation")
        self.write("Invitation link", self.invite("Ana"))
        self.press("Pair")
        self.look_back()
        self.see("ANA MARIA DOS SANTOS\nAuthentication PIN…")
        self.write("PIN", "1234")
        self.press("Sign in")
        self.see("5 titles")


@desk.step("without a session, the page says what to do; with one, each licence is in its group")
def _(place):
    place.open(card=place.card_of_ana)
    place.activate("page", "<'licences'>")
    place.see("Sign in to see your licences")
    place.show("signed-out")
    place.sign_in()
    place.key("ctrl+3")
    place.see("Ends soon")
    place.see("Yours")
    place.see("Used up or ended")
    place.see("Ondas do mar de Vigo. 3 of 3 left. Ends…")
    place.see("Rosa das rosas. 2 of 3 left. Ends…")
    place.see("Quantas sabedes amar. 0 of 3 left. Ends…")
    place.see("Mandad'ei comigo. 0 of 1 left. Ends…")
    place.show("licences")


@desk.step("a licence that is used up is renewed, and says how many plays it got; one that is not renewed says why")
def _(place):
    place.click("Quantas sabedes amar. 0 of 3 left…")
    place.see("Renew", "push button")
    place.show("used-up")
    place.press("Renew")
    place.see_toast("3 new plays")
    journey.until(lambda: any(node.name == "Close" and node.role == "push button" for node in place.in_toast()), "what closes the toast says so")
    place.see("Quantas sabedes amar. 3 of 3 left…")
    place.click("Mandad'ei comigo. 0 of 1 left…")
    place.see("This server does not renew it.")
    place.show("renewed")


@desk.step("a licence that is given back can be kept by thinking again")
def _(place):
    place.click("Ondas do mar de Vigo. 3 of 3 left…")
    place.press("Give back")
    place.undo()
    place.see("Ondas do mar de Vigo. 3 of 3 left…")
    journey.contains(place.ctl("licences", "list").out, "Ondas do mar de Vigo", "the keeper's list")


@desk.step("else it goes, and the server knows")
def _(place):
    place.press("Give back")
    journey.until(lambda: "Ondas do mar de Vigo" not in place.ctl("licences", "list").out, "the server has it back", limit=20)
    journey.until(lambda: not place.all("Ondas do mar de Vigo. 3 of 3 left…"), "it is gone from the page")
    place.activate("page", "<'library'>")
    place.see("Licence: Given back · sign in again for a new one")
    place.press("Play “Ondas do mar de Vigo”")
    place.look_at("You gave back the licence of “Ondas do mar de Vigo”")
    place.see("Signing in again gives a new one.")
    place.dismiss("_Not now…")
    place.see("Licence: Given back · sign in again for a new one")


@desk.step("a play that is spent is seen here as it is spent, with its day and hour")
def _(place):
    place.activate("page", "<'library'>")
    place.press("Play “Rosa das rosas”")
    place.activate("page", "<'licences'>")
    place.see("Rosa das rosas. 1 of 3 left…")
    place.click("Rosa das rosas. 1 of 3 left…")
    journey.until(lambda: any(node.name.startswith("Played today") and " · today" in node.name for node in place.walk()), "both plays are told")
    place.show("played")


def spent(place):
    return sorted(play["event"] for play in place.ctl("plays", "--json").json if play["title_name"] == "Ai ondas")


def tried(place, times):
    """And it costs nothing."""
    journey.until(lambda: spent(place) == ["given-back"] * times + ["granted"] * times, f"it was tried {times} times, and all of them came back")


BROKEN = "This title cannot be played: its file was changed. Tell the keeper of the server."


@desk.step("a title whose file was changed costs nothing, and that is said; why it does not play stands with it in the library, in the queue and where it would play")
def _(place):
    row, = [row for row in place.ctl("list", "--json").json if row["title"] == "Ai ondas"]
    path, = [path for path in journey.walk(place.state) if row["id"] in path]
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\x55" * 64)
    place.activate("page", "<'library'>")
    place.press("Search")
    place.write("Search the library", "ai ondas")
    place.see("1 title")
    place.press("Play “Ai ondas”")
    place.see_toast("“Ai ondas” cannot be played. That play was not counted.")
    tried(place, 1)
    place.see(f"Ai ondas, Cantiga. {BROKEN}", "table cell")
    place.show("not-counted")
    place.activate("show-pane", "<'queue'>")
    place.see(f"Ai ondas, Cantiga. {BROKEN}", "list item")
    place.see(BROKEN, "label")
    place.show("failed-in-queue")
    place.press("Try again")
    tried(place, 2)
    place.see(BROKEN, "label")


@desk.step("it is tried again with the keyboard alone: Enter on its row, in the queue and in the library")
def _(place):
    place.focus()
    place.tab_into(place.see("Queue", "list"))
    place.is_at(f"Ai ondas, Cantiga. {BROKEN}", "list item")
    place.key("Return")
    tried(place, 3)
    place.key("Escape")
    place.press("Show as a list", None)
    place.tab_into(place.see("Titles", "list"))
    place.is_at(f"Ai ondas, Cantiga. {BROKEN}", "list item")
    place.key("Return")
    tried(place, 4)
    place.is_at(f"Ai ondas, Cantiga. {BROKEN}", "list item")


@desk.step("it ends without complaint")
def _(place):
    place.key("ctrl+q")
    place.program.wait()


journey.main(Shelf)
