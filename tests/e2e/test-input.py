#!/usr/bin/python3
"""Wrong options, arguments and files: each program says what is wrong in one sentence, ends with the right code, and nothing is lost."""
import os
import signal
import sys

import journey
from journey import FAILED, NOT_FOUND, REFUSED, USAGE, contains, equal, holds


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.add(self.tone("One.mp3"))
        self.serve()
        self.player = self.player(self.card())
        journey.write(self.path("text.pem"), "no certificate")
        journey.write(self.path("empty"), "")
        journey.write(self.path("rubbish.conf"), "this is no configuration\n")
        journey.write(self.path("unknown.conf"), "[server]\nname = x\n\n[nothing]\nx = 1\n")
        journey.write(self.path("value.conf"), "[licence]\nplays = many\n")

    def state_of_all(self):
        return [self.ctl(*command, "--json").json for command in (("list",), ("cards",), ("players",), ("licences",), ("plays",))]


def check_one(ran):
    lines = [line for line in ran.err.splitlines() if line.startswith(os.path.basename(ran.arguments[0]) + ": ")]
    equal(len(lines), 1, f"sentences of {ran.arguments} ({ran.err})")
    sentence = ran.sentence
    holds(len(sentence) > 10 and "assert" not in sentence and "(null)" not in sentence, f"{ran.arguments} says “{sentence}”")
    return sentence


CTL = [
    (USAGE, []),
    (USAGE, ["bogus"]),
    (USAGE, ["--bogus"]),
    (USAGE, ["list", "--bogus"]),
    (USAGE, ["list", "more"]),
    (USAGE, ["list", "--plays", "3"]),
    (USAGE, ["add"]),
    (NOT_FOUND, ["add", "{place}/missing"]),
    (FAILED, ["add", "{place}/empty"]),
    (FAILED, ["add", "{place}/text.pem"]),
    (FAILED, ["add", "/dev/null"]),
    (USAGE, ["remove"]),
    (NOT_FOUND, ["remove", "No such title"]),
    (NOT_FOUND, ["remove", "One", "No such title"]),
    (NOT_FOUND, ["remove", ""]),
    (USAGE, ["verify", "more"]),
    (USAGE, ["status", "more"]),
    (USAGE, ["init", "more"]),
    (FAILED, ["init", "--name", "Again"]),
    (USAGE, ["cards", "bogus"]),
    (USAGE, ["cards", "add"]),
    (NOT_FOUND, ["cards", "add", "{place}/missing.pem"]),
    (FAILED, ["cards", "add", "{place}/text.pem"]),
    (FAILED, ["cards", "add", "{place}/empty"]),
    (FAILED, ["cards", "add", "{place}"]),
    (NOT_FOUND, ["cards", "revoke", "Nobody"]),
    (USAGE, ["cards", "revoke"]),
    (NOT_FOUND, ["players", "revoke", "Nobody"]),
    (USAGE, ["players", "revoke"]),
    (USAGE, ["players", "bogus"]),
    (NOT_FOUND, ["licences", "show", "00000000"]),
    (NOT_FOUND, ["licences", "revoke", "0"]),
    (NOT_FOUND, ["licences", "grant", "Nobody", "One"]),
    (NOT_FOUND, ["licences", "grant", "ANA MARIA DOS SANTOS", "No such title"]),
    (USAGE, ["licences", "grant", "ANA MARIA DOS SANTOS"]),
    (USAGE, ["licences", "grant", "ANA MARIA DOS SANTOS", "One", "--plays", "0"]),
    (USAGE, ["licences", "grant", "ANA MARIA DOS SANTOS", "One", "--plays", "-5"]),
    (USAGE, ["licences", "grant", "ANA MARIA DOS SANTOS", "One", "--plays", "many"]),
    (USAGE, ["licences", "grant", "ANA MARIA DOS SANTOS", "One", "--plays", "99999999999"]),
    (None, ["licences", "grant", "ANA MARIA DOS SANTOS", "One", "--validity", "soon"]),
    (None, ["licences", "grant", "ANA MARIA DOS SANTOS", "One", "--validity", "-1d"]),
    (USAGE, ["licences", "bogus"]),
    (USAGE, ["plays", "bogus"]),
    (USAGE, ["pki", "bogus"]),
    (USAGE, ["config", "bogus"]),
    (FAILED, ["config", "--config", "{place}/missing.conf"]),
    (FAILED, ["config", "check", "--config", "{place}/rubbish.conf"]),
    (FAILED, ["config", "check", "--config", "{place}/unknown.conf"]),
    (FAILED, ["config", "check", "--config", "{place}/value.conf"]),
    (USAGE, ["invite", "one", "two"]),
    (None, ["invite", "--url", "nonsense"]),
    (None, ["invite", "--url", "ftp://127.0.0.1:1"]),
    (None, ["invite", "--url", "http://"]),
    (None, ["invite", "--url", "http://127.0.0.1:99999"]),
]

SERVER = [
    (USAGE, ["--bogus"]),
    (USAGE, ["more"]),
    (USAGE, ["--ready-fd", "many"]),
    (USAGE, ["--listen", "127.0.0.1:0", "--ready-fd", "999"]),
    (FAILED, ["--listen", "nonsense"]),
    (FAILED, ["--listen", "127.0.0.1:99999"]),
    (FAILED, ["--listen", "192.0.2.1:0"]),
    (FAILED, ["--listen", ""]),
    (FAILED, ["--config", "{place}/missing.conf"]),
    (FAILED, ["--config", "{place}/rubbish.conf"]),
    (FAILED, ["--config", "{place}/unknown.conf"]),
    (FAILED, ["--config", "{place}/value.conf"]),
    (FAILED, ["--state", "{place}/empty"]),
    (FAILED, ["--state", "{place}/media"]),
    (FAILED, ["--state", "{place}/empty/below"]),
]

PLAY = [
    (USAGE, ["--bogus"]),
    (USAGE, ["more"]),
    (USAGE, ["--list", "--title", "One"]),
    (USAGE, ["--output", "none"]),
    (USAGE, ["--title", "One", "--output", ""]),
    (USAGE, ["--list", "--suite", "ROT13"]),
    (USAGE, ["--list", "--suite", "ECDH_ECDSA_AES256_GCM_SHA512,ROT13"]),
    (USAGE, ["--list", "--pin-fd", "999"]),
    (USAGE, ["--list", "--pin-fd", "many"]),
    (NOT_FOUND, ["--list", "--server", "Nowhere"]),
    (NOT_FOUND, ["--title", "No such title", "--output", "none"]),
    (FAILED, ["--title", "One", "--output", "{place}/missing/one.mp3"]),
    (FAILED, ["--title", "One", "--output", "/dev/full/one"]),
    (FAILED, ["--list", "--state", "{place}/empty"]),
    (NOT_FOUND, ["--list", "--state", "{place}/new"]),
    (REFUSED, ["--list", "--invitation", "nonsense"]),
    (REFUSED, ["--list", "--invitation", "cantiga://127.0.0.1:1/#a.b.c"]),
]


def filled(place, arguments):
    return [argument.replace("{place}", place.folder) for argument in arguments]


def check_table(place, table, run):
    before = place.state_of_all()
    sentences = set()
    for code, arguments in table:
        ran = run(filled(place, arguments), code)
        if code is None:
            holds(ran.status in (FAILED, USAGE), f"{arguments} ended with {ran.status}")
        sentences.add(check_one(ran))
        equal(ran.out, "", f"stdout of {arguments}")
    holds(len(sentences) > len(table) // 3, f"too few different sentences: {sentences}")
    equal(place.state_of_all(), before, "what the keeper has")


@journey.test("cantigactl: wrong words, files and names")
def _(place):
    check_table(place, CTL, lambda arguments, code: place.ctl(*arguments, ok=code, limit=10))


@journey.test("cantiga-server: wrong options, files and addresses")
def _(place):
    check_table(place, SERVER, lambda arguments, code: place.run("cantiga-server", *(["--state", place.state] if "--state" not in arguments else []),
                                                                 *arguments, ok=code, limit=10))
    ran = place.run("cantiga-server", "--state", place.state, env={"CANTIGA_LIMITS_CONNECTIONS": "many"}, ok=FAILED, limit=10)
    holds("CANTIGA_LIMITS_CONNECTIONS" in check_one(ran), ran.err)


@journey.test("a configuration that is wrong is named by its file and line")
def _(place):
    for name, line in ("rubbish", 1), ("unknown", 4), ("value", 2):
        ran = place.ctl("config", "check", "--config", place.path(name + ".conf"), ok=FAILED)
        holds(f"{name}.conf:{line}:" in check_one(ran), ran.err)


@journey.test("cantiga-play: wrong options, files and names, and no play is spent")
def _(place):
    def run(arguments, code):
        pin = None if "--pin-fd" in arguments else journey.PIN
        return place.player.run(*arguments, "--json", pin=pin, ok=code, limit=20)
    check_table(place, PLAY, run)
    equal(os.path.exists(place.path("missing")), False, "that a folder was made")


@journey.test("modules that are none are said to be none")
def _(place):
    for path in "/nonexistent.so", place.path("text.pem"), "/usr/lib/x86_64-linux-gnu/libz.so.1":
        ran = place.run("cantiga-play", "--state", place.player.folder, "--card-module", path, "--list", pin=journey.PIN, ok=REFUSED,
                        env=journey.without_leaks(place.env), limit=30)
        check_one(ran)


# What a module is told to do (tests/card/mock-module.c) → the reason, and what to do
CARDS = {
    "empty": "There is no card in the reader. Put the card in, chip first.",
    "no-certificate": "The card has no authentication certificate that is valid now. Check the card's date and renew the card, or use another one.",
    "expired": "Renew the card, or use another one.",
    "list-crashes": "The program that speaks to the card broke off. Try again; if it happens again, choose another card module.",
    "sign-crashes": "The program that speaks to the card broke off. Try again; if it happens again, choose another card module.",
}


def sign_in(place, words, pin=journey.PIN):
    """With the card that can be told what to do."""
    journey.write(place.path("mock"), words)
    # Under AddressSanitizer, too, the helper has to die of a signal as anywhere else.
    env = {**journey.without_leaks(place.env), "CANTIGA_MOCK_CARD": place.path("mock")}
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":handle_segv=0:handle_abort=0"
    return place.start("cantiga-play", "--state", place.player.folder, "--card-module", os.path.join(journey.BUILD, "tests/card/libmock-card.so"), "--list", pin=pin, env=env)


@journey.test("no card, none of its certificates, a wrong PIN, a helper that is killed, a module that crashes: the reason and what to do, and no play is spent")
def _(place):
    before = place.state_of_all()
    for words, sentence in CARDS.items():
        contains(sign_in(place, words).wait(REFUSED).sentence, sentence, f"what is said of a card that is told “{words}”")
    contains(sign_in(place, "", pin="9999").wait(REFUSED).sentence, "The PIN is wrong")
    os.unlink(place.path("mock.log"))
    hanging = sign_in(place, "sign-hangs")
    journey.until(lambda: os.path.exists(place.path("mock.log")) and b"sign\n" in journey.read(place.path("mock.log")), "the card to sign")
    helper, = [int(pid) for pid in journey.read(f"/proc/{hanging.pid}/task/{hanging.pid}/children").split()]
    os.kill(helper, signal.SIGKILL)
    equal(hanging.wait(REFUSED).sentence, CARDS["sign-crashes"], "what is said of a helper that was killed")
    # The card itself is one that this server does not know.
    contains(sign_in(place, "").wait(REFUSED).sentence, "does not know the card: ask its keeper to enrol it")
    equal(place.state_of_all(), before, "what the keeper has")


@journey.test("arguments that are not UTF-8, very long or hold control characters do no harm")
def _(place):
    before = place.state_of_all()
    for text in "\udcff\udcfe", "x" * 100000, "a\nb\x1b[2Jc", "%s%n%d":
        for arguments in ["remove", text], ["cards", "revoke", text], ["add", "/" + text], [text], ["licences", "show", text]:
            ran = place.ctl(*arguments, ok=None, limit=10)
            holds(ran.status in (FAILED, USAGE, NOT_FOUND), f"{arguments} ended with {ran.status}")
            holds("\x1b[2J" not in ran.err + ran.out, f"{arguments}: what was given is written to the terminal as it is: {ran.err!r}")
        ran = place.player.run("--title", text, "--output", "none", ok=None, limit=20)
        holds(ran.status in (FAILED, USAGE, NOT_FOUND), f"--title {text!r} ended with {ran.status}")
        holds("\x1b[2J" not in ran.err + ran.out, f"what was given is written to the terminal as it is: {ran.err!r}")
    equal(place.state_of_all(), before, "what the keeper has")


@journey.test("--help and --version answer, and need nothing")
def _(place):
    for program in "cantigactl", "cantiga-server", "cantiga-play":
        holds("--state" in place.run(program, "--help", env=journey.without_leaks(place.env)).out, f"{program} --help says little")
    for program in "cantigactl", "cantiga-server", "cantiga-play":
        holds(place.run(program, "--version", env=journey.without_leaks(place.env)).out.startswith(program + " "), f"{program} --version says little")


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    journey.main(Place)
