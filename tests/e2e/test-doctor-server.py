#!/usr/bin/python3
"""cantigactl doctor finds what is wrong with a box, says what to do, changes nothing and tells nothing personal."""
import datetime
import os
import shutil
import socket
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import journey
from journey import DONE, FAILED, contains, equal, holds


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.add(self.tone("One.ogg"), self.tone("Two.ogg", 550))

    def look(self, ok=DONE, state=None, env=None):
        """{check: [(state, sentence, remedy)]}; every remedy is there where it is needed, and nothing personal anywhere."""
        ran = self.ctl("doctor", "--json", ok=ok, state=state, env=env)
        found = {}
        for check in ran.json["checks"]:
            equal(sorted(check), ["check", "remedy", "sentence", "state"], "the members of a check")
            holds(check["state"] in ("ok", "warn", "fail"), check)
            holds(check["state"] == "ok" or check["remedy"], f"no remedy: {check}")
            found.setdefault(check["check"], []).append((check["state"], check["sentence"], check["remedy"]))
        equal(ran.json["ok"], ok == DONE, "ok")
        for secret in ("The box", "One", os.path.basename(self.path("home"))):
            holds(secret not in ran.out.replace("One thing", ""), f"{secret} is in {ran.out}")
        return found

    def copy(self):
        shutil.rmtree(self.path("copy"), ignore_errors=True)
        return shutil.copytree(self.state, self.path("copy"))


def states(found):
    return {check: [finding[0] for finding in findings] for check, findings in found.items()}


def failing(found):
    return sorted(check for check, findings in found.items() if any(finding[0] == "fail" for finding in findings))


NOBODY = {"CANTIGA_SERVER_LISTEN": f"127.0.0.1:{journey.free_port()}"}


def age_certificate(path, days):
    """The same names under a certificate that ended so many days ago."""
    with open(path, "rb") as file:
        old = x509.load_pem_x509_certificate(file.read())
    key = ec.generate_private_key(ec.SECP256R1())
    end = datetime.datetime.utcnow() - datetime.timedelta(days=days)
    new = (x509.CertificateBuilder().subject_name(old.subject).issuer_name(old.issuer).public_key(key.public_key())
           .serial_number(x509.random_serial_number()).not_valid_before(end - datetime.timedelta(days=400)).not_valid_after(end)
           .sign(key, hashes.SHA256()))
    journey.write(path, new.public_bytes(serialization.Encoding.PEM))


@journey.test("a box whose server runs is well, also as text")
def _(place):
    server = place.serve()
    env = {"CANTIGA_SERVER_LISTEN": f"127.0.0.1:{server.port}"}
    found = place.look(env=env)
    equal({state for findings in states(found).values() for state in findings}, {"ok"}, f"the states in {found}")
    equal(sorted(found), ["certificates", "clock", "configuration", "disk", "import", "ledger", "library", "master key", "memory", "port", "state",
                          "systemd"], "the checks")
    equal(len(found["certificates"]), 5, "the certificates")
    text = place.ctl("doctor", env=env)
    contains(text.out, "0 to look at, 0 wrong")
    contains(text.out, "✓ ledger")


@journey.test("a server that does not run is a warning; another program or another box on its port a failure")
def _(place):
    equal(states(place.look(env=NOBODY))["port"], ["warn"], "nobody")
    other = place.path("other")
    place.init("Other", state=other)
    found = place.look(ok=FAILED, state=other, env={"CANTIGA_SERVER_LISTEN": f"127.0.0.1:{place.server.port}"})
    equal(failing(found), ["port"], "what fails")
    contains(found["port"][0][1], "Another Cantiga server")
    place.server.stop()
    for answer, words in ((b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}", "Another program"),
                          (b"220 mail.example\r\n", "does not answer as")):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve(listener=listener, answer=answer):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)
            thread = threading.Thread(target=serve)
            thread.start()
            found = place.look(ok=FAILED, env={"CANTIGA_SERVER_LISTEN": f"127.0.0.1:{listener.getsockname()[1]}"})
            thread.join()
        contains(found["port"][0][1], words)


@journey.test("what others can read is found, and what to type mends it")
def _(place):
    for open_ in (lambda state: os.chmod(state, 0o755), lambda state: os.chmod(os.path.join(state, "master.key"), 0o644),
                  lambda state: os.chmod(os.path.join(state, "pki/server-rsa.key"), 0o640),
                  lambda state: os.chmod(os.path.join(state, "ledger.sqlite"), 0o604)):
        state = place.copy()
        open_(state)
        found = place.look(ok=FAILED, state=state, env=NOBODY)
        equal(failing(found), ["state"], "what fails")
        command = found["state"][0][2].split()
        equal(command[0], "chmod", "the remedy")
        holds(os.spawnvp(os.P_WAIT, command[0], command) == 0, command)
        equal(failing(place.look(state=state, env=NOBODY)), [], "what fails")


@journey.test("a folder without a state, and one that is half gone")
def _(place):
    found = place.look(ok=FAILED, state=place.path("media"), env=NOBODY)
    equal(failing(found), ["state"], "what fails")
    contains(found["state"][0][2], "cantigactl init")
    for name in "master.key", "pki/publisher.key", "pki/authority.pem":
        state = place.copy()
        os.unlink(os.path.join(state, name))
        holds("master key" in failing(place.look(ok=FAILED, state=state, env=NOBODY)), f"without {name}")


@journey.test("a title without its file fails, a file without its title is a warning")
def _(place):
    state = place.copy()
    name = sorted(os.listdir(os.path.join(state, "library")))[0]
    os.rename(os.path.join(state, "library", name), os.path.join(state, "library", "0" * 32 + ".cantiga"))
    found = place.look(ok=FAILED, state=state, env=NOBODY)
    equal(failing(found), ["library"], "what fails")
    equal(states(found)["library"], ["fail", "warn"], "the library")
    contains(found["library"][0][1], "1 of 2 titles")


@journey.test("a damaged ledger is found")
def _(place):
    state = place.copy()
    path = os.path.join(state, "ledger.sqlite")
    with open(path, "r+b") as file:
        for page in range(2, os.path.getsize(path) // 4096):
            file.seek(page * 4096)
            file.write(os.urandom(200))
    found = place.look(ok=FAILED, state=state, env=NOBODY)
    holds({"ledger", "library", "master key"} & set(failing(found)), f"nothing was found: {found}")


@journey.test("certificates past their end are found; the server's own come anew by themselves")
def _(place):
    state = place.copy()
    age_certificate(os.path.join(state, "pki/authority.pem"), 3)
    found = place.look(ok=FAILED, state=state, env=NOBODY)
    holds(any("authority.pem is past its end" in finding[1] for finding in found["certificates"]), found)
    holds("certificates" in failing(found), found)
    state = place.copy()
    age_certificate(os.path.join(state, "pki/server-rsa.pem"), -10)
    found = place.look(state=state, env=NOBODY)
    equal([finding[0] for finding in found["certificates"]].count("warn"), 1, "warnings")
    state = place.copy()
    journey.write(os.path.join(state, "pki/server-ecdsa.pem"), "nothing")
    holds("certificates" in failing(place.look(ok=FAILED, state=state, env=NOBODY)), "a certificate that is none")


@journey.test("a configuration that is wrong, and a reader of media that does not work")
def _(place):
    equal(failing(place.look(ok=FAILED, env={"CANTIGA_SERVER_LISTEN": "nonsense"})), ["configuration"], "what fails")
    found = place.look(ok=FAILED, env={**NOBODY, "CANTIGA_TAGS": "/bin/false"})
    equal(failing(found), ["import"], "what fails")
    contains(found["import"][0][2], "apt install")


@journey.test("a state at home is told of without saying where home is")
def _(place):
    state = shutil.copytree(place.state, os.path.join(place.path("home"), "cantiga"))
    for ok, mode in (DONE, 0o700), (FAILED, 0o755):
        os.chmod(state, mode)
        ran = place.ctl("doctor", "--json", ok=ok, state=state, env=NOBODY)
        holds(place.path("home") not in ran.out + ran.err, ran.out)
        contains(ran.out, "~/cantiga")


@journey.test("looking changes nothing")
def _(place):
    before = {path: journey.read(path) for path in journey.walk(place.state) if os.path.isfile(path) and "sqlite-" not in path}
    place.look(env=NOBODY)
    after = {path: journey.read(path) for path in journey.walk(place.state) if os.path.isfile(path) and "sqlite-" not in path}
    equal(before == after, True, "that nothing changed")


if __name__ == "__main__":
    journey.main(Place)
