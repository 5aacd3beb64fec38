"""What the tests of a hostile network share: a box with a title, an honest player of the second implementation who plays it, and attacks."""
import os
import statistics
import sys
import time

SOURCE = os.environ["CANTIGA_SOURCE"]
sys.path[:0] = [os.path.join(SOURCE, "tests/peer"), os.path.join(SOURCE, "tests/e2e")]
# pylint: disable=wrong-import-position
import journey
import player
import stage
from notation import to_json

MEMORY = 512  # MiB: MemoryMax of the unit
HONEST = "127.0.0.1"


class Siege(journey.Place):
    """The limits are those that there are without a server.conf, but for what limits says."""

    def __init__(self, seconds=40, limits=None):
        super().__init__()
        self.init()
        self.add(journey.wav(self.path("media", "song.wav"), seconds, "Song"))
        self.serve(prefix=journey.LOOKED_INTO, env={"CANTIGA_LICENCE_PLAYS": "1000000", **(limits or {})})
        card = self.card("ANA MARIA DOS SANTOS")
        self.key, self.chain = stage.key_of(card)
        self.paired = player.pair(self.invite("honest"), ("ECDSA",))
        self.session = self.sign_in()
        self.song = self.session.titles()[0]

    def sign_in(self, **options):
        session = player.Session(self.paired, "ECDSA", **options).sign_in()
        session.show_card(self.key, self.chain)
        return session

    def attack(self, name, seconds, first="127.0.1.1", n=1):
        env = {**self.env, "CANTIGA_HELLO": self.record_hello()} if name == "hellos" else self.env
        attack = journey.Running([sys.executable, os.path.join(SOURCE, "tests/hostile/attack.py"), name, HONEST, self.server.port, seconds, first, n], env)
        self.running.append(attack)
        return attack

    def record_hello(self):
        """What somebody on the network sees of a player's first message."""
        path = self.path("hello.json")
        recorded = {}
        session = player.Session(self.paired, "ECDSA", say=lambda name, value: recorded.setdefault(name, value))
        session.get_certificates()
        session.hello()
        return journey.write(path, to_json(recorded["hello"]))

    def play(self, session=None, seconds=None, at_least=1):
        """Chunks of the song, checked: all of them, or until seconds are over; how long each took."""
        session = session or self.session
        took = []
        ends = time.monotonic() + (seconds or 0)
        while len(took) < at_least or time.monotonic() < ends:
            play = session.licence(self.song["id"])
            for index in range(play.licence["chunks"]):
                begun = time.monotonic()
                self.chunk(play, index)
                took.append(time.monotonic() - begun)
                if seconds and len(took) >= at_least and time.monotonic() > ends:
                    break
            session.end(play.licence["play"])
        return took

    def chunk(self, play, index):
        """As a player does: what was dropped is asked for again."""
        for _ in range(50):
            try:
                return play.chunk(index)
            except OSError:
                time.sleep(0.01)
        raise journey.Wrong("a chunk did not come in 50 times of asking")

    def resident(self):
        with open(f"/proc/{self.server.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS:"))

    def count_descriptors(self):
        return len(journey.descriptors_of(self.server.pid))


def median(took):
    return statistics.median(took) * 1000


def of_hundred(took, hundredth):
    return sorted(took)[min(len(took) * hundredth // 100, len(took) - 1)] * 1000
