#!/usr/bin/python3
"""What a newcomer starts first: build-aux/run, with a terminal and without."""
import fcntl
import os
import pty
import subprocess
import termios

import journey
from journey import BUILD, DONE, NOT_FOUND, USAGE, Wrong, contains, equal, holds, until


class Place(journey.Place):
    """With one tone for the demo's music: what the scores sound like is another test's."""

    def __init__(self):
        super().__init__()
        self.demo = self.path("demo")
        os.makedirs(os.path.join(self.demo, "music"), 0o700)
        self.tone("Um tom.ogg", seconds=1)
        os.rename(self.path("media", "Um tom.ogg"), os.path.join(self.demo, "music", "Um tom.ogg"))
        journey.write(os.path.join(self.demo, "music", "made"), "")
        self.env["CANTIGA_BUILD"] = BUILD
        self.env.update(journey.without_leaks(self.env))

    def command(self, *arguments):
        return [os.path.join(journey.SOURCE, "build-aux/run"), "--in", self.demo, *arguments]

    def run_demo(self, *arguments, ok=DONE):
        ran = self.run(*self.command(*arguments), ok=ok)
        self.check_nothing_runs()
        return ran

    def check_nothing_runs(self):
        holds(not self.servers(), "a server was left behind")

    def servers(self):
        """The demo's servers that run: ask /proc, as a server left behind has no parent to ask."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                arguments = journey.read(f"/proc/{entry}/cmdline").split(b"\0") if entry.isdigit() else []
            except OSError:
                continue
            if arguments[0:1] == [journey.path_of("cantiga-server").encode()] and os.path.join(self.demo, "server").encode() in arguments:
                found.append(entry)
        return found


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, place, command):
        self.master, slave = pty.openpty()
        self.shown = b""
        os.set_blocking(self.master, False)

        def take_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(command, env={**place.env, "TERM": "xterm"}, stdin=slave, stdout=slave, stderr=slave, preexec_fn=take_terminal)
        os.close(slave)
        place.running.append(self)

    @property
    def ended(self):
        return self.process.poll() is not None

    @property
    def screen(self):
        try:
            while True:
                more = os.read(self.master, 65536)
                if not more:
                    break
                self.shown += more
        except OSError:  # nothing now, or never again
            pass
        return self.shown.decode(errors="replace")

    def await_text(self, text):
        try:
            until(lambda: text in self.screen or self.ended, text, limit=60)
            contains(self.screen, text, "the terminal")
        except Wrong as wrong:
            raise Wrong(f"{wrong}\n{self.screen}") from None

    def type(self, text):
        os.write(self.master, text.encode())

    def wait(self):
        until(lambda: self.screen and self.ended, "the end of what runs at the terminal", limit=60)
        return self.process.returncode

    def end(self):
        if not self.ended:
            self.process.kill()
            self.process.wait()


@journey.test("without a terminal a title plays to its end, and nothing is left behind")
def _(place):
    ran = place.run_demo("--title", "Um tom")
    for step in ("paired", "card accepted", "catalogue here", "licence made", "heard to the end"):
        contains(ran.out, step, "the demo")


@journey.test("the catalogue alone can be shown for programs")
def _(place):
    contains(place.run_demo("--", "--list", "--json").out, '"Um tom"', "the catalogue for programs")


@journey.test("the status is the player's")
def _(place):
    place.run_demo("--title", "Nada", ok=NOT_FOUND)


@journey.test("what is not an option is refused before anything is done")
def _(place):
    contains(place.run_demo("--titel", "Um tom", ok=USAGE).err, "--titel is not an option")
    place.run_demo("--title", ok=USAGE)


@journey.test("at a terminal the catalogue is there to choose from, and q leaves")
def _(place):
    terminal = Terminal(place, place.command())
    terminal.await_text("q to leave")
    holds(place.servers(), "no server is found while the demo runs")
    terminal.type("q\n")
    equal(terminal.wait(), DONE, "the status")
    place.check_nothing_runs()


@journey.test("Ctrl+C at the catalogue ends the player and the server")
def _(place):
    terminal = Terminal(place, place.command())
    terminal.await_text("q to leave")
    terminal.type("\x03")
    terminal.wait()
    place.check_nothing_runs()


@journey.test("a second demo in the same folder is refused while one runs; a killed one takes its server with it, and the next one shows the catalogue alone")
def _(place):
    terminal = Terminal(place, place.command())
    terminal.await_text("q to leave")
    contains(place.run(*place.command("--list"), ok=1).err, "running already")
    terminal.end()
    until(lambda: not place.servers(), "the server ends when the demo is killed")
    contains(place.run_demo("--list").out, "Um tom", "the catalogue")


journey.main(Place)
