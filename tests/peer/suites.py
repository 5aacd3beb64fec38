"""docs/protocol.md 2, 4 and 5: suites, keys derived, envelopes."""
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from notation import Broken, fields, lp, must, u8, u64

KEXES = "ECDH", "DH"
AUTHS = "RSA", "ECDSA", "EDDSA"
# CIPHER_MODE → length of its key, of its IV, and what makes it; strongest first within a class
AEADS = {"AES256_GCM": (32, 12, AESGCM), "CHACHA20_POLY1305": (32, 12, ChaCha20Poly1305), "AES128_GCM": (16, 12, AESGCM)}
BLOCKS = {"AES256_CBC": (32, 16, algorithms.AES), "AES128_CBC": (16, 16, algorithms.AES), "EDE_CBC": (24, 8, algorithms.TripleDES)}
DIGESTS = "SHA512", "SHA256"
CLASSES = ("AES256_GCM", "CHACHA20_POLY1305", "AES128_GCM"), ("AES256_CBC", "AES128_CBC"), ("EDE_CBC",)
AEAD_TAG = 16

CONTROL, CHUNK = 1, 2


class Suite:
    def __init__(self, name):
        self.name = name
        parts = name.split("_")
        self.kex, self.auth, self.digest = parts[0], parts[1], parts[-1].lower()
        self.cipher = "_".join(parts[2:-1])
        must(self.kex in KEXES and self.auth in AUTHS and parts[-1] in DIGESTS and (self.cipher in AEADS or self.cipher in BLOCKS), f"no suite: {name}")
        self.length = hashlib.new(self.digest).digest_size
        self.aead = self.cipher in AEADS
        self.key_length, self.iv_length, self.algorithm = (AEADS if self.aead else BLOCKS)[self.cipher]
        self.tag_length = AEAD_TAG if self.aead else self.length
        self.legacy = self.cipher == "EDE_CBC"

    def hash(self, text):
        return hashlib.new(self.digest, text).digest()

    def hmac(self, key, text):
        return hmac.new(key, text, self.digest).digest()

    # RFC 5869
    def extract(self, salt, ikm):
        return self.hmac(salt, ikm)

    def expand(self, key, label, *context, length=None):
        """4: Expand(key, label, context…, length)"""
        length = length or self.length
        info = fields(label, *context)
        out = block = b""
        counter = 1
        while len(out) < length:
            block = self.hmac(key, block + info + u8(counter))
            out += block
            counter += 1
        return out[:length]

    # 5

    def seal(self, key, place, text, iv=None):
        iv = iv or os.urandom(self.iv_length)
        cipher_key = self.expand(key, "cantiga/1 cipher", length=self.key_length)
        if self.aead:
            return place.header + iv + self.algorithm(cipher_key).encrypt(iv, text, place.associated)
        padder = padding.PKCS7(self.algorithm.block_size).padder()
        encryptor = Cipher(self.algorithm(cipher_key), modes.CBC(iv)).encryptor()
        sealed = encryptor.update(padder.update(text) + padder.finalize()) + encryptor.finalize()
        return place.header + iv + sealed + self.mac(key, place, iv + sealed)

    def mac(self, key, place, sealed):
        return self.hmac(self.expand(key, "cantiga/1 mac"), lp(place.associated) + place.header + sealed)

    def open(self, key, place, envelope):
        header = len(place.header)
        must(len(envelope) >= header + self.iv_length + self.tag_length, "the envelope is cut")
        must(envelope[:header] == place.header, "the envelope is of another kind or number")
        iv, sealed, tag = envelope[header:header + self.iv_length], envelope[header + self.iv_length:-self.tag_length], self.tag(envelope)
        cipher_key = self.expand(key, "cantiga/1 cipher", length=self.key_length)
        if self.aead:
            try:
                return self.algorithm(cipher_key).decrypt(iv, sealed + tag, place.associated)
            except InvalidTag as error:
                raise Broken("the envelope does not open") from error
        must(hmac.compare_digest(tag, self.mac(key, place, iv + sealed)), "the envelope does not open")
        decryptor = Cipher(self.algorithm(cipher_key), modes.CBC(iv)).decryptor()
        unpadder = padding.PKCS7(self.algorithm.block_size).unpadder()
        return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()

    def tag(self, envelope):
        return envelope[-self.tag_length:]


class Place:
    """5.1, 5.3: where an envelope stands. request: the number and the tag of the request that it answers."""

    def __init__(self, direction, session, kind, number, method, path, request=None):
        self.header = u8(1) + u8(kind) + u64(number)
        self.associated = fields("cantiga/1 envelope", direction, session, u8(kind), u64(number), method, path)
        if request:
            self.associated += fields(u64(request[0]), request[1])


def all_suites(auth, legacy=True):
    """2.5: strongest first"""
    return [f"{kex}_{auth}_{cipher}_{digest}" for ciphers in CLASSES[:3 if legacy else 2] for kex in KEXES for digest in DIGESTS for cipher in ciphers]


def strongest(offered, auth, enabled=None):
    common = [suite for suite in all_suites(auth) if suite in offered and (enabled is None or suite in enabled)]
    return common[0] if common else None
