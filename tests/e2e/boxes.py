"""Two servers that share a ledger in PostgreSQL and a library, behind HAProxy, and players that go through it. All real."""
import contextlib
import http.client
import os
import subprocess
import sys

import journey
from journey import holds, until

sys.path.insert(0, os.path.join(journey.SOURCE, "tests"))
import postgresql  # noqa: E402  pylint: disable=wrong-import-position

HAPROXY = "/usr/sbin/haproxy"


def missing():
    """Why nothing of this can run here; None if it can."""
    if not postgresql.find_programs():
        return "PostgreSQL is not installed"
    return None if os.path.exists(HAPROXY) else "HAProxy is not installed"


class Boxes(journey.Place):
    def __init__(self, workers=0):
        super().__init__()
        self.cluster = postgresql.Cluster()
        self.cluster.__enter__()
        self.workers = workers
        self.servers = {}
        self.init()
        # The way a keeper goes: a ledger that is there already moves.
        self.ctl("ledger", "move", self.cluster.url)
        journey.write(self.path("state", "server.conf"), "\n".join((
            "[server]", f"ledger = {self.cluster.url}", "proxies = 127.0.0.1", f"workers = {workers}",
            "[licence]", "plays = 1000", "[limits]", "connections = 4096", "half-open-per-address = 1024", "")))

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        self.cluster.__exit__()

    def serve_both(self):
        for name in "one", "other":
            self.servers[name] = self.serve()
        self.balance()

    def revive(self, name):
        self.servers[name] = self.serve(port=self.servers[name].port)

    def balance(self):
        """HAProxy as anybody would set it up: a header keeps a session at its server, and a server that is gone is passed over."""
        self.port = journey.free_port()
        lines = ["global", "  maxconn 8192", "defaults", "  mode http", "  timeout connect 1s", "  timeout client 60s", "  timeout server 60s",
                 "  option redispatch 1", "  retries 5", "frontend players", f"  bind 127.0.0.1:{self.port}", "  option forwardfor", "  default_backend boxes",
                 "backend boxes", "  balance hdr(Cantiga-Route)", "  hash-type consistent"]
        lines += [f"  server {name} 127.0.0.1:{server.port} check inter 200 fall 1 rise 1" for name, server in self.servers.items()]
        path = journey.write(self.path("haproxy.cfg"), "\n".join(lines) + "\n")
        with open(self.path("haproxy.log"), "wb") as log:
            process = subprocess.Popen([HAPROXY, "-db", "-f", path], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.running.append(Daemon(process))
        until(self.answers, "HAProxy to be there")

    def answers(self):
        try:
            journey.connect(self.port).close()
        except OSError:
            return False
        return True

    def serves(self):
        """Whether HAProxy has seen that there is a server."""
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(asking), contextlib.suppress(OSError, http.client.HTTPException):
            asking.request("GET", "/api/hello")
            return asking.getresponse().status != 503
        return False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def listeners(self, n, cards):
        """n players, each paired through HAProxy, with a reader of its own; the cards go round."""
        card_of = [self.card(f"LISTENER {number}") for number in range(cards)]
        players = []
        for number in range(n):
            card = card_of[number % cards]
            player = self.player(card if number < cards else card.copy(f"reader-{number}"), f"player {number}", paired=False)
            link = self.ctl("invite", player.name, "--url", self.url).out.strip()
            player.pair(link)
            players.append(player)
        return players

    def counts(self):
        """How many plays of each state there are: of the last event of each."""
        last = {}
        for play in self.ctl("plays", "--json").json:
            last.setdefault(play["play"], []).append(play["event"])
        return last


class Daemon:
    def __init__(self, process):
        self.process = process

    @property
    def ended(self):
        return self.process.poll() is not None

    def end(self):
        if not self.ended:
            self.process.kill()
            self.process.wait()


def same(path, other):
    return subprocess.run(["cmp", "-s", path, other], check=False).returncode == 0


def is_begun(out):
    """The part may become the whole, and be gone, between two looks."""
    try:
        return os.path.getsize(out + ".part") > 0
    except FileNotFoundError:
        return os.path.exists(out)


def write_all(place, players, media, name, disturb):
    """Every player writes the title while disturb() does its worst; each file is what was published. How often each signed in is what they say."""
    outs = [place.path("out", f"{number}.wav") for number in range(len(players))]
    running = [player.start("--title", name, "--output", out, "--json") for player, out in zip(players, outs)]
    # All of them are in the middle of it.
    until(lambda: all(one.ended or is_begun(out) for one, out in zip(running, outs)),
          "every player to be in the middle", limit=120)
    disturb()
    for one in running:
        one.wait(limit=300)
    for out in outs:
        holds(same(out, media), f"{out} is not what was published")
        os.unlink(out)
