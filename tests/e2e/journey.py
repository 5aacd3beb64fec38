"""What the end-to-end tests share: a place with a box, cards and players in it, all real programs; and TAP.

A test is a function with the sentence that it shows:

    @journey.test("a title comes out as it went in")
    def _(place):
        ...

journey.main() makes a place for all tests of the file, runs them in order and removes it. Nothing here sleeps to wait: until() asks again and
again, up to a limit.
"""
import array
import contextlib
import fcntl
import glob
import json
import os
import pwd
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True

BUILD = os.environ["CANTIGA_BUILD"]
SOURCE = os.environ["CANTIGA_SOURCE"]
# Who a test is in a namespace of users, where it must not be root: somebody whom the system knows by name, or GLib and others complain.
SOMEBODY = next(user.pw_uid for user in pwd.getpwall() if user.pw_uid != 0)
# How much slower than usual things may be before a limit takes them for stuck: the machine may be busy, and sanitizers make everything slower.
SANITIZED = os.environ.get("CANTIGA_SANITIZED") == "1"
SLOWER = 10 if SANITIZED else 4
PIN = "1234"
DONE, FAILED, USAGE, NOT_FOUND, REFUSED = range(5)

SAID_BY_OTHERS = (
    # The buses of the tests have nobody who shows notifications; GLib says so, and goes on.
    "unable to send notifications through",
    # GTK 4.8, of a row with a GtkStack that is put back into a list after it was looked at (tests/ui/screen.py) while it was in none: the stack's pages were told of still.
    "gtk_at_context_set_accessible_role: assertion '!self->realized' failed",
    # GTK 4 up to 4.18 at least, of a menu that is opened by a press and goes while the button is down, in its own programs too.
    "Broken accounting of active state for widget",
)
PROGRAMS = {
    "cantiga-card": "src/card/cantiga-card",
    "cantiga-demo-render": "data/demo/cantiga-demo-render",
    "cantiga-play": "src/terminal/cantiga-play",
    "cantiga-server": "server/cantiga-server",
    "cantigactl": "server/cantigactl",
}


class Wrong(Exception):
    """What was to be shown is not so."""


class Skip(Exception):
    """What cannot be shown here, and why."""


# ---- saying what is wrong ----

def holds(condition, otherwise):
    if not condition:
        raise Wrong(otherwise)


def equal(got, wanted, what="it"):
    if got != wanted:
        raise Wrong(f"{what} is {brief(got)}, not {brief(wanted)}")


def contains(text, part, what="it"):
    if part not in text:
        raise Wrong(f"{what} does not say “{part}”: {brief(text)}")


def brief(value):
    text = repr(value)
    return text if len(text) < 2000 else text[:1000] + " … " + text[-1000:]


def until(condition, what, limit=20.0):
    """Waits for condition to be true, and returns what it was."""
    start = time.monotonic()
    ends = start + limit * SLOWER
    while True:
        began = time.monotonic()
        value = condition()
        if value:
            return value
        now = time.monotonic()
        if now > ends:
            raise Wrong(f"waited {limit * SLOWER:.0f} s in vain: {what}")
        # To ask keeps others from their work: they get twice as long as that took; and what takes long already is asked for less often.
        time.sleep(min(max(0.005, 2 * (now - began), (now - start) / 10), 0.25))


def free_port():
    """A port that is to be had again, too: not of those that the kernel gives to who asks for any, which another program may get meanwhile."""
    for port in random.sample(range(10000, 32000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port
    raise Wrong("no port is free")


# ---- TAP ----

tests = []


def test(sentence):
    def keep(function):
        tests.append((sentence, function))
        return function
    return keep


def main(make=None):
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    with (make or Place)() as place:
        for number, (sentence, function) in enumerate(tests, 1):
            start = time.monotonic()
            try:
                function(place)
            except Skip as reason:
                print(f"ok {number} - {sentence} # SKIP {reason}", flush=True)
            except Exception as error:  # pylint: disable=broad-except
                failed += 1
                for line in ("".join(traceback.format_exception(error)) + place.tell()).splitlines():
                    print("#", line)
                print(f"not ok {number} - {sentence}", flush=True)
            else:
                print(f"ok {number} - {sentence}")
            print(f"# {time.monotonic() - start:.1f} s", flush=True)
    sys.exit(1 if failed else 0)


def skip_all(reason):
    """Where nothing can run: each test is counted as skipped."""
    print(f"1..{len(tests)}")
    for number, (sentence, _) in enumerate(tests, 1):
        print(f"ok {number} - {sentence} # SKIP {reason}")
    sys.exit(0)


# ---- programs ----

def path_of(program):
    return os.path.join(BUILD, PROGRAMS[program])


def module():
    """SoftHSM's PKCS#11 module."""
    found = glob.glob("/usr/lib/*/softhsm/libsofthsm2.so") + glob.glob("/usr/lib/softhsm/libsofthsm2.so")
    holds(found, "SoftHSM is not installed")
    return found[0]


class Ran:
    """A program that has ended."""

    def __init__(self, arguments, status, out, err):
        self.arguments, self.status, self.out, self.err = arguments, status, out, err

    @property
    def sentence(self):
        """The one line of reason on stderr: without the program's name."""
        lines = [line for line in self.err.splitlines() if line.startswith(os.path.basename(self.arguments[0]) + ": ")]
        holds(lines, f"{self.arguments} gives no reason: {brief(self.err)}")
        return lines[-1].split(": ", 1)[1]

    @property
    def json(self):
        """The last line of stdout, as JSON."""
        lines = self.out.strip().splitlines()
        holds(lines, f"{self.arguments} wrote nothing")
        return json.loads(lines[-1])

    @property
    def jsons(self):
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]


class Running:
    """A program that runs."""

    def __init__(self, arguments, env, stdin=None, pin=None, cwd=None, prefix=()):
        self.arguments = [path_of(arguments[0]) if arguments[0] in PROGRAMS else arguments[0], *map(str, arguments[1:])]
        inherited = []
        if pin is not None:
            reading, writing = os.pipe()
            os.write(writing, pin.encode() + b"\n")
            os.close(writing)
            inherited.append(reading)
            self.arguments += ["--pin-fd", str(reading)]
        self.err_file = tempfile.TemporaryFile()
        self.out_file = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*prefix, *self.arguments], env=env, cwd=cwd, stdin=stdin or subprocess.DEVNULL, stdout=self.out_file,
                                        stderr=self.err_file, pass_fds=inherited)
        for descriptor in inherited:
            os.close(descriptor)

    @property
    def pid(self):
        return self.process.pid

    @property
    def ended(self):
        return self.process.poll() is not None

    def read(self, stream):
        size = os.fstat(stream.fileno()).st_size
        return os.pread(stream.fileno(), size, 0).decode(errors="replace")

    @property
    def out(self):
        return self.read(self.out_file)

    @property
    def err(self):
        return self.read(self.err_file)

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, ok=DONE, limit=60.0):
        """Waits for its end; ok is the status that it must have (None: any)."""
        try:
            status = self.process.wait(limit * SLOWER)
        except subprocess.TimeoutExpired:
            self.end()
            raise Wrong(f"{self.arguments} did not end in {limit * SLOWER:.0f} s\n{self.out}\n{self.err}") from None
        ran = Ran(self.arguments, status, self.out, self.err)
        if ok is not None and status != ok:
            raise Wrong(f"{self.arguments} ended with {status}, not {ok}\n{brief(ran.out)}\n{ran.err}")
        holds("AddressSanitizer" not in ran.err and "runtime error:" not in ran.err, ran.err)
        said = "\n".join(line for line in ran.err.splitlines() if not any(other in line for other in SAID_BY_OTHERS))
        holds("CRITICAL" not in said and "WARNING **" not in said, f"{self.arguments}: {said}")
        return ran

    def end(self):
        """However it is doing."""
        if not self.ended:
            self.process.kill()
            self.process.wait(60 * SLOWER)


# ---- a place, and what is in it ----

# The names of the states that this test asked for.
made = []

class Place:
    """A folder with everything of one test file in it, and what runs there."""

    # Under sanitizers: whether what its servers leak fails it. That takes thrice as long: those do which ask for most routes.
    SEEKS_LEAKS = False

    def __init__(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="cantiga-e2e-"))
        self.running = []
        self.server = None
        self.media_made = {}
        for name in ("home", "tmp", "run", "media", "out"):
            os.mkdir(self.path(name), 0o700)
        self.env = {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": self.path("home"),
            "TMPDIR": self.path("tmp"),
            "XDG_RUNTIME_DIR": self.path("run"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "CANTIGA_CARD_HELPER": path_of("cantiga-card"),
            # Servers of several tests run beside each other.
            "CANTIGA_METRICS_LISTEN": "off",
            # GStreamer looks through its plugins once for all tests, not once for each.
            "GST_REGISTRY": os.environ.get("GST_REGISTRY", os.path.join(BUILD, "tests/e2e/gst-registry.bin")),
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "G_SLICE"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        if SANITIZED:
            self.env["CANTIGA_TAGS"] = self.without_leak_check("cantiga-tags", "server/cantiga-tags")
        self.state = self.path("state")

    def without_leak_check(self, name, program):
        """A program that loads GStreamer, which keeps a lot until the end: for it alone, where a program of ours starts it, leaks are not looked for."""
        script = self.path(name)
        with open(script, "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\nASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" exec "{os.path.join(BUILD, program)}" "$@"\n')
        os.chmod(script, 0o700)
        return script

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for running in self.running:
            running.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tell(self):
        """For a test that failed: what the server said last."""
        return "" if self.server is None else f"the server's log ends:\n{self.server.log[-4000:]}"

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def start(self, *arguments, env=None, **options):
        env = {**(without_leaks(self.env) if arguments[0] in LOAD_OTHERS else {}), **(env or {})}
        running = Running(arguments, {**self.env, **env}, **options)
        self.running = [other for other in self.running if not other.ended] + [running]
        return running

    def run(self, *arguments, ok=DONE, limit=60.0, **options):
        return self.start(*arguments, **options).wait(ok, limit)

    # -- the keeper --

    def ctl(self, *arguments, ok=DONE, state=None, **options):
        return self.run("cantigactl", "--state", state or self.state, *arguments, ok=ok, **options)

    def init(self, name="The box", state=None):
        """A server's state. Where $CANTIGA_MADE is a folder for them, each is made once and copied from then on, as most of it is keys: no two of one test are the same."""
        state = state or self.state
        if "CANTIGA_MADE" not in os.environ:
            self.ctl("init", "--name", name, state=state)
            return
        made.append(name)
        kept = os.path.join(os.environ["CANTIGA_MADE"], f"{name} {made.count(name)}")
        with open(kept + ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.exists(kept):
                self.ctl("init", "--name", name, state=kept + ".new")
                os.rename(kept + ".new", kept)
        shutil.copytree(kept, state)

    def add(self, *paths, **options):
        """The titles, as add tells them."""
        return self.ctl("add", "--json", "--exportable", *paths, **options).jsons

    def serve(self, *arguments, state=None, env=None, port=0, host="127.0.0.1", prefix=()):
        self.server = Server(self, state or self.state, arguments, env or {}, port or free_port(), host, prefix)
        return self.server

    def invite(self, *arguments, server=None, **options):
        return self.ctl("invite", *arguments, "--url", (server or self.server).url, **options).out.strip()

    # -- people --

    def card(self, name="ANA MARIA DOS SANTOS", kind="ec", enrolled=True):
        card = Card(self, name, kind)
        if enrolled:
            self.ctl("cards", "add", card.certificate)
        return card

    def player(self, card=None, name="player", server=None, paired=True):
        player = Player(self, name, card)
        if paired:
            player.pair(self.invite(name, server=server))
        return player

    # -- media --

    def tone(self, name, hertz=440, seconds=4, title=None, options=()):
        """A tone in a file, tagged with its name without ending unless told otherwise."""
        path = self.path("media", name)
        self.run("cantiga-demo-render", "--tone", "--title", title or name.rsplit(".", 1)[0], *options, hertz, seconds, path)
        return path


# Programs that load GStreamer and PKCS#11 modules into themselves, which keep a lot until the end: leaks are not looked for in them.
LOAD_OTHERS = ("cantiga-play", "cantiga-demo-render")


def without_leaks(env):
    return {"ASAN_OPTIONS": env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


class Card:
    """A Citizen Card in software, in a reader of its own."""

    def __init__(self, place, name, kind="ec"):
        self.folder = place.path("card-" + "".join(c for c in name if c.isalnum()))
        self.name = name
        subprocess.run([os.path.join(SOURCE, "tests/card/softhsm.sh"), self.folder, kind, name], env=place.env, check=True)
        self.certificate = os.path.join(self.folder, "card.pem")
        self.env = {"SOFTHSM2_CONF": os.path.join(self.folder, "softhsm2.conf")}

    def add(self, name, kind="ec"):
        """Another person's card in the next slot."""
        subprocess.run([os.path.join(SOURCE, "tests/card/softhsm.sh"), "--add", self.folder, kind, name], check=True)

    def copy(self, name):
        """The same card in another reader: SoftHSM does not serve many programs at once from one folder."""
        other = Card.__new__(Card)
        other.folder, other.name, other.certificate = f"{self.folder}-{name}", self.name, self.certificate
        shutil.copytree(self.folder, other.folder)
        path = os.path.join(other.folder, "softhsm2.conf")
        write(path, read(path).replace(self.folder.encode(), other.folder.encode()))
        other.env = {"SOFTHSM2_CONF": path}
        return other

    @staticmethod
    def none(place):
        """A reader without a card."""
        folder = place.path("no-card")
        os.makedirs(os.path.join(folder, "tokens"), 0o700, exist_ok=True)
        path = os.path.join(folder, "softhsm2.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = true\n")
        card = Card.__new__(Card)
        card.folder, card.name, card.certificate, card.env = folder, None, None, {"SOFTHSM2_CONF": path}
        return card


class Player:
    """An installation of cantiga-play with its state, and the card that lies in its reader."""

    def __init__(self, place, name, card):
        self.place, self.name, self.card = place, name, card
        self.folder = place.path("player-" + name.replace(" ", "-"))

    def start(self, *arguments, pin=PIN, env=None, card=None, **options):
        card = card or self.card
        card_arguments = [] if card is None else ["--card-module", module()]
        return self.place.start("cantiga-play", "--state", self.folder, *card_arguments, *arguments, pin=pin,
                                env={**(card.env if card else {}), **(env or {})}, **options)

    def run(self, *arguments, ok=DONE, limit=60.0, **options):
        return self.start(*arguments, **options).wait(ok, limit)

    def pair(self, link, ok=DONE, **options):
        """Pairs; with a card in the reader it signs in too."""
        return self.run("--invitation", link, "--list", "--json", ok=ok, **options)

    def list(self, *arguments, **options):
        return self.run("--list", "--json", *arguments, **options).json

    def licences(self):
        return self.run("--licences", "--json").json

    def play(self, title, *arguments, output="none", ok=DONE, **options):
        """One play: what it tells at its end, or how it ended if that is not well."""
        ran = self.run("--title", title, "--output", output, "--json", *arguments, ok=ok, **options)
        return ran.json if ok == DONE else ran


class Server:
    """A cantiga-server that serves."""

    def __init__(self, place, state, arguments, env, port, host="127.0.0.1", prefix=()):
        self.place, self.host = place, host
        if SANITIZED:
            # Only a full, slow stack shows that a leak is one of build-aux/leaks-of-others.
            asan = ":fast_unwind_on_malloc=0" if place.SEEKS_LEAKS else ":detect_leaks=0"
            env = {"ASAN_OPTIONS": place.env.get("ASAN_OPTIONS", "") + asan, **env}
        reading, writing = os.pipe()
        self.log_path = place.path(f"server-{time.monotonic_ns()}.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([*prefix, path_of("cantiga-server"), "--state", state, "--listen", f"{host}:{port}", "--ready-fd",
                                             str(writing), *map(str, arguments)], env={**place.env, **env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            pass_fds=[writing])
        os.close(writing)
        place.running.append(self)
        try:
            self.port = self.read_port(reading)
        finally:
            os.close(reading)
        self.url = f"http://127.0.0.1:{self.port}"

    def read_port(self, reading):
        line = b""
        while not line.endswith(b"\n"):
            holds(select.select([reading], [], [], 30 * SLOWER)[0], f"the server did not say that it is ready\n{self.log}")
            more = os.read(reading, 200)
            holds(more, f"the server ended before it was ready\n{self.log}")
            line += more
        holds(line.startswith(f"ready {self.host}:".encode()), f"the server said {line}")
        return int(line.rsplit(b":", 1)[1])

    @property
    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    @property
    def pid(self):
        return self.process.pid

    @property
    def ended(self):
        return self.process.poll() is not None

    def kill(self):
        """As the power goes."""
        self.process.kill()
        self.process.wait()

    def stop(self, ok=DONE, limit=30.0):
        """As systemd does."""
        self.process.terminate()
        status = self.process.wait(limit * SLOWER)
        holds(status == ok, f"the server ended with {status}, not {ok}\n{self.log}")

    def end(self):
        """At the end of a test file: as it is told to, that what it reached is counted (build-aux/coverage); else however it is doing."""
        if not self.ended:
            self.process.terminate()
            try:
                self.process.wait(10 * SLOWER)
            except subprocess.TimeoutExpired:
                self.kill()

    def peak(self):
        return peak_of(self.pid)


# ---- what the system says of a program ----

# Before a program whose descriptors are looked at. What keeps its memory to itself keeps these from all but root too, and there is a root in a namespace of users: who made it.
if os.geteuid() == 0 or subprocess.run(["unshare", "--user", "--map-root-user", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
    LOOKED_INTO = ()
else:
    LOOKED_INTO = ("unshare", "--user", "--map-root-user")


def descriptors_of(pid):
    """What it has open, by number, as text; the program was started with LOOKED_INTO before it, or in a namespace of its own."""
    try:
        return os.listdir(f"/proc/{pid}/fd")
    except PermissionError:
        raise Skip("only root, or who can make a namespace of users, may see what a program has open that keeps to itself") from None


def peak_of(pid):
    """The most memory that a process ever had, in MiB; None once it is gone."""
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    return None


# ---- files ----

def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, contents):
    with open(path, "wb") as file:
        file.write(contents if isinstance(contents, bytes) else contents.encode())
    return path


def walk(*folders):
    """Every folder and file below."""
    for folder in folders:
        yield folder
        for parent, names, files in os.walk(folder):
            for name in names + files:
                yield os.path.join(parent, name)


def wav(path, seconds, title=None, pattern=None, rate=48000):
    """A WAV file of 16 bit stereo whose samples are pattern again and again (silence if none); sparse where it is silent."""
    size = int(seconds * rate) * 4
    info = b""
    if title is not None:
        text = title.encode() + b"\0" * (2 - len(title.encode()) % 2)
        info = b"INFOINAM" + len(text).to_bytes(4, "little") + text
        info = b"LIST" + len(info).to_bytes(4, "little") + info
    form = (b"fmt " + (16).to_bytes(4, "little") + (1).to_bytes(2, "little") + (2).to_bytes(2, "little") + rate.to_bytes(4, "little")
            + (rate * 4).to_bytes(4, "little") + (4).to_bytes(2, "little") + (16).to_bytes(2, "little"))
    head = b"WAVE" + form + info + b"data" + size.to_bytes(4, "little")
    with open(path, "wb") as file:
        file.write(b"RIFF" + (len(head) + size).to_bytes(4, "little") + head)
        if pattern is None:
            file.truncate(len(head) + 8 + size)
        else:
            file.write((pattern * (size // len(pattern) + 1))[:size])
    return path


def ramp(path, seconds, rate=48000):
    """A WAV file whose samples count: left and right are the low and the high 15 bits of the sample's number (tests/e2e/hear.c)."""
    numbers = range(int(seconds * rate))
    samples = array.array("i", ((number & 0x7fff) | (number >> 15) << 16 for number in numbers))
    holds(samples.itemsize == 4 and sys.byteorder == "little", "this machine is not little-endian")
    return wav(path, seconds, pattern=samples.tobytes(), rate=rate)


def connect(port):
    """A connection to the server, for tests that speak for themselves."""
    return socket.create_connection(("127.0.0.1", port), timeout=30 * SLOWER)


def read_answer(connection):
    """Head and body of an answer of HTTP, as long as it says it is; all that comes where it says that the connection is closed after it, or until it is."""
    came, end = b"", -1
    try:
        while True:
            if end < 0 and b"\r\n\r\n" in came:
                end = came.index(b"\r\n\r\n") + 4
            length = re.search(rb"\r\nContent-Length: (\d+)\r\n", came[:end]) if end > 0 and b"\r\nConnection: close\r\n" not in came[:end] else None
            if length and len(came) >= end + int(length[1]):
                return came
            more = connection.recv(1 << 20)
            if not more:
                return came
            came += more
    except ConnectionError:
        return came


now = time.monotonic
interrupt = signal.SIGINT
terminate = signal.SIGTERM
