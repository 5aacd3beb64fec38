"""The server's role of docs/protocol.md, written again from the document alone: enough of a box for a player to pair, prove a card and play.

`say` is where a liar lies: it is called with a name and the honest value of each thing that is about to be said, and what it returns is said.
"""
import hashlib
import hmac
import http.server
import os
import re
import secrets
import sys
import threading
import time
import urllib.parse
import uuid

import certificates
import manifest
from channel import Channel, Window, first_hash, second_hash, to_sign
from kex import G, GROUPS, NAMES, Share, to_bytes
from notation import (Broken, Refused, fields, from_base64, from_base64url, from_id, from_json, honest, must, to_base64, to_base64url, to_json, u8)
from suites import AUTHS, CONTROL, Suite, strongest

ENVELOPE, JSON, PROBLEM = "application/vnd.cantiga.envelope", "application/json", "application/problem+json"
PLAYS, DAYS = 3, 7


class Title:
    def __init__(self, name, media, kind="audio/x-wav", artist="", duration=1.0, exportable=True):
        self.id = os.urandom(16)
        self.name, self.media, self.kind, self.artist, self.duration, self.exportable = name, media, kind, artist, duration, exportable
        self.chunks = manifest.split(media)
        self.leaves = [manifest.leaf(index, chunk) for index, chunk in enumerate(self.chunks)]
        self.root = manifest.root(self.leaves)


class Session:
    def __init__(self, auth):
        self.id, self.nonce, self.auth = os.urandom(16), os.urandom(32), auth
        self.awaits = "suite"
        self.channel = self.last = None
        self.plays, self.grants, self.refused = {}, {}, set()
        self.lock = threading.Lock()


class Grant:
    def __init__(self, title, stream):
        self.title, self.stream, self.window = title, stream, Window()


class Box:
    """cards: certificates (DER) of the listeners that are let in. enabled: suites."""

    def __init__(self, titles, cards, enabled=None, say=honest):
        self.titles, self.cards, self.enabled, self.say = {title.id: title for title in titles}, cards, enabled, say
        self.name, self.identity = "The other box", str(uuid.uuid4())
        self.authority = certificates.Authority()
        self.keys, self.chains = {}, {}
        for auth in AUTHS:
            self.keys[auth], self.chains[auth] = self.make_leaf(auth)
        self.publisher = certificates.make_key("ECDSA")
        self.publisher_chain = [certificates.der(self.authority.issue(self.publisher.public_key(), "Publisher", certificates.PUBLISHER))]
        self.invitations, self.sessions, self.licences = {}, {}, {}
        self.asked = []
        self.httpd = Listening(("127.0.0.1", 0), Routes)
        self.httpd.box = self
        threading.Thread(target=self.httpd.serve_forever, args=(0.05,), daemon=True).start()

    def make_leaf(self, auth, **more):
        key = certificates.make_key(auth)
        leaf = self.authority.issue(key.public_key(), self.name, certificates.SERVER, **{"server": self.identity, **more})
        return key, [certificates.der(leaf)]

    @property
    def port(self):
        return self.httpd.server_address[1]

    def stop(self):
        self.httpd.shutdown()
        self.httpd.server_close()

    # -- pairing (14) --

    def invite(self):
        invitation, secret = os.urandom(16), secrets.token_bytes(32)
        self.invitations[invitation] = [secret, None]
        pin = hashlib.sha256(certificates.public_der(self.authority.key.public_key())).digest()
        return f"cantiga://127.0.0.1:{self.port}/#" + ".".join(map(to_base64url, (invitation, secret, pin)))

    def pair_offer(self, _):
        return {"protocol": 1, "name": self.name, "server": self.identity, "authority": to_base64(self.say("authority", certificates.der(self.authority.certificate)))}

    def pair(self, asked):
        invitation = from_id(asked["invitation"])
        secret, answered = self.invitations.get(invitation, (None, None))
        requests = [from_base64(text) for text in asked["requests"]]
        mac = hmac.digest(secret or b"", fields("cantiga/1 pair request", invitation, fields(*requests), certificates.der(self.authority.certificate)), "sha256")
        if secret is None or not hmac.compare_digest(mac, from_base64(asked["mac"])) or (answered and answered[0] != asked):
            raise Refused(401, "invitation-refused", "The invitation is refused.")
        if answered is None:
            chains = self.say("chains", [self.certify(request, invitation.hex()) for request in requests])
            mac = hmac.digest(secret, fields("cantiga/1 pair answer", invitation, fields(*(chain[0] for chain in chains)), self.identity), "sha256")
            answered = asked, {"certificates": [[to_base64(text) for text in chain] for chain in chains], "mac": to_base64(self.say("pair mac", mac))}
            self.invitations[invitation][1] = answered
        return answered[1]

    def certify(self, text, common_name):
        request = certificates.x509.load_der_x509_csr(text)
        must(request.is_signature_valid and request.subject == certificates.name_of(common_name), "a request that proves nothing")
        return [certificates.der(self.authority.issue(request.public_key(), "Player", certificates.PLAYER, end=90))]

    # -- handshake (3) --

    def certificates(self, query):
        auth = query.get("auth", [AUTHS[0]])[0]
        if auth not in self.chains:
            raise Refused(406, "no-common-suite", "There is no certificate of that kind.")
        return {"protocol": 1, "name": self.name, "server": self.identity, "certificates": [to_base64(text) for text in self.say("certificates", self.chains[auth])],
                "crl": to_base64(self.say("crl", self.authority.crl()))}

    def hello(self, asked):
        chain = [from_base64(text) for text in asked["certificates"]]
        try:
            crl = certificates.check_crl(self.authority.crl(), self.authority.certificate)
            leaf = certificates.check_chain(chain, self.authority.certificate, certificates.PLAYER, crl)
        except Broken as error:
            raise Refused(401, "certificate-refused", "The player's certificate is refused.") from error
        session = Session(certificates.auth_of(leaf.public_key()))
        session.player_key, session.player_leaf, session.player_nonce = leaf.public_key(), chain[0], from_base64(asked["nonce"])
        must(len(session.player_nonce) == 32, "a nonce of another length")
        self.sessions[session.id] = session
        return {"session": session.id.hex(), "nonce": to_base64(self.say("nonce", session.nonce))}

    def half_open(self, asked, state):
        session = self.sessions.get(from_id(asked["session"]))
        if session is None:
            raise Refused(401, "not-authenticated", "There is no such session.")
        if session.awaits != state:
            del self.sessions[session.id]
            raise Refused(409, "out-of-turn", "This is not its turn.")
        return session

    def suite(self, asked):
        session = self.half_open(asked, "suite")
        session.offered = asked["suites"]
        must(len(session.offered) <= 72 and all(len(name) <= 40 for name in session.offered), "too many suites")
        chosen = strongest(session.offered, session.auth, self.enabled)
        if chosen is None:
            raise Refused(406, "no-common-suite", "There is no suite in common.")
        session.suite, session.awaits = Suite(chosen), "key"
        return {"suite": self.say("suite", chosen)}

    def key(self, asked):
        session = self.half_open(asked, "key")
        del self.sessions[session.id]
        group, public, signature = asked["group"], from_base64(asked["public"]), from_base64(asked["signature"])
        if group not in NAMES[session.suite.kex]:
            raise Refused(400, "bad-group", "The group is none of the document's.")
        if group in GROUPS and (from_base64(asked["p"]), from_base64(asked["g"])) != (to_bytes(GROUPS[group]), to_bytes(G)):
            raise Refused(400, "bad-group", "p and g are not the group's.")
        leaf = self.chains[session.auth][0]
        t1 = first_hash(leaf, session.player_leaf, session.player_nonce, session.id, session.nonce, session.offered, session.suite.name, group, public)
        try:
            certificates.verify(session.player_key, signature, to_sign("player", t1))
        except Broken as error:
            raise Refused(401, "signature-refused", "The signature is not over what both have said.") from error
        share = Share(group)
        own = self.say("public", share.public)
        t2 = self.say("t2", second_hash(t1, signature, own))
        session.channel = Channel(session.suite, session.id, t2, share.shared(public))
        session.awaits = "card"
        self.sessions[session.id] = session
        return {"public": to_base64(own), "signature": to_base64(self.say("signature", certificates.sign(self.keys[session.auth], to_sign("server", t2)))),
                "finished": to_base64(self.say("finished", session.channel.finished))}

    # -- sealed requests (5, 6) --

    def control(self, method, target, session_id, envelope):
        """Status and envelope of the answer to a control message."""
        session = self.sessions.get(session_id)
        if session is None or session.channel is None:
            raise Refused(401, "not-authenticated", "It cannot be authenticated.")
        with session.lock:
            if session.last is not None and session.last[0] == (method, target, envelope):
                return session.last[1]
            channel = session.channel
            try:
                text = channel.suite.open(channel.c, channel.place_of_request(method, target), envelope)
            except Broken as error:
                if envelope[2:10] != channel.place_of_request(method, target).header[2:]:
                    self.sessions.pop(session_id, None)
                    raise Refused(409, "out-of-turn", "This is not its turn.") from error
                raise Refused(401, "not-authenticated", "It cannot be authenticated.") from error
            status, value = self.answer(session, method, target, from_json(text) if text else {})
            answer_text = self.say("text", to_json(value))
            place = channel.place_of_answer(method, target, envelope)
            answer = status, self.say("envelope", channel.suite.seal(channel.r, place, answer_text))
            session.last = (method, target, envelope), answer
            channel.turn(text, answer_text)
            return answer

    def answer(self, session, method, target, asked):
        at = urllib.parse.urlsplit(target)
        route = SEALED.get((method, at.path))
        try:
            if route is None:
                raise Refused(404, "not-found", "There is nothing.")
            if session.awaits == "card" and at.path not in ("/api/cc", "/api/leave"):
                raise Refused(401, "card-needed", "A card is needed first.")
            return 200, self.say(at.path, getattr(self, route)(session, {**dict(urllib.parse.parse_qsl(at.query)), **asked}))
        except Refused as refused:
            return refused.status, refused.problem()
        except (Broken, KeyError, TypeError, ValueError):
            return 400, Refused(400, "malformed", "That is not what the document says.").problem()

    def card(self, session, asked):
        """7"""
        if session.awaits != "card":
            raise Refused(409, "out-of-turn", "There was a card already.")
        chain = [from_base64(text) for text in asked["certificates"]]
        leaf = certificates.load(chain[0])
        try:
            certificates.card_verify(leaf.public_key(), asked["algorithm"], from_base64(asked["signature"]),
                                     session.channel.card_message(self.chains[session.auth][0]))
            must(chain[0] in self.cards, "an unknown card")
        except Broken as error:
            del self.sessions[session.id]
            raise Refused(401, "card-proof" if "proof" in str(error) else "card-unknown", "The card is refused.") from error
        session.awaits = "open"
        return {"listener": leaf.subject.get_attributes_for_oid(certificates.NameOID.COMMON_NAME)[0].value}

    def list(self, session, asked):
        """8.1, one page"""
        del session
        words = asked.get("query", "").casefold().split()
        found = [self.describe(title) for title in sorted(self.titles.values(), key=lambda title: title.name) if all(word in title.name.casefold() for word in words)]
        mark = hashlib.sha256(to_json({"titles": found})).hexdigest()
        return {"unchanged": True, "mark": mark} if asked.get("mark") == mark else {"titles": found, "next": None, "mark": mark}

    def describe(self, title):
        left = self.licences.get(title.id)
        licence = {"state": "none" if left is None else "valid" if left else "used-up", "plays_left": PLAYS if left is None else left, "expires": None}
        return {"id": title.id.hex(), "name": title.name, "artist": title.artist, "album": "", "track": 0, "year": 0, "duration": title.duration, "type": title.kind,
                "size": len(title.media), "chunks": len(title.chunks), "cover": None, "exportable": title.exportable, "licence": None if left is None else licence}

    def cover(self, session, asked):
        raise Refused(404, "not-found", "There is no cover.")

    def licence(self, session, asked):
        """9"""
        title, play = self.titles.get(from_id(asked["title"])), from_id(asked["play"])
        if title is None:
            raise Refused(404, "title-unknown", "There is no such title.")
        if play not in session.plays:
            left = self.licences.get(title.id, PLAYS)
            if title.id in session.refused:
                raise Refused(401, "licence-refused", "There is no licence for this title in this session.")
            if left == 0:
                del self.licences[title.id]
                session.refused.add(title.id)
                raise Refused(401, "licence-exhausted", "The licence's plays are used up.")
            self.licences[title.id] = left - 1
            ends = int(time.time() + max(600, title.duration * 3))
            session.plays[play] = {"plays_left": left - 1, "expires": int(time.time()) + DAYS * 86400, "ends": ends}
        elif session.plays[play] is None:
            raise Refused(401, "play-over", "That play is over.")
        grant = os.urandom(16)
        session.grants[grant] = Grant(title, session.channel.stream(grant, session.channel.r))
        signature = certificates.sign(self.publisher, manifest.to_sign(title.id, len(title.media), title.kind, title.root))
        told = {"root": to_base64(title.root), "signature": to_base64(signature), "certificates": [to_base64(text) for text in self.publisher_chain]}
        return {"title": title.id.hex(), "play": play.hex(), "grant": grant.hex(), **session.plays[play], "size": len(title.media), "type": title.kind,
                "chunk_size": manifest.CHUNK_SIZE, "chunks": len(title.chunks), "duration": title.duration, "exportable": title.exportable, "manifest": told}

    def end(self, session, asked):
        play = from_id(asked["play"])
        if play not in session.plays:
            raise Refused(404, "not-found", "There is no such play.")
        session.plays[play] = None
        return {"ended": True}

    def renew(self, session, asked):
        chains = [self.certify(from_base64(text), session.id.hex()) for text in asked["requests"]]
        return {"certificates": [[to_base64(text) for text in chain] for chain in chains]}

    def leave(self, session, asked):
        self.sessions.pop(session.id, None)
        return {"left": True}

    # -- chunks (10) --

    def chunk(self, target, session_id, counter, mac):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(target).query))
        session = self.sessions.get(session_id)
        grant = session.grants.get(from_id(query.get("grant"))) if session else None
        if grant is None or not hmac.compare_digest(mac, grant.stream.mac(target, counter)):
            raise Refused(401, "not-authenticated", "It cannot be authenticated.")
        grant.window.take(counter)
        index = int(query["chunk"])
        key, suite = grant.stream.chunk_key(index), session.suite
        if index >= len(grant.title.chunks):
            problem = Refused(404, "not-found", "There is no such chunk.").problem()
            return 404, suite.seal(key, grant.stream.place(index, target, counter, mac, CONTROL), to_json(problem))
        hashes = manifest.path(grant.title.leaves, index)
        text = self.say("chunk", u8(len(hashes)) + b"".join(hashes) + grant.title.chunks[index])
        return 200, self.say("chunk envelope", suite.seal(key, grant.stream.place(index, target, counter, mac), text))


OPEN = {("GET", "/api/auth"): "certificates", ("POST", "/api/auth"): "hello", ("POST", "/api/suite"): "suite", ("POST", "/api/key"): "key",
        ("GET", "/api/pair"): "pair_offer", ("POST", "/api/pair"): "pair"}
SEALED = {("POST", "/api/cc"): "card", ("GET", "/api/list"): "list", ("GET", "/api/cover"): "cover", ("POST", "/api/license"): "licence", ("POST", "/api/end"): "end",
          ("POST", "/api/certificate"): "renew", ("POST", "/api/leave"): "leave"}


class Listening(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A player that leaves before it has its answer is no error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(*_)


class Routes(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Nothing: what was asked is in box.asked."""

    def do_GET(self):  # pylint: disable=invalid-name
        self.serve()

    do_POST = do_GET

    def serve(self):
        box = self.server.box
        box.asked.append((self.command, self.path))
        try:
            status, kind, body = self.route(box, urllib.parse.urlsplit(self.path))
        except Refused as refused:
            status, kind, body = refused.status, PROBLEM, to_json(refused.problem())
        except (Broken, KeyError, TypeError, ValueError):
            status, kind, body = 400, PROBLEM, to_json(Refused(400, "malformed", "That is not what the document says.").problem())
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def route(self, box, at):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        route = OPEN.get((self.command, at.path))
        if route is not None:
            asked = from_json(body) if self.command == "POST" else urllib.parse.parse_qs(at.query)
            return 200, JSON, to_json(box.say(f"{self.command} {at.path}", getattr(box, route)(asked)))
        parts = re.fullmatch(r"Cantiga ([0-9a-f]{32})(?:\.([\w-]+))?(?:\.([\w-]+))?", self.headers.get("Authorization", ""))
        if parts is None:
            raise Refused(401, "not-authenticated", "It cannot be authenticated.")
        session, second, third = bytes.fromhex(parts[1]), parts[2], parts[3]
        if at.path == "/api/download":
            return self.sealed(box.chunk(self.path, session, int(second), from_base64url(third)))
        return self.sealed(box.control(self.command, self.path, session, body if self.command == "POST" else from_base64url(second or "")))

    @staticmethod
    def sealed(answer):
        return answer[0], ENVELOPE, answer[1]
