#!/usr/bin/python3
"""A real card stack without a card: pcscd, vpcd's two readers, OpenSC behind p11-kit, and virtual Citizen Cards, in namespaces of its own.

    @journey.test("…")
    def _(desk):
        desk.insert("jose")

    stack.main()

Nothing of it listens outside, takes a port of the machine's or needs root. Where the system allows no user namespaces nothing can run: each test is
then reported as skipped, and stderr says so.
"""
import base64
import fcntl
import glob
import json
import os
import select
import shlex
import socket
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "e2e"))

import journey  # noqa: E402
from journey import equal, holds, until  # noqa: E402

OPENSC = "/usr/lib/*/opensc-pkcs11.so"
VPCD = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
FIRST_PORT = 35963  # 0x8C7B; vpcd's second reader has the next one
PEOPLE = os.path.join(journey.BUILD, "tests/card/real/people")
SOMEBODY = journey.SOMEBODY  # as root, p11-kit 0.24 does not look at the configuration of a user


# ---- namespaces ----

def main(make=None):
    """Runs the tests in a stack of their own, or says loudly that they cannot run."""
    reason = move_in()
    if reason is None:
        journey.main(make or Desk)
    print(f"{sys.argv[0]}: NOT RUN: {reason}: the real card stack was not tested", file=sys.stderr)
    journey.skip_all(reason)


def move_in():
    """Starts this script again in namespaces of its own, and returns None there; or returns why that cannot be."""
    if os.environ.get("CANTIGA_STACK") == "1":
        return None
    tried = subprocess.run(["unshare", "-rmnp", "--fork", "--mount-proc", "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if tried.returncode != 0:
        return f"no user namespaces here ({' '.join(tried.stderr.split())})"
    inside = [sys.executable, os.path.join(HERE, "stack.py"), *sys.argv]
    return os.execvp("unshare", ["unshare", "-rmnp", "--fork", "--kill-child", "--mount-proc", "--", *inside])


def enter(arguments):
    """Root of the new namespaces makes them a place to live in, and then is nobody in particular."""
    with socket.socket() as any_socket:
        up = struct.pack("16sh14x", b"lo", 0x49)  # IFF_UP, IFF_LOOPBACK, IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    for name in "pcscd", "lib":
        os.mkdir(os.path.join("/run", name))
    # Where Autenticação.gov's module would be: a folder that tests may put something into.
    subprocess.run(["mount", "--bind", "/run/lib", "/usr/local/lib"], check=True)
    os.environ["CANTIGA_STACK"] = "1"
    os.execvp("unshare", ["unshare", "-U", f"--map-user={SOMEBODY}", f"--map-group={SOMEBODY}", "--", sys.executable, *arguments])


# ---- readers and the program that asks them ----

class Reader:
    """reader.py, one of the two readers."""

    def __init__(self, number):
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "reader.py"), str(FIRST_PORT + number)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.card = None

    @property
    def ended(self):
        return self.process.poll() is not None

    def say(self, *words):
        self.process.stdin.write(shlex.join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        holds(answer not in ("", "unknown"), f"the reader answers {answer!r} to {words}")
        return answer

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Answer(dict):
    @property
    def state(self):
        return self["state"]

    @property
    def names(self):
        return [card["name"] for card in self["cards"]]


class Asked:
    """cantiga-card, asked by its pipes as client/card.c asks it."""

    def __init__(self, desk):
        self.process = subprocess.Popen([journey.path_of("cantiga-card")], env=desk.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.id = 0

    def ask(self, request, pin=""):
        self.id += 1
        line = json.dumps({"id": self.id, **request}) + "\n" + pin
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()

    def answer(self, limit=30.0):
        """The next line that it writes."""
        ready, _, _ = select.select([self.process.stdout], [], [], limit * journey.SLOWER)
        holds(ready, f"no answer of cantiga-card in {limit * journey.SLOWER:.0f} s")
        line = self.process.stdout.readline()
        holds(line, f"cantiga-card ended with {self.process.poll()}")
        answer = Answer(json.loads(line))
        equal(answer["id"], self.id, "the answer's request")
        return answer

    def list(self):
        self.ask({"command": "list"})
        return self.answer()

    def start_signing(self, card, pin="", message=b"message"):
        text = base64.b64encode(message).decode()
        self.ask({"command": "sign", "certificate": card["uri"], "message": text, "pin_length": len(pin)}, pin)

    def sign(self, card, pin="", message=b"message"):
        self.start_signing(card, pin, message)
        return self.answer()

    def wait_for(self, state, limit=10.0):
        """Looks again and again, as programs do."""
        found = []

        def look():
            found[:] = [self.list()]
            return found[0].state == state
        try:
            until(look, state, limit)
        except journey.Wrong as wrong:
            raise journey.Wrong(f"{wrong}: it is {found[0].state}") from None
        return found[0]

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    @property
    def ended(self):
        return self.process.poll() is not None


# ---- the desk that all of it stands on ----

class Desk(journey.Place):
    """A place with two readers, each empty at first, and pcscd running."""

    def __init__(self):
        super().__init__()
        self.service, self.readers = None, [Reader(0), Reader(1)]
        self.running += self.readers
        self.configure()
        self.start_service()

    def configure(self):
        self.opensc = next(iter(glob.glob(OPENSC)), None)
        holds(self.opensc is not None and os.path.exists(VPCD), "OpenSC or vpcd is not installed")
        os.makedirs(self.path("config/pkcs11/modules"))
        os.mkdir(self.path("readers"))
        journey.write(self.path("config/pkcs11/pkcs11.conf"), "user-config: only\n")
        journey.write(self.path("config/pkcs11/modules/opensc.module"), f"module: {self.opensc}\n")
        journey.write(self.path("readers/vpcd"), f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{FIRST_PORT:#x}\nLIBPATH {VPCD}\n'
                                                 f"CHANNELID {FIRST_PORT:#x}\n")
        # Files of a card that was kept from another run would make it faster than it is.
        journey.write(self.path("opensc.conf"), "app default { framework pkcs15 { use_file_caching = no; } }\n")
        self.env.update(XDG_CONFIG_HOME=self.path("config"), OPENSC_CONF=self.path("opensc.conf"), XDG_CACHE_HOME=self.path("cache"))

    # -- pcscd --

    def start_service(self):
        with open(self.path("pcscd.log"), "ab") as log:
            self.service = subprocess.Popen(["/usr/sbin/pcscd", "-f", "-c", self.path("readers")], env=self.env, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        until(lambda: os.path.exists("/run/pcscd/pcscd.comm"), "pcscd")

    def stop_service(self, kill=False):
        if self.service is not None:
            (self.service.kill if kill else self.service.terminate)()
            self.service.wait()
        self.service = None
        for name in os.listdir("/run/pcscd"):
            os.unlink(os.path.join("/run/pcscd", name))

    # -- people --

    def insert(self, who, *kind, reader=0):
        self.readers[reader].say("insert", os.path.join(PEOPLE, who), *kind)

    def remove(self, reader=0):
        self.readers[reader].say("remove")

    def tell_reader(self, *words, reader=0):
        self.readers[reader].say(*words)

    def count(self, what, reader=0):
        return int(self.readers[reader].say("count", what))

    def ask(self):
        """A fresh cantiga-card."""
        asked = Asked(self)
        self.running.append(asked)
        return asked

    def __exit__(self, *what):
        super().__exit__(*what)
        self.stop_service(kill=True)

    def tell(self):
        return super().tell() + "\npcscd's log ends:\n" + journey.read(self.path("pcscd.log")).decode(errors="replace")[-2000:]


if __name__ == "__main__":
    enter(sys.argv[1:])
