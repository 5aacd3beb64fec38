#!/usr/bin/python3
"""What is heard, sample by sample and through a real sound server, and what it costs: the desktop player's queue and player without their window."""
import array
import json
import math
import os
import subprocess

import journey
import sound_server
from journey import equal, holds, until

RATE = 48000
SILENCE = 0.25  # of full scale: what a codec makes of silence stays below, what it makes of a tone above
ATTEMPTS = 3    # with a device that keeps real time: a machine that is busy elsewhere starves it


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

    def encode(self, name, samples, chain, channels=2):
        """A title from samples (bytes of 16 bit stereo)."""
        path = self.path("media", name)
        source = journey.wav(self.path("tmp", "source.wav"), len(samples) / 4 / RATE, pattern=samples)
        self.run("/usr/bin/gst-launch-1.0", "-q", "filesrc", f"location={source}", "!", "wavparse", "!", "audioconvert", "!",
                 f"audio/x-raw,channels={channels}", "!", *chain.split(), "!", "filesink", f"location={path}")
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


# ---- joints ----

@journey.test("two FLAC titles follow without a lost or an added sample, and each costs one play")
def _(place):
    one, first = place.count("Count one.flac", 3.0123)
    two, second = place.count("Count two.flac", 3)
    heard = place.hear([one, two])
    equal(len(heard), len(first) + len(second), "the number of bytes")
    holds(heard == first + second, "other samples were heard than were put in")
    equal((place.left(one), place.left(two)), (2, 2), "the plays left")


def follow(kind, ending, chain):
    @journey.test(f"two {kind} titles follow without a lost or an added sample")
    def _(place):
        n, hertz = 3 * RATE, 60
        names = [place.encode(f"{kind} {i}.{ending}", sine(i * n, n, hertz), chain) for i in range(2)]
        alone = [place.decode(name, ending) for name in names]
        heard = place.hear(names)
        equal(len(heard), len(alone[0]) + len(alone[1]), "the number of bytes")
        holds(heard == alone[0] + alone[1], "other samples were heard than are in the files")
        late = shift(left_of(heard), n, hertz)
        holds(abs(late) < 3, f"the second title is {late:.1f} samples late")


follow("Vorbis", "ogg", "vorbisenc quality=0.9 ! oggmux")
follow("Opus", "opus", "opusenc bitrate=192000 ! oggmux")


@journey.test("two MP3 titles follow within 5 ms: what their encoder put round them is left out")
def _(place):
    n, hertz = 3 * RATE, 60
    for name, first in ("MP3 one", 0), ("MP3 two", n):
        source = journey.wav(place.path("tmp", "source.wav"), n / RATE, pattern=sine(first, n, hertz))
        place.run("/usr/bin/lame", "--quiet", "-b", "192", "--tt", name, source, place.path("media", name + ".mp3"))
        place.add(place.path("media", name + ".mp3"))
    samples = left_of(place.hear(["MP3 one", "MP3 two"]))
    most = 0.005 * RATE
    holds(abs(len(samples) - 2 * n) < most, f"{len(samples)} samples were heard, not {2 * n}")
    holds(abs(shift(samples, n, hertz)) < most, f"the second title is {shift(samples, n, hertz):.1f} samples late")


# ---- what it costs ----

@journey.test("a title that was at work already but not heard costs one play in all when it is heard after all")
def _(place):
    one, _ = place.count("Before.flac", 6)
    two, _ = place.count("Nearly.flac", 2)
    listening = place.listen([one, two], capture=place.path("out", "nearly.raw"))
    listening.wait("started")
    listening.order("seek 5.2")
    listening.wait("seeked")
    listening.order("stop")
    listening.wait("state", state="loaded")
    holds(not listening.find("advanced"), "it was heard")
    listening.order("go 1")
    listening.wait("started", title=two)
    listening.wait("state", state="playing", title=two)
    listening.wait_until(lambda: len(listening.find("state", state="loaded")) > 1, "the end")
    listening.end()
    equal(place.left(two), 2, "the plays left of it")


@journey.test("a title that is given up before its first chunk is due costs nothing")
def _(place):
    one, _ = place.count("Long before.flac", 8)
    two, _ = place.count("Not reached.flac", 2)
    listening = place.listen([one, two], capture=place.path("out", "given-back.raw"))
    listening.wait("started")
    listening.order("seek 1")
    listening.wait("seeked")
    listening.order("stop")
    listening.wait("state", state="loaded")
    listening.end()
    holds(place.left(two) in (None, 3), f"{place.left(two)} plays are left of it")


@journey.test("repeating one asks before it spends, then asks no more, and stops with the last play")
def _(place):
    title, _ = place.count("Again.flac", 1)
    listening = place.listen([title], capture=place.path("out", "again.raw"))
    listening.order("repeat one")
    listening.wait("again", title=title)
    equal(place.left(title), 2, "the plays left when it asks")
    listening.order("yes")
    listening.wait_until(lambda: len(listening.find("state", state="loaded")) > 1, "the end")
    listening.end()
    equal(place.left(title), 0, "the plays left")
    equal(len(listening.find("again")), 1, "how often it asked")
    equal(len(listening.find("started")) + len(listening.find("advanced")), 3, "how often it was heard")
    equal(listening.find("refused"), [], "refusals")


@journey.test("repeating all asks once; said no, nothing more is spent")
def _(place):
    title, _ = place.count("Round.flac", 1)
    listening = place.listen([title], capture=place.path("out", "round.raw"))
    listening.order("repeat all")
    holds(listening.wait("again")["all"], "it asks about one title")
    listening.order("no")
    listening.order("tell")
    listening.wait("state", state="loaded")
    listening.end()
    equal(place.left(title), 2, "the plays left")


@journey.test("a licence that is used up in the middle of a queue is passed over, and what follows plays")
def _(place):
    names, samples = zip(*[place.count(f"Queue {i}.flac", 1) for i in range(3)])
    for _ in range(3):
        place.player.play(names[1])
    listening = place.listen(names, capture=place.path("out", "queue.raw"))
    listening.wait("refused", title=names[1], chosen=False)
    listening.wait("started", title=names[2])
    listening.wait_until(lambda: listening.find("state", state="loaded"), "the end")
    listening.end()
    holds(journey.read(place.path("out", "queue.raw")).endswith(samples[2]), "the third title was not heard whole")


@journey.test("a title whose file was changed is passed over, costs nothing, and what follows plays")
def _(place):
    names = [place.count(f"File {i}.wav", 1, "wavenc")[0] for i in range(3)]
    row, = [row for row in place.ctl("list", "--json").json if row["title"] == names[1]]
    path, = [path for path in journey.walk(place.state) if row["id"] in path]
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\x55" * 64)
    listening = place.listen(names, capture=place.path("out", "changed.raw"))
    listening.wait_until(lambda: [said for said in listening.events if said["event"] in ("failed", "refused") and said["title"] == names[1]], "a word about it")
    listening.wait("started", title=names[2])
    listening.wait_until(lambda: listening.find("state", state="loaded"), "the end")
    listening.end()
    holds(place.left(names[1]) in (None, 3), f"{place.left(names[1])} plays are left of it")


@journey.test("while the card is out what plays plays on, and the next title waits for it")
def _(place):
    names = [place.count(f"Card {i}.flac", 1)[0] for i in range(2)]
    listening = place.listen(names, capture=place.path("out", "card.raw"))
    listening.order("hold on")
    listening.wait("awaits", title=names[1])
    equal(place.left(names[1]), None, "the plays left of the one that waits")
    listening.order("hold off")
    listening.wait("started", title=names[1])
    listening.wait("state", state="loaded")
    listening.end()


# ---- the server goes and comes back ----

@journey.test("a server that is killed and comes back costs no play and no sample, also where nothing was fetched yet")
def _(place):
    title, samples = place.count("Killed.wav", 60, "wavenc")
    out = place.path("out", "killed.raw")
    listening = place.listen([title], capture=out)
    listening.wait("started")
    port = place.server.port
    place.server.kill()
    listening.order("seek 55")
    listening.wait("state", buffering=True)
    place.serve(port=port)
    listening.wait("seeked")
    listening.wait("state", state="loaded", limit=90)
    listening.end()
    heard = journey.read(out)
    holds(heard.endswith(samples[-5 * RATE * 4:]), "the end was not heard whole")
    equal(place.left(title), 2, "the plays left")


# ---- seeking, loudness, the spectrum ----

@journey.test("a seek goes to the sample, also into what was not fetched yet, and the hand may go fast")
def _(place):
    title, samples = place.count("Seek.wav", 40, "wavenc")
    out = place.path("out", "seek.raw")
    listening = place.listen([title], capture=out)
    listening.wait("started")
    for i in range(40):
        listening.order(f"scrub {(i * 37) % 40}")
    listening.order("seek 38.5")
    listening.wait_until(lambda: [said for said in listening.find("seeked") if abs(said["position"] - 38.5) < 0.2], "the seek")
    listening.wait("state", state="loaded")
    listening.end()
    holds(journey.read(out).endswith(samples[-RATE * 6:]), "the samples from there on are others")
    equal(place.left(title), 2, "the plays left")


@journey.test("ReplayGain makes a title as loud as its tags say, at once; volume goes by the ear")
def _(place):
    samples = sine(0, 8 * RATE, 500)
    title = place.encode("Even.flac", samples, "taginject tags=replaygain-track-gain=-6.0206,replaygain-track-peak=0.5 ! flacenc")
    out = place.path("out", "even.raw")
    listening = place.listen([title], capture=out)
    listening.wait("started")
    until(lambda: os.path.getsize(out) > RATE * 4, "a second of it")
    plain = max(left_of(journey.read(out)))
    listening.order("gain title")
    listening.order("seek 2")
    listening.wait("seeked")
    listening.wait("state", state="loaded")
    listening.end()
    equal(plain, 16000, "the loudest sample as it was recorded")
    loudest = max(left_of(journey.read(out)[-RATE * 4:]))
    holds(abs(loudest - 8000) < 80, f"the loudest sample is {loudest}, not 8000")


@journey.test("the spectrum shows a tone in its band while somebody watches, and nothing is measured else")
def _(place):
    title = place.encode("Tone.flac", sine(0, 4 * RATE, 1000), "flacenc")
    listening = place.listen([title], capture=place.path("out", "tone.raw"))
    listening.order("watch")
    listening.wait("started")
    listening.wait("spectrum", loudest=int(64 * math.log(1000 / 30) / math.log(600)))
    listening.order("unwatch")
    listening.order("tell")
    listening.wait("state", state="loaded")
    listening.end()
    at = listening.find("spectrum")
    holds(at and at[-1]["at"] < 3.9, "it was measured until the end")


# ---- moving pictures ----

def film(kind, ending, pictures, sound, muxer, media):
    @journey.test(f"a {kind} film is added as {media}; its pictures are shown, its sound is heard, and one seeks in it")
    def _(place):
        path = place.path("media", f"Film as {kind}.{ending}")
        place.run("/usr/bin/gst-launch-1.0", "-q", *muxer.split(), "name=mux", "!", "filesink", f"location={path}",
                  "videotestsrc", "num-buffers=100", "!", "video/x-raw,width=160,height=120,framerate=25/1", "!", *pictures.split(), "!", "mux.",
                  *(f"audiotestsrc num-buffers=188 samplesperbuffer=1024 freq={SOUND_HERTZ} ! taginject tags=title={kind} ! audio/x-raw,rate={RATE},channels=2 ! {sound} ! mux.".split()
                    if sound else []))
        added, = place.add(path)
        equal(added["type"], media, "the type")
        out = place.path("out", "film.raw")
        listening = place.listen([added["title"]], capture=out, pictures=True)
        listening.wait("started")
        listening.wait_until(lambda: [listening.order("tell"), max([said["pictures"] for said in listening.find("state")]) > 10][1], "ten pictures")
        listening.order("seek 3")
        listening.wait("seeked")
        listening.wait("state", state="loaded")
        listening.end()
        if sound:
            holds(max(left_of(journey.read(out))) > 5000, "its sound was not heard")
        equal(place.left(added["title"]), 2, "the plays left")


SOUND_HERTZ = 440
film("WebM", "webm", "vp8enc deadline=1 keyframe-max-dist=25", "audioconvert ! vorbisenc", "webmmux", "video/webm")
film("Matroska", "mkv", "vp8enc deadline=1 keyframe-max-dist=25", "audioconvert ! opusenc", "matroskamux", "video/x-matroska")
film("MP4", "mp4", "x264enc tune=zerolatency key-int-max=25 ! h264parse", "audioconvert ! avenc_aac", "mp4mux", "video/mp4")
film("silent WebM", "webm", "vp8enc deadline=1 keyframe-max-dist=25", None, "webmmux", "video/webm")


# ---- real devices ----

@journey.test("without a sound device it is said, and time goes on")
def _(place):
    title, _ = place.count("Silent.flac", 1)
    listening = place.listen([title])
    listening.wait("silent")
    listening.to_the_end()


class SoundServer(sound_server.SoundServer):
    def __init__(self, place):
        super().__init__(place, "ear")

    def record(self, titles):
        path = self.place.path("out", "recorded.raw")
        with open(path, "wb") as file:
            recorder = self.recorder("ear", file)
            try:
                until(lambda: os.path.getsize(path) > RATE, "the recorder")
                listening = self.place.listen(titles, env=self.env)
                listening.to_the_end()
                size = os.path.getsize(path)
                until(lambda: os.path.getsize(path) > size + 2 * RATE, "the rest of the recording")
            finally:
                recorder.kill()
                recorder.wait()
        holds(not listening.find("silent"), "there was no sound device")
        return journey.read(path)


def attempt(look):
    """A device in real time on a busy machine: one good pass shows that nothing of ours stands in the way."""
    for left in reversed(range(ATTEMPTS)):
        try:
            return look()
        except journey.Wrong:
            if left == 0:
                raise


@journey.test("through PulseAudio a title of 440 Hz is 440 Hz for its length")
def _(place):
    server = SoundServer(place)
    title = place.encode("A.flac", sine(0, 4 * RATE, 440), "flacenc")

    def look():
        samples = left_of(server.record([title]))
        begin, end = bounds(samples)
        crossings = sum(1 for i in range(begin, end - 1) if samples[i] < 0 <= samples[i + 1])
        holds(abs(end - begin - 4 * RATE) < 0.02 * RATE, f"it was heard for {(end - begin) / RATE:.3f} s")
        holds(abs(crossings - 4 * 440) <= 3, f"it has {crossings / 4} cycles a second")
    attempt(look)
    server.server.end()


@journey.test("through PulseAudio two FLAC titles follow without a lost or an added sample")
def _(place):
    server = SoundServer(place)
    one, first = place.count("Real one.flac", 2.0123)
    two, second = place.count("Real two.flac", 2)

    def look():
        holds(first + second in server.record([one, two]), "the samples did not come through one after another")
    attempt(look)
    server.server.end()


journey.main(Place)
