#!/usr/bin/env python3
"""gcc's analyzer over what meets strangers' bytes and keeps secrets. What is let pass stands in analyzer-let-pass, each with its reason. TAP: one test a folder.

With folders as arguments, these. Without optimisation: functions that are put into others make it see what is not there."""
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("CANTIGA_BUILD", os.path.join(SOURCE, "build"))
FOLDERS = "src/core", "src/card", "src/client", "src/terminal", "server"
WARNING = re.compile(r"^(?P<where>[^ :]+)(:\d+:\d+)?: warning: (?P<what>.*) \[(?P<check>-Wanalyzer-[a-z-]+)\]$")


def let_pass():
    """{(file, check)}"""
    with open(os.path.join(HERE, "analyzer-let-pass"), encoding="utf-8") as file:
        return {tuple(line.split()) for line in file if line.strip() and not line.startswith("//")}


def commands():
    """{file: the words that compile it}, each once."""
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    found = {}
    for entry in entries:
        path = os.path.relpath(os.path.realpath(os.path.join(entry["directory"], entry["file"])), SOURCE)
        words = [word for word in shlex.split(entry["command"]) if not re.match(r"(/.*/)?(ccache|cc|gcc|clang)$|-O\d|-D_FORTIFY_SOURCE|-fsanitize|-fpch-preprocess|-g|-c$|-W|-M", word)]
        found.setdefault(path, (entry["directory"], words))
    return found


def analyze(path, directory, words):
    """What it finds in one file: lines."""
    # What follows -o, -MF and -MQ are files to write; what is included before the file, with -Dprecompiled=true, it has to do without.
    words = [word for word, before in zip(words, ["", *words]) if "-include" not in (word, before) and word != "-o" and not word.endswith((".o", ".o.d"))]
    told = subprocess.run(["gcc", *words, "-S", "-fanalyzer", "-O0", "-fdiagnostics-plain-output", "-fdiagnostics-path-format=none", "-o", "/dev/null"],
                          cwd=directory, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    if told.returncode != 0:
        return [(path, "does not compile", told.stderr[-500:])]
    return [(path, match["check"], line) for line in told.stderr.splitlines() for match in [WARNING.match(line)] if match]


def main():
    folders = sys.argv[1:] or FOLDERS
    print(f"1..{len(folders) + 1}")
    if shutil.which("gcc") is None:
        print("Bail out! gcc is not installed")
        return 1
    passed, used, failed = let_pass(), set(), False
    everything = commands()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, folder in enumerate(folders, 1):
            files = [path for path in sorted(everything) if os.path.dirname(path) == folder]
            found = [finding for findings in pool.map(lambda path: analyze(path, *everything[path]), files) for finding in findings]
            used |= {(path, check) for path, check, _ in found}
            bad = [f"{path}: {line}" for path, check, line in found if (path, check) not in passed]
            failed = failed or bool(bad) or not files
            print(f"{'not ok' if bad or not files else 'ok'} {number} - {folder}: {len(files)} files", flush=True)
            for line in bad:
                print("#", line)
    left = {entry for entry in passed - used if os.path.dirname(entry[0]) in folders}
    failed = failed or bool(left)
    print(f"{'not ok' if left else 'ok'} {len(folders) + 1} - what is let pass is still there")
    for path, check in sorted(left):
        print("#", path, check)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
