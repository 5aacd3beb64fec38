#!/usr/bin/python3
"""What is heard, sample by sample, and what it costs: the desktop player's queue and player without their window."""
import math
import os
import signal

import journey
import m4a
from ears import RATE, Place, left_of, shift, sine
from journey import equal, holds, until


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


@journey.test("two M4A titles follow within 1 ms where their edit lists say what the encoder put round them")
def _(place):
    # Not whole periods of the tone, and whole milliseconds: two files made in one second would be the same to the last byte, and one title.
    n, hertz = 3 * RATE + 240, 60
    names = [place.encode(f"M4A {i}.m4a", sine(i * n, n, hertz), "avenc_aac bitrate=192000 ! mp4mux", change=lambda data: m4a.with_edit_list(data, 1024, n, RATE))
             for i in range(2)]
    samples = left_of(place.hear(names))
    holds(abs(len(samples) - 2 * n) < 0.001 * RATE, f"{len(samples)} samples were heard, not {2 * n}")
    holds(abs(shift(samples, n, hertz)) < 0.001 * RATE, f"the second title is {shift(samples, n, hertz):.1f} samples late")


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

@journey.test("a seek into what was not fetched yet holds nothing up where its place must be looked for")
def _(place):
    samples = os.urandom(90 * RATE * 4)
    title = place.encode("Noise.flac", samples, "flacenc seekpoints=0")
    out = place.path("out", "noise.raw")
    listening = place.listen([title], capture=out)
    listening.wait("started")
    listening.order("scrub 86")
    listening.order("seek 86")
    listening.wait("seeked")
    listening.wait("state", state="loaded")
    listening.end()
    holds(journey.read(out).endswith(samples[-4 * RATE * 4:]), "the samples from there on are others")


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


@journey.test("ReplayGain by album keeps its titles apart as they were, and by title does not; without the album's, a title's own counts")
def _(place):
    gains = {"Loud": (-12.0412, -6.0206), "Quiet": (-3.0, -6.0206), "Alone": (-6.0206, None)}
    samples = sine(0, 2 * RATE, 500)
    for name, (title, album) in gains.items():
        tags = f"replaygain-track-gain={title},replaygain-track-peak=0.5" + (f",replaygain-album-gain={album},replaygain-album-peak=0.5" if album else "")
        place.encode(f"{name}.flac", samples, f"taginject tags=album=Even,{tags} ! flacenc")
    for gain, wanted in (("album", (-6.0206, -6.0206, -6.0206)), ("title", (-12.0412, -3, -6.0206))):
        out = place.path("out", f"{gain}.raw")
        listening = place.listen([*gains], capture=out)
        listening.order(f"gain {gain}")
        listening.to_the_end()
        heard = left_of(journey.read(out))[-3 * len(samples) // 4:]
        for at, decibels in enumerate(wanted):
            loudest = max(heard[at * 2 * RATE + RATE // 2:(at + 1) * 2 * RATE - RATE // 2])
            holds(abs(loudest - 16000 * 10 ** (decibels / 20)) < 100, f"by {gain}, title {at + 1} has {loudest} as its loudest sample")


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
                  "videotestsrc", "num-buffers=100", "!", "video/x-raw,width=160,height=120,framerate=25/1", "!", "taginject", f"tags=title={kind.replace(' ', '-')}", "!", *pictures.split(), "!", "mux.",
                  *(f"audiotestsrc num-buffers=188 samplesperbuffer=1024 freq={SOUND_HERTZ} ! audio/x-raw,rate={RATE},channels=2 ! {sound} ! mux.".split()
                    if sound else []))
        added, = place.add(path)
        equal((added["title"], added["type"]), (kind.replace(" ", "-"), media), "the title and its type")
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


@journey.test("a film's pictures and its sound change together, also after a seek")
def _(place):
    path = place.path("media", "Flash.webm")
    shape, wave = "video/x-raw,width=160,height=120,framerate=25/1", f"audio/x-raw,rate={RATE},channels=2"
    place.run("/usr/bin/gst-launch-1.0", "-q", "webmmux", "name=mux", "!", "filesink", f"location={path}",
              *f"""videotestsrc num-buffers=50 pattern=black ! {shape} ! concat name=v ! vp8enc deadline=1 keyframe-max-dist=10 ! mux.
                   videotestsrc num-buffers=50 pattern=white ! {shape} ! v.
                   audiotestsrc num-buffers=100 samplesperbuffer=960 wave=silence ! {wave} ! concat name=a ! audioconvert ! opusenc ! mux.
                   audiotestsrc num-buffers=100 samplesperbuffer=960 freq={SOUND_HERTZ} ! {wave} ! a.""".split())
    place.add(path)
    listening = place.listen(["Flash"], capture=place.path("out", "flash.raw"), pictures=True)
    for times, running in ((1, 2), (2, 1)):
        for event in ("bright", "loud"):
            listening.wait_until(lambda: len(listening.find(event)) == times, f"it is {event}")
            at = listening.wait(event)["running"] if times == 1 else listening.find(event)[-1]["running"]
            holds(abs(at - running) < 0.045, f"it is {event} at {at} s, not at {running}")
        listening.order("seek 1")
    listening.end()


@journey.test("who leaves in the midst of a seek is let go, and who seeks at once gets there")
def _(place):
    journey.write(place.path("state", "server.conf"), "[licence]\nplays = 100\n")
    place.server.process.send_signal(signal.SIGHUP)
    until(lambda: "the configuration was read again" in place.server.log, "more plays are granted")
    path = place.path("media", "Away.webm")
    place.run("/usr/bin/gst-launch-1.0", "-q", "webmmux", "name=mux", "!", "filesink", f"location={path}",
              *f"""videotestsrc num-buffers=100 ! video/x-raw,width=160,height=120,framerate=25/1 ! vp8enc deadline=1 keyframe-max-dist=10 ! mux.
                   audiotestsrc num-buffers=188 samplesperbuffer=1024 ! audio/x-raw,rate={RATE},channels=2 ! audioconvert ! opusenc ! mux.""".split())
    place.add(path)
    song, _ = place.count("At once.flac", 3)
    for title in ["Away", song] * 10:
        listening = place.listen([title], capture=place.path("out", "away.raw"), pictures=title != song)
        listening.wait("started")
        listening.order("seek 1")
        if title == song:
            listening.wait("seeked")
        listening.end()


journey.main(Place)
