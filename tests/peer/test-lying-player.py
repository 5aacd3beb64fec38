#!/usr/bin/python3
"""A player that lies to cantiga-server, one lie at a time: each is refused with its own problem, and the server serves the honest all along."""
import os
import time

from cryptography.hazmat.primitives.serialization import load_pem_private_key

import certificates
import forged
import player
from certificates import Authority, der
from kex import GROUPS, to_bytes
from notation import Broken, Refused, honest, to_base64, to_base64url
from player import refusal
from stage import journey, key_of
from suites import AUTHS, Suite, all_suites

from journey import contains, equal, holds

X25519, FFDHE = "ECDH_ECDSA_AES256_GCM_SHA512", "DH_ECDSA_AES256_GCM_SHA512"
P = GROUPS["ffdhe2048"]
MALFORMED, PUBLIC, GROUP = (400, "malformed"), (400, "bad-public-value"), (400, "bad-group")
CERTIFICATE, SIGNATURE, STRANGER = (401, "certificate-refused"), (401, "signature-refused"), (401, "not-authenticated")


class KeptAuthority(Authority):
    """The server's own authority, its key opened with the state's master key (docs/protocol.md 13.4)."""

    def __init__(self, state):  # pylint: disable=super-init-not-called
        master = journey.read(os.path.join(state, "master.key"))
        passphrase = to_base64url(Suite("ECDH_ECDSA_AES256_GCM_SHA256").expand(master, "cantiga/1 passphrase", length=32))
        self.key = load_pem_private_key(journey.read(os.path.join(state, "pki/authority.key")), passphrase.encode())
        self.certificate = certificates.x509.load_pem_x509_certificate(journey.read(os.path.join(state, "pki/authority.pem")))
        self.name = self.certificate.subject


class Place(journey.Place):
    SEEKS_LEAKS = True

    def __init__(self):
        super().__init__()
        self.init()
        self.media = {name: journey.wav(self.path("media", f"{name}.wav"), 3, title=name, pattern=os.urandom(40004)) for name in ("One", "Other")}
        self.add(*self.media.values())
        journey.write(self.path("state", "server.conf"), "[licence]\nplays = 100\n[limits]\nhalf-open-per-address = 1000\n")
        self.serve()
        self.ana = self.card("ANA MARIA DOS SANTOS", "ec")
        self.keys = key_of(self.ana)
        self.paired = player.pair(self.invite("peer"))
        self.authority = KeptAuthority(self.state)

    def session(self, suite=X25519, **more):
        return player.Session(self.paired, suite.split("_")[1], [suite], **more)

    def open(self, suite=X25519, **more):
        session = self.session(suite, **more).sign_in()
        session.show_card(*self.keys)
        return session

    def serves(self):
        session = self.open()
        session.titles()
        session.leave()


def lies(**changes):
    """A `say` that changes what it names; _ stands for a space."""
    named = {name.replace("_", " "): change for name, change in changes.items()}
    return lambda name, value: named[name](value) if name in named else value


def flip(value, at=-1):
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 or len(value):]


def with_member(**members):
    return lambda value: {**value, **members}


def without(member):
    return lambda value: {name: kept for name, kept in value.items() if name != member}


# ---- certificates (3.2) ----

@journey.test("certificates of all the wrong kinds are refused, each for its own reason; one that is right in all is not")
def _(place):
    honest = place.session()
    honest.get_certificates()
    place.session_leaf = honest.server_leaf
    place.identity = certificates.uris_of(certificates.load(place.paired.identities["ECDSA"][1][0]))[0].replace("urn:uuid:", "")
    for what, (make, wanted, words) in forged.CHAINS.items():
        session = place.session(say=lies(certificates=lambda _, make=make: make(place)))
        session.get_certificates()
        try:
            session.hello()
            raise Broken(f"a certificate {what} is not refused")
        except Refused as refused:
            equal((refused.status, refused.kind), wanted, f"how a certificate {what} is refused")
            contains(refused.title, words, f"why a certificate {what} is refused")
    right = place.session(say=lies(certificates=lambda _: forged.leaf(place)))
    right.get_certificates()
    right.hello()
    place.serves()


@journey.test("a player that was revoked hears nothing more, and is refused when it signs in")
def _(place):
    paired = player.pair(place.invite("doomed"))
    session = player.Session(paired, "ECDSA").sign_in()
    session.show_card(*place.keys)
    play = session.licence(session.titles()[0]["id"])
    place.ctl("players", "revoke", "doomed")
    equal(refusal(play.chunk, 0), CERTIFICATE, "how its chunk is refused")
    again = player.Session(paired, "ECDSA")
    again.get_certificates()
    equal(refusal(again.hello), CERTIFICATE, "how it is refused")
    place.serves()


def everything(session, title):
    """Whatever a session can ask for, and how each was answered."""
    posts = {"license": {"title": title, "play": os.urandom(16).hex()}, "renew": {"title": title}, "return": {"title": title}, "certificate": {"requests": []},
             "end": {"play": os.urandom(16).hex()}}
    asked = {path: refusal(session.call, "POST", "/api/" + path, body) for path, body in posts.items()}
    asked |= {path: refusal(session.call, "GET", "/api/" + path) for path in ("list", "licences", "plays", f"cover?title={title}")}
    return asked


@journey.test("a card or player that is revoked while its session is open gets nothing more, and no play is counted")
def _(place):
    paired = player.pair(place.invite("soon gone"))
    for kind, name, wanted in ("cards", "ANA MARIA DOS SANTOS", (401, "card-revoked")), ("players", "soon gone", CERTIFICATE):
        session = player.Session(paired, "ECDSA").sign_in()
        session.show_card(*place.keys)
        title = session.titles()[0]["id"]
        play = session.licence(title)
        place.ctl(kind, "revoke", name)
        before = [row["event"] for row in place.ctl("plays", "--json").json]
        for path, got in everything(session, title).items():
            equal(got, wanted, f"how {path} is refused to what was revoked among {kind}")
        equal(refusal(play.chunk, 0), wanted, "how a chunk is refused")
        equal([row["event"] for row in place.ctl("plays", "--json").json], before, "the plays")
        session.leave()
        if kind == "cards":
            place.ctl("cards", "add", place.ana.certificate)
    place.serves()


@journey.test("a certificate whose key is somebody else's signs nothing")
def _(place):
    session = place.session()
    session.key = certificates.make_key("ECDSA")
    equal(refusal(session.sign_in), SIGNATURE, "the refusal")


# ---- the handshake (3.3 to 3.8) ----

def refuses(what, wanted, suite=X25519, of_session=True, **changes):
    """of_session: the message can be read so far that its session is known; that is over then."""
    @journey.test(f"{what}: {wanted[1]}")
    def _(place):
        session = place.session(suite, say=lies(**changes))
        equal(refusal(session.sign_in), wanted, "the refusal")
        if session.session is not None and of_session:
            session.say = honest
            equal(refusal(session.agree_suite), STRANGER, "how what is said in that session then is refused")


refuses("another protocol", (400, "protocol-version"), hello=with_member(protocol=2))
refuses("a nonce that is too short", MALFORMED, hello=with_member(nonce=to_base64(bytes(31))))
refuses("no nonce", MALFORMED, hello=without("nonce"))
refuses("a session of somebody else", STRANGER, of_session=False, key=with_member(session="00" * 16))
refuses("a session that is a path", MALFORMED, of_session=False, key=with_member(session="../../../../../../etc/passwd"))
refuses("no suite", (406, "no-common-suite"), offered=lambda _: [])
refuses("suites that there are not", (406, "no-common-suite"), offered=lambda _: ["ECDH_ECDSA_NULL_NULL", "X"])
refuses("suites for another kind of key", (406, "no-common-suite"), offered=lambda _: all_suites("RSA"))
refuses("suites that are not enabled", (406, "no-common-suite"), offered=lambda _: ["ECDH_ECDSA_EDE_CBC_SHA256"])
refuses("73 suites", MALFORMED, offered=lambda _: [X25519] * 73)
refuses("a suite of 41 letters", MALFORMED, offered=lambda _: ["X" * 41])
refuses("suites with zero bytes", MALFORMED, of_session=False, offered=lambda _: [X25519 + "\0"])
refuses("a list that is not the one that was signed", SIGNATURE, offered=lambda offered: offered + [FFDHE])
refuses("a prime that is not registered", GROUP, FFDHE, key=with_member(p=to_base64(to_bytes(P + 2))))
refuses("another group's prime", GROUP, FFDHE, key=with_member(p=to_base64(to_bytes(GROUPS["ffdhe3072"]))))
refuses("a prime with a zero before it", GROUP, FFDHE, key=with_member(p=to_base64(b"\0" + to_bytes(P))))
refuses("a generator of 1", GROUP, FFDHE, key=with_member(g=to_base64(b"\x01")))
refuses("a generator of p - 1", GROUP, FFDHE, key=with_member(g=to_base64(to_bytes(P - 1))))
refuses("no prime", MALFORMED, FFDHE, key=without("p"))
refuses("a group without a name", GROUP, FFDHE, key=with_member(group="ffdhe1024"))
refuses("a group of the other exchange", GROUP, X25519, key=with_member(group="ffdhe2048"))
for number, named in ((0, "0"), (1, "1"), (P - 1, "p - 1"), (P, "p"), (P + 2, "p + 2")):
    refuses(f"a public value of {named}", PUBLIC, FFDHE, public=lambda _, number=number: to_bytes(number, 256))
refuses("a public value of another length", PUBLIC, FFDHE, public=lambda public: b"\0" + public)
refuses("a public value of X25519 that is 0", PUBLIC, public=lambda _: bytes(32))
refuses("a public value of X25519 that is 1", PUBLIC, public=lambda _: b"\1" + bytes(31))
refuses("a public value of X25519 that is p - 1", PUBLIC, public=lambda _: bytes.fromhex("ec" + "ff" * 30 + "7f"))
refuses("a public value of X25519 that is p", PUBLIC, public=lambda _: bytes.fromhex("ed" + "ff" * 30 + "7f"))
refuses("a public value of X25519 that is too long", PUBLIC, public=lambda public: public + b"\0")
refuses("a signature over another transcript", SIGNATURE, t1=flip)
refuses("a signature with one bit changed", SIGNATURE, signature=flip)
refuses("no signature", MALFORMED, signature=lambda _: b"")


@journey.test("whatever comes out of its turn ends the session")
def _(place):
    def begun(*steps):
        session = place.session()
        session.suite = Suite(X25519)
        for step in steps:
            getattr(session, step)()
        return session
    # What was said too early, or twice; what would be the turn then is no session's any more.
    for steps, early, turn in ((("get_certificates", "hello"), "exchange_keys", "agree_suite"),
                               (("get_certificates", "hello", "agree_suite"), "agree_suite", "exchange_keys"),
                               (("get_certificates", "hello", "agree_suite", "exchange_keys"), "exchange_keys", "leave")):
        session = begun(*steps)
        equal(refusal(getattr(session, early)), (409, "out-of-turn"), f"{early} after {steps[-1]}")
        equal(refusal(getattr(session, turn)), STRANGER, f"{turn} after that")
    place.serves()


# ---- the card (7) ----

def card_refused(place, wanted, chain=None, key=None, **changes):
    session = place.session(say=lies(**changes)).sign_in()
    equal(refusal(session.show_card, key or place.keys[0], chain or place.keys[1]), wanted, "the refusal")
    if wanted != MALFORMED:
        equal(refusal(session.titles), STRANGER, "what comes after a card that was refused")
    # A failed proof costs its address a delay; who waits for it is let in.
    journey.until(lambda: let_in(place), "a good card to be let in after a bad one", 90)


def let_in(place):
    try:
        place.serves()
    except Refused as refused:
        equal((refused.status, refused.kind), (429, "slow-down"), "what may be said to a good card")
        return False
    return True


@journey.test("a proof of another session is none")
def _(place):
    kept = []
    place.session(say=lies(proof=lambda proof: kept.append(proof) or proof)).sign_in().show_card(*place.keys)
    card_refused(place, (401, "card-proof"), proof=lambda _: kept[0])


@journey.test("a proof by another key than the card's is none")
def _(place):
    card_refused(place, (401, "card-proof"), key=certificates.make_key("ECDSA"))


@journey.test("after a wrong proof a good card of the same address is told to wait, and its session stays")
def _(place):
    told = None
    while told is None:
        wrong, good = place.session().sign_in(), place.session().sign_in()
        start = time.monotonic()
        equal(refusal(wrong.show_card, certificates.make_key("ECDSA"), place.keys[1]), (401, "card-proof"), "a wrong proof")
        try:
            good.show_card(*place.keys)
            holds(time.monotonic() - start >= 1, "it is not told to wait")
        except Refused as refused:
            told = refused
    equal((told.status, told.kind), (429, "slow-down"), "what a good card is told")
    journey.until(lambda: not slowed_down(good, place), "the good card to be let in", 10)
    good.titles()


def slowed_down(session, place):
    try:
        session.show_card(*place.keys)
    except Refused as refused:
        equal((refused.status, refused.kind), (429, "slow-down"), "what a good card is told")
        return True
    return False


@journey.test("a card that is not enrolled is unknown, whoever signs")
def _(place):
    stranger = Authority("A stranger")
    key = certificates.make_key("ECDSA")
    card_refused(place, (401, "card-unknown"), key=key, chain=[der(stranger.issue(key.public_key(), "ANA MARIA DOS SANTOS", certificates.PLAYER))])


@journey.test("a proof that is not of the form is malformed, by an algorithm that there is not it proves nothing")
def _(place):
    large = with_member(signature=to_base64(bytes(100000 // 2)))
    for what, change, wanted in (("another algorithm", with_member(algorithm="none"), (401, "card-proof")), ("a signature that is a number", with_member(signature=7), MALFORMED),
                                 ("no signature", without("signature"), MALFORMED), ("no certificate", with_member(certificates=[]), MALFORMED),
                                 ("a certificate that is no Base64", with_member(certificates=["!"]), MALFORMED), ("nothing", lambda _: {}, MALFORMED),
                                 ("a signature of 50 kB", large, (413, "too-large"))):
        session = place.session(say=lies(card=change)).sign_in()
        equal(refusal(session.show_card, *place.keys), wanted, what)
        journey.until(lambda: let_in(place), "a good card to be let in after a bad one", 90)


@journey.test("without a card nothing opens")
def _(place):
    for method, path, value in (("GET", "/api/list", None), ("GET", "/api/cover?title=" + "00" * 16, None), ("POST", "/api/license", {"title": "00" * 16, "play": "00" * 16}),
                                ("POST", "/api/end", {"play": "00" * 16}), ("POST", "/api/certificate", {"requests": []})):
        session = place.session().sign_in()
        equal(refusal(session.call, method, path, value), (401, "card-needed"), f"{method} {path}")
    session = place.session().sign_in()
    session.leave()
    equal(refusal(session.titles), STRANGER, "what comes after who left")
    place.serves()


@journey.test("a second card in one session is out of turn")
def _(place):
    session = place.open()
    equal(refusal(session.show_card, *place.keys)[0], 409, "the status")


# ---- envelopes (5, 6) ----

def asks(place, session, method, path, envelope, body=True):
    headers = {"Authorization": "Cantiga " + session.session.hex() + ("" if body else "." + to_base64url(envelope))}
    answer = player.ask(place.paired.url, method, path, envelope if body else None, headers)
    holds(answer.type == player.PROBLEM, f"{path} is answered with {answer.status} {answer.type}")
    return answer.status, Refused.of(player.from_json(answer.body)).kind


@journey.test("a sealed request that was changed, cut or moved opens nothing and changes nothing")
def _(place):
    session = place.open()
    _, envelope, _, _ = session.sealed_request("POST", "/api/end", {"play": "00" * 16})
    for what, changed in (("flipped at its end", flip(envelope)), ("flipped in its text", flip(envelope, 30)), ("of another version", b"\2" + envelope[1:]), ("cut", envelope[:-1]),
                          ("longer", envelope + b"\0"), ("a header", envelope[:10]), ("nothing", b""), ("of kind 2", envelope[:1] + b"\2" + envelope[2:])):
        equal(asks(place, session, "POST", "/api/end", changed), STRANGER, f"an envelope that is {what}")
    equal(asks(place, session, "POST", "/api/license", envelope), STRANGER, "an envelope for another address")
    equal(asks(place, session, "POST", "/api/end?x", envelope), STRANGER, "an envelope for another query")
    other = place.open()
    equal(asks(place, other, "POST", "/api/end", envelope), STRANGER, "an envelope of another session")
    equal(refusal(session.end, "00" * 16)[0], 404, "the session that all this was done to, asked honestly")
    holds(session.titles(), "it has no titles")


@journey.test("a request of another number ends the session, an old one as one of the future")
def _(place):
    session = place.open()
    old = session.sealed_request("GET", "/api/list", None)[1]
    session.titles()
    session.titles()
    equal(asks(place, session, "GET", "/api/list", old, body=False), (409, "out-of-turn"), "an old request again")
    equal(refusal(session.titles), STRANGER, "what comes after that")
    session = place.open()
    session.channel.number += 1
    equal(refusal(session.titles), (409, "out-of-turn"), "a request of the future")
    place.serves()


TEXTS = {
    "no JSON": b"{", "an array": b"[]", "not UTF-8": b'{"title":"\xff"}', "too deep": b'{"title":' * 9 + b"1" + b"}" * 9, "very deep": b"[" * 50000, "two objects": b"{}{}",
    "a zero byte": b'{"title":"\\u0000","play":"' + b"0" * 32 + b'"}', "nothing": b"", "NaN": b'{"title":NaN}', "a number of 60,000 digits": b'{"play":' + b"9" * 60000 + b"}",
    "other types": b'{"title":1,"play":[]}', "a path": b'{"title":"../../../../../../../../etc/pas","play":"../../../../../../../../etc/pas"}',
    "capitals": b'{"title":"' + b"AB" * 16 + b'","play":"' + b"AB" * 16 + b'"}', "one member": b'{"title":"' + b"00" * 16 + b'"}',
}


@journey.test("a sealed text that is not what it should be is malformed, and the session goes on")
def _(place):
    text = [b""]
    session = place.open()
    session.say = lies(text=lambda honest: honest if text[0] is None else text[0])
    for what, text[0] in TEXTS.items():
        for path in "/api/license", "/api/end", "/api/certificate", "/api/renew", "/api/return":
            # One member may be all that is asked for: then there is no licence for that title.
            wanted = (404, "not-found") if what == "one member" and path in ("/api/renew", "/api/return") else MALFORMED
            equal(refusal(session.call, "POST", path, {}), wanted, f"{what} for {path}")
    text[0] = None
    holds(session.titles(), "it has no titles")


QUERIES = {
    "limit=0": MALFORMED, "limit=-1": MALFORMED, "limit=201": None, "limit=99999999999999999999": MALFORMED, "limit=1e2": MALFORMED, "limit=": MALFORMED, "limit=0x10": MALFORMED,
    "after=../../etc/passwd": None, "after=%00": None, "after=%FF": None, "query=%00": None, "query=%FF%FE": None, "query=%27%20OR%201=1--": None, "query=%25%25%25": None,
    "query=" + "a" * 3000: None, "mark=../..": None, "x=y": None, "limit=1&limit=2": None, "&&&=&": None,
}


@journey.test("questions of every kind are answered or malformed, and the session goes on")
def _(place):
    session = place.open()
    # What is no query at all does not get as far as the session.
    equal(player.ask(place.paired.url, "GET", "/api/list?%").status, 400, "the status for no query")
    for query, wanted in QUERIES.items():
        try:
            answer = session.call("GET", "/api/list?" + query)
            holds(wanted is None and isinstance(answer["titles"], list), f"{query} is answered {answer}")
        except Refused as refused:
            equal((refused.status, refused.kind), MALFORMED, f"the refusal of {query}")
    for query in "", "title=", "title=../../../etc/passwd", "title=" + "0" * 31, "title=" + "0" * 33, "title=" + "AB" * 16, "title=%00", "x":
        equal(refusal(session.call, "GET", "/api/cover?" + query), MALFORMED, f"a cover for “{query}”")
    equal(refusal(session.licence, "ab" * 16), (404, "title-unknown"), "a title that there is not")
    holds(session.titles(), "it has no titles")


# ---- grants and chunks (10) ----

def grant(place, name="One"):
    session = place.open()
    title = next(title for title in session.titles() if title["name"] == name)
    return session, session.licence(title["id"])


@journey.test("another's grant is nobody's")
def _(place):
    _, theirs = grant(place)
    session, mine = grant(place, "Other")
    # With their identifier and our keys; then with all that a thief of the grant alone could make of it.
    mine.grant = theirs.grant
    equal(refusal(mine.chunk, 0), (404, "grant-unknown"), "with our keys")
    mine.stream = session.channel.stream(theirs.grant, session.answer_key)
    equal(refusal(mine.chunk, 0), (404, "grant-unknown"), "with keys made of it")
    equal(len(theirs.chunk(0)), 262144, "the length of the chunk that it is for")


@journey.test("a play that is asked for again has a fresh grant, and the one before is over")
def _(place):
    session, play = grant(place)
    play.chunk(0)
    again = session.licence(play.licence["title"], play.licence["play"])
    equal(again.licence["plays_left"], play.licence["plays_left"], "plays left")
    equal(refusal(play.chunk, 1), (404, "grant-unknown"), "a chunk by the grant before")
    equal(len(again.chunk(1)), 262144, "the length of a chunk by the fresh one")


@journey.test("a title that is denied is not there, for who knows its identifier neither, and costs nothing")
def _(place):
    session, play = grant(place)
    title, unknown = play.licence["title"], (404, "title-unknown")
    before = place.ctl("plays", "--json").json
    place.ctl("rights", "set", "--title", "One", "--deny")
    equal([found["name"] for found in session.titles()], ["Other"], "the catalogue")
    equal(refusal(session.licence, title), unknown, "a new play of it")
    equal(refusal(session.licence, title, play.licence["play"]), unknown, "the play that was granted, asked again")
    equal(refusal(session.call, "GET", f"/api/cover?title={title}"), unknown, "its cover")
    for path in "renew", "return":
        equal(refusal(session.call, "POST", "/api/" + path, {"title": title}), unknown, path)
    equal(place.ctl("plays", "--json").json, before, "the plays")
    rule, = place.ctl("rights", "list", "--json").json
    place.ctl("rights", "remove", rule["id"])
    holds(len(session.licence(title).chunk(0)) == 262144, "it is there again")


@journey.test("pages that there are not are refused, and those of licences lead to the last one")
def _(place):
    session = place.open()
    for title in session.titles():
        session.licence(title["id"])
    for path in "list", "licences":
        for query in "limit=0", "limit=1001", "limit=x", "limit=-1", "after=" + "00" * 16, "after=x":
            equal(refusal(session.call, "GET", f"/api/{path}?{query}"), MALFORMED, f"{path}?{query}")
    found, after = [], ""
    while after is not None:
        page = session.call("GET", "/api/licences?limit=1" + (after and "&after=" + after))
        equal(len(page["licences"]), 1, "licences in a page of one")
        found.append(page["licences"][0]["title"])
        after = page["next"]
    equal(sorted(found), sorted(title["id"] for title in session.titles()), "the titles of all licences")
    equal([play["name"] for play in session.call("GET", "/api/plays")["plays"] if play["here"]].count("Other") >= 1, True, "a play that goes on here is told")


@journey.test("a chunk request that was changed, repeated or is too old is refused")
def _(place):
    _, play = grant(place)
    for say in lies(chunk_mac=flip), lies(chunk_mac=lambda _: b""), lies(chunk_mac=lambda mac: mac[:16]), lies(chunk_path=lambda path: path.replace("chunk=1", "chunk=0")):
        play.chunk(1)
        if say("chunk path", "chunk=1") == "chunk=1":
            equal(refusal(play.chunk, 1, say), STRANGER, "the refusal")
    play.chunk(0, counter=500)
    for counter in 500, 500 - 65, 0:
        equal(refusal(play.chunk, 0, counter=counter), STRANGER, f"counter {counter} after 500")
    play.chunk(0, counter=500 - 64)
    play.counter = 501
    for index in 3, 2 ** 31, 2 ** 32 - 1:
        equal(refusal(play.chunk, index), (404, "not-found"), f"chunk {index}")
    for where in "chunk=4294967296", "chunk=99999999999999999999", "chunk=-1", "chunk=", "chunk=0x0", "":
        equal(refusal(play.chunk, 0, lies(chunk_path=lambda path, where=where: path.replace("chunk=0", where))), MALFORMED, f"“{where}”")
    equal(play.read(), journey.read(place.media["One"]), "the title, asked honestly")


@journey.test("a chunk is fetched 32 times and no more; one of an ended play not at all")
def _(place):
    session, play = grant(place)
    for _ in range(32):
        play.chunk(0)
    equal(refusal(play.chunk, 0), (429, "slow-down"), "the 33rd time")
    equal(len(play.chunk(1)), 262144, "the length of another chunk")
    session.end(play.licence["play"])
    equal(refusal(play.chunk, 1), (404, "grant-unknown"), "a chunk of an ended play")
    session.leave()
    equal(refusal(play.chunk, 1), STRANGER, "a chunk of a session that was left")


# ---- titles' files (13.1), which somebody else than the server writes to ----

HEADER, SEALED = 128, 262144 + 16


def chunk_at(file, index):
    return file[HEADER + SEALED * index:][:SEALED]


DAMAGES = {
    "cut by a byte": lambda whole, other: whole[:-1],
    "cut to its header": lambda whole, other: whole[:HEADER],
    "empty": lambda whole, other: b"",
    "another title's": lambda whole, other: other,
    "with a bit of its header flipped": lambda whole, other: flip(whole, 40),
    "with a bit of its last section flipped": lambda whole, other: flip(whole),
    "with a bit of a chunk flipped": lambda whole, other: flip(whole, HEADER + SEALED + 500),
    "with its two first chunks swapped": lambda whole, other: whole[:HEADER] + chunk_at(whole, 1) + chunk_at(whole, 0) + whole[HEADER + 2 * SEALED:],
    "with a chunk of another title": lambda whole, other: whole[:HEADER] + chunk_at(other, 0) + whole[HEADER + SEALED:],
}


@journey.test("a title whose file was cut, swapped or changed by a bit is refused as damaged; nothing false is sent, nothing is spent on it, and others are served")
def _(place):
    media = {what: journey.wav(place.path("media", f"{number}.wav"), 3, title=what, pattern=os.urandom(40004)) for number, what in enumerate(DAMAGES)}
    place.add(*media.values())
    session = place.open()
    ids = {found["name"]: found["id"] for found in session.titles()}
    files = {name: place.path("state", "library", id + ".cantiga") for name, id in ids.items()}
    other = journey.read(files["Other"])
    for what, change in DAMAGES.items():
        journey.write(files[what], change(journey.read(files[what]), other))
    came = {}

    def hear(what):
        play = session.licence(ids[what])
        for index in range(play.licence["chunks"]):
            came[what] = came.get(what, b"") + play.chunk(index)

    for what in DAMAGES:
        equal(refusal(hear, what), (500, "title-damaged"), f"how a file {what} is refused")
    equal(len(session.licence(ids["Other"]).chunk(0)), 262144, "the length of a chunk of a whole one, in the same session")
    # What is whole before the damage goes out, and begins the play.
    flipped = "with a bit of a chunk flipped"
    equal(came, {flipped: journey.read(media[flipped])[:262144]}, "what came")
    equal({play["title"] for play in place.ctl("plays", "--json").json if play["event"] == "started"} & {ids[what] for what in DAMAGES}, {ids[flipped]}, "plays that began")
    equal(sorted(place.ctl("verify", "--json", ok=journey.FAILED).json["damaged"]), sorted(DAMAGES), "what verify finds")
    for what in DAMAGES:
        place.ctl("remove", what)
    place.ctl("verify")
    place.serves()


# ---- pairing (14) ----

@journey.test("an invitation is for who holds its secret, and for what they ask with it")
def _(place):
    url, invitation, secret, pin = player.parse_link(place.invite("stranger"))
    authority = player.authority_at(url, pin)[0]
    key = certificates.make_key("ECDSA")
    other = certificates.make_request(key, "somebody")
    refused = (401, "invitation-refused")
    cases = [
        ("another secret", refused, player.pair_request(invitation, bytes(32), authority, [key])),
        ("another invitation", refused, player.pair_request(bytes(16), secret, authority, [key])),
        ("another authority", refused, player.pair_request(invitation, secret, authority + b"\0", [key])),
        ("a mac that was changed", refused, player.pair_request(invitation, secret, authority, [key], lies(mac=flip))),
        ("a request for another name", refused, player.pair_request(invitation, secret, authority, [key], lies(requests=lambda _: [other]))),
        ("a request that is none", refused, player.pair_request(invitation, secret, authority, [key], lies(requests=lambda _: [b"\x30\0"]))),
        ("no request", MALFORMED, player.pair_request(invitation, secret, authority, [])),
        ("a request whose proof was changed", refused, player.pair_request(invitation, secret, authority, [key], lies(requests=lambda made: [flip(made[0])]))),
    ]
    for what, wanted, asked in cases:
        equal(refusal(player.open_call, url, "POST", "/api/pair", asked), wanted, what)
    chains = player.open_call(url, "POST", "/api/pair", player.pair_request(invitation, secret, authority, [key]))["certificates"]
    equal(len(chains), 1, "the certificates of who asks honestly after all that")


@journey.test("within a session a certificate is for this session's own request alone")
def _(place):
    session = place.open()
    key = certificates.make_key("ECDSA")
    for request, wanted in ((certificates.make_request(key, "00" * 16), CERTIFICATE), (certificates.make_request(key, "root"), CERTIFICATE),
                            (flip(certificates.make_request(key, session.session.hex())), CERTIFICATE), (b"", MALFORMED), (b"\x30\x80", CERTIFICATE)):
        equal(refusal(session.call, "POST", "/api/certificate", {"requests": [to_base64(request)]}), wanted, f"a request of {request[:40]}")
    session = place.open()
    session.renew()


@journey.test("after all that the server serves the honest, with every kind of key")
def _(place):
    for auth in AUTHS:
        session = player.Session(place.paired, auth).sign_in()
        session.show_card(*place.keys)
        holds(session.titles(), "it has no titles")
    holds(not place.server.ended, "the server ended")
    # Under sanitizers: with what it leaked.
    place.server.stop()


if __name__ == "__main__":
    journey.main(Place)
