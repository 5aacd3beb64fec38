#!/usr/bin/python3
"""What stands around a program on a desktop and is told things over the bus: who keeps the computer awake, shows notifications, and lets programs go on
unseen. Each call is one line of JSON on standard output: its method, and what came with it. No such desktop runs where there is no screen."""
import json
import sys

from gi.repository import Gio, GLib

TOLD = {
    "org.gnome.SessionManager": ("/org/gnome/SessionManager", {"Inhibit": ("s u s u", "u"), "Uninhibit": ("u", "")}),
    "org.freedesktop.Notifications": ("/org/freedesktop/Notifications", {"Notify": ("s u s s s as a{sv} i", "u"), "CloseNotification": ("u", "")}),
    "org.freedesktop.portal.Desktop": ("/org/freedesktop/portal/desktop", {"RequestBackground": ("s a{sv}", "o")}),
}
INTERFACES = {"org.freedesktop.portal.Desktop": "org.freedesktop.portal.Background"}
ANSWERS = {"u": GLib.Variant("(u)", (7,)), "o": GLib.Variant("(o)", ("/org/freedesktop/portal/desktop/request/1",)), "": None}


def describe(interface, methods):
    def one(name, takes, gives):
        arguments = "".join(f'<arg type="{kind}" direction="in"/>' for kind in takes.split())
        return f'<method name="{name}">{arguments}' + (f'<arg type="{gives}" direction="out"/>' if gives else "") + "</method>"
    return f'<node><interface name="{interface}">' + "".join(one(name, *types) for name, types in methods.items()) + "</interface></node>"


def main():
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    for name, (path, methods) in TOLD.items():
        def called(_bus, _sender, _path, _interface, method, parameters, invocation, methods=methods):
            json.dump([method, *parameters.unpack()], sys.stdout)
            print(flush=True)
            invocation.return_value(ANSWERS[methods[method][1]])
        interface = INTERFACES.get(name, name)
        bus.register_object(path, Gio.DBusNodeInfo.new_for_xml(describe(interface, methods)).interfaces[0], called, None, None)
        bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName", GLib.Variant("(su)", (name, 4)), None,
                      Gio.DBusCallFlags.NONE, -1, None)
    print(json.dumps(["ready"]), flush=True)
    GLib.MainLoop().run()


main()
