#!/usr/bin/python3
"""Orca, the desktop's screen reader, without a voice: each thing that it says is a line of JSON on standard output. folder is where it keeps its settings.

/usr/bin/orca does the same around it, but begins nowhere if an Orca runs already on another display.
"""
import json
import logging
import re
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from orca import orca, settings  # noqa: E402

# What follows is how it is said.
SAYS = re.compile(r"SPEECH OUTPUT: '(.*?) ?'(?: voice=\w+| \{.*\})?", re.DOTALL)


class Voice(logging.Handler):
    def emit(self, record):
        said = SAYS.fullmatch(record.getMessage())
        if said is not None:
            print(json.dumps(said[1]), flush=True)


def main(folder):
    # It asks for neither Speech Dispatcher nor a line of braille.
    settings.speechServerFactory = None
    settings.enableBraille = False
    orca.getSettingsManager().activate(folder, {})
    logging.getLogger("speech").addHandler(Voice())
    return orca.main()


sys.exit(main(*sys.argv[1:]))
