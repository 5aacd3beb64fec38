#!/usr/bin/python3
"""Plays are counted, and who may not hear is told why."""
import journey
from journey import REFUSED, contains, equal, holds


class Place(journey.Place):
    SEEKS_LEAKS = True

    def __init__(self):
        super().__init__()
        self.init()
        self.add(self.tone("Ai flores.mp3"), self.tone("Ondas do mar.mp3", hertz=550))
        self.serve()
        self.ana = self.player(self.card("ANA MARIA DOS SANTOS"), "of Ana")
        # A card of the older kind, RSA; the other's is EC.
        self.rui = self.player(self.card("RUI PEDRO DA COSTA", "rsa"), "of Rui")

    def licences(self, who):
        return [licence for licence in self.ctl("licences", "list", "--json").json if licence["listener_name"] == who]


def left(player, title):
    return [(entry["licence"], entry["plays_left"]) for entry in player.list() if entry["title"] == title]


@journey.test("the catalogue shows a title without a licence, and listing spends nothing")
def _(place):
    for _ in range(2):
        equal([(entry["title"], entry["licence"], entry["plays_left"]) for entry in place.ana.list()],
              [("Ai flores", "none", None), ("Ondas do mar", "none", None)], "the catalogue")
    equal(place.ctl("licences", "list", "--json").json, [], "licences")


@journey.test("three plays count 2, 1, 0")
def _(place):
    for wanted in 2, 1, 0:
        equal(place.ana.play("Ai flores")["plays_left"], wanted, "plays left")
    equal(left(place.ana, "Ai flores"), [("used-up", 0)], "the licence")
    equal([licence["plays_left"] for licence in place.licences("ANA MARIA DOS SANTOS")], [0], "the keeper's licences")
    granted = [play for play in place.ctl("plays", "--json").json if play["event"] == "granted"]
    equal([play["plays_left"] for play in granted], [2, 1, 0], "the keeper's plays")
    equal(len({play["play"] for play in granted}), 3, "different plays")


@journey.test("the fourth is refused, and says how to go on; the next session gets a new licence")
def _(place):
    refused = place.ana.play("Ai flores", ok=REFUSED)
    contains(refused.sentence, "used up")
    contains(refused.sentence, "sign in again")
    equal(refused.out, "", "stdout")
    equal(place.licences("ANA MARIA DOS SANTOS"), [], "the licence is gone")
    equal(place.ana.play("Ai flores")["plays_left"], 2, "plays left of the new licence")


@journey.test("another card has licences of its own, in the same player too")
def _(place):
    equal(place.rui.play("Ai flores")["plays_left"], 2, "plays left for the other card")
    equal(place.ana.play("Ai flores")["plays_left"], 1, "plays left for the first card")
    equal(place.ana.play("Ondas do mar", card=place.rui.card)["plays_left"], 2, "plays left with the other card in the first player")
    equal(sorted((licence["title_name"], licence["plays_left"]) for licence in place.licences("RUI PEDRO DA COSTA")),
          [("Ai flores", 2), ("Ondas do mar", 2)], "the other card's licences")


@journey.test("the keeper can renew, grant and revoke")
def _(place):
    licence, = place.licences("ANA MARIA DOS SANTOS")
    place.ctl("licences", "renew", licence["id"], "--plays", "7")
    equal(left(place.ana, "Ai flores"), [("valid", 7)], "renewed")
    place.ctl("licences", "grant", "ANA MARIA DOS SANTOS", "Ondas do mar", "--plays", "5", "--validity", "1h")
    equal(place.ana.play("Ondas do mar")["plays_left"], 4, "plays left of the one granted")
    for licence in place.licences("ANA MARIA DOS SANTOS"):
        place.ctl("licences", "revoke", licence["id"])
    equal(place.licences("ANA MARIA DOS SANTOS"), [], "licences")


@journey.test("listeners see their licences and their plays, renew what is used up and give back what they do not want")
def _(place):
    equal(sorted((licence["name"], licence["plays_left"]) for licence in place.rui.licences()), [("Ai flores", 2), ("Ondas do mar", 2)], "the licences of Rui")
    place.rui.play("Ai flores")
    place.rui.play("Ai flores")
    licence, = [licence for licence in place.rui.licences() if licence["name"] == "Ai flores"]
    equal((licence["state"], licence["plays"], licence["plays_left"], licence["renewal"]), ("used-up", 3, 0, "now"), "the licence")
    equal([(play["state"], play["player"]) for play in licence["history"]], [("heard", "of Rui")] * 3, "its plays")
    place.rui.run("--renew", "Ai flores")
    equal(left(place.rui, "Ai flores"), [("valid", 3)], "renewed")
    contains(place.rui.run("--renew", "Ai flores", ok=REFUSED).sentence, "plays left")
    place.rui.run("--give-back", "Ai flores")
    equal([licence["name"] for licence in place.rui.licences()], ["Ondas do mar"], "what is left")
    contains(place.rui.run("--give-back", "Ai flores", ok=journey.NOT_FOUND).sentence, "no licence")
    equal([play["event"] for play in place.ctl("plays", "--json").json][-2:], ["renewed", "returned"], "the keeper's plays")


@journey.test("an unknown card is refused with a sentence of its own, and spends nothing")
def _(place):
    before = place.ctl("plays", "--json").json
    stranger = place.card("ELVIRA NUNES", enrolled=False)
    refused = place.ana.run("--list", "--json", card=stranger, ok=REFUSED)
    contains(refused.sentence, "does not know the card")
    equal(place.ctl("plays", "--json").json, before, "plays")
    # Which costs this address a second; the player waits it out by itself.
    holds(place.ana.list(), "the known card is let in no more")


@journey.test("a revoked card and a revoked player are refused, each with its own sentence")
def _(place):
    place.ctl("cards", "revoke", "RUI PEDRO DA COSTA")
    contains(place.rui.run("--list", ok=REFUSED).sentence, "revoked")
    place.ctl("cards", "add", place.rui.card.certificate)
    holds(place.rui.list(), "the card that was enrolled again is let in")
    place.ctl("players", "revoke", "of Rui")
    contains(place.rui.run("--list", ok=REFUSED).sentence, "invitation")


@journey.test("a wrong PIN is refused with a sentence of its own, and tried once")
def _(place):
    refused = place.ana.run("--list", "--json", pin="4321", ok=REFUSED)
    contains(refused.sentence, "PIN")
    contains(refused.sentence, "wrong")
    holds("does not know" not in refused.sentence, refused.sentence)
    # SoftHSM notes the first wrong PIN of a token (CKF_USER_PIN_COUNT_LOW) and forgets it after a right one.
    equal(len(place.ana.list()), 2, "titles with the right PIN")
    # It never blocks: that a PIN of the wrong form is not tried at all is shown in tests/card.
    contains(place.ana.run("--list", pin="1", ok=REFUSED).sentence, "PIN")


@journey.test("an empty reader is refused with a sentence of its own")
def _(place):
    refused = place.ana.run("--list", "--json", card=journey.Card.none(place), ok=REFUSED)
    contains(refused.sentence, "card")
    holds("PIN" not in refused.sentence and "does not know" not in refused.sentence, refused.sentence)


@journey.test("a title that there is not is not found")
def _(place):
    for name in "No such title", "99", "0" * 32:
        contains(place.ana.play(name, ok=journey.NOT_FOUND).sentence, name)


@journey.test("a licence that is past its end is refused, and so is one that the keeper must renew")
def _(place):
    place.server.stop()
    place.serve(env={"CANTIGA_LICENCE_PLAYS": "1", "CANTIGA_LICENCE_RENEWAL": "manual"}, port=place.server.port)
    equal(place.ana.play("Ai flores")["plays_left"], 0, "plays left")
    for _ in range(2):
        contains(place.ana.play("Ai flores", ok=REFUSED).sentence, "licence")
    equal([licence["plays_left"] for licence in place.licences("ANA MARIA DOS SANTOS")], [0], "the spent licence stays")
    place.ctl("licences", "grant", "ANA MARIA DOS SANTOS", "Ondas do mar", "--validity", "1s")
    journey.until(lambda: [licence for licence in place.licences("ANA MARIA DOS SANTOS") if licence["state"] == "expired"], "the licence's end")
    contains(place.ana.play("Ondas do mar", ok=REFUSED).sentence, "past its end")
    # Nor is it the listener's to renew; giving it back makes no new one.
    equal({licence["renewal"] for licence in place.ana.licences()}, {"keeper"}, "renewal")
    contains(place.ana.run("--renew", "Ai flores", ok=REFUSED).sentence, "keeper")
    place.ana.run("--give-back", "Ai flores")
    equal([licence["state"] for licence in place.ana.licences() if licence["name"] == "Ai flores"], ["returned"], "given back")
    contains(place.ana.play("Ai flores", ok=REFUSED).sentence, "used up")


if __name__ == "__main__":
    journey.main(Place)
