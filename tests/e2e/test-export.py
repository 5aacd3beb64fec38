#!/usr/bin/python3
"""What goes in comes out: every format, byte for byte, and through the player's own ears."""
import os

import journey
from journey import contains, equal, holds, read

# name, ending, seconds, further options of cantiga-demo-render, media type
FORMATS = [
    ("MP3", "mp3", 30, (), "audio/mpeg"),
    ("Ogg Vorbis", "ogg", 120, (), "audio/ogg"),
    ("Opus", "opus", 60, (), "audio/ogg"),
    ("FLAC", "flac", 30, (), "audio/flac"),
    ("M4A, index first", "m4a", 40, ("--moov-first",), "audio/mp4"),
    ("M4A, index last", "m4a", 40, ("--moov-last",), "audio/mp4"),
    ("WAV", "wav", 5, (), "audio/x-wav"),
]


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.serve(env={"CANTIGA_LICENCE_PLAYS": "1000"})
        self.player = self.player(self.card())

    def hear(self, title, *arguments):
        card = self.player.card
        return self.run(os.path.join(journey.BUILD, "tests/e2e/hear"), *arguments, self.player.folder, journey.module(), journey.PIN, title[0], *title[1:],
                        env={**journey.without_leaks(self.env), **card.env}).jsons


def show(name, ending, seconds, options, kind):
    title = f"As {name}"

    @journey.test(f"{name} comes out byte for byte as it went in, with its duration")
    def _(place):
        path = place.tone(f"{name}.{ending}", seconds=seconds, title=title, options=options)
        added, = place.add(path)
        equal(added["title"], title, "the title")
        equal(added["type"], kind, "the type")
        equal(added["size"], os.path.getsize(path), "the size")
        holds(added["chunks"] >= 2, f"{added} has one chunk: that shows little")
        holds(abs(added["duration"] - seconds) < 0.2, f"{added} is not {seconds} seconds long")
        out = place.path("out", f"{name}.{ending}")
        played = place.player.play(title, output=out)
        equal(played["bytes"], os.path.getsize(path), "bytes told")
        equal(played["chunks"], added["chunks"], "chunks told")
        holds(read(out) == read(path), "the file that came out is another one")
        equal(os.stat(out).st_mode & 0o777, 0o600, "its mode")
        equal(sorted(os.listdir(place.path("out"))).count(f"{name}.{ending}.part"), 0, "parts left behind")

    @journey.test(f"{name} is heard to its end, from its start and from where one seeks to")
    def _(place):
        whole, late, early = place.hear([title, seconds * 0.75, seconds * 0.25])
        holds(abs(whole["duration"] - seconds) < 0.2, f"GStreamer finds {whole['duration']} s, not {seconds}")
        holds(abs(whole["heard"] - seconds) < 0.3 and whole["first"] < 0.1, f"not all was heard: {whole}")
        for heard, share in (late, 0.75), (early, 0.25):
            # A seek goes to the key frame near it: an MP3 without a table of its frames is the least exact.
            holds(abs(heard["first"] - seconds * share) < max(1.0, seconds * 0.05), f"the seek to {seconds * share} s went to {heard}")
            holds(abs(heard["heard"] + heard["first"] - seconds) < 0.5, f"after the seek the rest was not heard: {heard}")


for each in FORMATS:
    show(*each)


@journey.test("every sample is the one of its time, also when one seeks here and there in haste")
def _(place):
    place.add(journey.ramp(place.path("media", "Ramp.wav"), 12))
    whole, middle, start = place.hear(["Ramp", 6.5, 0.0], "--hammer", 300)
    for heard, seconds in (whole, 12), (middle, 5.5), (start, 12):
        holds(abs(heard["heard"] - seconds) < 0.1, f"{seconds} s should have been heard: {heard}")
        equal(heard["astray"], 0, "the number of wrong samples")
    holds(place.hear(["As WAV"])[0]["astray"] > 1000, "a tone passes for samples that count")


@journey.test("a title that is not exportable is played but not written, and no play is spent on trying")
def _(place):
    path = place.tone("Kept.mp3")
    place.ctl("add", path)
    refused = place.player.play("Kept", output=place.path("out", "kept.mp3"), ok=journey.REFUSED)
    contains(refused.sentence, "exportable")
    holds(not [name for name in os.listdir(place.path("out")) if name.startswith("kept")], "something was written all the same")
    equal([entry["licence"] for entry in place.player.list() if entry["title"] == "Kept"], ["none"], "the licence afterwards")
    equal(place.player.play("Kept")["bytes"], os.path.getsize(path), "bytes fetched without a file")


@journey.test("tags in other scripts, a file without tags, and a cover come through")
def _(place):
    place.tone("Плач.flac", title="Плач Ярославны — 哀歌 🎵")
    place.tone("untagged one.ogg", options=("--bare",))
    place.add(place.path("media", "Плач.flac"), place.path("media", "untagged one.ogg"))
    score = os.path.join(journey.SOURCE, "data/demo/csm-100.score")
    rendered = place.run("cantiga-demo-render", "--into", place.path("media"), "--format", "mp3", score).out.strip()
    tagged, = place.add(rendered)
    names = [entry["title"] for entry in place.player.list()]
    contains(names, "Плач Ярославны — 哀歌 🎵", "the catalogue")
    contains(names, "untagged one", "the catalogue")
    contains(names, tagged["title"], "the catalogue")
    equal(tagged["cover"], True, "that there is a cover")


@journey.test("a title that is called as a path is a title, kept and fetched as any other; no file is called as it says")
def _(place):
    name = "../../../../../../../../" + place.path("out", "elsewhere")[1:]
    path = place.tone("path.flac", title=name)
    added, = place.add(path)
    equal(added["title"], name, "the title")
    place.ctl("verify")
    place.player.play(name, output=place.path("out", "path.flac"))
    holds(read(place.path("out", "path.flac")) == read(path), "something else came out")
    equal([found for found in journey.walk(place.folder) if os.path.basename(found).startswith("elsewhere")], [], "files of that name")


if __name__ == "__main__":
    journey.main(Place)
