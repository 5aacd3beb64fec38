#!/usr/bin/python3
"""The player written again in Python, against cantiga-server: every suite with every group and both kinds of card, and the rest of the document."""
import os

import player
from kex import NAMES
from notation import to_base64
from player import refusal
from stage import journey, key_of
from suites import AUTHS, all_suites

from journey import equal, holds

EVERY = [suite for auth in AUTHS for suite in all_suites(auth)]


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.media = {name: journey.wav(self.path("media", f"{name}.wav"), seconds, title=name, pattern=os.urandom(40004))
                      for name, seconds in (("Five chunks", 6), ("One", 1), ("Árvore", 0.5))}
        self.add(*self.media.values())
        self.serve_with(plays=100)
        self.cards = [self.card("ANA MARIA DOS SANTOS", "ec"), self.card("RUI DE SOUSA", "rsa")]
        self.keys = [key_of(card) for card in self.cards]
        self.paired = player.pair(self.invite("peer"))

    def serve_with(self, plays):
        journey.write(self.path("state", "server.conf"), f"[suites]\nenabled = {';'.join(EVERY)}\n[licence]\nplays = {plays}\n")
        port = 0
        if self.server is not None:
            port = self.server.port
            self.server.stop()
        self.serve(port=port)

    def sign_in(self, suite=EVERY[0], card=0, group=None):
        session = player.Session(self.paired, suite.split("_")[1], [suite], group).sign_in()
        equal(session.show_card(*self.keys[card]), self.cards[card].name, "whom the server greets")
        return session


def find(session, name):
    return next(title for title in session.titles() if title["name"] == name)


def show(number, suite):
    groups = NAMES[suite.split("_")[0]]

    @journey.test(f"{suite}: signed in, listed, played, left")
    def _(place):
        session = place.sign_in(suite, number % 2, groups[number % len(groups)])
        play = session.licence(find(session, "Five chunks")["id"])
        holds(play.read() == journey.read(place.media["Five chunks"]), "other bytes came out than went in")
        session.end(play.licence["play"])
        session.leave()
        equal(refusal(session.titles), (401, "not-authenticated"), "how one who left is refused")


for each in enumerate(EVERY):
    show(*each)


@journey.test("a question is answered by page, by word and by mark")
def _(place):
    session = place.sign_in()
    names = [title["name"] for title in session.titles()]
    equal(sorted(names), sorted(place.media), "the titles of all pages")
    equal([title["name"] for title in session.titles("arvore")], ["Árvore"], "what is found without regard to accents and case")
    page = session.call("GET", "/api/list?query=one")
    equal(session.call("GET", "/api/list?query=one&mark=" + page["mark"]), {"unchanged": True, "mark": page["mark"]}, "the same question again")
    equal(refusal(session.call, "GET", f"/api/cover?title={page['titles'][0]['id']}"), (404, "not-found"), "a cover that there is not")


@journey.test("the same play again costs nothing; three plays, and the licence is gone until the next session")
def _(place):
    place.serve_with(plays=3)
    session = place.sign_in(EVERY[1])
    title = find(session, "One")["id"]
    first = session.licence(title)
    again = session.licence(title, first.licence["play"])
    for member in "plays_left", "expires", "ends":
        equal(again.licence[member], first.licence[member], member)
    holds(again.grant != first.grant, "two answers have one grant")
    equal(again.read(), journey.read(place.media["One"]), "what the fresh grant gives")
    equal(refusal(first.read), (404, "grant-unknown"), "the grant before it")
    for left in 1, 0:
        play = session.licence(title)
        play.read()
        equal(play.licence["plays_left"], left, "the plays left")
    equal(refusal(session.licence, title), (401, "licence-exhausted"), "the fourth play")
    equal(refusal(session.licence, title), (401, "licence-refused"), "the fifth")
    session.end(first.licence["play"])
    equal(refusal(session.licence, title, first.licence["play"]), (401, "play-over"), "a play that has ended")
    equal(place.sign_in(EVERY[2]).licence(title).licence["plays_left"], 2, "the plays left in a new session")


@journey.test("the same request again gets the same answer, and so does the same pairing")
def _(place):
    session = place.sign_in()
    text, envelope, headers, body = session.sealed_request("GET", "/api/list?limit=1", None)
    answers = [player.ask(place.paired.url, "GET", "/api/list?limit=1", body, headers).body for _ in range(3)]
    equal(len(set(answers)), 1, "the number of different answers")
    answer = session.suite.open(session.channel.r, session.channel.place_of_answer("GET", "/api/list?limit=1", envelope), answers[0])
    session.channel.turn(text, answer)
    equal(len(session.titles()), 3, "the titles that come after")
    url, invitation, secret, pin = player.parse_link(place.invite("twice"))
    text = player.authority_at(url, pin)[0]
    request = player.pair_request(invitation, secret, text, [player.certificates.make_key("EDDSA")])
    equal(player.open_call(url, "POST", "/api/pair", request), player.open_call(url, "POST", "/api/pair", request), "the answer to the same pairing")
    other = player.pair_request(invitation, secret, text, [player.certificates.make_key("EDDSA")])
    equal(refusal(player.open_call, url, "POST", "/api/pair", other), (401, "invitation-refused"), "another player with the same invitation")


@journey.test("a certificate is renewed within a session, and the new one signs in")
def _(place):
    session = place.sign_in(EVERY[0])
    before = place.paired.identities[session.auth]
    session.renew()
    holds(place.paired.identities[session.auth][1][0] != before[1][0], "it is the same certificate")
    session.leave()
    place.sign_in(EVERY[0]).leave()
    # One kind of key alone, on P-384.
    key = player.certificates.make_key("ECDSA", player.certificates.ec.SECP384R1())
    session = place.sign_in(EVERY[0])
    csr = player.certificates.make_request(key, session.session.hex())
    chains = session.call("POST", "/api/certificate", {"requests": [to_base64(csr)]})["certificates"]
    place.paired.identities["ECDSA"] = key, player.all_base64(chains[0])
    place.sign_in(all_suites("ECDSA")[0]).leave()


@journey.test("another authority is announced to a player within a session, and it goes on with that one")
def _(place):
    # Since the test before, not every key has the same age.
    place.paired = player.pair(place.invite("who moves"))
    old = place.paired.authority
    place.ctl("pki", "rotate-authority")
    place.server.stop()
    place.serve(port=place.server.port)
    session = place.sign_in(EVERY[0])
    holds(session.asked_to_renew, "it is not asked to renew")
    play = session.licence(find(session, "One")["id"])
    session.move()
    holds(play.read() == journey.read(place.media["One"]), "what was begun does not go on")
    holds(place.paired.authority != old, "it is the same authority")
    session.leave()
    for auth in AUTHS:
        session = place.sign_in(all_suites(auth)[0])
        holds(not session.asked_to_renew, "it is asked to renew again")
        session.licence(find(session, "Five chunks")["id"]).chunk(0)
        session.leave()
    equal(refusal(player.open_call, place.server.url, "GET", "/api/auth?auth=DSA"), (400, "malformed"), "an answer to another kind of certificate")


if __name__ == "__main__":
    journey.main(Place)
