"""Eyes and hands on what a program shows, over the accessibility bus (AT-SPI), as a screen reader has them.

Asked for one thing after the other, as libatspi does, a window takes thousands of messages at each look, and most of the processor's time of a test. So a
look asks once for all that GTK has told of before (Cache.GetItems), and for the children of those alone of which that is not all: GTK tells of nothing
that nobody asked for yet.
"""
import ast
import collections
import functools
import re

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

ROOT = "/org/a11y/atspi/accessible/root"
ACCESSIBLE = "org.a11y.atspi.Accessible"
# What they are made of is none of a person's business.
WHOLE = ("label", "page tab list", "image", "slider")
IN_WINDOW = int(Atspi.CoordType.WINDOW)
PATIENCE_MS = 60_000

TEXT = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
# One of GetItems' as GVariant's text has it, which GLib writes in a tenth of the time that Python takes for the values: its path, its parent's, its place
# among that one's children and how many it has itself; name, role, description and states.
ITEM = re.compile(rf"\(\('[^']*', '([^']*)'\), \('[^']*', '[^']*'\), \('[^']*', '([^']*)'\), (-?\d+), (-?\d+), \[[^\]]*\], ({TEXT}), (\d+), ({TEXT}), \[(\d+), (\d+)\]\)")
Box = collections.namedtuple("Box", "x y width height")


def on_bus(name, path, method, types="()", values="()"):
    """What a program answers on the session's bus, as GVariant's text. values: GVariant's text too, of these types. Done here, without another program for each question."""
    return Gio.bus_get_sync(Gio.BusType.SESSION).call_sync(name, path, *method.rsplit(".", 1), GLib.Variant.parse(GLib.VariantType(types), values, None, None), None,
                                                           Gio.DBusCallFlags.NO_AUTO_START, PATIENCE_MS, None).print_(True)


class Gone(Exception):
    """What was looked at is not there any more, or cannot be asked that."""


def plain(text):
    return ast.literal_eval(text) if "\\" in text else text[1:-1]


@functools.cache
def role_of(number):
    return Atspi.role_get_name(Atspi.Role(int(number)))


@functools.cache
def bit_of(state):
    return 1 << int(state)


class Node:
    """Something in a window, as it was when it was looked at; box, value and what hands do are of now."""

    def __init__(self, screen, found):
        self.screen = screen
        self.path, self.parent, index, n_children, name, role, description, low, high = found
        self.index, self.n_children = int(index), int(n_children)
        self.name, self.description = plain(name), plain(description)
        self.role = role_of(role)
        self.states = int(low) | int(high) << 32
        self.children = []

    def is_in(self, state):
        return bool(self.states & bit_of(state))

    @property
    def is_sensitive(self):
        return self.is_in(Atspi.StateType.SENSITIVE)

    @property
    def is_checked(self):
        return self.is_in(Atspi.StateType.CHECKED)

    @property
    def is_focusable(self):
        return self.is_in(Atspi.StateType.FOCUSABLE)

    @property
    def is_focused(self):
        return self.is_in(Atspi.StateType.FOCUSED)

    @property
    def lacks_children(self):
        """Whether others should be among them. Their places are not always counted from 0, but all different."""
        return self.role not in WHOLE and not len(self.children) == self.n_children == len({child.index for child in self.children})

    def walk(self):
        yield self
        if self.role not in WHOLE:
            for child in self.children:
                yield from child.walk()

    @property
    def box(self):
        return Box(*self.screen.call(self.path, "org.a11y.atspi.Component", "GetExtents", GLib.Variant("(u)", (IN_WINDOW,)))[0])

    @property
    def is_laid_out(self):
        """GTK 4.8 tells of pages that are not shown as well: they have no place until they are shown once."""
        try:
            return self.box.width > 1
        except Gone:
            return False

    @property
    def value(self):
        return self.screen.call(self.path, "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", ("org.a11y.atspi.Value", "CurrentValue")))[0]

    @value.setter
    def value(self, value):
        self.screen.call(self.path, "org.freedesktop.DBus.Properties", "Set",
                         GLib.Variant("(ssv)", ("org.a11y.atspi.Value", "CurrentValue", GLib.Variant("d", value))))

    def press(self):
        return self.screen.call(self.path, "org.a11y.atspi.Action", "DoAction", GLib.Variant("(i)", (0,)))[0]

    def write(self, text):
        return self.screen.call(self.path, "org.a11y.atspi.EditableText", "SetTextContents", GLib.Variant("(s)", (text,)))[0]


class Screen:
    """What one program shows."""

    def __init__(self, pid):
        self.pid = pid
        address, = Gio.bus_get_sync(Gio.BusType.SESSION).call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None,
                                                                   Gio.DBusCallFlags.NONE, PATIENCE_MS, None).unpack()
        self.bus = Gio.DBusConnection.new_for_address_sync(address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION,
                                                           None, None)
        self.name = None
        # Of what was told of and is hidden now: only a signal says so.
        self.hidden = set()

    def ask(self, name, path, interface, method, parameters=None):
        try:
            return self.bus.call_sync(name, path, interface, method, parameters, None, Gio.DBusCallFlags.NO_AUTO_START, PATIENCE_MS, None)
        except GLib.Error as error:
            raise Gone(f"{method} of {path}: {error.message}") from None

    def call(self, path, interface, method, parameters=None):
        return self.ask(self.name, path, interface, method, parameters).unpack()

    def ask_bus(self, method, *name):
        return self.ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method, GLib.Variant("(s)", name)).unpack()[0]

    def find_program(self):
        """Whether it has told the registry of itself: before, GTK cannot be asked for its windows."""
        def is_its(name):
            try:
                return self.ask_bus("GetConnectionUnixProcessID", name) == self.pid
            except Gone:
                return False
        if self.name is None:
            programs = self.ask("org.a11y.atspi.Registry", ROOT, ACCESSIBLE, "GetChildren").unpack()[0]
            self.name = next((name for name, _ in programs if is_its(name)), None)
            if self.name is not None:
                self.bus.signal_subscribe(self.name, "org.a11y.atspi.Event.Object", "ChildrenChanged", None, None, Gio.DBusSignalFlags.NONE, self.hear)
        return self.name is not None

    def hear(self, *signal):
        what, _, _, (_, child), _ = signal[5].unpack()
        if what == "remove":
            self.hidden.add(child)
        else:
            self.hidden.discard(child)

    def find_window(self, name):
        """Where it is, None if it is not. GTK 4.8 dies when it is asked for its windows while one of them closes."""
        try:
            if self.find_program():
                self.tell_of([ROOT])
                return next((node.path for node in self.items().values() if node.parent == ROOT and node.name == name), None)
        except Gone:
            pass
        return None

    def tell_of(self, paths, known=()):
        """Makes GTK tell of all below those of paths, and of what is new below it; who their children are."""
        told = {}

        def take(bus, result, path):
            nonlocal awaited
            awaited -= 1
            try:
                told[path] = [child for _, child in bus.call_finish(result).unpack()[0]]
                self.hidden.difference_update(told[path])
            except GLib.Error:
                told[path] = []
        while paths:
            # All at once: each answer is a while on its way.
            awaited = len(paths)
            for path in paths:
                self.bus.call(self.name, path, ACCESSIBLE, "GetChildren", None, None, Gio.DBusCallFlags.NO_AUTO_START, PATIENCE_MS, None, take, path)
            while awaited:
                GLib.MainContext.default().iteration(True)
            paths = [child for path in paths for child in told[path] if child not in known and child not in told]
        return told

    def items(self):
        """All that GTK told of and that is not hidden, by path."""
        text = self.ask(self.name, "/org/a11y/atspi/cache", "org.a11y.atspi.Cache", "GetItems").print_(False)
        # What was said before this answer.
        while GLib.MainContext.default().iteration(False):
            pass
        return {found[0]: Node(self, found) for found in ITEM.findall(text) if found[0] not in self.hidden}

    def look(self, top):
        """The node at path top, with all below it as it is now."""
        nodes, told = self.items(), {}
        while True:
            if top not in nodes:
                raise Gone(f"there is no {top} any more")
            put_together(nodes, told)
            unsure = [node.path for node in nodes[top].walk() if node.path not in told and node.lacks_children]
            if not unsure:
                return nodes[top]
            told.update(self.tell_of(unsure, nodes))
            if not all(child in nodes for path in unsure for child in told[path]):
                nodes = self.items()


def put_together(nodes, told):
    """Gives each its children: those that were told, else those that say so."""
    for node in nodes.values():
        node.children = [nodes[child] for child in told.get(node.path, ()) if child in nodes]
    for node in nodes.values():
        # Those that are out of use are among them.
        if node.index >= 0 and node.parent in nodes and node.parent not in told:
            nodes[node.parent].children.append(node)
    for node in nodes.values():
        if node.path not in told:
            node.children.sort(key=lambda child: child.index)
