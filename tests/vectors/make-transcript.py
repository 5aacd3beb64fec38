#!/usr/bin/env python3
"""Writes transcript.json: the transcript, keys, envelopes and one chunk of sessions with fixed inputs.

Derived by tests/peer, which is written from docs/protocol.md alone, so that the C code is held against a second derivation.
`make-transcript.py` writes the file; `make-transcript.py --check` says, as a TAP test, whether the file in the tree is what
it would write.
"""

import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "peer"))
# pylint: disable=wrong-import-position
from channel import Channel, first_hash, second_hash
from notation import u8
from suites import Suite

OUTPUT = HERE / "transcript.json"


def pattern(name, length):
    """Bytes that are fixed, and look like no others here."""
    out = b""
    while len(out) < length:
        out += hashlib.sha256(f"{name} {len(out)}".encode()).digest()
    return out[:length]


def make_case(name, offered, group, public_length, z_length):
    suite = Suite(name)
    given = {
        "server_leaf": pattern(name + " server leaf", 611),
        "player_leaf": pattern(name + " player leaf", 433),
        "player_nonce": pattern(name + " player nonce", 32),
        "session": pattern(name + " session", 16),
        "server_nonce": pattern(name + " server nonce", 32),
        "player_public": pattern(name + " player public", public_length),
        "player_signature": pattern(name + " player signature", 71),
        "server_public": pattern(name + " server public", public_length),
        "z": pattern(name + " z", z_length),
        "grant": pattern(name + " grant", 16),
    }
    t1 = first_hash(given["server_leaf"], given["player_leaf"], given["player_nonce"], given["session"], given["server_nonce"], offered, name, group,
                    given["player_public"])
    t2 = second_hash(t1, given["player_signature"], given["server_public"])
    channel = Channel(suite, given["session"], t2, given["z"])
    derived = {
        "t1": t1, "t2": t2, "prk": channel.prk, "finished_key": channel.finished_key, "finished": channel.finished,
        "c0": channel.c, "r0": channel.r, "rotation": channel.rotation, "card_binding": channel.binding,
        "card_message": channel.card_message(given["server_leaf"]),
    }
    exchanges, key = make_exchanges(channel, name)
    # The grant came in the last answer.
    derived["stream"] = make_chunk(channel.stream(given["grant"], key), name)
    return {"suite": name, "offered": offered, "group": group, "given": given, "derived": derived, "exchanges": exchanges}


def make_exchanges(channel, name):
    """A request with a body, one without, and one more, with their answers; and the key that the last answer was sealed under."""
    exchanges, suite, key = [], channel.suite, None
    asked = [("POST", "/api/cc", b'{"algorithm":"ecdsa-sha256"}', '{"listener":"Inês"}'.encode()),
             ("GET", "/api/list?after=&limit=1", b"", b'{"titles":[],"next":null,"mark":"m"}'),
             ("POST", "/api/license", b'{"title":"00"}', b'{"grant":"00"}')]
    for n, (method, path, text, answer_text) in enumerate(asked):
        request = suite.seal(channel.c, channel.place_of_request(method, path), text, pattern(f"{name} iv {n}", suite.iv_length))
        answer = suite.seal(channel.r, channel.place_of_answer(method, path, request), answer_text, pattern(f"{name} answer iv {n}", suite.iv_length))
        key = channel.r
        channel.turn(text, answer_text)
        exchanges.append({"method": method, "path": path, "text": text, "request": request, "answer_text": answer_text, "answer": answer,
                          "c_next": channel.c, "r_next": channel.r})
    return exchanges, key


def make_chunk(stream, name):
    index, counter, path = 5, 258, f"/api/download?grant={stream.grant.hex()}&chunk=5"
    mac = stream.mac(path, counter)
    text = u8(1) + pattern(name + " path", 32) + pattern(name + " chunk", 1000)
    envelope = stream.suite.seal(stream.chunk_key(index), stream.place(index, path, counter, mac), text, pattern(name + " chunk iv", stream.suite.iv_length))
    return {"path": path, "index": index, "counter": counter, "mac": mac, "text": text, "envelope": envelope}


CASES = [
    ("ECDH_ECDSA_AES256_GCM_SHA512", ["ECDH_ECDSA_AES256_GCM_SHA512", "DH_ECDSA_AES128_CBC_SHA256", "X"], "x25519", 32, 32),
    ("DH_RSA_AES128_CBC_SHA256", ["DH_RSA_AES128_CBC_SHA256"], "ffdhe2048", 256, 256),
    ("ECDH_EDDSA_AES256_CBC_SHA512", ["ECDH_EDDSA_AES128_GCM_SHA256", "ECDH_EDDSA_AES256_CBC_SHA512"], "x25519", 32, 32),
    ("ECDH_RSA_AES128_GCM_SHA256", ["ECDH_RSA_AES128_GCM_SHA256"], "x25519", 32, 32),
    ("ECDH_ECDSA_CHACHA20_POLY1305_SHA256", ["ECDH_ECDSA_CHACHA20_POLY1305_SHA256"], "x25519", 32, 32),
    ("DH_EDDSA_EDE_CBC_SHA512", ["DH_EDDSA_EDE_CBC_SHA512", "DH_EDDSA_AES128_CBC_SHA256"], "ffdhe3072", 384, 384),
    ("DH_RSA_AES256_GCM_SHA256", ["DH_RSA_AES256_GCM_SHA256"], "ffdhe4096", 512, 512),
]


def hexed(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: hexed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hexed(item) for item in value]
    return value


def main():
    text = json.dumps({"cases": [hexed(make_case(*case)) for case in CASES]}, indent=1) + "\n"
    if sys.argv[1:] == ["--check"]:
        same = OUTPUT.read_text(encoding="utf-8") == text
        print("1..1\n" + ("ok" if same else "not ok") + " 1 - transcript.json is what make-transcript.py writes")
    else:
        OUTPUT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
