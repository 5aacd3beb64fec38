"""The player's role of docs/protocol.md, written again from the document alone.

`say` is where a liar lies: it is called with a name and the honest value of each thing that is about to be said, and what it returns is said.
"""
import hashlib
import hmac
import http.client
import os
import re
import urllib.parse

import certificates
import manifest
from channel import Channel, first_hash, second_hash, to_sign
from kex import G, NAMES, Share, to_bytes
from notation import (Broken, Refused, fields, from_base64, from_base64url, from_id, from_json, honest, must, to_base64, to_base64url, to_json)
from suites import CONTROL, AUTHS, Suite, all_suites

ENVELOPE, JSON, PROBLEM = "application/vnd.cantiga.envelope", "application/json", "application/problem+json"
TIMEOUT = 120


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def type(self):
        return self.headers.get("Content-Type")


def ask(url, method, path, body=None, headers=()):
    """One request of HTTP/1.1, one answer."""
    at = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=TIMEOUT)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def open_call(url, method, path, value=None):
    """3: JSON asked and answered, nothing sealed."""
    answer = ask(url, method, path, None if value is None else to_json(value), {} if value is None else {"Content-Type": JSON})
    if answer.status != 200:
        must(answer.type == PROBLEM, f"a refusal has the type {answer.type}")
        refused = Refused.of(from_json(answer.body))
        must(refused.status == answer.status, "a refusal has two statuses")
        raise refused
    must(answer.type == JSON, f"an answer has the type {answer.type}")
    return from_json(answer.body)


def need(value, name, kind):
    must(isinstance(value.get(name), kind) and not (kind is int and isinstance(value[name], bool)), f"the answer has no {name}")
    return value[name]


def all_base64(texts):
    return [from_base64(text) for text in texts]


# ---- pairing (14) ----

class Paired:
    """What a player keeps of a server: identities is AUTH → (key, chain)."""

    def __init__(self, url, authority, server, identities):
        self.url, self.authority, self.server, self.identities, self.crl_number = url, authority, server, identities, 0


def parse_link(link):
    parts = re.fullmatch(r"cantiga://([^/]+)/#([\w-]+)\.([\w-]+)\.([\w-]+)", link)
    must(parts, f"no invitation: {link}")
    invitation, secret, pin = (from_base64url(part) for part in parts.groups()[1:])
    must((len(invitation), len(secret), len(pin)) == (16, 32, 32), "an invitation of other lengths")
    return "http://" + parts[1], invitation, secret, pin


def authority_at(url, pin):
    """14.2"""
    offer = open_call(url, "GET", "/api/pair")
    must(need(offer, "protocol", int) == 1, "another protocol")
    text = from_base64(need(offer, "authority", str))
    authority = certificates.load(text)
    must(hashlib.sha256(certificates.public_der(authority.public_key())).digest() == pin, "the authority is not the one of the invitation")
    return text, authority, need(offer, "server", str)


def pair_request(invitation, secret, authority, keys, say=honest):
    """14.3"""
    requests = say("requests", [certificates.make_request(key, invitation.hex()) for key in keys])
    mac = hmac.digest(secret, fields("cantiga/1 pair request", invitation, fields(*requests), authority), "sha256")
    return {"invitation": invitation.hex(), "requests": [to_base64(request) for request in requests], "mac": to_base64(say("mac", mac))}


def pair(link, auths=AUTHS, say=honest):
    url, invitation, secret, pin = parse_link(link)
    text, authority, server = authority_at(url, pin)
    keys = [certificates.make_key(auth) for auth in auths]
    answer = open_call(url, "POST", "/api/pair", pair_request(invitation, secret, text, keys, say))
    # 14.4
    chains = [all_base64(chain) for chain in need(answer, "certificates", list)]
    must(len(chains) == len(keys), "another number of certificates than of requests")
    mac = hmac.digest(secret, fields("cantiga/1 pair answer", invitation, fields(*(chain[0] for chain in chains)), server), "sha256")
    must(hmac.compare_digest(mac, from_base64(need(answer, "mac", str))), "the answer is not of who made the invitation")
    for key, chain in zip(keys, chains):
        check_ours(key, chain, authority)
    return Paired(url, authority, server, dict(zip(auths, zip(keys, chains))))


def check_ours(key, chain, authority):
    leaf = certificates.check_chain(chain, authority, certificates.PLAYER)
    must(certificates.public_der(leaf.public_key()) == certificates.public_der(key.public_key()), "a certificate is for another key")


# ---- a session (3 to 7) ----

class Session:
    def __init__(self, paired, auth, offered=None, group=None, say=honest):
        self.paired, self.auth, self.say = paired, auth, say
        self.offered = offered or all_suites(auth, legacy=False)
        self.group = group
        self.key, self.chain = paired.identities[auth]
        self.session = self.channel = self.suite = None

    def sign_in(self):
        """The handshake, whole."""
        self.get_certificates()
        self.hello()
        self.agree_suite()
        self.exchange_keys()
        return self

    def get_certificates(self):
        """3.1"""
        pin = hashlib.sha256(certificates.public_der(self.paired.authority.public_key())).digest()
        answer = open_call(self.paired.url, "GET", f"/api/auth?auth={self.auth}&authority={to_base64url(pin)}")
        must(need(answer, "protocol", int) == 1, "another protocol")
        crl = certificates.check_crl(from_base64(need(answer, "crl", str)), self.paired.authority, self.paired.crl_number)
        self.paired.crl_number = crl.extensions.get_extension_for_class(certificates.x509.CRLNumber).value.crl_number
        chain = all_base64(need(answer, "certificates", list))
        leaf = certificates.check_chain(chain, self.paired.authority, certificates.SERVER, crl)
        certificates.names_server(leaf, self.paired.server)
        must(certificates.auth_of(leaf.public_key()) == self.auth, "the server's key is of another kind than was asked for")
        self.server_leaf, self.server_key = chain[0], leaf.public_key()

    def hello(self):
        """3.2"""
        self.nonce = os.urandom(32)
        chain = self.say("certificates", self.chain)
        answer = open_call(self.paired.url, "POST", "/api/auth",
                           self.say("hello", {"protocol": 1, "certificates": [to_base64(text) for text in chain], "nonce": to_base64(self.nonce)}))
        self.session = from_id(need(answer, "session", str))
        self.server_nonce = from_base64(need(answer, "nonce", str))
        must(len(self.server_nonce) == 32, "a nonce of another length")

    def agree_suite(self):
        """3.3"""
        answer = open_call(self.paired.url, "POST", "/api/suite", self.say("suite", {"session": self.session.hex(), "suites": self.say("offered", self.offered)}))
        must(need(answer, "suite", str) in self.offered, "a suite that was not offered")
        self.suite = Suite(answer["suite"])
        must(self.suite.auth == self.auth, "a suite for keys of another kind")

    def exchange_keys(self):
        """3.4, 3.5"""
        share = Share(self.group if self.group in NAMES[self.suite.kex] else NAMES[self.suite.kex][0])
        public = self.say("public", share.public)
        t1 = self.say("t1", first_hash(self.server_leaf, self.chain[0], self.nonce, self.session, self.server_nonce, self.offered, self.suite.name,
                                       share.group, public))
        signature = self.say("signature", certificates.sign(self.key, to_sign("player", t1)))
        request = {"session": self.session.hex(), "group": share.group, "public": to_base64(public), "signature": to_base64(signature)}
        if share.p is not None:
            request.update(p=to_base64(to_bytes(share.p)), g=to_base64(to_bytes(G)))
        answer = open_call(self.paired.url, "POST", "/api/key", self.say("key", request))
        server_public = from_base64(need(answer, "public", str))
        t2 = second_hash(t1, signature, server_public)
        certificates.verify(self.server_key, from_base64(need(answer, "signature", str)), to_sign("server", t2))
        self.channel = Channel(self.suite, self.session, t2, share.shared(server_public))
        must(hmac.compare_digest(self.channel.finished, from_base64(need(answer, "finished", str))), "the server has other keys")

    # -- sealed (5, 6) --

    def sealed_request(self, method, path, value):
        """The text, the envelope, and what is sent as headers and body."""
        text = b"" if value is None else to_json(value)
        text = self.say("text", text)
        envelope = self.say("envelope", self.channel.suite.seal(self.channel.c, self.channel.place_of_request(method, path), text))
        if method == "GET":
            return text, envelope, {"Authorization": f"Cantiga {self.session.hex()}.{to_base64url(envelope)}"}, None
        return text, envelope, {"Authorization": "Cantiga " + self.session.hex(), "Content-Type": ENVELOPE}, envelope

    def call(self, method, path, value=None):
        """One request of the session and its answer, opened. self.answer_key: what the answer was sealed under."""
        text, envelope, headers, body = self.sealed_request(method, path, value)
        answer = ask(self.paired.url, method, path, body, headers)
        if answer.type != ENVELOPE:
            raise Refused.of(from_json(answer.body))
        answer_text = self.channel.suite.open(self.channel.r, self.channel.place_of_answer(method, path, envelope), answer.body)
        self.answer_key = self.channel.r
        self.channel.turn(text, answer_text)
        opened = from_json(answer_text)
        if "status" in opened:
            raise Refused.of(opened)
        return opened

    def show_card(self, key, chain):
        """7"""
        message = self.say("card message", self.channel.card_message(self.server_leaf))
        proof = {"certificates": [to_base64(text) for text in chain], "algorithm": certificates.card_algorithm(key),
                 "signature": to_base64(self.say("proof", certificates.card_sign(key, message)))}
        answer = self.call("POST", "/api/cc", self.say("card", proof))
        self.asked_to_renew = answer.get("renew", False)
        return need(answer, "listener", str)

    # -- catalogue, licence, chunks (8 to 10) --

    def titles(self, query=None):
        found, after, limit = [], None, 2
        while True:
            asked = {name: value for name, value in (("after", after), ("query", query), ("limit", limit)) if value is not None}
            page = self.call("GET", "/api/list?" + urllib.parse.urlencode(asked, quote_via=urllib.parse.quote))
            must(len(page["titles"]) <= limit, "a page is longer than was asked for")
            found += page["titles"]
            after = page["next"]
            if after is None:
                return found

    def licence(self, title, play=None):
        play = play or os.urandom(16).hex()
        licence = self.call("POST", "/api/license", {"title": title, "play": play})
        must((licence["title"], licence["play"]) == (title, play), "a licence for another play")
        return Play(self, licence)

    def end(self, play):
        must(self.call("POST", "/api/end", {"play": play}) == {"ended": True}, "a play did not end")

    def renew(self):
        """14.6"""
        key = certificates.make_key(self.auth)
        request = certificates.make_request(key, self.session.hex())
        chains = need(self.call("POST", "/api/certificate", {"requests": [to_base64(request)]}), "certificates", list)
        must(len(chains) == 1, "another number of certificates than of requests")
        chain = all_base64(chains[0])
        check_ours(key, chain, self.paired.authority)
        self.paired.identities[self.auth] = key, chain

    def move(self):
        """14.8: all keys at once, since one authority alone is pinned."""
        auths = list(self.paired.identities)
        keys = [self.paired.identities[auth][0] for auth in auths]
        requests = [to_base64(certificates.make_request(key, self.session.hex())) for key in keys]
        answer = self.call("POST", "/api/certificate", {"requests": requests})
        chains = [all_base64(chain) for chain in need(answer, "certificates", list)]
        authority = certificates.load(from_base64(need(answer, "authority", str)))
        for key, chain in zip(keys, chains, strict=True):
            check_ours(key, chain, authority)
        self.paired.authority, self.paired.identities = authority, dict(zip(auths, zip(keys, chains)))

    def leave(self):
        must(self.call("POST", "/api/leave", {}) == {"left": True}, "a session did not end")


class Play:
    """One grant: its chunks, checked against the manifest (10.5)."""

    def __init__(self, session, licence):
        self.session, self.licence, self.counter = session, licence, 0
        self.grant = from_id(licence["grant"])
        self.stream = session.channel.stream(self.grant, session.answer_key)
        self.check_manifest()

    def check_manifest(self):
        licence, told = self.licence, self.licence["manifest"]
        must(licence["chunk_size"] == manifest.CHUNK_SIZE, "chunks of another size")
        must(licence["chunks"] == -(-licence["size"] // manifest.CHUNK_SIZE), "another number of chunks than the size gives")
        publisher = certificates.check_chain(all_base64(told["certificates"]), self.session.paired.authority, certificates.PUBLISHER)
        self.root = from_base64(told["root"])
        certificates.verify(publisher.public_key(), from_base64(told["signature"]),
                            manifest.to_sign(from_id(licence["title"]), licence["size"], licence["type"], self.root))

    def ask_chunk(self, index, counter=None, say=honest):
        """10.2: the answer as it came, and what opens it."""
        if counter is None:
            counter, self.counter = self.counter, self.counter + 1
        path = say("chunk path", f"/api/download?grant={self.grant.hex()}&chunk={index}")
        mac = say("chunk mac", self.stream.mac(path, counter))
        answer = ask(self.session.paired.url, "GET", path, headers={"Authorization": f"Cantiga {self.session.session.hex()}.{counter}.{to_base64url(mac)}"})
        return answer, path, counter, mac

    def chunk(self, index, say=honest, counter=None):
        answer, path, counter, mac = self.ask_chunk(index, counter, say)
        if answer.type != ENVELOPE:
            raise Refused.of(from_json(answer.body))
        suite, key = self.session.suite, self.stream.chunk_key(index)
        if answer.body[1:2] == bytes([CONTROL]):
            raise Refused.of(from_json(suite.open(key, self.stream.place(index, path, counter, mac, CONTROL), answer.body)))
        text = suite.open(key, self.stream.place(index, path, counter, mac), answer.body)
        return self.check_chunk(index, text)

    def check_chunk(self, index, text):
        hashes = [text[1 + 32 * i:33 + 32 * i] for i in range(text[0])]
        chunk = text[1 + 32 * text[0]:]
        count, size = self.licence["chunks"], self.licence["size"]
        must(len(chunk) == (manifest.CHUNK_SIZE if index < count - 1 else size - manifest.CHUNK_SIZE * (count - 1)), "a chunk of another length")
        must(manifest.root_by_path(index, count, chunk, hashes) == self.root, "a chunk that the publisher did not sign")
        return chunk

    def read(self):
        return b"".join(self.chunk(index) for index in range(self.licence["chunks"]))


def refusal(function, *arguments, **more):
    """How it is refused: (status, type); what is not refused is Broken."""
    try:
        function(*arguments, **more)
    except Refused as refused:
        return refused.status, refused.kind
    raise Broken("it is not refused")
