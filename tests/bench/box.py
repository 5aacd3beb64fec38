"""What the measurements of the server share: a box with titles of 8 MiB, players of the second implementation, and what the kernel accounts to a process.

CANTIGA_BUILD names the build, or the first argument of the program does.
"""
import os
import pathlib
import re
import socket
import statistics
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.realpath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(SOURCE, "build"))
os.environ.update(CANTIGA_SOURCE=SOURCE, CANTIGA_BUILD=BUILD)
sys.path.insert(0, os.path.join(SOURCE, "tests/peer"))

# pylint: disable=wrong-import-position
import certificates  # noqa: E402,F401
import player  # noqa: E402
from notation import to_base64url  # noqa: E402
from stage import journey, key_of  # noqa: E402

SUITE = "ECDH_ECDSA_AES256_GCM_SHA256"
CHUNK = 262144
CORE = min(os.sched_getaffinity(0))
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(*pids):
    """Seconds of these processes so far, all their threads."""
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(") ", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def cpu_to_the_microsecond(pid):
    """Seconds of a process so far, all its threads that are still there: what cpu_of() tells in hundredths."""
    return sum(int(each.read_text(encoding="ascii").split()[0]) for each in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


class Place(journey.Place):
    """workers 1: the server stays on one core."""

    def __init__(self, workers):
        super().__init__()
        self.init()
        journey.write(self.path("state", "server.conf"),
                      f"[server]\nworkers = {workers}\n[licence]\nplays = 100000\n[limits]\nconnections-per-address = 512\nhalf-open-per-address = 1000\nsessions = 100000\n")
        self.media = [journey.wav(self.path("media", f"Title {i:02}.wav"), 44, pattern=os.urandom(40004)) for i in range(32)]
        self.add(*self.media, limit=600)
        self.serve()
        for thread in os.listdir(f"/proc/{self.server.pid}/task") if workers == 1 else ():
            os.sched_setaffinity(int(thread), {CORE})
        self.keys = key_of(self.card())
        self.paired = player.pair(self.invite("bench"))

    def session(self, paired=None):
        session = player.Session(paired or self.paired, "ECDSA", [SUITE]).sign_in()
        session.show_card(*self.keys)
        return session


def head_of(play, number):
    """The request for a play's chunk, the number-th that is asked for."""
    path = f"/api/download?grant={play.grant.hex()}&chunk={number % play.licence['chunks']}"
    mac = to_base64url(play.stream.mac(path, number))
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Cantiga {play.session.session.hex()}.{number}.{mac}\r\n\r\n".encode()


class Line:
    """A connection that is kept from one request to the next, as the player's are."""

    def __init__(self, port):
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.buffer = bytearray(1 << 20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, head):
        """How long the answer's body is, which is not looked at."""
        self.socket.sendall(head)
        filled = end = 0
        while not end:
            more = self.socket.recv_into(memoryview(self.buffer)[filled:])
            journey.holds(more, "the server closed the connection instead of answering")
            filled += more
            end = self.buffer.find(b"\r\n\r\n", 0, filled) + 4 if b"\r\n\r\n" in self.buffer[:min(filled, 2048)] else 0
        length = int(re.search(rb"Content-Length: (\d+)", self.buffer[:end])[1])
        left = length - (filled - end)
        while left > 0:
            left -= self.socket.recv_into(self.buffer)
        return length


def say(what, values, unit, more=""):
    print(f"{what:64} {statistics.median(values):10.3g} {unit:10} {min(values):.3g} to {max(values):.3g} {more}", flush=True)
