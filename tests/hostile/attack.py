"""What a hostile network does, as functions that run until they are told to stop; each in a program of its own, so that it takes no turn from who measures.

    attack.py NAME HOST PORT SECONDS [FIRST-SOURCE [N-SOURCES]]

Sources are addresses of this machine (any of 127.0.0.0/8 on loopback) that connections come from, in turn. It says on stderr that it begins, and at its end,
to which SIGTERM brings it too, how much it did.
"""
import itertools
import json
import os
import random
import resource
import select
import signal
import socket
import sys
import time


def sources_from(first, n):
    start = [int(part) for part in first.split(".")]
    for number in itertools.count():
        last = start[3] + number % n
        yield f"{start[0]}.{start[1]}.{start[2] + last // 250}.{last % 250 + 1}"


class Attack:
    def __init__(self, host, port, seconds, first="127.0.0.1", n=1):
        self.to = host, int(port)
        self.ends = time.monotonic() + float(seconds)
        self.sources = sources_from(first, int(n))
        self.done = 0

    @property
    def goes_on(self):
        return time.monotonic() < self.ends

    def connect(self, buffer=None):
        connection = socket.socket()
        connection.settimeout(5)
        if buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.bind((next(self.sources), 0))
        connection.connect(self.to)
        self.done += 1
        return connection

    def hold(self, n, begin, drip):
        """Keeps n connections open, each begun with begin and fed a byte of drip now and then; those that are closed are opened again."""
        held = []
        poll = select.poll()
        while self.goes_on:
            while len(held) < n and self.goes_on:
                try:
                    connection = self.connect()
                    connection.sendall(begin)
                    held.append(connection)
                    poll.register(connection, select.POLLIN)
                except OSError:
                    time.sleep(0.001)
                    break
            closed = {descriptor for descriptor, _ in poll.poll(200)}
            for connection in random.sample(held, len(held) // 10) if drip else ():
                try:
                    connection.send(drip)
                except OSError:
                    closed.add(connection.fileno())
            for connection in [each for each in held if each.fileno() in closed]:
                poll.unregister(connection)
                held.remove(connection)
                connection.close()

    def ask(self, text):
        try:
            with self.connect() as connection:
                connection.sendall(text)
                connection.recv(65536)
        except OSError:
            time.sleep(0.001)


def slow_headers(attack):
    attack.hold(200, b"GET /api/auth HTTP/1.1\r\nHost: x\r\nX-", b"a")


def slow_bodies(attack, n=200):
    attack.hold(n, b"POST /api/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n{", b" ")


def many_slow_bodies(attack):
    """More than there may be."""
    slow_bodies(attack, 2000)


def silent(attack):
    """Connections that say nothing: as many as there may be."""
    attack.hold(2000, b"", b"")


def connections(attack):
    """One after the other, closed at once."""
    while attack.goes_on:
        try:
            attack.connect().close()
        except OSError:
            time.sleep(0.001)


def refused(attack):
    while attack.goes_on:
        attack.ask(random.choice((b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /api/key HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
                                  b"BREW /api/auth HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /api/list HTTP/1.1\r\nHost: x\r\n\r\n",
                                  b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(64) + b"\r\n\r\n")))


def guesses(attack):
    """Sessions and grants that might be somebody's."""
    while attack.goes_on:
        session, grant = os.urandom(16).hex(), os.urandom(16).hex()
        attack.ask(f"GET /api/download?grant={grant}&chunk=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Cantiga {session}.0.{'A' * 43}\r\n\r\n".encode())


def invitations(attack):
    """CSRs by the dozen, for invitations that there might be."""
    while attack.goes_on:
        body = json.dumps({"invitation": os.urandom(16).hex(), "requests": ["MIIB" + "A" * 12000] * 3, "mac": "A" * 43 + "="}).encode()
        attack.ask(f"POST /api/pair HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def hellos(attack):
    """The first message of a handshake, recorded from somebody, again and again: half-open sessions."""
    with open(os.environ["CANTIGA_HELLO"], "rb") as file:
        body = file.read()
    while attack.goes_on:
        attack.ask(f"POST /api/auth HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


ATTACKS = slow_headers, slow_bodies, many_slow_bodies, silent, connections, refused, guesses, invitations, hellos

if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    started = Attack(*sys.argv[2:])
    signal.signal(signal.SIGTERM, lambda *_: setattr(started, "ends", 0))
    print("begun", file=sys.stderr, flush=True)
    {attack.__name__: attack for attack in ATTACKS}[sys.argv[1]](started)
    print(started.done)
