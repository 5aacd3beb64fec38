#!/usr/bin/python3
"""The Flatpak's manifest, as it is written: every permission has its reason above it, none is wide, and what is downloaded is pinned. build-aux/flatpak/check-local builds it."""
import os
import re
import sys

import tap

MANIFEST = os.path.join(os.environ["CANTIGA_SOURCE"], "build-aux/flatpak/io.github.cantiga.Cantiga.yml")
# What a player of music on the local network has no use for.
TOO_WIDE = re.compile(r"--(filesystem|persist|device=(?!dri$)|socket=(?!(wayland|fallback-x11|pulseaudio|pcsc)$)|allow|talk-name|own-name|system-own-name"
                      r"|system-talk-name=(?!org\.freedesktop\.Avahi$)|share=(?!(network|ipc)$))")


def lines_of(key):
    """The lines below a key of the first level."""
    with open(MANIFEST, encoding="utf-8") as file:
        text = file.read()
    found = re.search(rf"^{key}:\n((?: .*\n|\n)*)", text, re.MULTILINE)
    return found.group(1).splitlines() if found else []


def without_reason():
    wrong, above, seen = [], "", 0
    for line in map(str.strip, lines_of("finish-args")):
        if line.startswith("- "):
            seen += 1
            # Two permissions may share a reason: the second follows the first.
            if not above.startswith(("#", "- ")):
                wrong.append(f"{line}: why?")
        above = line
    return wrong if seen else ["there are no finish-args"]


def too_wide():
    return [line.strip() for line in lines_of("finish-args") if TOO_WIDE.match(line.strip().removeprefix("- "))]


def not_pinned():
    text = "\n".join(lines_of("modules"))
    sources = re.findall(r"type: (\w+)\n((?: {8,}[\w-]+:.*\n)*)", text + "\n")
    wrong = [body.strip() for kind, body in sources if kind in ("archive", "file") and not (re.search(r"url: https://", body) and re.search(r"sha256: [0-9a-f]{64}$", body, re.MULTILINE))]
    wrong += [f"{kind}: only archives are downloaded" for kind, _ in sources if kind not in ("archive", "file", "dir", "inline")]
    return wrong if any(kind == "archive" for kind, _ in sources) else ["no archive was found"]


def main():
    tests = [("every permission has its reason", without_reason), ("no permission is wide", too_wide), ("what is downloaded is pinned by its checksum", not_pinned)]
    return tap.run(tests)


if __name__ == "__main__":
    sys.exit(main())
