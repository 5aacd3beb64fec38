"""A program at a terminal of its own: what it writes is waited for, what is typed reaches it as keys do."""
import os
import pty
import re
import select
import signal
import time

import journey
from journey import equal, holds


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, place, player, *arguments, card=None, env=None):
        """Without a card of software, in a reader that the place's environment tells of."""
        card = card or player.card
        env = {**place.env, **journey.without_leaks(place.env), **(card.env if card else {}), "TERM": "xterm", **(env or {})}
        program = journey.path_of("cantiga-play")
        module = ["--card-module", journey.module()] if card else []
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(program, [program, "--state", player.folder, *module, *arguments], env)
        place.running.append(self)
        self.ended = False
        self.seen = ""
        self.at = 0

    def expect(self, text, limit=30.0):
        self.expect_one_of(re.escape(text), limit)

    def expect_one_of(self, pattern, limit=30.0):
        """Waits until what fits was written, after what was expected before."""
        ends = time.monotonic() + limit * journey.SLOWER
        while (found := re.compile(pattern).search(self.seen, self.at)) is None:
            holds(time.monotonic() < ends, f"waited for “{pattern}”, saw: {self.seen[self.at:]!r}")
            if select.select([self.fd], [], [], 0.1)[0] and not self.read():
                holds(re.search(pattern, self.seen[self.at:]), f"it ended without “{pattern}”: {self.seen!r}")
        self.at = found.end()

    @property
    def words(self):
        """What was seen, without what may hold any digits: fingerprints, identifiers, dates, times and ports."""
        return re.sub(r"[0-9A-F]{4} |\d{4}-|[0-9a-f]{8,}|127\.0\.0\.1:\d+|\d+ ms", "", self.seen)

    def read(self):
        try:
            more = os.read(self.fd, 65536)
        except OSError:
            more = b""
        self.seen += more.decode("utf-8", "replace")
        return more

    def wait_readable(self, limit):
        return bool(select.select([self.fd], [], [], limit * journey.SLOWER)[0])

    def listen(self):
        """Takes in what was written so far."""
        while select.select([self.fd], [], [], 0)[0] and self.read():
            pass

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait(self, ok=0, limit=30.0):
        ends = time.monotonic() + limit * journey.SLOWER
        while time.monotonic() < ends:
            if select.select([self.fd], [], [], 0.1)[0] and not self.read():
                break
        pid, status = os.waitpid(self.pid, 0 if time.monotonic() < ends else os.WNOHANG)
        holds(pid == self.pid, f"it did not end: {self.seen[-500:]!r}")
        self.ended = True
        os.close(self.fd)
        equal(os.waitstatus_to_exitcode(status), ok, f"the exit status after {self.seen[-1500:]!r}")
        holds("AddressSanitizer" not in self.seen and "CRITICAL" not in self.seen, self.seen)

    def end(self):
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.ended = True
