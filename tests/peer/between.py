"""Somebody between player and server, who loses, doubles, cuts, delays and reorders what they say; and who is told of each request, to do worse."""
import socket
import threading

from stage import journey


class Between:
    """fault(number, line) says what becomes of a request: None, or one of FAULTS. number counts from 0; line is the request's first."""

    def __init__(self, port, fault):
        self.port, self.fault = port, fault
        self.count, self.lock, self.passed, self.asked = 0, threading.Lock(), threading.Condition(), []
        self.answered = 0
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def stop(self):
        self.listening.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            connection.settimeout(120)
            try:
                request = read_request(connection)
                if request:
                    self.carry(connection, request)
            except OSError:
                pass

    def carry(self, connection, request):
        line = request.split(b"\r\n", 1)[0].decode("latin-1")
        with self.lock:
            number, self.count = self.count, self.count + 1
            self.asked.append(line)
        fault = self.fault(number, line)
        if fault is not None:
            return FAULTS[fault](self, connection, request)
        return self.give(connection, self.ask(request))

    def ask(self, request):
        """What the server answers; nothing if it is not there."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=120) as server:
            server.sendall(request)
            # Each request has a connection of its own here, and whoever asked is told so.
            return journey.read_answer(server).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)

    def give(self, connection, answer):
        connection.sendall(answer)
        with self.passed:
            self.answered += 1
            self.passed.notify_all()

    # -- what is done to them --

    def lose_request(self, connection, request):
        """It never arrives."""

    def lose_answer(self, connection, request):
        self.ask(request)

    def double(self, connection, request):
        answer = self.ask(request)
        self.ask(request)
        self.give(connection, answer)

    def double_and_give_second(self, connection, request):
        self.ask(request)
        self.give(connection, self.ask(request))

    def cut_request(self, connection, request):
        self.ask_half(request)

    def ask_half(self, request):
        with socket.create_connection(("127.0.0.1", self.port), timeout=120) as server:
            server.sendall(request[:len(request) // 2])

    def cut_answer(self, connection, request):
        answer = self.ask(request)
        connection.sendall(answer[:len(answer) * 2 // 3])

    def flip(self, connection, request):
        answer = self.ask(request)
        self.give(connection, answer[:-1] + bytes([answer[-1] ^ 1]))

    def drip(self, connection, request):
        """In pieces, with an end of its own for each on the network."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer = self.ask(request)
        for start in range(0, len(answer), 1 + len(answer) // 200):
            connection.sendall(answer[start:start + 1 + len(answer) // 200])
        self.give(connection, b"")

    def behind(self, connection, request):
        """After the answer to a later one, if one comes."""
        answer = self.ask(request)
        with self.passed:
            before = self.answered
            self.passed.wait_for(lambda: self.answered > before, timeout=0.5)
        self.give(connection, answer)


FAULTS = {
    "a request lost": Between.lose_request,
    "an answer lost": Between.lose_answer,
    "a request doubled": Between.double,
    "a request doubled, and the second answer given": Between.double_and_give_second,
    "a request cut": Between.cut_request,
    "an answer cut": Between.cut_answer,
    "a bit of an answer flipped": Between.flip,
    "an answer in two hundred pieces": Between.drip,
    "an answer after a later one": Between.behind,
}


def read_request(connection):
    """Head and body of one request."""
    came = b""
    while b"\r\n\r\n" not in came:
        more = connection.recv(65536)
        if not more:
            return None
        came += more
    head, _, body = came.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    return head + b"\r\n\r\n" + body
