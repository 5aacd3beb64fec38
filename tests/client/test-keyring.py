#!/usr/bin/python3
"""Where the passphrase is kept, in every surrounding that a player may start in: with a real gnome-keyring on a bus of its own, open, locked, with and
without somebody who answers its question; without one, without a bus; with the portal of a Flatpak. And nothing is lost, whoever is killed when."""
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = os.environ["CANTIGA_BUILD"]
HERE = os.path.dirname(os.path.abspath(__file__))
LOADER = os.path.join(BUILD, "tests/client/keyring-loader")
SLOWER = 10 if os.environ.get("CANTIGA_SANITIZED") == "1" else 4
PASSWORD = "the person's own"
PORTAL = "/usr/libexec/xdg-desktop-portal"
# As long as a bus of its own accord waits for what does not come.
PATIENCE = 25.0

tests = []


def test(sentence):
    def keep(function):
        tests.append((sentence, function))
        return function
    return keep


def holds(condition, otherwise):
    if not condition:
        raise AssertionError(otherwise)


def equal(got, wanted, what):
    holds(got == wanted, f"{what} is {got!r}, not {wanted!r}")


def until(condition, what, limit=20.0):
    ends = time.monotonic() + limit * SLOWER
    while not condition():
        holds(time.monotonic() < ends, f"waited in vain: {what}")
        time.sleep(0.005)


class Home:
    """A person's home, what runs in their session, and the state folder of one player."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="cantiga-keyring-")
        for name in ("home", "run", "services"):
            os.mkdir(self.path(name), 0o700)
        self.state = self.path("state")
        os.mkdir(self.state, 0o700)
        self.running = []
        self.env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": self.path("home"), "XDG_RUNTIME_DIR": self.path("run"), "LC_ALL": "C.UTF-8"}
        self.env.update({name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "G_SLICE") if name in os.environ})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def start(self, *arguments, text=None, **env):
        with open(self.path("log"), "ab") as log:
            process = subprocess.Popen(arguments, env={**self.env, **env}, stdin=subprocess.PIPE if text else subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=log)
        self.running.append(process)
        if text:
            process.stdin.write(text.encode())
            process.stdin.close()
        return process

    def stop(self, process):
        process.kill()
        process.wait()
        self.running.remove(process)

    # ---- the session ----

    def bus(self, *services):
        """services: (name, command) that the bus may start."""
        for name, command in services:
            with open(self.path("services", name + ".service"), "w", encoding="ascii") as file:
                file.write(f"[D-BUS Service]\nName={name}\nExec={command}\n")
        with open(self.path("bus.conf"), "w", encoding="ascii") as file:
            file.write(f"""<busconfig><type>session</type><listen>unix:path={self.path("run", "a-bus")}</listen><auth>EXTERNAL</auth>
                <servicedir>{self.path("services")}</servicedir>
                <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>""")
        daemon = self.start("dbus-daemon", "--nofork", "--print-address", "--config-file", self.path("bus.conf"))
        self.env["DBUS_SESSION_BUS_ADDRESS"] = daemon.stdout.readline().decode().strip()
        return daemon

    def call(self, *arguments):
        return subprocess.run(["gdbus", "call", "--session", *arguments], env=self.env, capture_output=True, text=True, check=False)

    def await_name(self, name):
        until(lambda: "true" in self.call("-d", "org.freedesktop.DBus", "-o", "/", "-m", "org.freedesktop.DBus.NameHasOwner", name).stdout, name)

    def keyring(self, *arguments, text=PASSWORD):
        daemon = self.start("gnome-keyring-daemon", "--foreground", "--components=secrets", *arguments, text=text)
        self.await_name("org.freedesktop.secrets")
        return daemon

    def unlocked(self):
        self.bus()
        return self.keyring("--unlock")

    def lock(self):
        self.call("-d", "org.freedesktop.secrets", "-o", "/org/freedesktop/secrets", "-m", "org.freedesktop.Secret.Service.Lock",
                  "['/org/freedesktop/secrets/collection/login']")
        self.await_locked("true")

    def await_locked(self, locked):
        until(lambda: locked in self.call("-d", "org.freedesktop.secrets", "-o", "/org/freedesktop/secrets/collection/login", "-m",
                                          "org.freedesktop.DBus.Properties.Get", "org.freedesktop.Secret.Collection", "Locked").stdout, locked)

    def unlock(self):
        """As people do who have no window to be asked in."""
        self.keyring("--replace", "--unlock")
        self.await_locked("false")

    def items(self):
        return self.call("-d", "org.freedesktop.secrets", "-o", "/org/freedesktop/secrets", "-m", "org.freedesktop.Secret.Service.SearchItems",
                         "{'application': 'io.github.cantiga.Cantiga'}").stdout.count("collection/login/")

    def prompter(self, password=PASSWORD):
        process = self.start("/usr/bin/python3", os.path.join(HERE, "prompter.py"), password)
        equal(process.stdout.readline(), b"ready\n", "what the prompter says")
        return process

    # ---- the player ----

    def loader(self, *arguments, **env):
        return self.start(LOADER, self.state, *arguments, **env)

    def ask(self, *arguments, limit=60, **env):
        process = self.loader(*arguments, **env)
        out, _ = process.communicate(timeout=limit * SLOWER)
        self.running.remove(process)
        equal(process.returncode, 0, "the loader's status")
        return json.loads(out)

    def load(self, choice="automatic", **env):
        return self.ask(choice, **env)

    def make(self, choice="automatic", **env):
        return self.ask(choice, "make", **env)

    def made(self, choice="automatic", **env):
        made = self.make(choice, **env)
        equal(len(made.get("passphrase", "")), 43, f"the length of the passphrase in {made}")
        return made["passphrase"]

    def status(self, **env):
        return self.ask("status", **env)

    def read(self, name):
        with open(os.path.join(self.state, name), encoding="utf-8") as file:
            return file.read()

    def names(self):
        return sorted(name for name in os.listdir(self.state) if name != "lock")

    def fails(self, answer, error):
        equal(answer.get("error"), error, f"the error in {answer}")
        holds("passphrase" not in answer, "there is a passphrase all the same")


@contextlib.contextmanager
def quickly():
    """Before a bus, by itself, would have given up waiting."""
    start = time.monotonic()
    yield
    holds(time.monotonic() - start < PATIENCE - 2, f"it took {time.monotonic() - start:.1f} s")


# ---- no keyring ----

@test("without a bus it is a file that only its owner reads, at once, and that is said once")
def _(home):
    with quickly():
        made = home.make()
    holds("There is no keyring here" in made["notice"], made)
    equal(home.read("passphrase"), made["passphrase"], "the file")
    equal(os.stat(os.path.join(home.state, "passphrase")).st_mode & 0o777, 0o600, "its mode")
    equal(home.load(), {"passphrase": made["passphrase"]}, "the second time")
    equal(home.status(), {"kept": "file", "reachable": False}, "the status")


@test("a bus that is not there, one that nobody listens at, and one that never answers are all found out quickly")
def _(home):
    deaf = socket.socket(socket.AF_UNIX)
    deaf.bind(home.path("run", "deaf"))
    closed = f"unix:path={home.path('run', 'deaf')}"
    with quickly():
        home.made(DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent/bus")
        equal(home.status(DBUS_SESSION_BUS_ADDRESS=closed)["reachable"], False, "a socket that nobody listens at")
    deaf.listen()
    with quickly():
        equal(home.status(DBUS_SESSION_BUS_ADDRESS=closed)["reachable"], False, "a bus that never answers")
    deaf.close()


@test("on a bus without a keyring it is a file")
def _(home):
    home.bus()
    with quickly():
        holds("notice" in home.make(), "nothing was said")
    equal(home.names(), ["keyring.json", "passphrase"], "the state")


@test("where a keyring could start, but has no collection and can ask nobody to make one, it is a file")
def _(home):
    home.bus(("org.freedesktop.secrets", "/usr/bin/gnome-keyring-daemon --start --foreground --components=secrets"))
    with quickly():
        home.made()
    equal(home.status()["kept"], "file", "where it is kept")


@test("who wants the keyring and has none is told so, and nothing is made")
def _(home):
    home.fails(home.make("secret-service"), "absent")
    home.fails(home.make(CANTIGA_KEYRING="secret-service"), "absent")
    equal(home.names(), [], "the state")
    home.fails(home.make(CANTIGA_KEYRING="wallet"), "usage")


@test("without a passphrase, and without leave to make one, none is made")
def _(home):
    home.fails(home.load(), "configuration")
    home.unlocked()
    home.fails(home.load(), "configuration")
    equal(home.names(), [], "the state")
    equal(home.items(), 0, "the keyring's items")


# ---- a keyring ----

@test("with a keyring nothing secret is in the folder, and nobody needs to be told")
def _(home):
    home.unlocked()
    made = home.make()
    equal(list(made), ["passphrase"], "the answer")
    equal(home.names(), ["keyring.json"], "the state")
    holds(made["passphrase"] not in home.read("keyring.json"), "the marker has the passphrase in it")
    equal(home.load(), made, "the second time")
    equal(home.status(), {"kept": "secret-service", "reachable": True}, "the status")
    equal(home.items(), 1, "the keyring's items")


@test("CANTIGA_KEYRING=file leaves a keyring alone")
def _(home):
    home.unlocked()
    made = home.make(CANTIGA_KEYRING="file")
    equal(list(made), ["passphrase"], "the answer")
    equal(home.read("passphrase"), made["passphrase"], "the file")
    equal(home.items(), 0, "the keyring's items")


@test("a file stays a file when a keyring comes, and two states share a keyring without mixing")
def _(home):
    first = home.made()
    home.unlocked()
    equal(home.load(), {"passphrase": first}, "the file's")
    equal(home.items(), 0, "the keyring's items")
    home.state = home.path("second state")
    os.mkdir(home.state)
    second = home.made()
    home.state = home.path("third state")
    os.mkdir(home.state)
    third = home.made()
    equal(len({first, second, third}), 3, "different passphrases")
    equal(home.load()["passphrase"], third, "the third")
    home.state = home.path("second state")
    equal(home.load()["passphrase"], second, "the second")


@test("a passphrase of an older version, without a marker, is used and never made anew")
def _(home):
    descriptor = os.open(os.path.join(home.state, "passphrase"), os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, b"as it was")
    os.close(descriptor)
    equal(home.status()["kept"], "file", "where it is kept")
    home.unlocked()
    equal(home.make(), {"passphrase": "as it was"}, "the passphrase")
    equal(home.names(), ["keyring.json", "passphrase"], "the state")


@test("a keyring that ends and starts again under a player still has it")
def _(home):
    daemon = home.unlocked()
    made = home.made()
    home.stop(daemon)
    home.fails(home.load(), "absent")
    home.keyring("--unlock")
    equal(home.load()["passphrase"], made, "the passphrase")


# ---- a locked keyring ----

@test("a locked keyring that can ask nobody is said to be locked; unlocked as the error says, it has everything")
def _(home):
    home.unlocked()
    made = home.made()
    home.lock()
    with quickly():
        for choice in "automatic", "secret-service", "file":
            for answer in home.load(choice), home.make(choice):
                home.fails(answer, "locked")
                holds("unlock" in answer["message"] and "lost" in answer["message"], answer["message"])
    equal(home.status(), {**home.status(), "kept": "secret-service", "reachable": True, "error": "locked"}, "the status")
    equal(home.names(), ["keyring.json"], "the state")
    home.unlock()
    equal(home.load()["passphrase"], made, "the passphrase")
    equal(home.items(), 1, "the keyring's items")


@test("a new player with a locked keyring is told so, and may choose a file")
def _(home):
    home.unlocked()
    home.lock()
    answer = home.make()
    home.fails(answer, "locked")
    holds("--keyring file" in answer["message"], answer["message"])
    equal(home.names(), [], "the state")
    home.made("file")


@test("a locked keyring asks the person, who opens it or does not")
def _(home):
    home.unlocked()
    made = home.made()
    home.lock()
    equal(home.status()["error"], "locked", "a look at the status asks nobody")
    refusing = home.prompter("")
    home.fails(home.load(), "locked")
    home.stop(refusing)
    home.prompter()
    equal(home.load()["passphrase"], made, "the passphrase")


@test("a new passphrase in a locked keyring asks the person too")
def _(home):
    home.unlocked()
    home.lock()
    home.prompter()
    made = home.made()
    equal(home.status(), {"kept": "secret-service", "reachable": True}, "the status")
    equal(home.load()["passphrase"], made, "the passphrase")


# ---- what went wrong ----

@test("a keyring without the passphrase that the marker promises is no reason to make another")
def _(home):
    home.unlocked()
    home.made()
    home.call("-d", "org.freedesktop.secrets", "-o", "/org/freedesktop/secrets/collection/login/1", "-m", "org.freedesktop.Secret.Item.Delete")
    until(lambda: home.items() == 0, "the item to go")
    marker = home.read("keyring.json")
    for answer in home.load(), home.make(), home.load("file"), home.make("file"):
        home.fails(answer, "lost")
    equal(home.status()["error"], "lost", "the status")
    equal(home.read("keyring.json"), marker, "the marker")
    equal(home.names(), ["keyring.json"], "the state")


@test("another person's keyring is no reason to make another")
def _(home):
    home.unlocked()
    home.made()
    shutil.copytree(home.state, home.path("copy"))
    with Home() as other:
        other.unlocked()
        other.state = home.path("copy")
        other.fails(other.make(), "lost")


@test("a marker that is damaged, or of a later version, stops everything")
def _(home):
    made = home.made()
    marker = home.read("keyring.json")
    for text in "", "{", '{"backend":"file"}', marker.replace("file", "tpm"), marker.replace(":", ";"):
        with open(os.path.join(home.state, "keyring.json"), "w", encoding="ascii") as file:
            file.write(text)
        home.fails(home.make(), "damaged")
        equal(home.status()["error"], "damaged", "the status")
    equal(home.read("passphrase"), made, "the passphrase")


@test("a file that is gone, or that others can read, is not made anew")
def _(home):
    home.made()
    path = os.path.join(home.state, "passphrase")
    os.chmod(path, 0o640)
    home.fails(home.make(), "configuration")
    equal(home.status()["error"], "configuration", "the status")
    os.unlink(path)
    home.fails(home.make(), "configuration")
    equal(home.names(), ["keyring.json"], "the state")


# ---- moving ----

@test("who says so moves the passphrase, and it is nowhere else then")
def _(home):
    made = home.made()
    home.unlocked()
    moved = home.load("secret-service")
    equal(moved["passphrase"], made, "the passphrase")
    holds("in the keyring now" in moved["notice"], moved)
    equal(home.names(), ["keyring.json"], "the state")
    equal(home.items(), 1, "the keyring's items")
    equal(home.load("secret-service"), {"passphrase": made}, "the second time")
    back = home.load(CANTIGA_KEYRING="file")
    equal(back["passphrase"], made, "the passphrase")
    holds("in a file" in back["notice"], back)
    equal(home.read("passphrase"), made, "the file")
    equal(home.items(), 0, "the keyring's items")


@test("a move that cannot be leaves everything as it was")
def _(home):
    made = home.made()
    home.fails(home.load("secret-service"), "absent")
    home.unlocked()
    home.lock()
    home.fails(home.load("secret-service"), "locked")
    equal(home.load(), {"passphrase": made}, "the passphrase")


@test("a move that was killed after its one step is finished by the next start")
def _(home):
    made = home.made()
    path = os.path.join(home.state, "passphrase")
    shutil.copy(path, home.path("saved"))
    home.unlocked()
    home.load("secret-service")
    shutil.copy(home.path("saved"), path)
    equal(home.load(), {"passphrase": made}, "the passphrase")
    equal(home.names(), ["keyring.json"], "the state")
    # What is another one's is left alone.
    with open(path, "w", encoding="ascii") as file:
        file.write("another")
    equal(home.load(), {"passphrase": made}, "the passphrase")
    equal(home.names(), ["keyring.json", "passphrase"], "the state")


@test("whenever a move is killed, the passphrase is there")
def _(home):
    made = home.made()
    home.unlocked()
    choices = ("secret-service", "file")
    whole = time.monotonic()
    home.load(choices[0])
    whole = time.monotonic() - whole
    landed = set()
    for turn in range(24):
        process = home.loader(choices[(turn + 1) % 2])
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(random.uniform(0, whole))
        home.stop(process)
        answer = home.load()
        equal(answer.get("passphrase"), made, f"the passphrase after {turn} kills in {answer}")
        landed.add(home.status()["kept"])
    # Both kinds of end were seen, or the kills came all too early.
    equal(home.load("secret-service")["passphrase"], made, "the passphrase in the end")
    equal(home.load("file")["passphrase"], made, "the passphrase in the end")
    holds(landed, "nothing was looked at")


@test("however many start at once, they agree")
def _(home):
    home.unlocked()
    running = [home.loader("automatic", "make") for _ in range(6)]
    answers = [json.loads(process.communicate()[0]) for process in running]
    equal(len({answer.get("passphrase") for answer in answers}), 1, f"one passphrase in {answers}")
    equal(home.load()["passphrase"], answers[0]["passphrase"], "the one that stays")
    equal(home.items(), 1, "the keyring's items: what was drawn in vain is cleared")


@test("however many start at once, some of them moving, nothing is lost")
def _(home):
    made = home.made()
    home.unlocked()
    for _ in range(3):
        running = [home.loader(choice) for choice in ("secret-service", "automatic", "file", "secret-service", "file", "automatic")]
        for process in running:
            answer = json.loads(process.communicate()[0])
            # A program whose keyring was emptied under it, between two steps, says so; the next time it is there.
            holds(answer.get("passphrase") == made or "error" in answer, answer)
        equal(home.load()["passphrase"], made, "the passphrase")


# ---- a Flatpak ----

@test("libsecret's file, which a Flatpak gets: kept, found, and no other made under another password")
def _(home):
    right = {"SECRET_BACKEND": "file", "SECRET_FILE_TEST_PATH": home.path("sealed"), "SECRET_FILE_TEST_PASSWORD": "one"}
    made = home.make(**right)
    equal(list(made), ["passphrase"], "the answer")
    equal(home.names(), ["keyring.json"], "the state")
    equal(home.load(**right), made, "the second time")
    home.fails(home.make(**{**right, "SECRET_FILE_TEST_PASSWORD": "two"}), "lost")
    equal(home.load(**right), made, "the third time")


@test("the portal itself, with gnome-keyring behind it: open, and locked")
def _(home):
    home.bus(("org.freedesktop.portal.Desktop", PORTAL), ("org.freedesktop.impl.portal.PermissionStore", "/usr/libexec/xdg-permission-store"))
    home.env.update(XDG_CURRENT_DESKTOP="GNOME", SNAP_NAME="x")
    daemon = home.keyring("--unlock")
    made = home.make()
    equal(list(made), ["passphrase"], "the answer")
    equal(home.load(), made, "the second time")
    equal(home.items(), 0, "the keyring's own items")
    holds(os.path.exists(home.path("home", ".local/share/keyrings/default.keyring")), "libsecret's file is not where a Flatpak has it")
    home.stop(daemon)
    # Once unlocked, gnome-keyring gives the portal's secret as long as it lives: a fresh one is locked.
    home.keyring("--start", text=None)
    home.fails(home.load(), "locked")
    home.unlock()
    equal(home.load(), made, "the last time")


@test("in a Flatpak without a portal it is a file")
def _(home):
    home.bus()
    with quickly():
        holds("notice" in home.make(SNAP_NAME="x"), "nothing was said")
    equal(home.status()["kept"], "file", "where it is kept")


def main():
    print(f"1..{len(tests)}", flush=True)
    failed = False
    for number, (sentence, function) in enumerate(tests, 1):
        start = time.monotonic()
        with Home() as home:
            try:
                function(home)
                print(f"ok {number} - {sentence}")
            except Exception as error:  # pylint: disable=broad-except
                failed = True
                with open(home.path("log"), encoding="utf-8", errors="replace") as log:
                    for line in ("".join(traceback.format_exception(error)) + log.read()[-3000:]).splitlines():
                        print("#", line)
                print(f"not ok {number} - {sentence}")
        print(f"# {time.monotonic() - start:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
