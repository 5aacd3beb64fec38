#!/usr/bin/env python3
"""Cards whose authority is asked whether they were revoked: a real responder (openssl ocsp) on loopback, one that is not there, and one that never answers."""
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading

import journey
from journey import REFUSED, contains, equal, holds

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../peer"))

# pylint: disable=wrong-import-position
import player  # noqa: E402
from notation import from_json  # noqa: E402
from stage import key_of  # noqa: E402

ANA = "ANA MARIA DOS SANTOS"


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout.strip()


class Responder:
    """openssl ocsp for the authority that issued the card."""

    def __init__(self, place, card, status):
        serial = openssl("x509", "-in", card.certificate, "-noout", "-serial").split("=")[1]
        line = {"good": f"V\t400101000000Z\t\t{serial}\tunknown\t/CN=x\n", "revoked": f"R\t400101000000Z\t240101000000Z\t{serial}\tunknown\t/CN=x\n",
                "unknown": ""}[status]
        index = journey.write(place.path("index.txt"), line)
        pki = os.path.join(card.folder, "pki")
        self.log = open(place.path("responder.log"), "w+b")
        self.process = subprocess.Popen(
            ["openssl", "ocsp", "-index", index, "-port", str(place.ocsp_port), "-rsigner", f"{pki}/issuer.pem", "-rkey", f"{pki}/issuer.key", "-CA",
             f"{pki}/issuer.pem", "-nmin", "10"], stdout=self.log, stderr=self.log)
        # A connection without a question would keep it busy for good: its own word is waited for.
        journey.until(lambda: b"waiting for OCSP client connections" in journey.read(self.log.name), "the responder does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Silent:
    """Takes questions and never answers."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.taken = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                self.taken.append(self.listener.accept()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A listener that somebody waits on is only closed by a shutdown.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self.taken:
            one.close()


class Place(journey.Place):
    def __enter__(self):
        self.init()
        os.mkdir(self.path("state", "pki", "card-authorities"), 0o700)
        self.ocsp_port = journey.free_port()
        self.env["CARD_OCSP"] = f"http://127.0.0.1:{self.ocsp_port}/"
        self.ana = self.card(ANA)
        shutil.copy(os.path.join(self.ana.folder, "authority.pem"), self.path("state", "pki", "card-authorities", "a.pem"))
        self.restart("off")
        self.player_ana = self.player(self.ana)
        return self

    def restart(self, mode, timeout="15s"):
        port = 0
        if self.server and not self.server.ended:
            port = self.server.port
            self.server.stop()
        journey.write(self.path("state", "server.conf"), "\n".join(("[server]", "workers = 1", "[cards]", f"ocsp = {mode}", f"ocsp-timeout = {timeout}", "")))
        return self.serve(port=port)

    def refused(self, sentence):
        ran = self.player_ana.run("--list", "--json", ok=REFUSED)
        contains(ran.out + ran.err, sentence, "the player")


@journey.test("a card that its authority calls good is let in, and the answer is kept")
def _(place):
    place.restart("hard")
    with Responder(place, place.ana, "good"):
        place.player_ana.list()
    # There is no responder any more.
    place.player_ana.list()
    holds("no answer of the OCSP responder" not in place.server.log, "the responder was asked again")


@journey.test("a card that its authority revoked is refused, also where no answer would do")
def _(place):
    with Responder(place, place.ana, "revoked"):
        for mode in "soft", "hard":
            place.restart(mode)
            place.refused("was revoked")


@journey.test("a card that its authority does not know is refused, also where no answer would do")
def _(place):
    with Responder(place, place.ana, "unknown"):
        for mode in "soft", "hard":
            place.restart(mode)
            place.refused("does not know it")


@journey.test("without a responder a card is let in or not, as the keeper says")
def _(place):
    place.restart("soft")
    place.player_ana.list()
    contains(place.server.log, "no answer of the OCSP responder")
    place.restart("hard")
    place.refused("cannot be told now")


@journey.test("an answer of another authority is no answer")
def _(place):
    other = place.card("OUTRA", enrolled=False)
    place.restart("hard")
    with Responder(place, other, "good"):
        place.refused("cannot be told now")


@journey.test("off, nobody is asked")
def _(place):
    place.restart("off")
    with Silent(place.ocsp_port) as silent:
        place.player_ana.list()
        holds(not silent.taken, "the responder was asked")


@journey.test("a responder that never answers holds up nobody else, and its card no longer than the keeper says")
def _(place):
    place.restart("soft", timeout="1s")
    with Silent(place.ocsp_port) as silent:
        place.player_ana.list()
        holds(silent.taken, "the responder is not asked")
    contains(place.server.log, "it took too long")
    place.restart("soft")
    with Silent(place.ocsp_port) as silent:
        player = place.player_ana.start("--list", "--json")
        journey.until(lambda: silent.taken, "the responder is not asked")
        for _ in range(20):
            with journey.connect(place.server.port) as connection:
                connection.sendall(b"GET /api/auth HTTP/1.1\r\nHost: x\r\n\r\n")
                holds(connection.recv(100).startswith(b"HTTP/1.1 200"), "the server does not answer")
        # As all of them were answered before the one that waits: nobody waited with it.
        holds(not player.ended, "the player did not wait")
        player.end()


@journey.test("while a session's request is worked on, another one of it is told to come later, and changes nothing")
def _(place):
    place.restart("soft", "2s")
    paired = player.pair(place.invite("peer"))
    session = player.Session(paired, "ECDSA").sign_in()
    _, _, headers, body = session.sealed_request("POST", "/api/leave", {})
    with Silent(place.ocsp_port) as silent:
        showing = threading.Thread(target=session.show_card, args=key_of(place.ana))
        showing.start()
        journey.until(lambda: silent.taken, "nobody was asked about the card")
        answer = player.ask(paired.url, "POST", "/api/leave", body, headers)
        equal((answer.status, from_json(answer.body)["type"]), (503, "/problems/busy"), "the answer to another request")
        holds(int(answer.headers["Retry-After"]) >= 1, "it does not say when to come again")
        showing.join()
    session.titles()


@journey.test("a listener who goes away while the responder is silent, and a server that stops then, come to no harm")
def _(place):
    place.restart("hard")
    with Silent(place.ocsp_port) as silent:
        gone = place.player_ana.start("--list", "--json")
        journey.until(lambda: silent.taken, "the responder is not asked")
        gone.end()
        waiting = place.player_ana.start("--list", "--json")
        journey.until(lambda: len(silent.taken) > 1, "the responder is not asked again")
        place.server.stop()
        waiting.wait(ok=None)


if __name__ == "__main__":
    journey.main(Place)
