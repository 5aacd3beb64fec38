#!/usr/bin/python3
"""cantiga-play against a server that lies, one lie at a time: each is refused with its own sentence, and nothing of it is played or written."""
import os

import certificates
import server
from certificates import Authority, der
from channel import second_hash
from kex import GROUPS, to_bytes
from notation import to_base64, u8
from stage import journey, key_of
from suites import all_suites

from journey import contains, equal, holds

X25519, FFDHE = "ECDH_ECDSA_AES256_GCM_SHA512", "DH_ECDSA_AES256_GCM_SHA512"
P = GROUPS["ffdhe2048"]
SECRET = b"what nobody may hear "


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        card = journey.Card(self, "ANA MARIA DOS SANTOS", "ec")
        self.media = [SECRET * 30000, bytes(reversed(SECRET * 30000))]
        self.box = server.Box([server.Title("True", self.media[0]), server.Title("Other", self.media[1])], key_of(card)[1], all_suites("ECDSA", legacy=False))
        # Whoever holds another key may use the same name.
        self.false = Authority()
        self.player = journey.Player(self, "player", card)
        self.player.pair(self.box.invite())
        self.truth = dict(self.box.chains), dict(self.box.keys), list(self.box.authority.revoked)

    def tell(self):
        return f"the other server was asked last: {self.box.asked[-12:]}"

    def honest(self):
        self.box.say = server.honest
        self.box.chains, self.box.keys, self.box.authority.revoked = dict(self.truth[0]), dict(self.truth[1]), list(self.truth[2])
        self.box.licences.clear()

    def show(self, chain):
        """The server's own chain from now on."""
        self.box.chains["ECDSA"] = chain

    def leaf(self, by=None, usage=certificates.SERVER, auth="ECDSA", **more):
        """A leaf of the server, and its key in its place."""
        self.box.keys["ECDSA"] = key = certificates.make_key(auth)
        return der((by or self.box.authority).issue(key.public_key(), "The other box", usage, **{"server": self.box.identity, **more}))


# (what is lied about, the words of the refusal, what sets the lie up)
LIES = []


def lie(what, words, suite=X25519, title="True"):
    def keep(set_up):
        LIES.append((what, words, set_up, suite, title))
        return set_up
    return keep


def says(**lies):
    """A `say` that changes what it names; _ stands for a space, and __ for a slash."""
    return lambda place: saying(place, {name.replace("__", "/").replace("_", " "): change for name, change in lies.items()})


def saying(place, lies):
    place.box.say = lambda name, value: lies[name](value) if name in lies else value


def flip(value, at=-1):
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 or len(value):]


def with_member(**members):
    return lambda value: {**value, **members}


# ---- certificates (3.1) ----

@lie("a certificate of another authority with the same name", "issued by another authority")
def _(place):
    place.show([place.leaf(place.false)])


@lie("a certificate of an authority that comes with it", "it is another authority's")
def _(place):
    stranger = Authority("A stranger")
    place.show([place.leaf(stranger), der(stranger.certificate)])


@lie("a chain through one that is no authority", "without being an authority's")
def _(place):
    key = certificates.make_key("ECDSA")
    place.box.keys["ECDSA"] = key
    middle = Authority("In between")
    middle.certificate = place.box.authority.issue(middle.key.public_key(), "In between", None)
    place.show([place.leaf(middle), der(middle.certificate)])


@lie("a certificate that it made for itself", "no authority but itself")
def _(place):
    own = Authority("Its own")
    place.box.keys["ECDSA"] = own.key
    place.show([der(own.issue(own.key.public_key(), "Its own", certificates.SERVER, server=place.box.identity))])


@lie("a certificate that has expired", "it has expired")
def _(place):
    place.show([place.leaf(start=-30, end=-1)])


@lie("a certificate that is not valid yet", "not valid yet")
def _(place):
    place.show([place.leaf(start=1)])


@lie("a player's certificate", "another use")
def _(place):
    place.show([place.leaf(usage=certificates.PLAYER)])


@lie("a publisher's certificate", "another use")
def _(place):
    place.show([place.leaf(usage=certificates.PUBLISHER)])


@lie("a certificate for every use", "another use")
def _(place):
    place.show([place.leaf(usage=certificates.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)])


@lie("a certificate that was revoked", "it was revoked")
def _(place):
    chain = [place.leaf()]
    place.show(chain)
    place.box.authority.revoke(certificates.load(chain[0]))


@lie("the certificate of another server of the same authority", "another server than the one that was paired with")
def _(place):
    place.show([place.leaf(server="00000000-0000-4000-8000-000000000000")])


@lie("a certificate without a server's name", "another server than the one that was paired with")
def _(place):
    place.show([place.leaf(server=None)])


@lie("a certificate of another kind than was asked for", "of another kind (RSA)")
def _(place):
    place.show(place.box.chains["RSA"])


@lie("a certificate that somebody else has the key of", "signature does not verify")
def _(place):
    place.box.keys["ECDSA"] = certificates.make_key("ECDSA")


@lie("no certificate at all", "“certificates” is empty")
def _(place):
    place.show([])


@lie("bytes that are no certificate", "not a certificate")
def _(place):
    place.show([b"\x30\x03\x02\x01\x01"])


@lie("a revocation list of another authority", "revocation list is another authority's")
def _(place):
    saying(place, {"crl": lambda _: place.false.crl()})


@lie("a revocation list past its time", "out of date")
def _(place):
    saying(place, {"crl": lambda _: place.box.authority.crl(start=-9, end=-1)})


@lie("a revocation list of tomorrow", "revocation list is not valid yet")
def _(place):
    saying(place, {"crl": lambda _: place.box.authority.crl(start=1)})


@lie("a revocation list older than one seen before", "older than one seen before")
def _(place):
    place.box.authority.crl_number += 1
    place.player.run("--list")
    saying(place, {"crl": lambda _: place.box.authority.crl(number=1)})


@lie("bytes that are no revocation list", "not a revocation list")
def _(place):
    saying(place, {"crl": lambda _: b"none"})


# ---- the handshake (3.2 to 3.8) ----

lie("another protocol", "different versions")(says(**{"GET __api__auth": with_member(protocol=2)}))
lie("another identity than its certificate's", "another server")(says(**{"GET __api__auth": with_member(server="00000000-0000-4000-8000-000000000000")}))
lie("a nonce that is too short", "“nonce” is not Base64 of a length")(says(nonce=lambda nonce: nonce[1:]))
lie("a session that is no identifier", "“session” is not an identifier")(says(**{"POST __api__auth": with_member(session="../../etc/passwd")}))
lie("a suite that was not offered", "not offered")(says(suite=lambda _: FFDHE))
lie("a suite for keys of another kind", "not offered")(says(suite=lambda _: X25519.replace("ECDSA", "RSA")))
lie("a suite that there is not", "not offered")(says(suite=lambda _: "ECDH_ECDSA_NULL_SHA512"))
lie("a public value of 0", "public value", FFDHE)(says(public=lambda _: bytes(256)))
lie("a public value of 1", "public value", FFDHE)(says(public=lambda _: to_bytes(1, 256)))
lie("a public value of p - 1", "public value", FFDHE)(says(public=lambda _: to_bytes(P - 1, 256)))
lie("a public value of p", "public value", FFDHE)(says(public=lambda _: to_bytes(P, 256)))
lie("a public value of p + 1", "public value", FFDHE)(says(public=lambda _: to_bytes(P + 1, 256)))
lie("a public value of another group's length", "public value", FFDHE)(says(public=lambda value: bytes(128) + value))
lie("a public value of X25519 that is 0", "public value")(says(public=lambda _: bytes(32)))
lie("a public value of X25519 of small order", "public value")(says(public=lambda _: bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")))
lie("a public value of X25519 that is too short", "public value")(says(public=lambda value: value[1:]))
lie("a signature over another transcript", "signature does not verify")(says(t2=lambda t2: flip(t2)))
lie("a signature with one bit changed", "signature does not verify")(says(signature=lambda signature: flip(signature)))
lie("no signature", "“signature” is not Base64 of a length")(says(signature=lambda _: b""))
lie("keys that it does not have", "not what was sent")(says(finished=lambda finished: flip(finished)))
lie("a proof of keys that is cut", "“finished” is not Base64 of a length")(says(finished=lambda finished: finished[:16]))


@lie("a transcript in which less was offered than the player did", "signature does not verify")
def _(place):
    saying(place, {"t2": lambda _: second_hash(bytes(32), b"another signature", b"another public value")})


# ---- sealed answers (5, 6) ----

lie("an answer with one bit changed", "not what was sent")(says(envelope=lambda envelope: flip(envelope)))
lie("an answer whose number was changed", "not what was sent")(says(envelope=lambda envelope: flip(envelope, 9)))
lie("an answer of another version", "not what was sent")(says(envelope=lambda envelope: b"\x02" + envelope[1:]))
lie("an answer that is cut", "not what was sent")(says(envelope=lambda envelope: envelope[:-1]))
lie("an answer of a few bytes", "not what was sent")(says(envelope=lambda envelope: envelope[:11]))
lie("no answer", "not what was sent")(says(envelope=lambda _: b""))
lie("an answer that is no JSON", "not one JSON object of the form")(says(text=lambda _: b"[1,2"))
lie("an answer that is not UTF-8", "not a text in UTF-8")(says(text=lambda _: b'{"listener":"\xff\xfe"}'))
lie("an answer with a zero byte", "not one JSON object of the form")(says(text=lambda _: b'{"listener":"A\\u0000B"}'))
lie("an answer that is too deep", "not one JSON object of the form")(says(text=lambda _: b'{"listener":' + b"[" * 9 + b"]" * 9 + b"}"))
lie("an answer of a million brackets", "not one JSON object of the form")(says(text=lambda _: b"[" * 1000000))
lie("an answer with a listener that is a number", "“listener” is not a string")(says(**{"__api__cc": lambda _: {"listener": 7}}))
lie("a catalogue that is none", "“titles” is not an array")(says(**{"__api__list": with_member(titles="none")}))
lie("a catalogue with a title without a name", "“name” is not a string")(says(**{"__api__list": lambda page: {**page, "titles": [{**title, "name": 5} for title in page["titles"]]}}))
lie("a catalogue with a title that is a path", "“id” is not an identifier")(says(**{"__api__list": lambda page: {**page, "titles": [{**title, "id": "../../../../etc/passwd"} for title in page["titles"]]}}))
lie("a catalogue with sizes out of range", "“size” is out of its range")(says(**{"__api__list": lambda page: {**page, "titles": [{**title, "size": -1, "chunks": 1e300} for title in page["titles"]]}}))


@lie("an answer that was given before", "not what was sent")
def _(place):
    kept = {}

    def repeat(envelope):
        # The card's answer, number 0, is the session's first.
        if envelope[9] == 0:
            kept["answer"] = envelope
        return kept["answer"]
    saying(place, {"envelope": repeat})


# ---- licences and manifests (9, 13.2) ----

def with_manifest(**members):
    return lambda licence: {**licence, "manifest": {**licence["manifest"], **members}}


lie("a licence for another title", "for another title")(says(**{"__api__license": with_member(title="00" * 16)}))
lie("a licence for another play", "for another play")(says(**{"__api__license": with_member(play="00" * 16)}))
lie("a grant that is no identifier", "“grant” is not an identifier")(says(**{"__api__license": with_member(grant="../" * 10 + "ab")}))
lie("plays left below none", "“plays_left” is out of its range")(says(**{"__api__license": with_member(plays_left=-1)}))
lie("plays left past all numbers", "not one JSON object of the form")(says(**{"__api__license": with_member(plays_left=1e400)}))
lie("a size that the catalogue did not tell", "another length")(says(**{"__api__license": with_member(size=len(SECRET) * 30000 - 1)}))
lie("a type that the catalogue did not tell", "another kind of media")(says(**{"__api__license": with_member(type="text/html")}))
lie("chunks of another size", "“chunk_size” is out of its range")(says(**{"__api__license": with_member(chunk_size=4096)}))
lie("fewer chunks than the size gives", "“chunks” does not go with the member “size”")(says(**{"__api__license": with_member(chunks=1)}))
lie("a size of 2^63", "not one JSON object of the form")(says(**{"__api__license": with_member(size=2 ** 63, chunks=2 ** 45)}))
lie("a root that the publisher did not sign", "not signed by its publisher")(says(**{"__api__license": with_manifest(root=to_base64(bytes(32)))}))
lie("a manifest without a publisher", "“certificates” is empty")(says(**{"__api__license": with_manifest(certificates=[])}))


def signed_by(place, key, chain, title=None):
    title = title or next(title for title in place.box.titles.values() if title.name == "True")
    signature = certificates.sign(key, server.manifest.to_sign(title.id, len(title.media), title.kind, title.root))
    saying(place, {"/api/license": with_manifest(signature=to_base64(signature), certificates=[to_base64(text) for text in chain])})


@lie("a manifest that the server signed itself", "another use")
def _(place):
    signed_by(place, place.box.keys["ECDSA"], place.box.chains["ECDSA"])


@lie("a manifest by another authority's publisher", "issued by another authority")
def _(place):
    key = certificates.make_key("ECDSA")
    signed_by(place, key, [der(place.false.issue(key.public_key(), "Publisher", certificates.PUBLISHER))])


@lie("another title's manifest", "not signed by its publisher")
def _(place):
    other = next(title for title in place.box.titles.values() if title.name == "Other")
    signature = certificates.sign(place.box.publisher, server.manifest.to_sign(other.id, len(other.media), other.kind, other.root))
    saying(place, {"/api/license": with_manifest(signature=to_base64(signature), root=to_base64(other.root))})


# ---- chunks (10) ----

def chunk_of(place, name, index):
    title = next(title for title in place.box.titles.values() if title.name == name)
    hashes = server.manifest.path(title.leaves, index)
    return u8(len(hashes)) + b"".join(hashes) + title.chunks[index]


lie("a chunk with one bit changed", "not what was sent")(says(chunk=lambda text: flip(text)))
lie("a chunk with a path that was changed", "not what was sent")(says(chunk=lambda text: flip(text, 5)))
lie("a chunk with a path that is longer", "not what was sent")(says(chunk=lambda text: u8(text[0] + 1) + text[1:33] + text[1:]))
lie("a chunk with a path of 255 hashes", "not what was sent")(says(chunk=lambda text: u8(255) + text[1:]))
lie("a chunk that is cut", "not what was sent")(says(chunk=lambda text: text[:-1]))
lie("a chunk that is longer", "not what was sent")(says(chunk=lambda text: text + b"x"))
lie("an empty chunk", "not what was sent")(says(chunk=lambda _: b""))
lie("a sealed chunk with one bit changed", "not what was sent")(says(chunk_envelope=lambda envelope: flip(envelope)))
lie("a sealed chunk that is cut", "not what was sent")(says(chunk_envelope=lambda envelope: envelope[:-1]))
lie("a sealed chunk of nothing", "not what was sent")(says(chunk_envelope=lambda _: b""))
lie("a sealed chunk of 64 MiB", "longer than the protocol allows")(says(chunk_envelope=lambda envelope: envelope + bytes(64 << 20)))


@lie("a chunk of another title", "not what was sent")
def _(place):
    saying(place, {"chunk": lambda _: chunk_of(place, "Other", 0)})


@lie("another chunk of the title", "not what was sent")
def _(place):
    saying(place, {"chunk": lambda _: chunk_of(place, "True", 1)})


def show(what, words, set_up, suite, title):
    @journey.test(f"{what}: refused")
    def _(place):
        place.honest()
        set_up(place)
        out = place.path("out", "title")
        ran = place.player.run("--suite", suite, "--title", title, "--output", out, ok=None)
        holds(ran.status in (journey.FAILED, journey.REFUSED), f"it ended with {ran.status}: {ran.err}")
        contains(ran.sentence, words, "the reason")
        holds(not os.path.exists(out), "a file was written")
        holds("what nobody may hear" not in ran.out + ran.err, "media was shown")


for each in LIES:
    show(*each)


@journey.test("names that would write to the terminal, or turn what it says about, are shown as they can be")
def _(place):
    place.honest()
    name = "A\x1b[2J\u009b31m\u202eB\r\n"
    saying(place, {"/api/list": lambda page: {**page, "titles": [{**title, "name": name, "artist": name} for title in page["titles"]]}, "/api/cc": with_member(listener=name)})
    ran = place.player.run("--list")
    for unfit in "\x1b", "\u009b", "\u202e", "\r":
        holds(unfit not in ran.out + ran.err, f"{unfit!r} is written to the terminal: {ran.out!r}")
    contains(ran.out, "A [2J  31m   B", "the list")


# ---- pairing (14) ----

def issued_to_another(place):
    """Certificates of the right authority, for keys that are not the player's."""
    saying(place, {"chains": lambda chains: [[der(place.box.authority.issue(certificates.make_key(certificates.auth_of(certificates.load(chain[0]).public_key())).public_key(),
                                                                            "Player", certificates.PLAYER))] for chain in chains]})


def issued_by_another(place):
    saying(place, {"chains": lambda chains: [[der(place.false.issue(certificates.load(chain[0]).public_key(), "Player", certificates.PLAYER))] for chain in chains]})


def for_another_use(place):
    saying(place, {"chains": lambda chains: [[der(place.box.authority.issue(certificates.load(chain[0]).public_key(), "Player", certificates.SERVER))] for chain in chains]})


PAIRING = {
    "another authority than the invitation's": (says(authority=lambda _: der(Authority().certificate)), "not the server that the invitation is from"),
    "an authority that is none": (says(authority=lambda _: b"none"), "not a certificate"),
    "an answer with a mac that was changed": (says(pair_mac=lambda mac: flip(mac)), "not from the server that the invitation is from"),
    "certificates for other keys": (issued_to_another, "do not belong together"),
    "certificates of another authority with the same name": (issued_by_another, "issued by another authority"),
    "certificates for another use": (for_another_use, "issued for another use"),
    "fewer certificates than were asked for": (says(chains=lambda chains: chains[:1]), "did not answer each of the requests"),
    "another protocol": (says(**{"GET __api__pair": with_member(protocol=2)}), "different versions"),
    "an identity that is a path": (says(**{"GET __api__pair": with_member(server="../../../../etc/passwd")}), "identity is not a UUID"),
}


@journey.test("whoever lies at pairing is not paired with, and nothing is kept of it")
def _(place):
    for number, (what, (set_up, words)) in enumerate(PAIRING.items()):
        place.honest()
        set_up(place)
        newcomer = journey.Player(place, f"newcomer {number}", place.player.card)
        ran = newcomer.pair(place.box.invite(), ok=None)
        holds(ran.status in (journey.FAILED, journey.REFUSED), f"{what}: it ended with {ran.status}: {ran.err}")
        contains(ran.sentence, words, f"the reason for {what}")
        newcomer.run("--list", ok=journey.NOT_FOUND)


@journey.test("a catalogue that never ends: an end is made of it")
def _(place):
    place.honest()
    saying(place, {"/api/list": with_member(next="again")})
    ran = place.player.run("--title", "True", "--output", "none", ok=journey.NOT_FOUND)
    contains(ran.sentence, "10000 titles", "the reason")


@journey.test("after all that the truth is played")
def _(place):
    place.honest()
    out = place.path("out", "title")
    told = place.player.run("--title", "True", "--output", out, "--json").json
    equal(told["chunks"], 3, "its chunks")
    holds(journey.read(out) == place.media[0], "the file that came out is another one")


if __name__ == "__main__":
    journey.main(Place)
