#!/usr/bin/python3
"""Who answers when gnome-keyring asks: in the place of the desktop's own window, over the same interface. prompter.py PASSWORD; an empty one says no.

Says "ready", then "asked" for each question."""
import sys

import gi

gi.require_version("Gcr", "3")
from gi.repository import Gcr, Gio, GLib, GObject  # noqa: E402 pylint: disable=wrong-import-position


class Prompt(GObject.Object, Gcr.Prompt):
    title = GObject.Property(type=str)
    message = GObject.Property(type=str)
    description = GObject.Property(type=str)
    warning = GObject.Property(type=str)
    choice_label = GObject.Property(type=str)
    choice_chosen = GObject.Property(type=bool, default=False)
    password_new = GObject.Property(type=bool, default=False)
    password_strength = GObject.Property(type=int)
    caller_window = GObject.Property(type=str)
    continue_label = GObject.Property(type=str)
    cancel_label = GObject.Property(type=str)

    def do_prompt_password_async(self, cancellable, callback, _=None):
        print("asked", flush=True)
        Gio.Task.new(self, cancellable, callback).return_boolean(True)

    def do_prompt_password_finish(self, _):
        return sys.argv[1] or None

    def do_prompt_close(self):
        pass


bus = Gio.bus_get_sync(Gio.BusType.SESSION)
prompter = Gcr.SystemPrompter.new(Gcr.SystemPrompterMode.SINGLE, Prompt)
prompter.register(bus)
Gio.bus_own_name_on_connection(bus, "org.gnome.keyring.SystemPrompter", Gio.BusNameOwnerFlags.NONE, lambda *_: print("ready", flush=True), None)
GLib.MainLoop().run()
