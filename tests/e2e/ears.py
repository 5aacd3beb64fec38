"""Ears: what the desktop player's queue and player make to be heard, without their window, and titles whose samples are known."""
import array
import json
import math
import os
import subprocess

import journey
from journey import holds, until

RATE = 48000
SILENCE = 0.25  # of full scale: what a codec makes of silence stays below, what it makes of a tone above


class Listening:
    """tests/e2e/listen, running."""

    def __init__(self, place, titles, capture=None, pictures=False, env=None):
        card = place.player.card
        options = [*(["--pictures"] if pictures else []), *([] if capture is None else ["--capture", capture])]
        self.running = place.start(os.path.join(journey.BUILD, "tests/e2e/listen"), *options, place.player.folder, journey.module(), journey.PIN, *titles,
                                   stdin=subprocess.PIPE, env={**journey.without_leaks(place.env), **card.env, "PULSE_SERVER": "unix:/nonexistent",
                                                               **(env or {})})

    def order(self, line):
        self.running.process.stdin.write(line.encode() + b"\n")
        self.running.process.stdin.flush()

    @property
    def events(self):
        return [json.loads(line) for line in self.running.out.splitlines() if line.endswith("}")]

    def find(self, event, **wanted):
        return [said for said in self.events if said["event"] == event and all(said.get(name) == value for name, value in wanted.items())]

    def wait_until(self, condition, what, limit=60.0):
        try:
            until(lambda: condition() or self.running.ended, what, limit)
        except journey.Wrong as wrong:
            self.order("tell")
            raise journey.Wrong(f"{wrong}\n{self.running.out}\n{self.running.err}") from None

    def wait(self, event, limit=60.0, **wanted):
        """The first that says so."""
        self.wait_until(lambda: self.find(event, **wanted), f"{event} {wanted}", limit)
        holds(self.find(event, **wanted), f"it ended without {event} {wanted}:\n{self.running.out}\n{self.running.err}")
        return self.find(event, **wanted)[0]

    def end(self):
        self.order("quit")
        self.running.wait()
        self.running.process.stdin.close()

    def to_the_end(self, limit=60.0):
        """Of the queue: it waits at its start then."""
        self.wait("started", limit)
        self.wait("state", limit, state="loaded")
        self.end()


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.serve()
        self.player = self.player(self.card())

    def listen(self, titles, **options):
        return Listening(self, titles, **options)

    def hear(self, titles):
        """The samples of titles, left and right, as they reach a device that keeps time."""
        path = self.path("out", "heard.raw")
        listening = self.listen(titles, capture=path)
        listening.to_the_end()
        return journey.read(path)

    def encode(self, name, samples, chain, channels=2, change=None):
        """A title from samples (bytes of 16 bit stereo); change makes of the file's bytes what is added."""
        path = self.path("media", name)
        source = journey.wav(self.path("tmp", "source.wav"), len(samples) / 4 / RATE, pattern=samples)
        self.run("/usr/bin/gst-launch-1.0", "-q", "filesrc", f"location={source}", "!", "wavparse", "!", "audioconvert", "!",
                 f"audio/x-raw,channels={channels}", "!", *chain.split(), "!", "filesink", f"location={path}")
        if change is not None:
            content = change(journey.read(path))
            with open(path, "wb") as file:
                file.write(content)
        self.add(path)
        return name.rsplit(".", 1)[0]

    def count(self, name, seconds, chain="flacenc"):
        """A title whose samples count, and they."""
        samples = Counted.take(int(seconds * RATE))
        return self.encode(name, samples, chain), samples

    def decode(self, title, ending):
        """What GStreamer makes of a title alone."""
        path = self.path("tmp", "decoded.raw")
        self.run("/usr/bin/gst-launch-1.0", "-q", "filesrc", f"location={self.path('media', title)}.{ending}", "!", "decodebin", "!", "audioconvert",
                 "dithering=none", "!", "audio/x-raw,format=S16LE,channels=2", "!", "filesink", f"location={path}")
        return journey.read(path)

    def left(self, title):
        """What the keeper's ledger says."""
        rows = [row for row in self.ctl("licences", "list", "--json").json if row["title_name"] == title]
        return rows[0]["plays_left"] if rows else None


class Counted:
    """Samples that count: each is another one, and no two titles have the same."""
    used = 0

    @classmethod
    def take(cls, n):
        cls.used += n
        return counting(cls.used - n, n)


def counting(first, n):
    return array.array("i", ((number & 0x7fff) | (number >> 15) << 16 for number in range(first, first + n))).tobytes()


def sine(first, n, hertz):
    samples = array.array("h")
    for number in range(first, first + n):
        value = int(16000 * math.sin(2 * math.pi * hertz * number / RATE))
        samples.extend((value, value))
    return samples.tobytes()


def left_of(raw):
    return array.array("h", raw[:len(raw) // 4 * 4])[::2]


def bounds(samples):
    """Where sound begins and ends: the first and the last sample that is loud."""
    loud = [i for i, sample in enumerate(samples) if abs(sample) > 16000 * SILENCE]
    holds(loud, "nothing was heard")
    return loud[0], loud[-1] + 1


def phase(samples, first, n, hertz):
    """Of the tone in n samples from first on, as a share of its period."""
    step = 2 * math.pi * hertz / RATE
    sines = sum(samples[i] * math.sin(step * i) for i in range(first, first + n))
    cosines = sum(samples[i] * math.cos(step * i) for i in range(first, first + n))
    return math.atan2(cosines, sines) / (2 * math.pi)


def shift(samples, half, hertz):
    """How many samples the second half of a tone comes too late (or too early: below zero)."""
    period = RATE / hertz
    n = int(period) * 4
    apart = phase(samples, half // 2, n, hertz) - phase(samples, half + half // 2, n, hertz)
    return ((apart + 0.5) % 1 - 0.5) * period
