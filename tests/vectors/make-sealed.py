#!/usr/bin/env python3
"""Writes tests/vectors/sealed.cantiga from docs/protocol.md 13.1 and 13.2 alone, and prints the title id of tests/core/test-sealed.c."""
import base64
import hashlib
import hmac
import json
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CHUNK_SIZE = 262144
MASTER = bytes(range(32))


def lp(*fields):
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def expand(key, label, *context):
    return HKDFExpand(hashes.SHA256(), 32, lp(label.encode(), *context)).derive(key)


def title_id(file):
    return hmac.new(expand(expand(MASTER, "cantiga/1 ids"), "cantiga/1 title id"), hashlib.sha256(file).digest(), "sha256").digest()[:16]


def section(key, name, text, header):
    nonce = hashlib.sha256(name + b" nonce").digest()[:12]
    return nonce + AESGCM(key).encrypt(nonce, text, lp(name, header[:36], header[96:]))


media = bytes(i * 7 % 256 for i in range(1000))
cover = b"not really a picture"
title = title_id(media)
content = hashlib.sha256(b"content key").digest()
root = hashlib.sha256(b"\x00" + struct.pack(">Q", 0) + media).digest()
publisher = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"publisher").digest())
signature = publisher.sign(
    lp(b"cantiga/1 manifest", title, struct.pack(">Q", len(media)), b"audio/flac", struct.pack(">I", CHUNK_SIZE), root))
metadata = json.dumps({
    "name": "Rosa das rosas", "artist": "Afonso X", "album": "Cantigas de Santa Maria", "track": 10, "year": 0, "duration": 215,
    "type": "audio/flac", "cover_type": "image/png", "exportable": False,
    "root": base64.b64encode(root).decode(), "signature": base64.b64encode(signature).decode()}).encode()

head = b"CANTIGA1" + title + struct.pack(">IQ", CHUNK_SIZE, len(media))
nonce = hashlib.sha256(b"wrap nonce").digest()[:12]
wrapped = nonce + AESGCM(expand(MASTER, "cantiga/1 content wrap", title)).encrypt(nonce, content, head)
header = head + wrapped + struct.pack(">III", len(metadata) + 28, len(cover) + 28, 32 + 28) + bytes(20)
chunk = AESGCM(expand(content, "cantiga/1 chunks at rest")).encrypt(
    bytes(7) + struct.pack(">IB", 0, 1), media, lp(b"cantiga/1 chunk at rest", title))
key = expand(content, "cantiga/1 section at rest")

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sealed.cantiga"), "wb") as file:
    file.write(header + chunk)
    for name, text in ((b"metadata", metadata), (b"cover", cover), (b"leaves", root)):
        file.write(section(key, name, text, header))
print(title_id(b"a file").hex())
