#!/usr/bin/env python3
"""Writes transcript.json: the transcript, keys, envelopes and one chunk of sessions with fixed inputs.

Written from docs/protocol.md 1 to 7 and 10 alone, with hashlib and hmac (and AES from the cryptography package), so that
the C code is held against a second derivation. `make-transcript.py` writes the file; `make-transcript.py --check` says,
as a TAP test, whether the file in the tree is what it would write.
"""

import hashlib
import hmac
import json
import pathlib
import struct
import sys

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

OUTPUT = pathlib.Path(__file__).with_name("transcript.json")


# 1. Terms and notation

def lp(field):
    if isinstance(field, str):
        field = field.encode()
    return struct.pack(">I", len(field)) + field


def fields(*items):
    return b"".join(lp(item) for item in items)


def u8(value):
    return struct.pack(">B", value)


def u64(value):
    return struct.pack(">Q", value)


def pattern(name, length):
    """Bytes that are fixed, and look like no others here."""
    out = b""
    while len(out) < length:
        out += hashlib.sha256(f"{name} {len(out)}".encode()).digest()
    return out[:length]


class Suite:
    def __init__(self, name):
        self.name = name
        self.digest = name.rsplit("_", 1)[1].lower()
        self.length = hashlib.new(self.digest).digest_size
        self.aead = "_GCM_" in name
        self.key_length = 32 if "AES256" in name else 16

    def hash(self, text):
        return hashlib.new(self.digest, text).digest()

    def hmac(self, key, text):
        return hmac.new(key, text, self.digest).digest()

    # RFC 5869
    def extract(self, salt, ikm):
        return self.hmac(salt, ikm)

    # 4. Expand(key, label, context…, length)
    def expand(self, key, label, *context, length=None):
        length = length or self.length
        info = fields(label, *context)
        out = block = b""
        counter = 1
        while len(out) < length:
            block = self.hmac(key, block + info + u8(counter))
            out += block
            counter += 1
        return out[:length]

    # 5.1 to 5.3
    def envelope(self, key, direction, session, kind, number, method, path, iv, text, request=None):
        ad = fields("cantiga/1 envelope", direction, session, u8(kind), u64(number), method, path)
        if request:
            ad += fields(u64(request[0]), request[1])
        header = u8(1) + u8(kind) + u64(number)
        cipher_key = self.expand(key, "cantiga/1 cipher", length=self.key_length)
        if self.aead:
            return header + iv + AESGCM(cipher_key).encrypt(iv, text, ad)
        padder = padding.PKCS7(128).padder()
        padded = padder.update(text) + padder.finalize()
        encryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).encryptor()
        sealed = encryptor.update(padded) + encryptor.finalize()
        mac_key = self.expand(key, "cantiga/1 mac")
        return header + iv + sealed + self.hmac(mac_key, lp(ad) + header + iv + sealed)

    def tag(self, envelope):
        return envelope[-(16 if self.aead else self.length):]

    # 6.1
    def rotate(self, rotation, key, text):
        return self.extract(rotation, key + self.hash(text))


def make_case(name, offered, group, public_length, z_length):
    suite = Suite(name)
    seed = name
    iv_length = 12 if suite.aead else 16
    given = {
        "server_leaf": pattern(seed + " server leaf", 611),
        "player_leaf": pattern(seed + " player leaf", 433),
        "player_nonce": pattern(seed + " player nonce", 32),
        "session": pattern(seed + " session", 16),
        "server_nonce": pattern(seed + " server nonce", 32),
        "player_public": pattern(seed + " player public", public_length),
        "player_signature": pattern(seed + " player signature", 71),
        "server_public": pattern(seed + " server public", public_length),
        "z": pattern(seed + " z", z_length),
        "grant": pattern(seed + " grant", 16),
    }
    session = given["session"]

    # 3.5
    t1 = hashlib.sha256(fields(
        "cantiga/1 t1", given["server_leaf"], given["player_leaf"], given["player_nonce"], session, given["server_nonce"],
        fields(*offered), name, group, given["player_public"])).digest()
    t2 = hashlib.sha256(fields("cantiga/1 t2", t1, given["player_signature"], given["server_public"])).digest()

    # 4
    prk = suite.extract(t2, given["z"])
    finished_key = suite.expand(prk, "cantiga/1 finished")
    c = [suite.expand(prk, "cantiga/1 player to server")]
    r = [suite.expand(prk, "cantiga/1 server to player")]
    rotation = suite.expand(prk, "cantiga/1 rotation")
    binding = suite.expand(prk, "cantiga/1 card binding", length=32)
    derived = {
        "t1": t1, "t2": t2, "prk": prk, "finished_key": finished_key, "finished": suite.hmac(finished_key, t2),
        "c0": c[0], "r0": r[0], "rotation": rotation, "card_binding": binding,
        # 7
        "card_message": fields("cantiga/1 citizen card", binding, hashlib.sha256(given["server_leaf"]).digest()),
    }

    # 5, 6: a request with a body, one without, and their answers
    exchanges = []
    asked = [("POST", "/api/cc", b'{"algorithm":"ecdsa-sha256"}', '{"listener":"Inês"}'.encode()),
             ("GET", "/api/list?after=&limit=1", b"", b'{"titles":[],"next":null,"mark":"m"}'),
             ("POST", "/api/license", b'{"title":"00"}', b'{"grant":"00"}')]
    for n, (method, path, text, answer_text) in enumerate(asked):
        request = suite.envelope(c[n], "player", session, 1, n, method, path, pattern(f"{seed} iv {n}", iv_length), text)
        answer = suite.envelope(r[n], "server", session, 1, n, method, path, pattern(f"{seed} answer iv {n}", iv_length),
                                answer_text, (n, suite.tag(request)))
        c.append(suite.rotate(rotation, c[n], text))
        r.append(suite.rotate(rotation, r[n], answer_text))
        exchanges.append({"method": method, "path": path, "text": text, "request": request, "answer_text": answer_text,
                          "answer": answer, "c_next": c[n + 1], "r_next": r[n + 1]})

    # 10: the grant came in the last answer
    stream = suite.expand(r[len(asked) - 1], "cantiga/1 stream", given["grant"])
    request_key = suite.expand(stream, "cantiga/1 chunk request")
    index, counter, path = 5, 258, "/api/download?grant=" + given["grant"].hex() + "&chunk=5"
    mac = suite.hmac(request_key, fields("cantiga/1 chunk request", session, given["grant"], "GET", path, u64(counter)))
    chunk_text = u8(1) + pattern(seed + " path", 32) + pattern(seed + " chunk", 1000)
    chunk_key = suite.expand(stream, "cantiga/1 chunk", u64(index))
    chunk = suite.envelope(chunk_key, "server", session, 2, index, "GET", path, pattern(seed + " chunk iv", iv_length),
                           chunk_text, (counter, mac))
    derived["stream"] = {"path": path, "index": index, "counter": counter, "mac": mac, "text": chunk_text, "envelope": chunk}
    return {"suite": name, "offered": offered, "group": group, "given": given, "derived": derived, "exchanges": exchanges}


CASES = [
    ("ECDH_ECDSA_AES256_GCM_SHA512", ["ECDH_ECDSA_AES256_GCM_SHA512", "DH_ECDSA_AES128_CBC_SHA256", "X"], "x25519", 32, 32),
    ("DH_RSA_AES128_CBC_SHA256", ["DH_RSA_AES128_CBC_SHA256"], "ffdhe2048", 256, 256),
    ("ECDH_EDDSA_AES256_CBC_SHA512", ["ECDH_EDDSA_AES128_GCM_SHA256", "ECDH_EDDSA_AES256_CBC_SHA512"], "x25519", 32, 32),
    ("ECDH_RSA_AES128_GCM_SHA256", ["ECDH_RSA_AES128_GCM_SHA256"], "x25519", 32, 32),
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
