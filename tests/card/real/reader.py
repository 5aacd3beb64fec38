#!/usr/bin/python3
"""reader.py PORT: one of vpcd's readers, with a virtual card in it or none. It talks to pcscd's vpcd driver on 127.0.0.1:PORT.

One command a line on stdin, one line of answer each on stdout:

    insert FOLDER [2024]   the card of citizens.py's FOLDER; 2024: the kind that OpenSC does not know
    remove
    slow MS                that long for each command of the computer, until told otherwise
    slow-sign MS           that long for a signature
    mute                   no answer at all, until the card is taken out
    tries N                of the authentication PIN
    count WHAT             how many of them the card was sent: commands, verify, verify-signature, sign
"""
import select
import shlex
import socket
import struct
import sys
import time

import virtual_card

OFF, ON, RESET, ATR = 0, 1, 2, 4  # vpcd's own commands, of one byte


class Reader:
    def __init__(self, port):
        self.port, self.link, self.card, self.cards = port, None, None, {}
        self.received, self.due = b"", None  # due: when to send which answer
        self.slow = self.slow_sign = 0.0
        self.spent, self.asked = 0.0, 0.0
        self.mute = False

    # -- the person's side --

    def connect(self):
        """pcscd may just be starting."""
        for _ in range(400):
            try:
                return socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                time.sleep(0.01)
        raise SystemExit(f"no vpcd on port {self.port}")

    def insert(self, folder, generation="2020"):
        self.card = self.cards.setdefault((folder, generation), None) or virtual_card.Card(folder, generation)
        self.cards[folder, generation] = self.card
        self.link = self.connect()
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return "inserted"

    def remove(self):
        if self.link is not None:
            self.link.close()
        self.link, self.received, self.due, self.mute = None, b"", None, False
        if self.card is not None:
            self.card.reset()
        return "removed"

    def obey(self, line):
        command, *arguments = shlex.split(line)
        if command == "insert":
            return self.insert(*arguments)
        if command == "remove":
            return self.remove()
        if command == "slow":
            self.slow = int(arguments[0]) / 1000
        elif command == "slow-sign":
            self.slow_sign = int(arguments[0]) / 1000
        elif command == "mute":
            self.mute = True
        elif command == "tries":
            self.card.tries[virtual_card.AUTHENTICATION_PIN] = int(arguments[0])
        elif command == "spent":  # seconds between commands and their answers, since it was asked last
            spent, self.spent = self.spent, 0.0
            return f"{spent:.6f}"
        elif command == "count":
            return str(self.card.counts[arguments[0]])
        else:
            return "unknown"
        return "done"

    # -- the computer's side --

    def send(self, text):
        self.link.sendall(struct.pack(">H", len(text)) + text)

    def take(self, message):
        if len(message) > 1:
            if not self.mute:
                self.asked = time.monotonic()
                wait = self.slow + (self.slow_sign if self.card.is_signature(message) else 0)
                self.due = time.monotonic() + wait, message
        elif message[0] == ATR:
            self.send(self.card.atr)
        elif message[0] in (OFF, ON, RESET):
            self.card.reset()

    def hear(self):
        try:
            text = self.link.recv(65536)
            # vpcd writes length and message apart: 40 ms each without this.
            self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        except OSError:
            text = b""
        if not text:  # pcscd is gone
            self.remove()
            return
        self.received += text
        while len(self.received) >= 2 and len(self.received) >= 2 + struct.unpack(">H", self.received[:2])[0]:
            end = 2 + struct.unpack(">H", self.received[:2])[0]
            message, self.received = self.received[2:end], self.received[end:]
            self.take(message)

    def answer(self):
        _, message = self.due
        self.due = None
        try:
            self.send(self.card.answer(message))
            self.spent += time.monotonic() - self.asked
        except OSError:
            self.remove()

    def run(self):
        while True:
            left = None if self.due is None else max(0, self.due[0] - time.monotonic())
            ready, _, _ = select.select([sys.stdin] + ([self.link] if self.link else []), [], [], left)
            if self.due is not None and self.due[0] <= time.monotonic():
                self.answer()
            if sys.stdin in ready:
                line = sys.stdin.readline()
                if not line:
                    return
                print(self.obey(line), flush=True)
            elif self.link in ready:
                self.hear()


if __name__ == "__main__":
    Reader(int(sys.argv[1])).run()
