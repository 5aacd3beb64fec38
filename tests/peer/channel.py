"""docs/protocol.md 3.5, 4, 6, 7 and 10: the transcript, and the keys and chains of both ends."""
import hashlib

from notation import fields, must, u64
from suites import CHUNK, CONTROL, Place

SIGNED_BY = {"player": "cantiga/1 player key exchange", "server": "cantiga/1 server key exchange"}


def sha256(text):
    return hashlib.sha256(text).digest()


def first_hash(server_leaf, player_leaf, player_nonce, session, server_nonce, offered, chosen, group, player_public):
    return sha256(fields("cantiga/1 t1", server_leaf, player_leaf, player_nonce, session, server_nonce, fields(*offered), chosen, group, player_public))


def second_hash(t1, player_signature, server_public):
    return sha256(fields("cantiga/1 t2", t1, player_signature, server_public))


def to_sign(role, transcript):
    """What each side signs: t1 the player, t2 the server."""
    return fields(SIGNED_BY[role], transcript)


class Channel:
    """All keys of a session, for both ends."""

    def __init__(self, suite, session, t2, z):
        self.suite, self.session = suite, session
        prk = suite.extract(t2, z)
        self.prk, self.finished_key = prk, suite.expand(prk, "cantiga/1 finished")
        self.finished = suite.hmac(self.finished_key, t2)
        self.c = suite.expand(prk, "cantiga/1 player to server")
        self.r = suite.expand(prk, "cantiga/1 server to player")
        self.rotation = suite.expand(prk, "cantiga/1 rotation")
        self.binding = suite.expand(prk, "cantiga/1 card binding", length=32)
        self.number = 0

    def card_message(self, server_leaf):
        return fields("cantiga/1 citizen card", self.binding, sha256(server_leaf))

    def next(self, key, text):
        return self.suite.extract(self.rotation, key + self.suite.hash(text))

    def place_of_request(self, method, path):
        return Place("player", self.session, CONTROL, self.number, method, path)

    def place_of_answer(self, method, path, request):
        return Place("server", self.session, CONTROL, self.number, method, path, (self.number, self.suite.tag(request)))

    def turn(self, text, answer_text):
        """After an answer both chains go on."""
        self.c, self.r = self.next(self.c, text), self.next(self.r, answer_text)
        self.number += 1

    def stream(self, grant, r):
        """r: the key under which the answer with the grant was sealed."""
        return Stream(self.suite, self.session, grant, self.suite.expand(r, "cantiga/1 stream", grant))


class Stream:
    """10: the keys of one grant."""

    def __init__(self, suite, session, grant, key):
        self.suite, self.session, self.grant, self.key = suite, session, grant, key
        self.request_key = suite.expand(key, "cantiga/1 chunk request")

    def mac(self, path, counter):
        return self.suite.hmac(self.request_key, fields("cantiga/1 chunk request", self.session, self.grant, "GET", path, u64(counter)))

    def chunk_key(self, index):
        return self.suite.expand(self.key, "cantiga/1 chunk", u64(index))

    def place(self, index, path, counter, mac, kind=CHUNK):
        return Place("server", self.session, kind, index, "GET", path, (counter, mac))


class Window:
    """10.2: which counters were used."""

    def __init__(self):
        self.highest, self.seen = -1, set()

    def take(self, counter):
        must(counter >= self.highest - 64 and counter not in self.seen, "a counter was used twice")
        self.highest = max(self.highest, counter)
        self.seen = {number for number in self.seen | {counter} if number >= self.highest - 64}
