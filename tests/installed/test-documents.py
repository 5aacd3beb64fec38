#!/usr/bin/python3
"""Documents for people: what they link to is there, and what they say twice, in two languages, is the same."""
import os
import re
import sys

import tap

SOURCE = os.environ["CANTIGA_SOURCE"]
TRANSLATED = {"README.md": "docs/pt/README.md", "docs/listener.md": "docs/pt/listener.md"}


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def documents():
    found = []
    for folder, folders, files in os.walk(SOURCE):
        folders[:] = [name for name in folders if not name.startswith((".", "build")) or name == "build-aux"]
        found += [os.path.relpath(os.path.join(folder, name), SOURCE) for name in files if name.endswith(".md")]
    return sorted(found)


def without_blocks(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def broken_links(path):
    """Links to a file that is not there, or to a heading that it does not have."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_blocks(read(path))):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, heading = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
        if not os.path.exists(os.path.join(SOURCE, target)):
            broken.append(f"{path}: {link} is not there")
        elif heading and heading not in headings(target):
            broken.append(f"{path}: {link}: there is no such heading")
    return broken


def headings(path):
    return {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in re.findall(r"^#+ (.*)$", without_blocks(read(path)), re.MULTILINE)}


def differences(original, translation):
    """Blocks are typed, and so are the same; chapters are as many; each says where the other is."""
    texts = [read(original), read(translation)]
    blocks = [re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) for text in texts]
    chapters = [len(re.findall(r"^## ", text, re.MULTILINE)) for text in texts]
    found = []
    if blocks[0] != blocks[1]:
        found.append(f"{translation}: what is typed and shown is not what {original} has")
    if chapters[0] != chapters[1]:
        found.append(f"{translation} has {chapters[1]} chapters, {original} {chapters[0]}")
    for path, other, text in (original, translation, texts[0]), (translation, original, texts[1]):
        if f"]({os.path.relpath(other, os.path.dirname(path) or '.')})" not in text:
            found.append(f"{path} does not link to {other}")
    return found


def named_scripts(path):
    return [f"{path}: {name} is not there" for name in re.findall(r"`(build-aux/[\w/.-]+)", read(path)) if not os.path.exists(os.path.join(SOURCE, name))]


# What stands where an address of the maintainers will.
NOBODY = "maintainers@cantiga." + "invalid"


def places_of_nobody():
    """Where it stands, whoever makes a release is told to put another: each is named in docs/release.md, in the row that says so."""
    row, = [line for line in read("docs/release.md").splitlines() if NOBODY in line] or [""]
    found = [os.path.relpath(os.path.join(folder, name), SOURCE) for place in ("build-aux", "data", "po", "src", "server") for folder, _, names in os.walk(os.path.join(SOURCE, place))
             for name in names if NOBODY.encode() in open_bytes(os.path.join(folder, name))]
    return [f"{path} has {NOBODY}, and docs/release.md does not name it" for path in sorted(found) if f"`{path}`" not in row]


def open_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    tests = [
        ("the documents are found", lambda: [] if {"README.md", "docs/admin.md", "docs/release.md"} <= set(documents()) else ["README.md and its like are not among them"]),
        ("every link of a document leads to a file and a heading that are there", lambda: [line for path in documents() for line in broken_links(path)]),
        ("every script that a document names is there", lambda: [line for path in documents() for line in named_scripts(path)]),
        ("every place that wants an address of the maintainers is in the list of what is done before a release", places_of_nobody),
        ("what is said in two languages is the same", lambda: [line for pair in TRANSLATED.items() for line in differences(*pair)]),
    ]
    return tap.run(tests)


if __name__ == "__main__":
    sys.exit(main())
