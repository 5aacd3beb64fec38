#!/usr/bin/python3
"""cantiga-play doctor before every state of the real stack: which it is, which module sees what, and what to type; with nothing of a person in it."""
import json
import os
import subprocess

import stack
from stack import journey
from journey import contains, equal, holds

PERSONAL = ("JOSÉ", "SILVA", "ANA", "COSTA", "0000100000000001", "0000100000000002", "BI", "pkcs11:")


def doctor(desk, ok, *arguments, **env):
    """What it found, by check; "module" more than once."""
    ran = desk.run("cantiga-play", "--state", desk.path("player-doctor"), "doctor", "--json", *arguments, ok=ok, env=env)
    answer = ran.json
    equal(answer["ok"], ok == journey.DONE, "whether all is well")
    for check in answer["checks"]:
        for word in PERSONAL + (desk.env["HOME"],):
            holds(word not in check["sentence"] + (check["remedy"] or ""), f"{word} is in {check}")
        equal(check["remedy"] is None, check["state"] == "ok", f"whether there is something to do in {check}")
    return {check["check"]: check for check in answer["checks"]}


def card_of(found):
    return found["card"]["sentence"].split(":")[0], found["card"]["state"]


def settle(desk, state):
    asked = desk.ask()
    asked.wait_for(state)
    asked.end()


@journey.test("a card that can sign in: all is well, and each module says what it sees")
def _(desk):
    desk.insert("jose")
    settle(desk, "pin-wanted")
    found = doctor(desk, journey.DONE)
    equal(card_of(found), ("pin-wanted", "ok"), "the card")
    contains(found["module"]["sentence"], "opensc-pkcs11.so")
    contains(found["module"]["sentence"], "a certificate for authentication (citizen-card, rsa key, pin-wanted, tries normal)")
    for check in "cantiga-card", "card service", "autenticacao.gov", "keyring", "sound", "clock":
        equal(found[check]["state"], "ok", f"the state of {check}")
    equal(found["state"]["state"], "warn", "the state of a player that is paired with nobody")
    equal(desk.count("verify"), 0, "PINs that the card was given")
    text = desk.run("cantiga-play", "--state", desk.path("player-doctor"), "doctor").out
    contains(text, "✓ card             pin-wanted: The card asks for its authentication PIN.")


@journey.test("tries that were spent, the last one and a blocked PIN are told")
def _(desk):
    for tries, state, mark in ((2, "pin-wanted", "ok"), (1, "last-try", "warn"), (0, "blocked", "fail")):
        desk.tell_reader("tries", tries)
        found = doctor(desk, journey.FAILED if mark == "fail" else journey.DONE)
        equal(card_of(found), (state, mark), f"the card with {tries} tries")
    contains(found["card"]["remedy"], "PUK")
    desk.tell_reader("tries", 3)


@journey.test("no card, no reader, no service: what to type is said")
def _(desk):
    desk.remove()
    settle(desk, "no-card")
    equal(card_of(doctor(desk, journey.DONE)), ("no-card", "warn"), "the card")
    desk.stop_service()
    found = doctor(desk, journey.FAILED)
    equal(card_of(found), ("no-service", "fail"), "the card")
    equal(found["card service"]["remedy"], "systemctl enable --now pcscd.socket", "what to type")
    drivers = desk.path("readers/vpcd")
    lines = journey.read(drivers)
    journey.write(drivers, "")
    desk.start_service()
    found = doctor(desk, journey.DONE)
    equal(card_of(found), ("no-reader", "warn"), "the card")
    equal(found["card service"]["state"], "warn", "the service without readers")
    desk.stop_service()
    journey.write(drivers, lines)
    desk.start_service()
    settle(desk, "no-card")


@journey.test("the card of 2024 needs Autenticação.gov: where to get it, how to register it once it is there, and that it is")
def _(desk):
    desk.insert("ana", "2024")
    settle(desk, "unsupported")
    found = doctor(desk, journey.FAILED)
    equal(card_of(found), ("unsupported", "fail"), "the card")
    contains(found["autenticacao.gov"]["remedy"], "https://www.autenticacao.gov.pt/")
    official = "/run/lib/libpteidpkcs11.so"  # /usr/local/lib is laid over with this folder
    os.symlink(os.path.join(journey.BUILD, "tests/card/libmock-card.so"), official)
    found = doctor(desk, journey.FAILED)
    contains(found["autenticacao.gov"]["sentence"], "not registered with p11-kit, and the card in the reader needs it")
    command = found["autenticacao.gov"]["remedy"]
    subprocess.run(["sh", "-c", command], env={**desk.env, "HOME": desk.path("home")}, check=True)
    made = desk.path("home/.config/pkcs11/modules/autenticacao-gov.module")
    equal(journey.read(made).decode(), "module: /usr/local/lib/libpteidpkcs11.so\n", "what the command wrote")
    os.rename(made, desk.path("config/pkcs11/modules/autenticacao-gov.module"))
    words = desk.path("mock")
    journey.write(words, "own-dialog")
    found = doctor(desk, journey.DONE, CANTIGA_MOCK_CARD=words)
    equal((found["autenticacao.gov"]["state"], card_of(found)), ("ok", ("pin-wanted", "ok")), "what it says now")
    os.unlink(desk.path("config/pkcs11/modules/autenticacao-gov.module"))
    os.unlink(official)
    desk.remove()
    # pcscd looks at its readers now and then: another card put in sooner is the old one to it.
    settle(desk, "no-card")


@journey.test("no module at all, one that does not load, one that crashes: each is told apart")
def _(desk):
    module = desk.path("config/pkcs11/modules/opensc.module")
    lines = journey.read(module)
    os.unlink(module)
    found = doctor(desk, journey.FAILED)
    equal(found["module"]["remedy"], "apt install opensc-pkcs11", "what to type")
    equal(card_of(found), ("no-module", "fail"), "the card")
    words = desk.path("mock")
    journey.write(words, "list-crashes")
    mock = os.path.join(journey.BUILD, "tests/card/libmock-card.so")
    # Under AddressSanitizer it has to die of the signal as anywhere else.
    options = journey.without_leaks(desk.env)["ASAN_OPTIONS"] + ":handle_segv=0:handle_abort=0"
    found = doctor(desk, journey.FAILED, "--card-module", mock, CANTIGA_MOCK_CARD=words, ASAN_OPTIONS=options)
    equal(found["cantiga-card"]["state"], "fail", "the program that speaks to cards")
    journey.write(words, "initialize-fails")
    found = doctor(desk, journey.FAILED, "--card-module", mock, CANTIGA_MOCK_CARD=words)
    contains(found["module"]["sentence"], "does not start")
    journey.write(module, lines)


@journey.test("a module that p11-kit passes over in silence is named, with the file that names it, and so is one that is given and is none")
def _(desk):
    opensc, broken, junk = (desk.path(name) for name in ("config/pkcs11/modules/opensc.module", "config/pkcs11/modules/broken.module", "home/junk.so"))
    lines = journey.read(opensc)
    journey.write(junk, "no library")
    journey.write(broken, "# This one was removed.\n module : /opt/gone/libgone.so\n")
    found = doctor(desk, journey.DONE)
    equal(found["module"]["state"], "ok", "the module that loads, which comes last")
    named, = [check for check in desk.run("cantiga-play", "--state", desk.path("player-doctor"), "doctor", "--json").json["checks"]
              if check["check"] == "module" and check["state"] == "warn"]
    contains(named["sentence"], "broken.module names /opt/gone/libgone.so, which cannot be loaded: cannot open shared object file")
    contains(named["remedy"], "or remove ")
    contains(named["remedy"], "broken.module")
    for name, why in (junk, "file too short"), ("/usr/lib/x86_64-linux-gnu/libz.so.1", "undefined symbol: C_GetFunctionList"):
        journey.write(opensc, f"module: {name}\n")
        journey.write(broken, f"module: {name}\nenable-in: another-program\n")
        found = doctor(desk, journey.FAILED)
        contains(found["module"]["sentence"], "opensc.module names ")
        contains(found["module"]["sentence"], why)
    os.unlink(broken)
    journey.write(opensc, lines)
    found = doctor(desk, journey.FAILED, "--card-module", junk)
    contains(found["module"]["sentence"], "~/junk.so cannot be loaded: ")
    contains(found["module"]["remedy"], "--card-module")


@journey.test("cantiga-play cards shows names and addresses, on the person's own screen")
def _(desk):
    desk.insert("jose")
    settle(desk, "pin-wanted")
    answer = json.loads(desk.run("cantiga-play", "cards", "--json").out)
    card, = answer["cards"]
    equal((answer["state"], card["name"], card["tries"]), ("pin-wanted", "JOSÉ MARIA DA SILVA", "normal"), "the card")
    holds(card["certificate"].startswith("pkcs11:"), card)
    contains(desk.run("cantiga-play", "cards").out, card["certificate"])


if __name__ == "__main__":
    stack.main()
