#!/usr/bin/python3
"""What anybody on the network can send the server: each thing gets the right status and problem, or is dropped, and the server serves on."""
import contextlib
import json
import os
import random
import re
import resource
import select
import socket
import struct
import time

import journey
from journey import connect, equal, holds, read_answer, until

# docs/protocol.md: route → (methods, the most that a body may have)
ROUTES = {
    "/api/auth": {"GET": 0, "POST": 32 * 1024},
    "/api/suite": {"POST": 8 * 1024},
    "/api/key": {"POST": 8 * 1024},
    "/api/pair": {"GET": 0, "POST": 64 * 1024},
    "/api/cc": {"POST": 64 * 1024},
    "/api/list": {"GET": 0},
    "/api/cover": {"GET": 0},
    "/api/license": {"POST": 64 * 1024},
    "/api/end": {"POST": 64 * 1024},
    "/api/certificate": {"POST": 64 * 1024},
    "/api/leave": {"POST": 64 * 1024},
    "/api/download": {"GET": 0},
}
OPEN_POSTS = "/api/auth", "/api/suite", "/api/key", "/api/pair"
SEALED = [(method, path) for path, methods in ROUTES.items() for method in methods if path not in OPEN_POSTS]
ID = "0123456789abcdef" * 2
# Where others want the processor, the kernel may be a dozen ends of connections behind.
CONNECTIONS = 40


class Place(journey.Place):
    SEEKS_LEAKS = True

    def __init__(self):
        super().__init__()
        self.init()
        journey.write(self.path("state", "server.conf"), f"[limits]\nheader-time = 6s\nbody-time = 6s\nconnections-per-address = {CONNECTIONS}\n")
        self.serve()

    @contextlib.contextmanager
    def hasty(self):
        """A server that soon drops what is not whole, for a while: on a busy machine somebody who means well may take a second, too."""
        self.server.stop()
        self.serve(env={"CANTIGA_LIMITS_HEADER_TIME": "1s", "CANTIGA_LIMITS_BODY_TIME": "1s"})
        yield
        self.server.stop()
        holds("internal" not in self.server.log, self.server.log)
        self.serve()

    def send(self, *parts, meanwhile=None):
        """What comes back: (status, headers, body), or None for nothing at all. meanwhile: called after each part."""
        with connect(self.server.port) as connection:
            try:
                for part in parts:
                    connection.sendall(part)
                    if meanwhile is not None:
                        meanwhile()
            except ConnectionError:
                pass
            return parse(read_answer(connection))

    def ask(self, method, path, body=b"", headers=(), length=None, meanwhile=None):
        lines = [f"{method} {path} HTTP/1.1", "Host: cantiga", *headers]
        if body or method == "POST" or length is not None:
            lines.append(f"Content-Length: {len(body) if length is None else length}")
        return self.send("\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n", body, meanwhile=meanwhile)

    def serves(self):
        holds(not self.server.ended, f"the server died\n{self.server.log}")
        status, headers, body = self.ask("GET", "/api/auth")
        equal(status, 200, f"the status of GET /api/auth, {body}")
        equal(headers["content-type"], "application/json", "its type")
        equal(json.loads(body)["protocol"], 1, "its protocol")


def read_all(connection):
    came = b""
    try:
        while more := connection.recv(65536):
            came += more
    except ConnectionError:
        pass
    return came


def one_answer(connection):
    """The next answer alone, where more may follow; or what is said before one."""
    came = b""
    while b"\r\n\r\n" not in came:
        came += connection.recv(1) or b"\r\n\r\n"
    length = re.search(rb"Content-Length: (\d+)", came)
    for _ in range(int(length[1]) if length else 0):
        came += connection.recv(1)
    return came


def parse(came):
    if not came:
        return None
    head, _, body = came.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}
    return int(first.split()[1]), headers, body


def is_problem(answer, status, kind, what):
    """One problem object of RFC 9457, and no word more."""
    holds(answer is not None, f"{what}: no answer")
    equal(answer[0], status, f"the status for {what} ({answer[2]})")
    equal(answer[1].get("content-type"), "application/problem+json", f"the type for {what}")
    problem = json.loads(answer[2])
    equal(problem["type"], "/problems/" + kind, f"the problem for {what}")
    equal(problem["status"], status, f"the status in the problem for {what}")
    holds(problem["title"].endswith(".") and len(problem) == 3, f"{what}: {problem}")


@journey.test("every address takes its methods and no other")
def _(place):
    for path, methods in ROUTES.items():
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"} - set(methods):
            is_problem(place.ask(method, path), 405, "method", f"{method} {path}")
        status, _, body = place.ask("HEAD", path, headers=["Connection: close"])
        equal((status, body), (405, b""), f"HEAD {path}")
    place.serves()


@journey.test("there is nothing else")
def _(place):
    for path in ("/", "/api", "/api/", "/api/auth/", "/api/AUTH", "//api/auth", "/api/lists", "/api/auth/../../etc/passwd", "/api/%2e%2e/%2e%2e/etc/passwd",
                 "/state/master.key", "/api/auth;x", "/" + "a" * 5000, "/api/auth%20", "/é"):
        for method in "GET", "POST":
            is_problem(place.ask(method, path), 404, "not-found", f"{method} {path}")
    for path in "/%ff%fe", "http://elsewhere/api/nothing":
        is_problem(place.ask("GET", path), 404, "not-found", f"GET {path}")
    for path in "/%00", "/api/auth%00", "*", "api/auth", "http://[", "", "/%", "/%0", "/%zz":
        is_problem(place.ask("GET", path), 400, "malformed", f"GET {path}, which is no address")
    place.serves()


@journey.test("an answer that is small comes in one segment")
def _(place):
    with connect(place.server.port) as connection:
        connection.sendall(b"GET /api/pair HTTP/1.1\r\nHost: cantiga\r\n\r\n")
        equal(parse(read_answer(connection))[0], 200, "the status")
        # tcpi_data_segs_in of linux/tcp.h
        equal(struct.unpack_from("I", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), 152)[0], 1, "segments with something in them")


ASKED = b"GET /api/auth HTTP/1.1\r\nHost: cantiga\r\n\r\n"
REFUSED = b"POST /api/suite HTTP/1.1\r\nHost: cantiga\r\nContent-Length: 2\r\n\r\n[]"


def stays(connection, *parts, status=200):
    """Asks; whether the answer leaves the connection open."""
    for part in parts:
        connection.sendall(part)
    answer = parse(read_answer(connection))
    equal(answer and answer[0], status, f"the answer to {parts}")
    return answer[1].get("connection") != "close"


@journey.test("a connection is kept from one request to the next, and closed for who wishes it, or says what cannot be read")
def _(place):
    with connect(place.server.port) as connection:
        for _ in range(20):
            holds(stays(connection, ASKED), "it is closed after an answer")
            holds(stays(connection, REFUSED[:30], REFUSED[30:-1], REFUSED[-1:], status=400), "it is closed after a refusal")
        holds(not stays(connection, ASKED[:-2] + b"Connection: close\r\n\r\n"), "who wishes it closed is not told")
        equal(connection.recv(1), b"", "what comes after the last answer")
    for last in ASKED.replace(b"1.1", b"1.0"), ASKED.replace(b"GET /api/auth", b"GET /%00"):
        with connect(place.server.port) as connection:
            holds(stays(connection, ASKED), "it is closed after an answer")
            connection.sendall(last)
            read_all(connection)
    with connect(place.server.port) as connection:
        holds(not stays(connection, REFUSED.replace(b": 2", b": 99999")[:-2], b" " * 99999, status=413), "it is kept after a body that nobody read")
    place.serves()


@journey.test("no connection is kept where half of the places of an address are taken: who comes after must find one")
def _(place):
    def one_stays():
        with connect(place.server.port) as connection:
            return stays(connection, ASKED)

    with contextlib.ExitStack() as others:
        for _ in range(CONNECTIONS // 2):
            others.enter_context(connect(place.server.port))
        until(lambda: not one_stays(), "a connection is not kept")
    until(one_stays, "a connection is kept again")


@journey.test("requests that do not wait for the answers before them are answered in turn, and nothing of them is lost or taken for another")
def _(place):
    for cut in 0, 1, 40, len(ASKED):
        with connect(place.server.port) as connection:
            connection.sendall(REFUSED + ASKED[:cut])
            equal(parse(one_answer(connection))[0], 400, f"the first answer, with {cut} bytes of the next request")
            connection.sendall(ASKED[cut:])
            equal(parse(one_answer(connection))[0], 200, f"the second answer, with {cut} bytes sent before")
    # Others are answered between them.
    with connect(place.server.port) as connection:
        connection.sendall((REFUSED + ASKED) * 300)
        equal(place.send(ASKED[:-2] + b"Connection: close\r\n\r\n")[0], 200, "the answer to another meanwhile")
        connection.shutdown(socket.SHUT_WR)
        equal(re.findall(rb"HTTP/1.1 (\d+)", read_all(connection)), [b"400", b"200"] * 300, "the answers to six hundred at once")
    with connect(place.server.port) as connection:
        connection.sendall(ASKED + ASKED[:-2] + b"Connection: close\r\n\r\n" + ASKED)
        equal(len(re.findall(rb"HTTP/1.1 200", read_all(connection))), 2, "the answers to two, and to what follows the last")
    place.serves()


@journey.test("who asks first whether a body may come is told; a body that nobody reads does not take its answer away")
def _(place):
    head = b"POST /api/suite HTTP/1.1\r\nHost: cantiga\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with connect(place.server.port) as connection:
        connection.sendall(head % 2)
        equal(one_answer(connection), b"HTTP/1.1 100 Continue\r\n\r\n", "what is said to who asks")
        holds(stays(connection, b"[]", status=400), "it is closed after that")
        connection.sendall(head % 10 ** 6)
        equal(parse(read_answer(connection))[0], 413, "the answer to who would send too much")
    for _ in range(20):
        is_problem(place.ask("POST", "/api/nothing", b"x" * 500000), 404, "not-found", "half a megabyte for nobody")
    is_problem(place.ask("GET", "http://cantiga/api/nothing"), 404, "not-found", "an address with a host")
    equal(place.ask("GET", "http://cantiga/api/auth")[0], 200, "the status of one that is here")
    is_problem(place.send(b"GET /api/auth HTTP/1.1\r\n\r\n"), 400, "malformed", "a request without a host")


@journey.test("who keeps a connection and asks nothing more is let go, and is none of those that are late")
def _(place):
    place.server.stop()
    place.serve(env={"CANTIGA_LIMITS_ANSWER_TIME": "1s"})
    with connect(place.server.port) as connection:
        holds(stays(connection, ASKED), "it is closed after an answer")
        holds(seconds_until_closed(connection) > 0.5, "it is closed at once")
    place.server.stop()
    place.serve()


@journey.test("a body that is not one JSON object is malformed")
def _(place):
    deep = b'{"a":' * 9 + b"1" + b"}" * 9
    bodies = {
        "nothing": b"", "a space": b" ", "half": b"{", "an array": b"[]", "null": b"null", "a text": b'"x"', "a number": b"1", "two": b"{}{}",
        "rubbish": b"\x00\x01\x02", "not UTF-8": b'{"session":"\xff\xfe"}', "a comma": b'{"a":1,}', "single quotes": b"{'a':1}", "NaN": b'{"a":NaN}',
        "empty": b"{}", "too deep": deep, "very deep": b"[" * 4000 + b"]" * 4000, "a zero byte": b'{"session":"\\u0000"}', "UTF-16": '{"a":1}'.encode("utf-16"),
        "an envelope": b"\x01\x01" + bytes(60), "a form": b"session=1&suites=2", "a long number": b'{"protocol":' + b"9" * 3000 + b"}",
        "ill-typed": b'{"protocol":"1","session":5,"certificates":{},"nonce":[],"suites":"x","invitation":null,"requests":1,"mac":2}',
        "ill-typed within": b'{"protocol":1,"session":"' + ID.encode() + b'","certificates":[1],"nonce":"%%","suites":[null],"group":7,"invitation":"x"}',
        "an identifier in capitals": b'{"session":"' + ID.upper().encode() + b'","invitation":"' + ID.upper().encode() + b'"}',
    }
    for path in OPEN_POSTS:
        for what, body in bodies.items():
            answer = place.ask("POST", path, body)
            if path in ("/api/suite", "/api/key") and what == "ill-typed within":
                # The session is looked up first, and there is none.
                is_problem(answer, 401, "not-authenticated", f"{what} for {path}")
            else:
                is_problem(answer, 400, "malformed", f"{what} for {path}")
    place.serves()


@journey.test("another protocol is named as that")
def _(place):
    for version in 0, 2, 1000000:
        body = json.dumps({"protocol": version, "certificates": ["AA=="], "nonce": "A" * 43 + "="}).encode()
        is_problem(place.ask("POST", "/api/auth", body), 400, "protocol-version", f"protocol {version}")


@journey.test("sessions and invitations that there are not are refused")
def _(place):
    is_problem(place.ask("POST", "/api/suite", json.dumps({"session": ID, "suites": ["ECDH_ECDSA_AES256_GCM_SHA512"]}).encode()), 401, "not-authenticated",
               "a suite for no session")
    key = {"session": ID, "group": "x25519", "public": "A" * 43 + "=", "signature": "AA=="}
    is_problem(place.ask("POST", "/api/key", json.dumps(key).encode()), 401, "not-authenticated", "a key for no session")
    pair = {"invitation": ID, "requests": ["AA=="], "mac": "A" * 43 + "="}
    is_problem(place.ask("POST", "/api/pair", json.dumps(pair).encode()), 401, "invitation-refused", "no invitation")
    hello = {"protocol": 1, "certificates": ["AA=="], "nonce": "A" * 43 + "="}
    is_problem(place.ask("POST", "/api/auth", json.dumps(hello).encode()), 401, "certificate-refused", "a certificate that is none")
    for name in "ROT13", "", "rsa", "RSA,ECDSA":
        is_problem(place.ask("GET", "/api/auth?auth=" + name), 400, "malformed", f"AUTH “{name}”")


@journey.test("a body that is too large is refused, and never held")
def _(place):
    for path, methods in ROUTES.items():
        for method, limit in methods.items():
            is_problem(place.ask(method, path, b"x" * (limit + 1)), 413, "too-large", f"{limit + 1} bytes for {method} {path}")
    # Others are answered before it has come, and after.
    is_problem(place.ask("POST", "/api/auth", b"x" * 100000000, meanwhile=place.serves), 413, "too-large", "100 MB")
    is_problem(place.ask("POST", "/api/auth", b"{", length=10 ** 12, meanwhile=place.serves), 413, "too-large", "a terabyte that does not come")
    for path in OPEN_POSTS:
        limit = ROUTES[path]["POST"]
        is_problem(place.ask("POST", path, b" " * limit), 400, "malformed", f"{limit} bytes for {path}")
    holds(place.server.peak() < 64 * (8 if journey.SANITIZED else 1), f"the server grew to {place.server.peak()} MiB")
    place.serves()


@journey.test("where descriptors are few, connections that say nothing do not use them up, and others are answered")
def _(place):
    place.server.stop()
    few = 80
    server = place.serve(prefix=(*journey.LOOKED_INTO, "prlimit", f"--nofile={few}"), env={"CANTIGA_LIMITS_HEADER_TIME": "60s"})
    with contextlib.ExitStack() as silent:
        for number in range(4 * few):
            silent.enter_context(socket.create_connection(("127.0.0.1", server.port), 10, source_address=(f"127.0.1.{1 + number % 40}", 0)))
        # The time for headers is far from over: who comes takes the place of one that says nothing.
        for _ in range(5):
            # A worker whose few places are all on their way out has none for a moment.
            answer = until(lambda: place.ask("GET", "/api/auth"), "who asks beside them is answered", 2.0)
            equal(answer[0], 200, "who asks beside them")
            equal(answer[1].get("connection"), "close", "what is said to who could stay, where the house is more than half full")
        # One that was closed may still be on its way out.
        journey.until(lambda: len(journey.descriptors_of(server.pid)) < few * 3 // 4, "connections take no more than half of the descriptors", 2.0)
    holds("internal" not in server.log, server.log)
    server.stop()
    place.serve()


@journey.test("a thousand connections that say nothing stay for as long as they may, and others are answered; there are never more than 1,024")
def _(place):
    def say_nothing(n, address):
        return [opened.enter_context(socket.create_connection(("127.0.0.1", server.port), 10, source_address=(f"127.0.{address}.{1 + number % 5}", 0))) for number in range(n)]

    def count_closed():
        poll = select.poll()
        for connection in silent:
            poll.register(connection, select.POLLIN)
        return len(poll.poll(0))

    place.server.stop()
    server = place.serve(prefix=(*journey.LOOKED_INTO, "prlimit", "--nofile=4096"), env={"CANTIGA_LIMITS_HEADER_TIME": "120s", "CANTIGA_LIMITS_CONNECTIONS_PER_ADDRESS": "256"})
    before = len(journey.descriptors_of(server.pid))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.ExitStack() as opened:
        silent = say_nothing(1000, 2)
        place.serves()
        equal(count_closed(), 0, "how many of the thousand had to go")
        silent += say_nothing(200, 3)
        place.serves()
        until(lambda: count_closed() >= 1200 - 1024, "as many to go as are too many")
        holds(len(journey.descriptors_of(server.pid)) <= before + 1024 + 8, "there are more than 1,024")
    server.stop()
    holds("internal" not in server.log, server.log)
    place.serve()


@journey.test("lengths that lie, and bodies in pieces, are refused")
def _(place):
    for path in OPEN_POSTS:
        chunked = place.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode())
        is_problem(chunked, 400, "malformed", f"chunked for {path}")
    # As one piece it is read, and found to be of another protocol.
    body = b'{"protocol":2}'
    is_problem(place.send(b"POST /api/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n" + body), 400, "protocol-version", "one piece")
    is_problem(place.send(b"POST /api/auth HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n" + body + b"\r\n0\r\n\r\n"), 400, "malformed", "the same in pieces")
    with place.hasty():
        for lengths in ("-1",), ("abc",), ("2", "3"), ("18446744073709551617",), ("2", "2"):
            head = "".join(f"Content-Length: {length}\r\n" for length in lengths)
            is_problem(place.send(f"POST /api/suite HTTP/1.1\r\nHost: x\r\n{head}\r\n{{}}".encode()), 400, "malformed", f"lengths {lengths}")
        both = place.send(b"POST /api/suite HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/auth HTTP/1.1\r\nHost: x\r\n\r\n")
        is_problem(both, 400, "malformed", "a request within a body")
    place.serves()


@journey.test("without a session that is known and proven there is one answer, whatever is asked")
def _(place):
    ids = ID, "00" * 16
    headers = [None, "", "Cantiga", "Cantiga ", "Basic YTpi", "Cantiga " + ID[:-1], "Cantiga " + ID + "0", "Cantiga " + ID.upper(), "cantiga " + ID,
               "Cantiga ../../../etc/passwd", "Cantiga " + "A" * 10000, "Cantiga \x00", "Bearer " + ID, "Cantiga é" + ID]
    for known in ids:
        headers += [f"Cantiga {known}", f"Cantiga {known}.", f"Cantiga {known}.AAAA", f"Cantiga {known}.0.AAAA", f"Cantiga {known}.0.", f"Cantiga {known}..",
                    f"Cantiga {known}.-1.AAAA", f"Cantiga {known}.18446744073709551616.AAAA", f"Cantiga {known}.a.b.c.d", f"Cantiga {known}.{'A' * 12000}"]
    seen = set()
    for method, path in SEALED:
        for header in headers:
            if header is not None and "\x00" in header:
                continue
            answer = place.ask(method, path, b"" if method == "GET" else b"\x01\x01" + bytes(60), [] if header is None else ["Authorization: " + header])
            is_problem(answer, 401, "not-authenticated", f"{method} {path} with “{header}”")
            seen.add(answer[2])
    equal(len(seen), 1, "different answers")
    place.serves()


@journey.test("headers that are too long or none are refused")
def _(place):
    is_problem(place.ask("GET", "/api/auth", headers=["X: " + "x" * 17000]), 431, "header-too-large", "one long header")
    is_problem(place.ask("GET", "/api/auth", headers=[f"X-{i}: {'x' * 100}" for i in range(200)]), 431, "header-too-large", "many headers")
    is_problem(place.ask("GET", "/api/auth?x=" + "x" * 17000), 431, "header-too-large", "a long query")
    lines = (b"X: " + b"x" * 995 + b"\r\n") * 5000
    is_problem(place.send(b"GET /api/auth HTTP/1.1\r\n" + lines, lines, meanwhile=place.serves), 431, "header-too-large", "ten megabytes of headers")
    holds(place.server.peak() < 64 * (8 if journey.SANITIZED else 1), f"the server grew to {place.server.peak()} MiB")
    with place.hasty():
        for rubbish in (b"x" * 300000, b"GET /api/auth HTTP/1.1\r\n" + b"X: y\r\n" * 60000 + b"\r\n", b"\r\n" * 1000, b"GET\r\n\r\n", b"GET /api/auth\r\n\r\n",
                        b"GET /api/auth HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                        b"SSH-2.0-OpenSSH_9.2\r\n", b"GET /api/auth HTTP/1.1\r\nHost\r\n\r\n", b"GET /api/auth HTTP/1.1\r\n: x\r\n\r\n",
                        b"GET /api/auth HTTP/1.1\r\nA:\x00\r\n\r\n", b"GET /api/list?\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"\x00" * 5000):
            wanted = (431, "header-too-large") if len(rubbish) > 16384 else (401, "not-authenticated") if b"?" in rubbish else (400, "malformed")
            is_problem(place.send(rubbish, b"\r\n\r\n"), *wanted, rubbish[:60])
    place.serves()


def seconds_until_closed(connection, drip=b"", limit=6.0):
    """How long the server keeps a connection on which something drips."""
    start = time.monotonic()
    while time.monotonic() - start < limit * journey.SLOWER:
        if select.select([connection], [], [], 0.1)[0]:
            read_all(connection)
            return time.monotonic() - start
        try:
            connection.sendall(drip)
        except ConnectionError:
            return time.monotonic() - start
    raise journey.Wrong(f"the connection is open after {limit * journey.SLOWER} s")


@journey.test("who is silent, or lets a request drip, is dropped when its time is over")
def _(place):
    with place.hasty():
        for what, start, drip in (("silence", b"", b""), ("half a header", b"GET /api/auth HTTP/1.1\r\nHo", b""), ("a header that drips", b"GET /api/auth HTTP/1.1\r\nA: ", b"x"),
                                  ("half a body", b"POST /api/suite HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", b""),
                                  ("a body that drips", b"POST /api/suite HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{", b" ")):
            with connect(place.server.port) as connection:
                connection.sendall(start)
                until(lambda: (place.send(ASKED) or [0])[0] == 200, f"others are answered beside {what}")
                seconds = seconds_until_closed(connection, drip)
                holds(0.5 < seconds, f"{what} was given {seconds} s")
    place.serves()


@journey.test("past its number of connections an address is closed unread; when they are closed it is let in again")
def _(place):
    held = [connect(place.server.port) for _ in range(CONNECTIONS)]

    def refuses():
        # One more each time: on a slow machine the first have been silent for too long before the server has got round to the last.
        held.append(connect(place.server.port))
        return place.send(b"GET /api/auth HTTP/1.1\r\nHost: x\r\n\r\n") is None

    until(refuses, "an address at its limit to be refused")
    for connection in held:
        connection.close()
    until(lambda: place.send(b"GET /api/auth HTTP/1.1\r\nHost: x\r\n\r\n") is not None, "an address below its limit to be let in")
    # More of them than the limit, one after the other, left in every way there is: none is counted for ever.
    for i in range(CONNECTIONS * 10):
        connection = connect(place.server.port)
        if i % 3 > 0:
            connection.sendall(b"GET /api/auth HTTP/1.1\r\n" + (b"Host: x\r\n\r\n" if i % 3 == 2 else b""))
        connection.close()
    until(lambda: place.send(b"GET /api/auth HTTP/1.1\r\nHost: x\r\n\r\n") is not None, "the address to be let in after many")
    place.serves()


@journey.test("rubbish of every kind, a thousand times, changes nothing")
def _(place):
    with place.hasty():
        chance = random.Random(20240622)
        seeds = [b"GET /api/auth HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"GET /api/list?after=x HTTP/1.1\r\nHost: x\r\nAuthorization: Cantiga " + ID.encode() + b".AQEAAAAA\r\n\r\n",
                 b"POST /api/suite HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n" + b'{"session":"' + ID.encode() + b'","suites":["x"]}',
                 b"GET /api/download?grant=" + ID.encode() + b"&chunk=0 HTTP/1.1\r\nAuthorization: Cantiga " + ID.encode() + b".0.AAAA\r\n\r\n"]
        statuses = {}
        for _ in range(1000 if not journey.SANITIZED else 300):
            text = bytearray(chance.choice(seeds))
            for _ in range(chance.randrange(1, 6)):
                at = chance.randrange(len(text))
                chance.choice((lambda at=at: text.__setitem__(at, chance.randrange(256)), lambda at=at: text.insert(at, chance.randrange(256)),
                               lambda at=at: text.__delitem__(slice(at, at + chance.randrange(1, 9)))))()
            with connect(place.server.port) as connection:
                connection.sendall(text)
                connection.shutdown(1)
                answer = parse(read_answer(connection)) if text[:3] in (b"GET", b"POS") else None
                holds(answer is None or 200 <= answer[0] < 500, f"{bytes(text)} is answered {answer}")
                statuses[answer and answer[0]] = statuses.get(answer and answer[0], 0) + 1
        holds(statuses[400] > 100 and statuses[401] > 10, f"the rubbish was refused in one way alone: {statuses}")
    place.serves()


@journey.test("after all this it stops as it should")
def _(place):
    with connect(place.server.port) as connection:
        holds(stays(connection, ASKED), "it is closed after an answer")
        start = time.monotonic()
        place.server.stop()
        # It waits 5 s at most for those whose answer is under way.
        holds(time.monotonic() - start < (4.5 if not journey.SANITIZED else 60), "it waits for who has asked and been answered")
    holds(len(place.server.log) < 2000000, "the log has grown without bound")
    equal(sorted(os.listdir(place.state)), sorted(set(os.listdir(place.state)) & {".lock", ".serving", "audit.log", "ledger.sqlite", "library", "master.key", "pki", "server.conf"}), "the state's files")


if __name__ == "__main__":
    journey.main(Place)
