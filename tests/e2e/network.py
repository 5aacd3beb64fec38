"""A network of machines that are network namespaces, each with a /run, a message bus and an avahi-daemon of its own; for tests of what crosses a wire.

enter() runs the file again where namespaces may be made (a user namespace of its own, unless it is root's already), or skips its tests loudly.
"""
import os
import re
import subprocess
import sys

import journey

INSIDE = "CANTIGA_TESTS_IN_NAMESPACE"
UNSHARE = ["unshare", "--net", "--mount", "--propagation", "private"]
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>
"""
AVAHI = """[server]
host-name={name}
enable-dbus=yes
use-ipv4=yes
use-ipv6=yes
ratelimit-interval-usec=1000000
ratelimit-burst=1000
[wide-area]
enable-wide-area=no
[publish]
publish-workstation=no
[reflector]
[rlimits]
"""


def enter():
    if os.environ.get(INSIDE):
        return
    command = UNSHARE if os.geteuid() == 0 else [*UNSHARE[:1], "--user", "--map-root-user", *UNSHARE[1:]]
    tried = subprocess.run([*command, "sh", "-c", "mount -t tmpfs tmpfs /run && ip link add name end0 type veth peer name end1"], capture_output=True, check=False)
    if tried.returncode != 0:
        journey.skip_all("namespaces cannot be made here: " + tried.stderr.decode(errors="replace").strip().replace("\n", "; "))
    os.environ[INSIDE] = "1"
    os.execvp(command[0], [*command, sys.executable, *sys.argv])


class Machine:
    """One machine. Its programs are started with its prefix."""

    def __init__(self, place, name, address, services=()):
        self.place, self.name, self.address = place, name, address
        self.folder = place.path("machine-" + name)
        os.mkdir(self.folder)
        mounts = "mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /etc/avahi/services"
        # Avahi makes its folder in /run its user's, and starts only where it is. In a namespace of users there is nobody but root.
        for names in "passwd", "group":
            with open("/etc/" + names, encoding="utf-8") as file:
                journey.write(self.path(names), re.sub(r"^avahi:x:[\d:]*", lambda found: re.sub(r"\d+", "0", found[0]), file.read(), flags=re.MULTILINE))
            mounts += f" && mount --bind '{self.path(names)}' /etc/{names}"
        self.root = subprocess.Popen([*UNSHARE, "sh", "-c", mounts + " && ip link set lo up && echo made && exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        journey.equal(self.root.stdout.readline(), b"made\n", "the machine")
        place.running.append(self)
        self.prefix = ["nsenter", "--target", str(self.root.pid), "--net", "--mount", "--"]
        for number, service in enumerate(services):
            journey.write(self.path("service"), service)
            self.run("cp", self.path("service"), f"/etc/avahi/services/{number}.service")
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/bus"}
        self.bus = self.avahi = None

    def path(self, name):
        return os.path.join(self.folder, name)

    @property
    def ended(self):
        return self.root.poll() is not None

    def end(self):
        self.root.stdin.close()
        self.root.wait()

    def start(self, *arguments, env=None, **options):
        return self.place.start(*arguments, prefix=self.prefix, env={**self.env, **(env or {})}, **options)

    def run(self, *arguments, ok=journey.DONE, limit=60.0, env=None, **options):
        return self.place.start(*arguments, prefix=self.prefix, env=env, **options).wait(ok, limit)

    def start_bus(self):
        journey.write(self.path("bus.conf"), BUS.format(folder=self.folder))
        self.bus = self.start("dbus-daemon", "--nofork", "--nopidfile", "--config-file=" + self.path("bus.conf"))
        journey.until(lambda: os.path.exists(self.path("bus")), "the machine's bus listens")

    def start_avahi(self):
        journey.write(self.path("avahi.conf"), AVAHI.format(name=self.name))
        self.avahi = self.start("/usr/sbin/avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "--no-proc-title", "-f",
                                self.path("avahi.conf"))

    def stop_avahi(self):
        self.avahi.end()

    def kill_bus(self):
        self.bus.end()
        os.unlink(self.path("bus"))


def join(one, other):
    """A cable between two machines."""
    subprocess.run(["ip", "link", "add", "name", "cable0", "netns", str(one.root.pid), "type", "veth", "peer", "name", "cable0", "netns", str(other.root.pid)],
                   check=True)
    for machine in (one, other):
        machine.run("ip", "address", "add", machine.address + "/24", "dev", "cable0")
        machine.run("ip", "link", "set", "cable0", "up")
