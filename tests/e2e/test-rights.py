#!/usr/bin/python3
"""Who may hear what, and at how many players at once, by the keeper's rules, while the server goes on."""
import os

import journey
from journey import REFUSED, contains, equal, holds


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.add(self.tone("Ai flores.mp3"), self.tone("Ondas do mar.mp3", hertz=550))
        self.add(journey.wav(self.path("media", "Long.wav"), 300, pattern=os.urandom(4000004)), limit=120)
        self.serve(env={"CANTIGA_LICENCE_PLAYS": "20"})
        self.ana = self.player(self.card("ANA MARIA DOS SANTOS"), "of Ana")
        self.rui = self.player(self.card("RUI PEDRO DA COSTA", "rsa"), "of Rui")

    def events(self, title):
        return [play["event"] for play in self.ctl("plays", "--json").json if play["title_name"] == title]

    def names(self, player):
        return sorted(title["title"] for title in player.list())


@journey.test("a title that is denied to a group is not there for its members")
def _(place):
    place.ctl("groups", "add", "school", "RUI PEDRO DA COSTA")
    place.ctl("rights", "set", "--group", "school", "--title", "Ai flores", "--deny")
    equal(place.names(place.rui), ["Long", "Ondas do mar"], "the catalogue of Rui")
    equal(place.names(place.ana), ["Ai flores", "Long", "Ondas do mar"], "the catalogue of Ana")
    contains(place.rui.play("Ai flores", ok=journey.NOT_FOUND).sentence, "Ai flores")
    title, = [title for title in place.ctl("list", "--json").json if title["title"] == "Ai flores"]
    contains(place.rui.play(title["id"], ok=journey.NOT_FOUND).sentence, "no title")
    rule, = place.ctl("rights", "list", "--json").json
    place.ctl("rights", "remove", rule["id"])
    equal(place.names(place.rui), ["Ai flores", "Long", "Ondas do mar"], "the catalogue of Rui")


@journey.test("a rule gives a listener other plays, time and renewal than the rest")
def _(place):
    place.ctl("rights", "set", "--listener", "RUI PEDRO DA COSTA", "--plays", "1", "--validity", "5d to 10d", "--renewal", "manual")
    equal(place.rui.play("Ai flores")["plays_left"], 0, "plays left for Rui")
    equal(place.ana.play("Ai flores")["plays_left"], 19, "plays left for Ana")
    licence, = place.rui.licences()
    days = (licence["expires"] - licence["made"]) / 86400
    holds(5 <= days <= 10, f"the licence lasts {days} days")
    equal(licence["renewal"], "keeper", "renewal")
    contains(place.rui.run("--renew", "Ai flores", ok=REFUSED).sentence, "keeper")


@journey.test("what a keeper reads of groups, players and licences, in words")
def _(place):
    contains(place.ctl("groups").out, "school  RUI PEDRO DA COSTA")
    member, = place.ctl("groups", "list", "--json").json
    equal((member["group"], member["name"]), ("school", "RUI PEDRO DA COSTA"), "who is in a group")
    contains(place.ctl("groups", "remove", "school", "RUI PEDRO DA COSTA").out, "is out")
    equal(place.ctl("groups", "list", "--json").json, [], "who is in a group")
    contains(place.ctl("groups").err, "No groups yet")
    lines = place.ctl("players").out.splitlines()
    equal(sorted(line.split("  ")[-1] for line in lines), ["of Ana", "of Rui"], "the players")
    licence, = [line for line in place.ctl("licences", "list").out.splitlines() if "ANA MARIA" in line]
    contains(licence, "19 left")
    contains(licence, "ANA MARIA DOS SANTOS · Ai flores  (valid)")


@journey.test("rules that say nothing, or two things, are refused")
def _(place):
    for arguments in (["--title", "Ai flores"], ["--allow", "--deny"], ["--title", "Ai flores", "--album", "x", "--deny"], ["--plays", "0"]):
        place.ctl("rights", "set", *arguments, ok=journey.USAGE)
    contains(place.ctl("rights", "set", "--validity", "soon", ok=journey.FAILED).sentence, "duration")
    place.ctl("rights", "set", "--title", "No such title", "--deny", ok=journey.NOT_FOUND)
    place.ctl("rights", "remove", "0" * 32, ok=journey.NOT_FOUND)


@journey.test("one player at a time: another is told which, and can end what is heard there")
def _(place):
    place.ctl("rights", "set", "--at-once", "1")
    other = place.player(place.ana.card.copy("other"), "Sala")
    listening = place.ana.start("--title", "Long", "--json")
    journey.until(lambda: place.events("Long") == ["granted", "started"] or listening.ended, "the first chunk")
    refused = other.play("Ai flores", ok=REFUSED)
    contains(refused.sentence, "of Ana")
    contains(refused.sentence, "end that first")
    equal(other.play("Ai flores", "--take-over")["plays_left"], 18, "plays left")
    equal(place.events("Long"), ["granted", "started", "ended"], "the first play")
    # It is told at its next chunk.
    contains(listening.wait(REFUSED).sentence, "over")


if __name__ == "__main__":
    journey.main(Place)
