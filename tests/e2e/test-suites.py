#!/usr/bin/python3
"""test-suites.py RSA|ECDSA|EDDSA: suites of docs/protocol.md 2 with that kind of certificate carry the whole journey: every cipher, exchange and digest;
every combination of them is played in tests/peer, each side against an implementation that is not its own."""
import os
import sys

import journey
from journey import REFUSED, contains, equal, holds

AUTH = sys.argv[1]
CIPHERS = "AES128_GCM", "AES256_GCM", "CHACHA20_POLY1305", "AES128_CBC", "AES256_CBC", "EDE_CBC"
SUITES = [f"{kex}_{AUTH}_{cipher}_{digest}" for kex in ("DH", "ECDH") for cipher in CIPHERS for digest in ("SHA256", "SHA512")]
PLAYED = [f"{('DH', 'ECDH')[i // 2 % 2]}_{AUTH}_{cipher}_{('SHA256', 'SHA512')[i % 2]}" for i, cipher in enumerate(CIPHERS)]
LEGACY = [suite for suite in SUITES if "EDE" in suite]


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        # Chunks: 262144 and a few bytes more, so that the last one is not whole.
        self.media = journey.wav(self.path("media", "Two chunks.wav"), 1.5, pattern=os.urandom(40004))
        self.add(self.media)
        self.serve_with(SUITES)
        self.player = self.player(self.card())

    def serve_with(self, suites):
        port = 0
        if self.server is not None:
            port = self.server.port
            self.server.stop()
        journey.write(self.path("state", "server.conf"), f"[suites]\nenabled = {';'.join(suites)}\n[licence]\nplays = 1000\n")
        self.serve(port=port)


def show(suite):
    @journey.test(f"{suite}: signed in, listed, fetched")
    def _(place):
        out = place.path("out", suite)
        ran = place.player.run("--suite", suite, "--title", "Two chunks", "--output", out, "--json")
        equal((ran.json["suite"], ran.json["chunks"], ran.json["bytes"]), (suite, 2, os.path.getsize(place.media)), "what it tells")
        holds(journey.read(out) == journey.read(place.media), "the file that came out is another one")
        equal("legacy" in ran.err, suite in LEGACY, "whether the listener is told of a legacy suite")
        contains(ran.err, suite)


for each in PLAYED:
    show(each)


@journey.test("3DES is not taken unless both sides name it")
def _(place):
    # Only the server names it.
    usual = place.player.run("--title", "Two chunks", "--output", "none", "--json").json["suite"]
    holds("EDE" not in usual, f"{usual} is taken unasked")
    place.serve_with(["default"])
    for suite in LEGACY:
        contains(place.player.run("--suite", suite, "--list", ok=REFUSED).sentence, "suite")
    # A pattern does not name it: nothing is left to offer.
    contains(place.player.run("--suite", f"*_{AUTH}_EDE_CBC_*", "--list", ok=journey.USAGE).sentence, "legacy")
    # Legacy on the server alone, and nothing else there.
    place.serve_with(LEGACY)
    place.player.run("--list", ok=REFUSED)
    equal(place.player.run("--suite", LEGACY[0], "--title", "Two chunks", "--output", "none", "--json").json["suite"], LEGACY[0], "the suite that both name")


if __name__ == "__main__":
    journey.main(Place)
