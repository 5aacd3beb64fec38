"""docs/protocol.md 2.1: groups, private shares, public values, the shared value."""
import secrets

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from notation import Refused, must

G = 2


def safe_prime(bits, found):
    """RFC 7919 appendix A: p = 2^bits - 2^(bits-64) + (floor(2^(bits-130) · e) + found) · 2^64 - 1"""
    precision = bits + 64
    e = term = 1 << precision
    n = 1
    while term:
        term //= n
        e += term
        n += 1
    return 2 ** bits - 2 ** (bits - 64) + ((e >> (precision - bits + 130)) + found) * 2 ** 64 - 1


GROUPS = {"ffdhe2048": safe_prime(2048, 560316), "ffdhe3072": safe_prime(3072, 2625351), "ffdhe4096": safe_prime(4096, 5736041)}
NAMES = {"ECDH": ("x25519",), "DH": tuple(GROUPS)}


def to_bytes(number, length=None):
    return number.to_bytes(length or (number.bit_length() + 7) // 8, "big")


class Share:
    """One side's share of one handshake."""

    def __init__(self, group):
        self.group = group
        self.p = GROUPS.get(group)
        if self.p is None:
            self.private = X25519PrivateKey.generate()
            self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        else:
            self.private = 2 + secrets.randbelow(2 ** 512)
            self.public = to_bytes(pow(G, self.private, self.p), self.length)

    @property
    def length(self):
        return (self.p.bit_length() + 7) // 8

    def shared(self, public):
        """Z; 3.8 refuses what gives none of any worth."""
        if self.p is None:
            if len(public) != 32:
                raise Refused(400, "bad-public-value")
            try:
                return self.private.exchange(X25519PublicKey.from_public_bytes(public))
            except ValueError as error:
                raise Refused(400, "bad-public-value") from error
        number = int.from_bytes(public, "big")
        if len(public) != self.length or not 2 <= number <= self.p - 2:
            raise Refused(400, "bad-public-value")
        return to_bytes(pow(number, self.private, self.p), self.length)


must(all(pow(3, p - 1, p) == 1 and pow(3, p // 2, p) in (1, p - 1) for p in GROUPS.values()), "the groups' primes are none")
