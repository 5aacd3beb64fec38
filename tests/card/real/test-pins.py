#!/usr/bin/python3
"""What cantiga-card shows of virtual Citizen Cards behind the real stack, and how it spends their tries."""
import base64
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

import stack
from stack import journey
from journey import equal, holds

JOSE, ANA = "JOSÉ MARIA DA SILVA", "ANA LÚCIA COSTA"


def fresh(desk, who="jose", *kind):
    """A card that nobody asked yet, in the first reader alone, and a program that sees it."""
    for reader in desk.readers:
        reader.say("remove")
    asked = desk.ask()
    asked.wait_for("no-card")
    desk.insert(who, *kind)
    return asked


def check_signature(card, answer, message=b"message"):
    equal(answer.state, "ready", "the state")
    equal(answer["algorithm"], "rsa-pkcs1-sha256", "the algorithm")
    certificate = x509.load_der_x509_certificate(base64.b64decode(card["certificate"]))
    certificate.public_key().verify(base64.b64decode(answer["signature"]), message, padding.PKCS1v15(), hashes.SHA256())


@journey.test("of the card's three slots, one a PIN, the authentication certificate alone is shown")
def _(desk):
    asked = fresh(desk)
    card, = asked.wait_for("pin-wanted")["cards"]
    equal((card["label"], card["token"]), ("CITIZEN AUTHENTICATION CERTIFICATE", "CARTAO DE CIDADAO (Auth PIN)"), "the card")
    equal((card["name"], card["kind"], card["key_type"]), (JOSE, "citizen-card", "rsa"), "whose it is")
    equal((card["pin"], card["pin_min"], card["pin_max"], card["tries"]), ("asked", 4, 8, "normal"), "its PIN")
    slots = subprocess.run(["pkcs11-tool", "--module", desk.opensc, "--list-slots"], env=desk.env, capture_output=True, text=True, check=True).stdout
    labels = [line.split(":", 1)[1].strip() for line in slots.splitlines() if "token label" in line]
    equal(labels, [f"CARTAO DE CIDADAO ({pin} PIN)" for pin in ("Auth", "Sign", "Address")], "the slots")


@journey.test("it signs with the authentication key, and again without a PIN while the card stays")
def _(desk):
    asked = fresh(desk)
    card, = asked.wait_for("pin-wanted")["cards"]
    check_signature(card, asked.sign(card, "1234"))
    check_signature(card, asked.sign(card, message=b"another one"), b"another one")
    equal(asked.list().state, "ready", "the state")
    equal((desk.count("verify"), desk.count("verify-signature")), (1, 0), "PINs that the card was given")


@journey.test("a wrong PIN once, twice, blocked: each is told, none is tried twice")
def _(desk):
    asked = fresh(desk)
    card, = asked.wait_for("pin-wanted")["cards"]
    before = desk.count("verify")
    for n, (pin, told, listed, tries) in enumerate([("1111", "pin-wrong", "pin-wanted", "low"), ("2222", "last-try", "last-try", "last"),
                                                    ("3333", "blocked", "blocked", "blocked"), ("1234", "blocked", "blocked", "blocked")], 1):
        answer = asked.sign(card, pin)
        equal((answer.state, answer["tries"]), (told, tries), f"what is told of {pin}")
        equal((asked.list().state, asked.list()["cards"][0]["tries"]), (listed, tries), f"what is shown after {pin}")
        equal(desk.count("verify") - before, min(n, 3), f"tries spent after {pin}")
    desk.tell_reader("tries", 3)


@journey.test("the right PIN after a wrong one gives the tries back")
def _(desk):
    asked = fresh(desk)
    card, = asked.wait_for("pin-wanted")["cards"]
    equal(asked.sign(card, "9999").state, "pin-wrong", "the state")
    check_signature(card, asked.sign(card, "1234"))
    equal(asked.list()["cards"][0]["tries"], "normal", "the tries")


@journey.test("what cannot be a PIN never reaches the card")
def _(desk):
    asked = fresh(desk)
    card, = asked.wait_for("pin-wanted")["cards"]
    before = desk.count("verify")
    for pin in ("1", "123", "123456789", "12a4", "    ", "12 34"):
        equal(asked.sign(card, pin).state, "pin-wanted", f"the state after {pin!r}")
    equal(desk.count("verify") - before, 0, "tries spent")


@journey.test("how many tries are left is known before a PIN is asked for")
def _(desk):
    asked = fresh(desk)
    asked.wait_for("pin-wanted")
    for tries, state, word in ((2, "pin-wanted", "low"), (1, "last-try", "last"), (0, "blocked", "blocked"), (3, "pin-wanted", "normal")):
        desk.tell_reader("tries", tries)
        listed = asked.list()
        equal((listed.state, listed["cards"][0]["tries"]), (state, word), f"what is shown of {tries} tries")


@journey.test("a card that has expired is not asked for anything")
def _(desk):
    asked = fresh(desk, "rui")
    card, = asked.wait_for("certificate-invalid")["cards"]
    equal(asked.sign(card, "1234").state, "certificate-invalid", "the state")
    equal(desk.count("verify"), 0, "tries spent")


@journey.test("the card of 2024, which OpenSC does not know, is not supported, and never no card")
def _(desk):
    asked = fresh(desk, "ana", "2024")
    equal(asked.wait_for("unsupported").names, [], "the cards")
    desk.insert("jose", reader=1)
    equal(asked.wait_for("pin-wanted").names, [JOSE], "the cards, with another one in the second reader")


@journey.test("two people in two readers are two people")
def _(desk):
    asked = fresh(desk)
    desk.insert("ana", reader=1)
    journey.until(lambda: asked.list().names == [JOSE, ANA], "both cards")
    jose, ana = asked.list()["cards"]
    check_signature(jose, asked.sign(jose, "1234"))
    equal(asked.sign(ana).state, "pin-wanted", "the other one's state")
    equal([card["state"] for card in asked.list()["cards"]], ["ready", "pin-wanted"], "the states")
    check_signature(ana, asked.sign(ana, "1234"))
    holds(jose["uri"] != ana["uri"], "both have one address")
    desk.remove()
    journey.until(lambda: asked.list().names == [ANA], "one card to be left")
    check_signature(ana, asked.sign(ana))


if __name__ == "__main__":
    stack.main()
