#!/usr/bin/python3
"""On machines of their own: what the journal is given, and a server whose disk is full."""
import os

import journey
import network
from journey import contains, equal, until

# What journald is to a service: a stream for stderr, and a socket for lines with fields.
JOURNALD = """
import ctypes, os, socket, subprocess, sys
folder, out = '/run/systemd/journal', sys.argv[1]
os.makedirs(folder)
fields = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
fields.bind(folder + '/socket')
stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
stream.bind(folder + '/stdout')
stream.listen()
err = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
err.connect(folder + '/stdout')
# The server ends with who started it (PR_SET_PDEATHSIG, SIGKILL).
server = subprocess.Popen(sys.argv[2:], stderr=err, preexec_fn=lambda: ctypes.CDLL(None).prctl(1, 9))
with open(out, 'wb', 0) as file:
    while True:
        file.write(fields.recv(65536).replace(b'\\n', b'\\x1f') + b'\\n')
"""


class Box(journey.Place):
    def __init__(self):
        super().__init__()
        self.init("Caixa")
        self.machine = network.Machine(self, "box", "10.77.0.1")

    def look(self, port, path):
        """What who watches is told on the machine: status and text."""
        code = ("import sys, urllib.request as r, urllib.error as e\ntry: a = r.urlopen(sys.argv[1])\nexcept e.HTTPError as error: a = error\n"
                "print(a.status, a.read().decode().strip())")
        return self.machine.run("/usr/bin/python3", "-c", code, f"http://127.0.0.1:{port}{path}", ok=None).out.strip()


@journey.test("the journal gets a line's fields: which problem, whose address, which route")
def _(place):
    out = place.path("journal")
    daemon = place.machine.start("/usr/bin/python3", "-c", JOURNALD, out, journey.path_of("cantiga-server"), "--state", place.state, "--listen",
                                 "127.0.0.1:2000", env={"CANTIGA_METRICS_LISTEN": "127.0.0.1:22685"})
    until(lambda: os.path.exists(out) and "serving on 127.0.0.1:2000" in read(out), "the server writes to the journal", 40)
    contains(read(out), "PRIORITY=6", "the line's priority")
    place.machine.run("/usr/bin/python3", "-c", "import urllib.request as r\ntry: r.urlopen('http://127.0.0.1:2000/api/list?query=secret')\nexcept OSError: pass")
    until(lambda: "CANTIGA_TYPE=" in read(out), "a refusal is written to the journal")
    line = next(line for line in read(out).splitlines() if "CANTIGA_TYPE=" in line)
    fields = dict(field.split("=", 1) for field in line.split("\x1f") if "=" in field)
    equal({name: fields[name] for name in ("CANTIGA_TYPE", "CANTIGA_ADDRESS", "CANTIGA_ROUTE", "PRIORITY")},
          {"CANTIGA_TYPE": "/problems/not-authenticated", "CANTIGA_ADDRESS": "127.0.0.1", "CANTIGA_ROUTE": "/api/list", "PRIORITY": "5"}, "the fields")
    equal(daemon.err, "", "what stands on stderr beside")
    until(lambda: place.look(22685, "/readyz") == "200 well", "the server is ready")


@journey.test("a server whose disk is full is well, and not ready")
def _(place):
    disk = place.path("disk")
    os.mkdir(disk)
    place.machine.run("mount", "-t", "tmpfs", "-o", "size=32m,mode=0700", "tmpfs", disk)
    server = place.machine.start("cantiga-server", "--state", disk + "/state", "--listen", "127.0.0.1:2001", env={"CANTIGA_METRICS_LISTEN": "127.0.0.1:22686"})
    until(lambda: "serving on" in server.err, "the server serves", 40)
    until(lambda: place.look(22686, "/healthz") == "200 well", "the server is well")
    equal(place.look(22686, "/readyz"), "503 the disk is full", "/readyz")


def read(path):
    return journey.read(path).decode(errors="replace")


if __name__ == "__main__":
    network.enter()
    journey.main(Box)
