"""A Portuguese Citizen Card as it was until June 2024 (GemSAFE with IAS, RSA), as far as OpenSC's gemsafeV1 driver and its pkcs15-pteid emulation
talk to it: SELECT, READ BINARY, VERIFY, MSE, PSO. What is on it: a person's card.json, which citizens.py makes.
"""
import json
import os
import struct

ATRS = {
    "2020": bytes.fromhex("3bff9600008131fe4380318065b085040120120fff829000d0"),
    "2024": bytes.fromhex("3bff9600008131fe4380318065b085050011120fff829000e1"),  # which OpenSC 0.23 does not know
}
APPLICATION = bytes.fromhex("604632ff000002")
MASTER, FILES, KEYS = "3f00", "3f004f00", "3f005f00"  # folders
AUTHENTICATION_PIN, SIGNATURE_PIN, ADDRESS_PIN = 0x81, 0x82, 0x83
SIGNATURE_KEY, AUTHENTICATION_KEY = 0x01, 0x02
TRIES = 3

# The algorithms of MSE: what PKCS#1 puts before the hash.
HASHES = {
    0x02: "",
    0x12: "3021300906052b0e03021a05000414",
    0x42: "3031300d060960864801650304020105000420",
    0x52: "3041300d060960864801650304020205000430",
    0x62: "3051300d060960864801650304020305000440",
}

OK, MORE = b"\x90\x00", 0x61
NOT_FOUND, NO_FILE, WRONG_ADDRESS, WRONG_VALUE = b"\x6a\x82", b"\x69\x86", b"\x6b\x00", b"\x6a\x80"
NOT_VERIFIED, NOT_READY, BLOCKED, NO_PIN = b"\x69\x82", b"\x69\x85", b"\x69\x83", b"\x6a\x88"
WRONG_PARAMETERS, UNKNOWN = b"\x6a\x86", b"\x6d\x00"

SEQUENCE, OCTETS, TEXT, BOOLEAN, ENUMERATED = 0x30, 0x04, 0x0c, 0x01, 0x0a


# ---- DER, as much of it as PKCS#15 takes ----

def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    length = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else b"\x82" + struct.pack(">H", n)
    return bytes([tag]) + length + body


def read_tlv(text, at):
    tag, n = text[at], text[at + 1]
    return tag, text[at + 2:at + 2 + n], at + 2 + n


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def flags(*on):
    value = sum(1 << (31 - bit) for bit in on)
    n = max(on) // 8 + 1
    return tlv(3, bytes([n * 8 - 1 - max(on)]), value.to_bytes(4, "big")[:n])


def path(text):
    return tlv(SEQUENCE, tlv(OCTETS, bytes.fromhex(text)))


def common(label, *more):
    return tlv(SEQUENCE, tlv(TEXT, label.encode()), *more)


# ---- the directory of PKCS#15 ----

def pin_entry(label, number, reference):
    return tlv(SEQUENCE, common(label, flags(0, 1)), tlv(SEQUENCE, tlv(OCTETS, bytes([number]))),
               tlv(0xa1, tlv(SEQUENCE, flags(0, 4, 5), tlv(ENUMERATED, b"\x01"), integer(4), integer(8), integer(8), tlv(0x80, bytes([0, reference])),
                             tlv(OCTETS, b"\xff"), path(MASTER))))


def key_entry(label, number, reference, pin, usage, bits):
    return tlv(SEQUENCE, common(label, flags(0), tlv(OCTETS, bytes([pin]))),
               tlv(SEQUENCE, tlv(OCTETS, bytes([number])), usage, tlv(BOOLEAN, b"\xff"), flags(0, 2, 3, 4), integer(reference)),
               tlv(0xa1, tlv(SEQUENCE, path(KEYS), integer(bits))))


def certificate_entry(label, number, file, authority=False):
    return tlv(SEQUENCE, common(label), tlv(SEQUENCE, tlv(OCTETS, bytes([number])), *([tlv(BOOLEAN, b"\xff")] if authority else [])),
               tlv(0xa1, tlv(SEQUENCE, path(file))))


def files_of(about, keys):
    bits = {reference: n.bit_length() for reference, (n, _, _) in keys.items()}
    authorities = about["authorities"]
    return {
        FILES + "5032": tlv(SEQUENCE, integer(0), tlv(OCTETS, bytes.fromhex(about["number"])), tlv(TEXT, b"GEMALTO"), tlv(0x80, b"CARTAO DE CIDADAO"),
                            flags(1)),
        FILES + "5031": tlv(0xa0, path("4402")) + tlv(0xa4, path("4403")) + tlv(0xa8, path("4401")),
        FILES + "4401": pin_entry("PIN", 1, AUTHENTICATION_PIN) + pin_entry("SIGN", 2, SIGNATURE_PIN) + pin_entry("ADDR", 3, ADDRESS_PIN),
        FILES + "4402": key_entry("CITIZEN AUTHENTICATION KEY", 0x45, AUTHENTICATION_KEY, 1, flags(2), bits[AUTHENTICATION_KEY])
                        + key_entry("CITIZEN SIGNATURE KEY", 0x46, SIGNATURE_KEY, 2, flags(9), bits[SIGNATURE_KEY]),
        FILES + "4403": certificate_entry("CITIZEN AUTHENTICATION CERTIFICATE", 0x45, KEYS + "ef09")
                        + certificate_entry("CITIZEN SIGNATURE CERTIFICATE", 0x46, KEYS + "ef08")
                        + certificate_entry("SIGNATURE SUB CA", 0x50, KEYS + "ef0f", True)
                        + certificate_entry("AUTHENTICATION SUB CA", 0x51, KEYS + "ef10", True)
                        + certificate_entry("ROOT CA", 0x52, KEYS + "ef11", True),
        KEYS + "ef09": bytes.fromhex(about["authentication"]["certificate"]),
        KEYS + "ef08": bytes.fromhex(about["signature"]["certificate"]),
        KEYS + "ef0f": bytes.fromhex(authorities["signature"]),
        KEYS + "ef10": bytes.fromhex(authorities["authentication"]),
        KEYS + "ef11": bytes.fromhex(authorities["state"]),
        MASTER + "0003": bytes.fromhex("010120240001"),
        KEYS + "ef02": b"TESTE" * 40,
    }


class Card:
    """One card: it keeps its tries when it is taken out, and forgets who signed in."""

    FOLDERS = (MASTER, FILES, KEYS)

    def __init__(self, folder, generation="2020"):
        with open(os.path.join(folder, "card.json"), encoding="utf-8") as file:
            about = json.load(file)
        self.atr = ATRS[generation]
        self.speaks = generation != "2024"
        self.keys = {number: (int(about[use]["n"], 16), int(about[use]["d"], 16), pin)
                     for number, use, pin in ((AUTHENTICATION_KEY, "authentication", AUTHENTICATION_PIN), (SIGNATURE_KEY, "signature", SIGNATURE_PIN))}
        self.pins = {AUTHENTICATION_PIN: about["pin"], SIGNATURE_PIN: about["signature_pin"], ADDRESS_PIN: about["address_pin"]}
        self.tries = dict.fromkeys(self.pins, TRIES)
        self.files = files_of(about, self.keys)
        self.counts = {"commands": 0, "verify": 0, "verify-signature": 0, "sign": 0}
        self.reset()

    def reset(self):
        self.selected, self.verified = MASTER, set()
        self.key = self.algorithm = self.hash = None
        self.rest = b""

    def is_signature(self, command):
        return command[1] == 0x2a and command[2:4] == b"\x9e\x9a"

    def answer(self, command):
        """The answer to one command."""
        self.counts["commands"] += 1
        instruction, p1, p2 = command[1:4]
        body, text, expected = command[4:], b"", None
        if len(body) == 1:
            expected = body[0] or 256
        elif body:
            text = body[1:1 + body[0]]
            expected = (body[1 + body[0]] or 256) if len(body) > 1 + body[0] else None
        if not self.speaks:
            return NOT_FOUND if instruction == 0xa4 else NOT_VERIFIED
        known = {0xa4: self.select, 0xb0: self.read_binary, 0x20: self.verify, 0x22: self.prepare, 0x2a: self.operate, 0xc0: self.get_rest,
                 0x84: self.challenge, 0xca: self.get_about}
        return known[instruction](p1, p2, text, expected) if instruction in known else UNKNOWN

    def give(self, text, expected):
        if expected is None or len(text) <= expected:
            return text + OK
        self.rest = text[expected:]
        return text[:expected] + bytes([MORE, min(len(self.rest), 256) & 0xff])

    def get_rest(self, p1, p2, text, expected):
        rest, self.rest = self.rest, b""
        return self.give(rest, expected or 256)

    def challenge(self, p1, p2, text, expected):
        return os.urandom(expected or 8) + OK

    def get_about(self, p1, p2, text, expected):
        return b"\x9f\x7f\x2a" + bytes(42) + OK if (p1, p2) == (0x9f, 0x7f) else UNKNOWN

    # -- files --

    def find(self, p1, text):
        name = text.hex()
        folder = self.selected if self.selected in self.FOLDERS else self.selected[:-4]
        if p1 == 4:
            return MASTER if text == APPLICATION else None
        if p1 in (0, 1, 2):
            return MASTER if name in ("", MASTER) else next(
                (found for found in (folder + name, MASTER + name, folder[:-4] + name) if found in self.FOLDERS or found in self.files), None)
        return MASTER + name if p1 == 8 else folder + name

    def select(self, p1, p2, text, expected):
        if p1 not in (0, 1, 2, 4, 8, 9):
            return WRONG_PARAMETERS
        found = self.find(p1, text)
        if found not in self.FOLDERS and found not in self.files:
            return NOT_FOUND
        self.selected = found
        return OK if p2 & 0x0c == 0x0c else self.give(self.control(found), expected or 256)

    def control(self, name):
        folder = name in self.FOLDERS
        sizes = [] if folder else [tlv(0x81, struct.pack(">H", len(self.files[name]))), tlv(0x82, b"\x01")]
        title = [tlv(0x84, APPLICATION)] if name == MASTER else []
        rights = bytes.fromhex("060000" if folder else "1bffffff00")
        return tlv(0x6f, *sizes, tlv(0x83, bytes.fromhex(name[-4:])), *title, tlv(0x8c, rights))

    def read_binary(self, p1, p2, text, expected):
        if self.selected not in self.files:
            return NO_FILE
        file, at = self.files[self.selected], p1 << 8 | p2
        return WRONG_ADDRESS if at > len(file) else file[at:at + (expected or 256)] + OK

    # -- PINs and keys --

    def verify(self, p1, reference, text, expected):
        """Without a PIN: how many tries are left."""
        if reference not in self.pins:
            return NO_PIN
        if text:
            self.counts["verify"] += 1
            self.counts["verify-signature"] += reference == SIGNATURE_PIN
        if not self.tries[reference]:
            return BLOCKED
        if not text:
            return OK if reference in self.verified else bytes([0x63, 0xc0 | self.tries[reference]])
        if text == self.pins[reference].encode().ljust(8, b"\xff"):
            self.tries[reference] = TRIES
            self.verified.add(reference)
            return OK
        self.tries[reference] -= 1
        self.verified.discard(reference)
        return bytes([0x63, 0xc0 | self.tries[reference]])

    def prepare(self, p1, p2, text, expected):
        if p1 not in (0x41, 0xf1) or p2 != 0xb6:
            return UNKNOWN
        at, self.key, self.algorithm = 0, None, None
        while at < len(text):
            tag, value, at = read_tlv(text, at)
            if tag == 0x84:
                self.key = value[0]
            elif tag == 0x80:
                self.algorithm = value[0]
        return OK if self.key in self.keys and self.algorithm in HASHES else WRONG_VALUE

    def operate(self, p1, p2, text, expected):
        if (p1, p2) == (0x90, 0xa0) and text[:1] == b"\x90":
            self.hash = text[2:2 + text[1]]
            return OK
        if (p1, p2) != (0x9e, 0x9a):
            return WRONG_VALUE
        return self.sign(expected)

    def sign(self, expected):
        self.counts["sign"] += 1
        if self.key is None or self.hash is None:
            return NOT_READY
        n, d, pin = self.keys[self.key]
        if pin not in self.verified:
            return NOT_VERIFIED
        if pin == SIGNATURE_PIN:  # asked for each signature
            self.verified.discard(pin)
        size = (n.bit_length() + 7) // 8
        told = bytes.fromhex(HASHES[self.algorithm]) + self.hash
        block = b"\0\1" + b"\xff" * (size - 3 - len(told)) + b"\0" + told
        return self.give(pow(int.from_bytes(block, "big"), d, n).to_bytes(size, "big"), expected or 256)
