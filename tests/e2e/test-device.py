#!/usr/bin/python3
"""What is heard of the desktop player's queue and player through a real sound server, which keeps real time."""
import os

import journey
import sound_server
from ears import RATE, Place, bounds, left_of, sine
from journey import holds, until

ATTEMPTS = 3    # a machine that is busy elsewhere starves the device


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
