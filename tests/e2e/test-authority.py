#!/usr/bin/python3
"""Another authority, without a visit to each player: who was paired goes on and moves by itself, newcomers pair with the new one, and the old one goes."""
import os

import journey
from journey import FAILED, REFUSED, USAGE, contains, equal, holds, read


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.add(self.tone("Ai flores.mp3"))
        journey.write(self.path("state", "server.conf"), "[licence]\nplays = 100\n")
        self.serve()
        self.one = self.card("ANA MARIA DOS SANTOS")
        self.ana, self.rui, self.away = (self.player(self.one if n == 0 else self.one.copy(f"reader-{n}"), name)
                                         for n, name in enumerate(("of Ana", "of Rui", "away")))

    def again(self):
        self.server.stop()
        self.serve(port=self.server.port)

    @property
    def authorities(self):
        return {entry["what"]: entry["fingerprint"] for entry in self.ctl("pki", "status", "--json").json if "authority" in entry["what"]}

    def authority(self):
        return read(self.path("state", "pki", "authority.pem"))

    def waiting(self):
        return sorted(line.split("”")[0][1:] for line in self.ctl("pki", "status").out.splitlines() if "knows the old authority alone" in line)


def pinned(player):
    """The authority that a player has pinned, as it stands in its folder."""
    folder, = [name for name in os.listdir(player.folder) if len(name) == 36]
    return read(os.path.join(player.folder, folder, "authority.pem"))


@journey.test("before: one authority, which every player has pinned; there is none to retire")
def _(place):
    equal(list(place.authorities), ["authority"], "authorities")
    for player in place.ana, place.rui, place.away:
        equal(pinned(player), place.authority(), f"what the player {player.name} has pinned")
    contains(place.ctl("pki", "retire-authority", ok=USAGE).sentence, "no authority to retire")


@journey.test("a new one is made: who was paired plays on in the same moment, and has moved when it signs in next")
def _(place):
    old = place.authorities["authority"]
    late, link = place.player(place.one.copy("reader-late"), "late", paired=False), place.invite("late")
    contains(place.ctl("pki", "rotate-authority").out, "restart cantiga-server")
    # The server that still runs knows of nothing, and issues by the old one.
    late.pair(link)
    equal(place.authorities["old authority"], old, "the old authority")
    holds(place.authorities["authority"] != old, "the authority is the old one")
    equal(place.waiting(), ["away", "late", "of Ana", "of Rui"], "who has not moved")
    place.again()
    equal(len(late.list()), 1, "titles for who was paired meanwhile")
    equal(pinned(late), place.authority(), "what it has pinned now")
    equal(place.waiting(), ["away", "of Ana", "of Rui"], "who has not moved, after that")
    equal(place.ana.play("Ai flores")["plays_left"], 99, "plays left, in the session in which it moves")
    equal(pinned(place.ana), place.authority(), "what it has pinned now")
    equal(place.waiting(), ["away", "of Rui"], "who has not moved yet")
    equal(place.ana.play("Ai flores")["plays_left"], 98, "plays left, under the new authority")
    contains(place.ctl("audit").out, "rotate-authority")


@journey.test("a newcomer pairs with the new one, and every kind of key goes on")
def _(place):
    new = place.player(place.one.copy("reader-new"), "newcomer")
    equal(pinned(new), place.authority(), "what it has pinned")
    for suite in "ECDH_RSA_AES128_GCM_SHA256", "ECDH_ECDSA_AES256_GCM_SHA512", "ECDH_EDDSA_AES256_GCM_SHA512":
        equal(len(new.list("--suite", suite)), 1, f"titles with {suite}")
        equal(len(place.ana.list("--suite", suite)), 1, f"titles with {suite} for who has moved")


@journey.test("meanwhile the server's own keys and the master key can be changed, and nobody is lost")
def _(place):
    place.ctl("pki", "rotate")
    place.again()
    equal(len(place.ana.list()), 1, "titles for who has moved, with new keys of the server")
    place.server.stop()
    place.ctl("pki", "rotate-master")
    place.serve(port=place.server.port)
    equal(place.waiting(), ["away", "of Rui"], "who has not moved yet")
    equal(place.rui.play("Ai flores")["plays_left"], 97, "plays left of who moves after all that")
    equal(pinned(place.rui), place.authority(), "what it has pinned now")
    equal(place.ctl("verify", "--json").json["damaged"], [], "what is damaged")


@journey.test("the old one is retired when the keeper says so; who never came must pair again, and is told")
def _(place):
    contains(place.ctl("pki", "rotate-authority", ok=FAILED).sentence, "not retired yet")
    contains(place.ctl("pki", "retire-authority", ok=FAILED).sentence, "1 player has not signed in")
    place.ctl("pki", "retire-authority", "--force")
    equal(list(place.authorities), ["authority"], "authorities")
    holds(not [name for name in os.listdir(place.path("state", "pki")) if name.startswith("old-")], "files of the old one stay")
    place.again()
    for player in place.ana, place.rui:
        equal(len(player.list()), 1, f"titles for the player {player.name}")
    contains(place.away.run("--list", ok=REFUSED).sentence, "invite this player anew")
    place.away.pair(place.invite("away again"))
    equal(pinned(place.away), place.authority(), "what it has pinned after that")
    place.ctl("pki", "rotate-authority")


if __name__ == "__main__":
    journey.main(Place)
