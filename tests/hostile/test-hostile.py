#!/usr/bin/python3
"""A hostile network: while it does its worst an honest player's song goes on, the server keeps to its memory, and afterwards all is as before.

How fast the song goes on is measured by tests/hostile/measure.py, not here.
"""
import contextlib
import json
import os
import random
import select
import socket
import threading
import time

import siege
from siege import HONEST, MEMORY, journey, player
from journey import equal, holds, until
from notation import Refused, to_base64
import certificates

SECONDS = 2
ANSWER_SECONDS = 8


def besiege(place, *attacks, at_least=20):
    """The honest player plays while the attacks go on, which then end; nothing of them is left."""
    before = place.count_descriptors()
    running = [place.attack(name, 60 * journey.SLOWER, *sources) for name, *sources in attacks]
    until(lambda: all(attack.err for attack in running), "the attacks begin")
    took = place.play(seconds=SECONDS, at_least=at_least)
    holds(not any(attack.ended for attack in running), "an attack was over before the song was")
    for attack in running:
        attack.send(journey.terminate)
    done = [int(attack.wait(limit=120).out) for attack in running]
    holds(all(done), f"the attack did nothing: {done}")
    print(f"# {done} attacks; median of {len(took)} chunks {siege.median(took):.0f} ms, with all of the tests around it")
    holds(place.server.peak() < MEMORY, f"the server had {place.server.peak():.0f} MiB")
    until(lambda: place.count_descriptors() <= before + 2, f"descriptors are as before ({before})", 60)
    place.sign_in().leave()


def raw(place, text, source="127.0.1.1"):
    with socket.create_connection((HONEST, place.server.port), 30 * journey.SLOWER, (source, 0)) as connection:
        connection.sendall(text)
        return journey.read_answer(connection)


def post(path, value, headers=()):
    body = json.dumps(value).encode()
    return ("\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *headers, f"Content-Length: {len(body)}"]) + "\r\n\r\n").encode() + body


@journey.test("two hundred clients drip headers, two hundred drip bodies")
def _(place):
    besiege(place, ("slow_headers", "127.0.1.1", 8), ("slow_bodies", "127.0.2.1", 8))


@journey.test("one address opens connections and says nothing, another opens and closes as fast as it can")
def _(place):
    besiege(place, ("silent",), ("connections", "127.0.2.1"))


@journey.test("connections that say nothing come from five hundred addresses, more than there may be")
def _(place):
    besiege(place, ("silent", "127.0.1.1", 500), ("silent", "127.0.11.1", 500))


@journey.test("a recorded hello is sent from five hundred addresses: half-open handshakes past their limit")
def _(place):
    besiege(place, ("hellos", "127.0.1.1", 500), ("hellos", "127.0.11.1", 500))


@journey.test("thousands of requests are refused, and nothing is kept of them")
def _(place):
    besiege(place, ("refused", "127.0.1.1", 8), ("guesses", "127.0.2.1", 8))
    before = place.resident()
    besiege(place, ("refused", "127.0.1.1", 8), ("guesses", "127.0.2.1", 8))
    holds(place.resident() < before + 16, f"the server grew from {before:.0f} to {place.resident():.0f} MiB")


@journey.test("certificates are asked for by the dozen, with invitations that there are not")
def _(place):
    besiege(place, ("invitations", "127.0.1.1", 8))


class SlowReader:
    """Asks for a chunk, then takes some bytes of it now and then. With segments as small as on a slow link the server's kernel takes a part of the answer from it at a time;
    else all of it at once, and the server is done with it: then the kernel's own clock, which starts again with each window that is taken, has to end it."""

    def __init__(self, place, play, counter, segment, bytes_at_once):
        path = f"/api/download?grant={play.grant.hex()}&chunk={counter % 8}"
        mac = player.to_base64url(play.stream.mac(path, counter))
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        if segment is not None:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
        self.socket.bind(("127.0.3.1", 0))
        self.socket.connect((HONEST, place.server.port))
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Cantiga {play.session.session.hex()}.{counter}.{mac}\r\n\r\n".encode())
        self.port = self.socket.getsockname()[1]
        self.begun, self.took, self.lasted, self.bytes_at_once = time.monotonic(), 0, None, bytes_at_once

    def take(self):
        # Who was cut off in the middle hears of it.
        with contextlib.suppress(ConnectionResetError):
            if select.select([self.socket], [], [], 0)[0]:
                self.took += len(self.socket.recv(self.bytes_at_once))


def ports_served(port):
    """Those that the kernel has a connection of the server's to, or an answer for that is not taken: /proc/net/tcp, of states all but TIME_WAIT."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return {int(row[2].split(":")[1], 16) for row in rows if int(row[1].split(":")[1], 16) == port and row[3] != "06"}


@journey.test("who asks for chunks and takes some bytes now and then holds nobody up, and is cut off by the clock: nothing of it is left, in the kernel neither")
def _(place):
    before = place.count_descriptors()
    session = place.sign_in()
    play = session.licence(place.song["id"])
    readers = [SlowReader(place, play, counter, *((536, 512) if counter % 2 else (None, 1))) for counter in range(64)]
    ends = time.monotonic() + ANSWER_SECONDS + 10 * journey.SLOWER

    def drip():
        while [each for each in readers if each.lasted is None] and time.monotonic() < ends:
            served = ports_served(place.server.port)
            for each in readers:
                each.take()
                if each.lasted is None and each.port not in served:
                    each.lasted = time.monotonic() - each.begun
            time.sleep(0.2)

    dripping = threading.Thread(target=drip)
    dripping.start()
    place.play(at_least=30)
    dripping.join()
    lasted = [each.lasted for each in readers]
    holds(None not in lasted, f"{lasted.count(None)} of {len(lasted)} still read after {time.monotonic() - readers[0].begun:.0f} s")
    print(f"# they lasted {min(lasted):.1f} to {max(lasted):.1f} s, and took {min(each.took for each in readers)} bytes or more")
    holds(min(lasted) > ANSWER_SECONDS / 2, f"one was cut off after {min(lasted)} s")
    until(lambda: place.count_descriptors() <= before + 2, f"descriptors are as before ({before})")
    holds(place.server.peak() < MEMORY, f"the server had {place.server.peak():.0f} MiB")
    for each in readers:
        each.socket.close()
    session.leave()


@journey.test("what was recorded and is sent again, in any order, starts no play and spends none")
def _(place):
    recorded = []
    ask = player.ask

    def record(url, method, path, body=None, headers=()):
        recorded.append((method, path, body, dict(headers)))
        return ask(url, method, path, body, headers)

    def again(requests):
        for method, path, body, headers in requests:
            answer = ask(place.server.url, method, path, body, headers)
            holds(answer.status < 500, f"{method} {path} again: {answer.status} {answer.body}")

    player.ask = record
    try:
        session = place.sign_in()
        play = session.licence(place.song["id"])
        play.chunk(0)
    finally:
        player.ask = ask
    plays = place.ctl("plays", "--json").out
    # The licence's request, of which the answer was lost; the chunk's.
    again(recorded[-2:])
    equal(place.ctl("plays", "--json").out, plays, "the plays after it")
    play.chunk(1)
    mixed = recorded * 3
    random.Random(1).shuffle(mixed)
    again(mixed)
    again(recorded[::-1])
    equal(place.ctl("plays", "--json").out, plays, "the plays after all of it")
    place.play()


@journey.test("cards that nobody let in, in series, make their address wait and no other")
def _(place):
    key = certificates.make_key("ECDSA")
    authority = certificates.Authority("Somebody")
    stranger = [certificates.der(authority.issue(key.public_key(), "NOBODY", certificates.PLAYER))]
    refused = []
    for _ in range(6):
        session = player.Session(place.paired, "ECDSA").sign_in()
        try:
            session.show_card(key, stranger)
        except Refused as refusal:
            refused.append(refusal.status)
    holds(429 in refused, f"nobody has to wait: {refused}")
    equal(set(refused), {401, 429}, "the refusals")
    # From another address the right card is let in meanwhile.
    connect = socket.create_connection
    socket.create_connection = lambda to, timeout=30, source_address=None, **more: connect(to, timeout, ("127.0.5.1", 0), **more)
    try:
        place.sign_in().leave()
    finally:
        socket.create_connection = connect
    until(lambda: signs_in(place), "the right card is let in after the wait", 90)


def signs_in(place):
    try:
        place.sign_in().leave()
    except Refused as refused:
        equal(refused.status, 429, "the refusal")
        return False
    return True


@journey.test("a true invitation with requests that are none, too many or somebody else's is not used up")
def _(place):
    link = place.invite("honest again")
    url, invitation, secret, pin = player.parse_link(link)
    text, _, _ = player.authority_at(url, pin)
    keys = [certificates.make_key("ECDSA")]
    for wrong in ("requests", "mac"):
        say = {"requests": lambda value: [b"\x30\x82" + os.urandom(3000)] * 3, "mac": lambda value: os.urandom(32)}
        request = player.pair_request(invitation, secret, text, keys, lambda name, value, wrong=wrong: say[name](value) if name == wrong else value)
        came = raw(place, post("/api/pair", request))
        holds(b" 40" in came[:16], f"wrong {wrong}: {came}")
    many = player.pair_request(invitation, secret, text, keys * 200)
    many["requests"] = many["requests"][:60]
    holds(b" 4" in raw(place, post("/api/pair", many))[:16], "sixty requests are answered")
    holds(b" 4" in raw(place, post("/api/pair", {"invitation": invitation.hex(), "requests": [to_base64(b"")] * 3, "mac": ""}))[:16], "empty ones are answered")
    player.pair(link, ("ECDSA",))


@journey.test("after all this the server is well, small, and nothing of it is left")
def _(place):
    place.play()
    print(f"# at the most {place.server.peak():.0f} MiB, {place.resident():.0f} MiB now, {place.count_descriptors()} descriptors")
    holds(place.server.peak() < MEMORY, f"the server had {place.server.peak():.0f} MiB")
    place.session.leave()
    place.server.stop()


if __name__ == "__main__":
    # So few that they are reached on a slow machine too.
    journey.main(lambda: siege.Siege(limits={"CANTIGA_LIMITS_HALF_OPEN": "200", "CANTIGA_LIMITS_CONNECTIONS": "600", "CANTIGA_LIMITS_ANSWER_TIME": f"{ANSWER_SECONDS}s"}))
