#!/usr/bin/python3
"""Writes tests/fuzz/corpus: what each target should meet first. Its messages and certificates come from tests/peer."""
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "peer"))
# pylint: disable=wrong-import-position
from cryptography import x509
from cryptography.x509 import ocsp as ocsp_of
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding

import certificates
from kex import GROUPS, to_bytes
from notation import to_base64, to_base64url

ID = "0123456789abcdef" * 2
BYTES = bytes(range(64))


def write(target, name, contents):
    folder = HERE / "corpus" / ("fuzz-" + target)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(contents if isinstance(contents, bytes) else contents.encode())


def with_length(*texts):
    return b"".join(len(text).to_bytes(2, "big") + text for text in texts)


def handshake():
    changes = {
        0: {"protocol": 1, "name": "Casa", "server": "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d", "certificates": ["MAA="], "crl": "MAA="},
        1: {"protocol": 1, "certificates": ["MAA="], "nonce": to_base64(BYTES[:32])},
        2: {"session": ID, "nonce": to_base64(BYTES[:32])},
        3: {"suites": ["ECDH_ECDSA_AES256_GCM_SHA512", "X"]},
        4: {"suite": "DH_ECDSA_AES128_CBC_SHA256"},
        5: {"group": "ffdhe2048", "p": to_base64(to_bytes(GROUPS["ffdhe2048"])), "g": "Ag==", "public": to_base64(BYTES[:32]), "signature": to_base64(BYTES)},
        6: {"public": to_base64(BYTES[:32]), "signature": to_base64(BYTES), "finished": to_base64(BYTES)},
    }
    for stage, change in changes.items():
        write("handshake", f"stage-{stage}", bytes([stage]) + json.dumps(change).encode())
        write("handshake", f"honest-{stage}", bytes([stage + 7]) + b"{}")


def messages():
    manifest = {"root": to_base64(BYTES[:32]), "signature": to_base64(BYTES), "certificates": ["MAA="]}
    write("messages", "licence", json.dumps({"title": ID, "play": ID, "grant": ID, "plays_left": 2, "expires": 1800000000, "ends": 1800000000, "size": 300000, "type": "audio/ogg",
                                             "chunk_size": 262144, "chunks": 2, "duration": 3.5, "exportable": True, "manifest": manifest}))
    write("messages", "metadata", json.dumps({"name": "Não", "artist": "", "album": "", "track": 1, "year": 1280, "duration": 1.5, "type": "audio/ogg", "cover_type": "",
                                              "exportable": False, "root": to_base64(BYTES[:32]), "signature": to_base64(BYTES)}))
    write("messages", "problem", json.dumps({"type": "/problems/licence-exhausted", "title": "Used up.", "status": 401}))


def answers():
    licence = {"state": "valid", "plays_left": 2, "expires": 1800000000}
    write("answers", "title", json.dumps({"id": ID, "name": "Não", "artist": "", "album": "", "track": 1, "year": 1280, "duration": 1.5, "type": "audio/ogg", "size": 300000, "chunks": 2,
                                          "cover": "a mark", "exportable": True, "licence": licence}))
    play = {"play": ID, "at": 1800000000, "until": 0, "state": "playing", "player": "Sala"}
    write("answers", "licence", json.dumps({"title": ID, "name": "Não", "artist": "", "album": "", "cover": None, "removed": False, "state": "valid", "plays": 3, "plays_left": 2,
                                            "made": 1800000000, "expires": 1800000000, "renewal": "later", "renewal_from": 1800000000, "history": [play]}))
    card = {"uri": "pkcs11:token=CARTAO", "name": "ANA", "label": "CARTÃO", "token": "CARTÃO", "certificate": "MAA=", "kind": "citizen-card", "state": "pin-wanted", "tries": "normal",
            "pin": "asked", "not_after": 1800000000, "pin_min": 4, "pin_max": 8}
    write("answers", "cards", json.dumps({"cards": [card]}))
    write("answers", "announced", "protocol=1\nname=Casa da Ana\npin=" + to_base64url(BYTES[:32]) + "\npairing=yes")
    write("answers", "announced-nothing", "\nprotocol=1")
    write("answers", "pem", KnownAuthority().certificate.public_bytes(Encoding.PEM))


class KnownAuthority(certificates.Authority):
    """The one of authority.h, whose key everyone has."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self.key = ed25519.Ed25519PrivateKey.from_private_bytes(BYTES[:32])
        self.name = certificates.name_of("authority")
        self.revoked, self.crl_number = [], 1
        self.certificate = self.issue(self.key.public_key(), "authority", None, start=-1000, end=3000, authority=True)


def pairing():
    """What is asked, offered and answered, for the key that the authority has as well; and the answer to one who renews."""
    authority = KnownAuthority()
    chain = [to_base64(certificates.der(authority.issue(authority.key.public_key(), "leaf", certificates.PLAYER, start=-1000, end=3000)))]
    known = to_base64(certificates.der(authority.certificate))
    write("pairing", "pair", json.dumps({"invitation": ID, "requests": [to_base64(certificates.make_request(certificates.make_key("ECDSA"), ID))], "mac": to_base64(BYTES[:32])}))
    write("pairing", "offer", json.dumps({"protocol": 1, "name": "Casa", "server": "6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d", "authority": known}))
    write("pairing", "answer", json.dumps({"certificates": [chain], "mac": to_base64(BYTES[:32])}))
    write("pairing", "renewed", json.dumps({"certificates": [chain], "authority": known}))


def chains():
    authority = KnownAuthority()
    for auth, usage in (("RSA", certificates.SERVER), ("ECDSA", certificates.PLAYER), ("EDDSA", certificates.PUBLISHER)):
        leaf = authority.issue(certificates.make_key(auth).public_key(), "leaf", usage, start=-1000, end=3000, server="6f1c8a52-0c5e-4f5c-9f43-2a3f1a5b7c9d")
        write("certificates", auth, with_length(certificates.der(leaf), certificates.der(authority.certificate)))
    authority.revoke(leaf)
    write("certificates", "crl", authority.crl(start=-1000, end=3000))
    write("certificates", "csr", certificates.make_request(certificates.make_key("ECDSA"), "name"))


def ocsp():
    """About the certificate that fuzz-ocsp.c asks about: of that authority, the number 7. It is 1800000000 there."""
    authority = KnownAuthority()
    then = certificates.datetime.datetime(2027, 1, 15)
    card = (x509.CertificateBuilder().subject_name(certificates.name_of("card")).issuer_name(authority.name).public_key(authority.key.public_key()).serial_number(7)
            .not_valid_before(then - certificates.days(900)).not_valid_after(then + certificates.days(900)).sign(authority.key, None))
    status, times = ocsp_of.OCSPCertStatus, (then - certificates.days(1), then + certificates.days(7))
    for name, said, revoked, until in (("good", status.GOOD, None, times[1]), ("revoked", status.REVOKED, times[0], times[1]), ("unknown", status.UNKNOWN, None, times[1]),
                                       ("no-end", status.GOOD, None, None), ("late", status.GOOD, None, times[0])):
        builder = ocsp_of.OCSPResponseBuilder().add_response(
            cert=card, issuer=authority.certificate, algorithm=hashes.SHA1(), cert_status=said, this_update=times[0], next_update=until, revocation_time=revoked,
            revocation_reason=x509.ReasonFlags.key_compromise if revoked else None).responder_id(ocsp_of.OCSPResponderEncoding.HASH, authority.certificate)
        write("ocsp", name, builder.sign(authority.key, None).public_bytes(Encoding.DER))
    write("ocsp", "try-later", ocsp_of.OCSPResponseBuilder.build_unsuccessful(ocsp_of.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER))


def request():
    get = b"GET /api/auth?auth=RSA HTTP/1.1\r\nHost: cantiga\r\n\r\n"
    post = b"POST /api/suite HTTP/1.1\r\nHost: cantiga\r\nContent-Length: 2\r\n\r\n{}"
    for name, text in {
        "get": get, "post": post, "three": post + get + post, "refused": get.replace(b"/api/auth", b"/no") + get,
        "closes": get.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + get, "old": get.replace(b"1.1", b"1.0"),
        "whole": get.replace(b"/api", b"http://cantiga/api"), "expects": post.replace(b"Content", b"Expect: 100-continue\r\nContent"),
        "pieces": post.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked"), "twice": post.replace(b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 2"),
        "long": get.replace(b"Host", b"X: " + b"y" * 16400 + b"\r\nHost"), "large": post.replace(b": 2", b": 65537"),
    }.items():
        write("request", name, b"\x80" + text)


def rest():
    link = ".".join(map(to_base64url, (BYTES[:16], BYTES[:32], BYTES[:32])))
    for name, host in (("name", "box.local:22684"), ("ipv4", "192.168.1.10:1"), ("ipv6", "[fe80::1]:65535")):
        write("invitation", name, f"cantiga://{host}/#{link}")
    write("authorization", "get", f"Cantiga {ID}.{to_base64url(BYTES)}")
    write("authorization", "post", f"Cantiga {ID}")
    write("authorization", "chunk", f"Cantiga {ID}.17.{to_base64url(BYTES)}")
    for number in (0, 20, 45, 71):
        write("envelope", str(number), bytes([number, 1, 1]) + bytes(8) + BYTES * 2)
    write("chunk", "one", bytes([0, 0, 0]) + BYTES)
    write("chunk", "many", bytes([40, 40, 6]) + BYTES[:32] * 6 + BYTES)
    write("container", "metadata", (HERE / "corpus/fuzz-messages/metadata").read_bytes())
    write("container", "sealed", (HERE.parent / "vectors/sealed.cantiga").read_bytes())


if __name__ == "__main__":
    handshake()
    messages()
    answers()
    pairing()
    chains()
    ocsp()
    request()
    rest()
    if len(sys.argv) > 1:
        # What cantigactl config prints: every key of the configuration.
        write("configuration", "all", pathlib.Path(sys.argv[1]).read_bytes())
    write("configuration", "few", "[server]\nname = Casa\n[licence]\nplays = 3\nrenewal = new-session\n[suites]\nenabled = default;ECDH_RSA_EDE_CBC_SHA256\nselection = random\n")

