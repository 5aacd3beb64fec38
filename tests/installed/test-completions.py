#!/usr/bin/python3
"""Completions of bash, zsh and fish: each shell is asked what could be typed next, and what it offers is what the programs' help says; and so do the desktop player's man pages."""
import os
import pty
import re
import select
import shlex
import subprocess
import sys
import tempfile
import time

BUILD = os.environ["CANTIGA_BUILD"]
FILES = os.path.join(os.environ["CANTIGA_SOURCE"], "data", "completions")
PROGRAMS = {"cantigactl": "server", "cantiga-server": "server", "cantiga-play": "src/terminal"}
# Where the desktop player is built.
WITH_PLAYER = os.environ["CANTIGA_WITH_PLAYER"] == "1"
if WITH_PLAYER:
    PROGRAMS["cantiga"] = "src/ui"


def environment():
    folders = [os.path.join(BUILD, folder) for folder in sorted(set(PROGRAMS.values()))]
    return {**os.environ, "PATH": os.pathsep.join(folders + [os.environ["PATH"]]), "ASAN_OPTIONS": "detect_leaks=0", "TERM": "dumb"}


def help_of(program):
    return subprocess.run([program, "--help"], env=environment(), capture_output=True, text=True, check=True).stdout


def options_of(program):
    return set(re.findall(r"^  (?:-\S, )?(--[a-z0-9-]+)", help_of(program), re.MULTILINE))


def commands():
    return set(re.findall(r"^  ([a-z]+)(?: .*)?$", help_of("cantigactl"), re.MULTILINE))


def bash(line):
    words = line.split(" ")
    script = (f"source {shlex.quote(FILES + '/cantiga.bash')}; compopt () {{ :; }}; COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}; "
              f"_cantiga {words[0]} {shlex.quote(words[-1])} {shlex.quote(words[-2])}; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    return set(subprocess.run(["bash", "-c", script], env=environment(), capture_output=True, text=True, check=True).stdout.split())


def fish(line):
    with tempfile.TemporaryDirectory() as home:
        script = f"source {shlex.quote(FILES + '/cantiga.fish')}; complete -C {shlex.quote(line)}"
        done = subprocess.run(["fish", "--no-config", "-c", script], env={**environment(), "HOME": home}, capture_output=True, text=True, check=True)
    return {answer.split("\t")[0] for answer in done.stdout.splitlines()}


def zsh(line):
    """Types the line and a tabulator into a zsh at a terminal of its own, and reads what it lists."""
    with tempfile.TemporaryDirectory() as home:
        functions = os.path.join(home, "functions")
        os.mkdir(functions)
        for program in PROGRAMS:
            os.symlink(os.path.join(FILES, "cantiga.zsh"), os.path.join(functions, "_" + program))
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(home)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**environment(), "HOME": home, "COLUMNS": "200", "LINES": "500"})
        try:
            wait_for(terminal, b"ready:", f"fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' list-prompt ''; "
                     "LISTMAX=0; PS1='re''ady:'; stty cols 200 rows 500\n".encode())
            os.write(terminal, line.encode() + b"\t\t")
            text = read_until_quiet(terminal)
        finally:
            os.close(terminal)
            os.waitpid(pid, 0)
    return set(re.findall(r"[A-Za-z-][a-z0-9-]*", re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b" ", text).decode(errors="replace")))


def wait_for(terminal, sign, keys):
    os.write(terminal, keys) if keys else None
    text = b""
    end = time.monotonic() + 60
    while sign not in text:
        if time.monotonic() > end:
            raise AssertionError(f"zsh did not come: {text!r}")
        if select.select([terminal], [], [], 1)[0]:
            text += os.read(terminal, 65536)


def read_until_quiet(terminal):
    """What comes, until nothing has come for two seconds after something did."""
    text = b""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if select.select([terminal], [], [], 2)[0]:
            text += os.read(terminal, 65536)
        elif text.count(b"\n") > 0:
            break
    return text


def check(shell, line, wanted):
    offered = shell(line)
    missing = wanted - offered
    return f"“{line}”: not offered: {', '.join(sorted(missing))}; offered: {', '.join(sorted(offered))[:400]}" if missing else None


def check_page(page, options):
    path = os.path.join(BUILD, "data", page)
    said = subprocess.run(["groff", "-man", "-ww", "-z", "-Kutf8", "-Tutf8", path], capture_output=True, text=True, check=True)
    with open(path, encoding="utf-8") as file:
        missing = options - set(re.findall(r"--[a-z0-9-]+", file.read().replace("\\-", "-")))
    return said.stdout + said.stderr or (f"not in it: {', '.join(sorted(missing))}" if missing else None)


def main():
    assert len(commands()) > 10 and "--state" in options_of("cantiga-server"), "the help cannot be read"
    tests = []
    for shell in bash, fish, zsh:
        name = shell.__name__
        tests.append((f"{name} offers cantigactl's commands", lambda shell=shell: check(shell, "cantigactl ", commands())))
        tests.append((f"{name} offers what cards can be told", lambda shell=shell: check(shell, "cantigactl --json cards ", {"list", "add", "revoke"})))
        for program in PROGRAMS:
            tests.append((f"{name} offers the options of {program}", lambda shell=shell, program=program: check(shell, program + " --", options_of(program))))
    if WITH_PLAYER:
        tests.append(("the man page of cantiga is well formed, and names every option", lambda: check_page("cantiga.1", options_of("cantiga"))))
        tests.append(("the man page of cantiga-demo-render is well formed, and names what it takes", lambda: check_page("cantiga-demo-render.8", {"--into", "--format"})))
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        why = test()
        failed += why is not None
        print(f"{'not ok' if why else 'ok'} {number} - {name}")
        if why:
            print("# " + why)
    return 1 if failed else 0


sys.exit(main())
