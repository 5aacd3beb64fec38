#!/usr/bin/env python3
"""Fills a man page with what a program says of itself: fill.py PAGE.in OUTPUT DATADIR PROGRAM [ARGUMENT…].

@commands@, @options@: from --help. @keys@: from the template of the configuration.
"""
import os
import re
import subprocess
import sys


def escape(text):
    return text.replace("\\", "\\e").replace("-", "\\-").replace("…", "\\|.\\|.\\|.").replace("“", "\\(lq").replace("”", "\\(rq")


def prose(text):
    """A paragraph; nothing of it may be taken for a request."""
    text = escape(text).replace("\n", " ")
    return "\\&" + text if text.startswith((".", "'")) else text


def entry(name, text):
    return f".TP\n.B {escape(name)}\n{prose(text)}"


def part(lines, title):
    """The lines from title to the next empty line."""
    start = lines.index(title) + 1 if title in lines else len(lines)
    end = next((at for at in range(start, len(lines)) if not lines[at].strip()), len(lines))
    return lines[start:end]


def commands(lines):
    wanted = part(lines, "Commands:")
    return "\n".join(entry(usage.strip(), what.strip()) for usage, what in zip(wanted[::2], wanted[1::2]))


def options(lines):
    entries = []
    for title in ("Application Options:", "Help Options:", "Options:"):
        for line in part(lines, title):
            match = re.match(r"  (?:-\w, )?(--\S+)\s+(.*)", line)
            if match:
                entries.append(entry(*match.groups()))
    return "\n".join(dict.fromkeys(entries))


def keys(lines):
    text, comment = [], ""
    for line in lines:
        if line.startswith("["):
            text.append(f".SH {escape(line)}")
        elif line.startswith("# "):
            comment = line[2:]
        elif line.startswith("#"):
            name, value = line[1:].split(" = ", 1) if " = " in line else (line[1:].rstrip(" ="), "")
            text.append(f".TP\n.B {escape(name)}\n{prose(comment)}" + (f"\nWithout it: {escape(value)}." if value else ""))
    return "\n".join(text)


def main():
    page, output, datadir, *program = sys.argv[1:]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "500", "ASAN_OPTIONS": "detect_leaks=0"}
    lines = subprocess.run(program, env=environment, check=True, capture_output=True, text=True).stdout.splitlines()
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for name, fill in (("@commands@", commands), ("@options@", options), ("@keys@", keys)):
        if name in text:
            filled = fill(lines)
            if not filled:
                sys.exit(f"{page}: {program} says nothing for {name}")
            text = text.replace(name, filled)
    with open(output, "w", encoding="utf-8") as file:
        file.write(text.replace("@datadir@", escape(datadir)))


if __name__ == "__main__":
    main()
