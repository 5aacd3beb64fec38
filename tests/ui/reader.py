#!/usr/bin/python3
"""Orca, the desktop's screen reader, without a voice: each thing that it says is a line of JSON on standard output. folder is where it keeps its settings.

/usr/bin/orca does the same around it, but begins nowhere if an Orca runs already on another display. Debian 12 has Orca 43, Debian 13 has 48.
"""
import json
import re
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from orca import debug, orca, settings  # noqa: E402

# As Orca has it in its log; what follows is how it is said.
SAYS = re.compile(r"SPEECH OUTPUT: '(.*?) ?'(?: voice=\w+)? ?(?:\{.*\}|None)?", re.DOTALL)


def listen(name):
    log = getattr(debug, name, None)

    def hear(level, text="", *rest, **more):
        said = SAYS.fullmatch(text)
        if said is not None:
            print(json.dumps(said[1]), flush=True)
        return log(level, text, *rest, **more)
    if log is not None:
        setattr(debug, name, hear)


def get_settings():
    if hasattr(orca, "getSettingsManager"):
        return orca.getSettingsManager()
    from orca import settings_manager
    return settings_manager.get_manager()


def main(folder):
    # It asks for neither Speech Dispatcher nor a line of braille.
    settings.speechServerFactory = None
    settings.enableBraille = False
    get_settings().activate(folder, {})
    listen("println")
    listen("print_message")
    return orca.main()


sys.exit(main(*sys.argv[1:]))
