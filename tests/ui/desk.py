"""A desk for the desktop player: a display without a screen, a session bus of its own, and hands and eyes on what the program shows (AT-SPI).

What looks at the screen (screen.py) needs Debian's own Python with its GObject introspection, inside the bus: Desk starts itself again there (see enter()).
"""
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["CANTIGA_SOURCE"], "tests", "e2e"))
import journey  # noqa: E402
import screen  # noqa: E402


BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=%s</listen>
  <servicedir>%s</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
# What it says of itself on its standard output is no line of TAP.
ACCESSIBILITY = "[D-BUS Service]\nName=org.a11y.Bus\nExec=/bin/sh -c \"exec /usr/libexec/at-spi-bus-launcher >/dev/null\"\n"
SETTINGS = "[Settings]\ngtk-font-name=Cantarell 11\ngtk-icon-theme-name=Adwaita\n"

GAP_MAX_MS = 250
PROGRAM = "io.github.cantiga.Cantiga"
# The window is told of the place four times a second.
STEPS, LEAP_SECONDS = 2, 3.0


def write_settings(config, **settings):
    """What the desktop around a program would set; GTK reads it as a program starts."""
    with open(os.path.join(config, "gtk-4.0", "settings.ini"), "w", encoding="ascii") as file:
        file.write(SETTINGS + "".join(f"{name.replace('_', '-')}={value}\n" for name, value in settings.items()))


def free_display():
    """A number that no other display has. One in another network, as those of tests with machines of their own, would find each small number free, take the other's socket away,
    and be shown its windows, which end with it."""
    return next(number for number in random.sample(range(100, 50000), 100) if not os.path.exists(f"/tmp/.X11-unix/X{number}"))


def enter(size="1000x700", animations=False):
    """Starts this script again on a display and a bus of its own, and ends with it; returns only there."""
    os.environ.setdefault("CANTIGA_DESK_SIZE", size)
    if os.environ.get("CANTIGA_DESK"):
        return
    with tempfile.TemporaryDirectory(prefix="cantiga-desk-") as folder:
        for name in ("run", "home", "services", "home/config/gtk-4.0"):
            os.makedirs(os.path.join(folder, name), 0o700, exist_ok=True)
        with open(os.path.join(folder, "services", "a11y.service"), "w", encoding="ascii") as file:
            file.write(ACCESSIBILITY)
        with open(os.path.join(folder, "bus.conf"), "w", encoding="ascii") as file:
            file.write(BUS % (folder, os.path.join(folder, "services")))
        write_settings(os.path.join(folder, "home/config"), gtk_enable_animations=int(animations))
        reading, writing = os.pipe()
        # -noreset: without it the display dies with its first client.
        display = subprocess.Popen(["Xvfb", f":{free_display()}", "-noreset", "-nolisten", "tcp", "-screen", "0", size + "x24", "-displayfd", str(writing)], pass_fds=[writing],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writing)
        try:
            number = os.fdopen(reading).readline().strip()
            env = {**os.environ, "CANTIGA_DESK": folder, "DISPLAY": ":" + number, "XDG_RUNTIME_DIR": os.path.join(folder, "run"),
                   "HOME": os.path.join(folder, "home"), "XDG_CONFIG_HOME": os.path.join(folder, "home/config"), "GSETTINGS_BACKEND": "memory",
                   "GSK_RENDERER": "cairo", "GDK_BACKEND": "x11", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
            for name in ("GTK_A11Y", "NO_AT_BRIDGE", "WAYLAND_DISPLAY", "AT_SPI_BUS_ADDRESS"):
                env.pop(name, None)
            status = subprocess.call(["dbus-run-session", "--config-file=" + os.path.join(folder, "bus.conf"), "--", "/usr/bin/python3"] + sys.argv, env=env)
        finally:
            # It takes its socket with it.
            display.terminate()
            display.wait()
    sys.exit(status)


class Desk(journey.Place):
    """A place with a person in front of the program."""

    def __init__(self):
        super().__init__()
        for name in ("DISPLAY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "GSETTINGS_BACKEND", "GSK_RENDERER", "GDK_BACKEND", "XDG_CONFIG_HOME"):
            self.env[name] = os.environ[name]
        self.env["CANTIGA_LOCALEDIR"] = os.path.join(journey.BUILD, "po")
        # Nothing is heard, whatever the machine has; time goes on all the same.
        self.env["PULSE_SERVER"] = "/nonexistent"
        self.program = None
        self.whole = True
        self.size = "1000x700+0+0"

    def open(self, *arguments, card=None, env=None, state=None, module=None, probe=True, **options):
        """Starts the player, and waits until its window can be seen. module: whose cards it sees, "" for those of p11-kit's configuration."""
        modules = [] if module == "" else ["--card-module", module or journey.module()]
        self.program = self.start(os.path.join(journey.BUILD, "src/ui/cantiga"), "--state", state or self.path("player"), *modules, *arguments,
                                  env={**({"CANTIGA_PROBE": "1"} if probe else {}), **journey.without_leaks(self.env), **(card.env if card else {}), **(env or {})}, **options)
        self.window = self.root = None
        self.screen = screen.Screen(self.program.pid)
        self.window = self.root = journey.until(lambda: self.find_window("Cantiga"), "the program's window")
        if probe:
            self.start_anew()
        return self.program

    def set_before(self, key, value):
        """A setting that is there before the program starts; from now on settings are kept from one start to the next."""
        self.env["GSETTINGS_BACKEND"] = "keyfile"
        folder = os.path.join(self.env["XDG_CONFIG_HOME"], "glib-2.0", "settings")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "keyfile"), "a", encoding="utf-8") as file:
            file.write(f"[io/github/cantiga/Cantiga]\n{key}={value}\n")

    def wear(self, **settings):
        """How the desktop looks from the next start on, beside what every desk has."""
        write_settings(self.env["XDG_CONFIG_HOME"], **{"gtk_enable_animations": 0, **settings})

    def scale_text(self, factor):
        """As the desktop's own setting for large text does, from the next start on. GTK asks the display: its settings file has no say in it."""
        subprocess.run(["xprop", "-root", "-format", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER", f"Xft.dpi:\t{96 * factor:.0f}\n"], env=self.env, check=True)

    def tell(self):
        said = "" if self.program is None else f"the program said:\n{self.program.err}\n"
        shown = ""
        if "CANTIGA_PICTURES" in os.environ:
            self.picture(os.path.join(os.environ["CANTIGA_PICTURES"], f"failed-{int(time.time())}.png"))
        with contextlib.suppress(Exception):
            shown = "on the screen:\n" + "\n".join(self.names()) + "\n"
        return said + shown + super().tell()

    # -- eyes --

    def find_window(self, name):
        self.runs()
        return self.screen.find_window(name)

    def runs(self):
        if self.program.ended:
            raise journey.Wrong(f"the program ended with {self.program.process.returncode}: {self.program.err}")

    def look_at(self, name):
        """From now on, only this window is looked at. GTK 4.8 dies when it is asked for its windows while one of them closes, so nothing else asks."""
        self.root = journey.until(lambda: self.find_window(name), f"a window “{name}”")

    def count_windows(self):
        """How many can be seen: the display is asked, as the program may be about to close one (see look_at())."""
        return len(subprocess.run(["xdotool", "search", "--all", "--onlyvisible", "--pid", str(self.program.pid), "--class", "."], env=self.env, check=False,
                                  capture_output=True, text=True).stdout.split())

    def dismiss(self, button):
        """The dialog that is looked at, by one of its buttons; and it is gone."""
        before = self.count_windows()
        self.press(button)
        self.look_back()
        journey.until(lambda: self.count_windows() < before, "the dialog goes")

    def look_back(self):
        """At the main window."""
        self.root = self.window

    def walk(self, node=None):
        """Everything in the window, or in node, as it is now; not what buttons and tabs are made of."""
        try:
            top = self.screen.look(self.root)
        except screen.Gone:
            self.runs()
            raise
        if node is not None:
            top = next((other for other in top.walk() if other.path == node.path), None)
            journey.holds(top is not None, f"{node.role} “{node.name}” is not in the window any more")
        return top.walk()

    def names(self):
        return [f"{node.role}: {node.name}" for node in self.walk() if node.name]

    def each(self, name, role=None):
        """What is called so, exactly; or begins so, if name ends in …: one after the other, as long as they are asked for."""
        def fits(text):
            return text.startswith(name[:-1]) if name.endswith("…") else text == name
        for node in self.walk():
            if fits(node.name) and role in (None, node.role) and node.is_laid_out:
                yield node

    def nameless(self):
        """What can be reached and pressed, and has no name of its own: GTK then tells what it is made of."""
        # GTK 4.8 says of what scrolls that it can be reached.
        return [f"{node.role} “{node.name}”" for node in self.walk()
                if node.is_focusable and node.role != "scroll pane" and (not node.name or re.match("(Gtk|Adw|Cantiga)[A-Z]", node.name)) and node.is_laid_out]

    def name_all(self, where):
        """Waits until all that can be reached and pressed has a name: a row is there before it is told what it shows."""
        with contextlib.suppress(journey.Wrong):
            journey.until(lambda: not self.nameless(), "all have a name", 2.0)
        journey.equal(self.nameless(), [], f"what has no name {where}")

    def all(self, name, role=None):
        return list(self.each(name, role))

    def see(self, name, role=None, limit=20.0):
        """Waits until it is there."""
        return journey.until(lambda: next(self.each(name, role), None), f"“{name}” is on the screen", limit)

    def see_no(self, name, limit=20.0):
        journey.until(lambda: not self.all(name), f"“{name}” goes from the screen", limit)

    def in_toast(self):
        """What stands in the toast that is shown."""
        with contextlib.suppress(screen.Gone):
            for node in self.screen.look(self.window).walk():
                if node.name == "AdwToastWidget":
                    return list(node.walk())
        return []

    def see_toast(self, text):
        journey.until(lambda: any(node.name == text for node in self.in_toast()), f"a toast says “{text}”")

    # -- hands --

    def press(self, name, role="push button"):
        """The first of that name that can be pressed."""
        def pressed():
            for node in self.each(name, role):
                with contextlib.suppress(screen.Gone):
                    if node.is_sensitive:
                        return node.press()
            return False
        journey.until(pressed, f"“{name}” can be pressed")

    def can_press(self, name):
        return any(node.is_sensitive for node in self.all(name, "push button"))

    def write(self, name, text, role=None):
        def written():
            for node in self.each(name, role):
                with contextlib.suppress(screen.Gone):
                    return node.write(text)
            return False
        journey.until(written, f"there is an entry “{name}” to write into")

    def click(self, name, role=None, button=1):
        """With the mouse, in its middle; what is pressed only so and by keys."""
        box = self.see(name, role).box
        subprocess.run(["xdotool", "mousemove", str(box.x + box.width // 2), str(box.y + box.height // 2), "click", str(button)], env=self.env, check=True)

    def undo(self):
        """By the toast that offers it, which then goes."""
        def undone():
            # The toast may go while it is looked at.
            with contextlib.suppress(screen.Gone):
                return next((node for node in self.in_toast() if node.role == "push button" and node.name.startswith("Undo") and node.press()), None)
            return None
        button = journey.until(undone, "a toast offers to undo")
        # GTK presses a button a quarter of a second after it is told to, and not at all if another toast comes before.
        journey.until(lambda: button.path not in [node.path for node in self.in_toast()], "the toast goes with what it offered")

    def key(self, *keys):
        subprocess.run(["xdotool", "key", *keys], env=self.env, check=True)

    def type(self, text):
        """As keys do it, one after the other."""
        subprocess.run(["xdotool", "type", "--delay", "8", text], env=self.env, check=True)

    def focused(self, within=None):
        """What has the keyboard; None if it is what nobody can name."""
        return next((node for node in self.walk(within) if node.is_focused), None)

    def is_at(self, name, role=None):
        """Waits until the keyboard is there."""
        def arrived():
            node = self.focused()
            return node is not None and (node.name.startswith(name[:-1]) if name.endswith("…") else node.name == name) and role in (None, node.role)
        journey.until(arrived, f"the keyboard is at “{name}”")

    def tab_into(self, within, key="Tab"):
        """Goes on from control to control until one within is reached."""
        for _ in range(40):
            self.key(key)
            if self.focused(within) is not None:
                return
        raise journey.Wrong(f"“{within.name}” is not reached with {key}")

    def tab_to(self, name, role=None, key="Tab"):
        self.tab_into(self.see(name, role), key)

    def outside(self, within=None):
        """What stands in part where the window is not: it cannot be seen there, nor pressed. What has no name only holds others, and may have a margin."""
        width = int(self.size.split("x")[0])
        found = []
        for node in self.walk(within):
            with contextlib.suppress(screen.Gone):
                box = node.box
                if node.name and box.width > 1 and (box.x < 0 or box.x + box.width > width):
                    found.append(f"{node.role} “{node.name}” from {box.x} to {box.x + box.width}")
        return found

    def windows(self, name="."):
        """The program's windows on the display, menus among them; the oldest first."""
        found = subprocess.run(["xdotool", "search", "--all", "--onlyvisible", "--pid", str(self.program.pid), "--name", name], env=self.env, check=False,
                               capture_output=True, text=True).stdout.split()
        return sorted(found, key=int)

    def focus(self, name="Cantiga", limit=20.0):
        """There is no window manager that would give the keyboard to a new window."""
        # The display tells of none while one that it looks at goes.
        window, *_ = journey.until(lambda: self.windows(f"^{name}$"), f"a window “{name}” is on the display", limit)
        subprocess.run(["xdotool", "windowfocus", "--sync", window], env=self.env, check=True)

    def quit(self):
        """With the keyboard, which a dialog that is just closing may still have."""
        def gone():
            with contextlib.suppress(subprocess.CalledProcessError, journey.Wrong):
                self.focus(limit=0)
                self.key("ctrl+q")
            return self.program.ended
        journey.until(gone, "the program ends")
        self.program.wait()

    def at(self):
        """The place in what plays, in seconds."""
        return self.see("Position", "slider").value

    def set_place(self, seconds):
        self.see("Position", "slider").value = seconds

    def plays_on(self):
        """Time goes on, by small steps: what leaps was sought or is another title, and one place more than before alone proves nothing."""
        steps = [self.at()]

        def moved():
            at = self.at()
            if not 0 <= at - steps[-1] < LEAP_SECONDS:
                steps.clear()
            if not steps or at > steps[-1]:
                steps.append(at)
            return len(steps) > STEPS
        journey.until(moved, "time goes on in what plays")

    def activate(self, action, parameter=""):
        """A window action, as a menu does it."""
        self.activate_of_program(action, parameter, "/window/1")

    def activate_of_program(self, action, parameter="", path=""):
        self.actions("Activate", "(sava{sv})", f"('{action}', [{parameter}], {{}})", path)

    @staticmethod
    def actions(method, types, values, path=""):
        return screen.on_bus(PROGRAM, "/io/github/cantiga/Cantiga" + path, "org.gtk.Actions." + method, types, values)

    @staticmethod
    def mpris(method, types="()", values="()"):
        """What players are asked over the bus."""
        return screen.on_bus("org.mpris.MediaPlayer2." + PROGRAM, "/org/mpris/MediaPlayer2", method, types, values)

    def mpris_property(self, name, interface="org.mpris.MediaPlayer2"):
        return self.mpris("org.freedesktop.DBus.Properties.Get", "(ss)", f"('{interface}', '{name}')")

    def longest_gap(self):
        """The longest turn of the program's main loop (with CANTIGA_PROBE): milliseconds of time, and of the processor's."""
        return tuple(float(number) for number in re.search(r"\((\d+\.?\d*), (\d+\.?\d*)\)", self.actions("Describe", "(s)", "('longest-gap',)")).groups())

    def tell_longest_gap(self):
        """Fails where the screen stood still; the machine may be busy, so much more is allowed than tests/bench/bench-ui shows."""
        time_away, work = self.longest_gap()
        print(f"# the longest turn of the main loop: {time_away:.0f} ms, {work:.0f} ms of them work")
        journey.holds(work < GAP_MAX_MS, f"the main loop was at work for {work:.0f} ms at once")

    def start_anew(self):
        """Turns before this one do not count."""
        self.actions("SetState", "(sva{sv})", "('longest-gap', <(0.0, 0.0)>, {})")

    def width(self):
        """Of the window that is looked at, in pixels."""
        return next(self.walk()).box.width

    def resize(self, width, height):
        """The window without its border; there is no compositor, so GTK draws one of 5 pixels within."""
        whole = [int(number) for number in os.environ["CANTIGA_DESK_SIZE"].split("x")]
        width, height = min(width + 10, whole[0]), min(height + 10, whole[1])
        subprocess.run(["xdotool", "windowsize", "--sync", self.windows("Cantiga")[0], str(width), str(height)], env=self.env, check=True)
        self.size = f"{width}x{height}+0+0"

    def show(self, name):
        """For who wants to look: a picture in $CANTIGA_PICTURES."""
        if "CANTIGA_PICTURES" in os.environ:
            wait(0.6)
            self.picture(os.path.join(os.environ["CANTIGA_PICTURES"], name + ".png"))

    def picture(self, path):
        subprocess.run(["import", "-window", "root", "-crop", self.size, "+repage", path], env=self.env, check=True)


class Room(Desk):
    """A box with three titles, and Ana's card."""

    def __enter__(self):
        super().__enter__()
        self.init("Coro da Sé")
        for name, hertz, options in (("Rosa das rosas", 440, ()), ("Santa Maria, strela do dia", 550, ()), ("Ondas do mar de Vigo", 660, ())):
            self.add(self.tone(name + ".flac", hertz, 60, title=name, options=options))
        self.card_of_ana = self.card()
        self.serve()
        return self


class MockCard:
    """A card whose module behaves as the words in a file say at that moment; tests/card/mock-module.c has the words."""

    MODULE = os.path.join(journey.BUILD, "tests/card/libmock-card.so")

    def __init__(self, place):
        self.place, self.words = place, place.path("mock")
        # Whatever card service the machine has is none of this desk's.
        self.env = {"CANTIGA_MOCK_CARD": self.words, "PCSCLITE_CSOCK_NAME": place.path("no-pcscd")}
        self.say("empty")

    def say(self, words):
        journey.write(self.words + ".new", words)
        os.rename(self.words + ".new", self.words)

    def fresh(self, words):
        """Another card: the module makes it when cantiga-card starts."""
        self.say(words)
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError, ValueError):
                with open(f"/proc/{int(name)}/stat", encoding="ascii", errors="replace") as stat:
                    before, after = stat.read().rsplit(")", 1)
                if before.endswith("(cantiga-card") and int(after.split()[1]) == self.place.program.pid:
                    os.kill(int(name), signal.SIGKILL)


def step(sentence):
    """A test that begins where the one before ended: once one fails, those behind it fail at once."""
    def keep(function):
        def take(place):
            journey.holds(place.whole, "a step before this one failed")
            place.whole = False
            function(place)
            place.whole = True
        journey.test(sentence)(take)
        return function
    return keep


def wait(seconds):
    """For pictures alone: what moves comes to rest."""
    time.sleep(seconds)
