#!/usr/bin/python3
"""The server as a service: unit, user, configuration, reload, watchdog, sockets that systemd gives."""
import configparser
import contextlib
import ctypes
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree

import journey
from journey import contains, equal, holds, until

UNITS = os.path.join(journey.BUILD, "data")
DATA = os.path.join(journey.SOURCE, "data")
SEIZE, INTERRUPT, CONT, DETACH, WALL = 0x4206, 0x4207, 7, 17, 0x40000000
# poll, ppoll and what goes on with either after an interruption, as /proc/…/syscall numbers them.
POLLS = (b"7 ", b"271 ", b"219 ") if os.uname().machine == "x86_64" else (b"73 ", b"128 ")


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        # As systemd does, somebody always listens: who writes there would wait.
        self.notices = []
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.path("notify"))
        threading.Thread(target=self.listen, daemon=True).start()
        self.metrics_port = journey.free_port()

    def serve_watched(self):
        return self.serve(env={"NOTIFY_SOCKET": self.path("notify"), "WATCHDOG_USEC": "900000", "CANTIGA_METRICS_LISTEN": f"127.0.0.1:{self.metrics_port}"})

    def configure(self, text):
        journey.write(self.path("state", "server.conf"), text)

    def listen(self):
        while True:
            self.notices.append(self.notify.recv(4096).decode())

    def heard(self, what):
        """Waits for a further notice to systemd that begins with what."""
        until(lambda: any(notice.startswith(what) for notice in self.notices), f"systemd hears {what}")
        self.notices.clear()

    def look(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}{path}", timeout=30 * journey.SLOWER) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def ask_pair(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/pair", timeout=30 * journey.SLOWER) as answer:
        return json.load(answer)


@contextlib.contextmanager
def stopped(thread, limit=20 * journey.SLOWER):
    """Holds a thread of another program still, where it waits for something to do: elsewhere it might have a lock that all the others need."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(SEIZE, thread, 0, 0) != 0:
        # The server keeps to itself: root alone may stop a thread of it.
        holds(os.geteuid() != 0, f"the server's thread cannot be stopped: {os.strerror(ctypes.get_errno())}")
        raise journey.Skip("only root may stop a thread of the server")
    ends = time.monotonic() + limit
    try:
        while True:
            holds(libc.ptrace(INTERRUPT, thread, 0, 0) == 0, "the server's thread cannot be stopped")
            os.waitpid(thread, WALL)
            if journey.read(f"/proc/{thread}/syscall").startswith(POLLS):
                break
            holds(libc.ptrace(CONT, thread, 0, 0) == 0 and time.monotonic() < ends, "the server's thread is never at rest")
        yield
    finally:
        libc.ptrace(DETACH, thread, 0, 0)


def with_all_keys(template):
    """The template with every key set to what it says that it is."""
    return re.sub(r"^#([a-z-]+ = .+)$", r"\1", template, flags=re.MULTILINE)


@journey.test("systemd finds nothing to say about the units")
def _(place):
    unit = journey.read(os.path.join(UNITS, "cantiga-server.service")).decode()
    unit = re.sub(r"^ExecStart=.*$", f'ExecStart="{journey.path_of("cantiga-server")}"', unit, flags=re.MULTILINE)
    paths = [journey.write(place.path("cantiga-server.service"), unit),
             journey.write(place.path("cantiga-server.socket"), journey.read(os.path.join(DATA, "systemd/cantiga-server.socket")))]
    for path in paths:
        ran = place.run("systemd-analyze", "verify", "--man=no", path)
        # Units of the machine that the tests run on are not ours to mend.
        ours = [line for line in (ran.out + ran.err).splitlines() if "cantiga" in line]
        equal(ours, [], "what systemd-analyze verify says")


@journey.test("the service is exposed to 2.0 or less")
def _(place):
    unit = os.path.join(UNITS, "cantiga-server.service")
    ran = place.run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit)
    contains(ran.out, "Overall exposure level", "systemd-analyze security")
    loose = journey.read(unit).decode().replace("NoNewPrivileges=yes", "").replace("CapabilityBoundingSet=\n", "").replace("ProtectSystem=strict", "")
    loose = journey.write(place.path("loose.service"), loose)
    place.run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", loose, ok=journey.FAILED)


@journey.test("user and folders of the service can be made")
def _(place):
    root = place.path("root")
    for name, file in (("sysusers.d", "cantiga.sysusers"), ("tmpfiles.d", "cantiga.tmpfiles")):
        os.makedirs(os.path.join(root, "usr/lib", name))
        journey.write(os.path.join(root, "usr/lib", name, "cantiga.conf"), journey.read(os.path.join(DATA, "systemd", file)))
    os.makedirs(os.path.join(root, "etc"))
    ran = place.run("systemd-sysusers", "--dry-run", os.path.join(root, "usr/lib/sysusers.d/cantiga.conf"))
    contains(ran.out + ran.err, "cantiga", "systemd-sysusers")
    lines = journey.read(os.path.join(root, "usr/lib/tmpfiles.d/cantiga.conf")).decode().split("\n")
    holds("d /var/lib/cantiga 0700 cantiga cantiga -" in lines, f"the state's folder is not the server's alone: {lines}")
    unit = journey.read(os.path.join(UNITS, "cantiga-server.service")).decode()
    holds("User=cantiga\n" in unit and "StateDirectoryMode=0700\n" in unit, "the unit runs as another user")


@journey.test("the firewalls' profiles open the port that the configuration has")
def _(place):
    template = journey.read(os.path.join(UNITS, "server.conf")).decode()
    port = re.search(r"^#listen = .*:(\d+)$", template, re.MULTILINE).group(1)
    service = xml.etree.ElementTree.parse(os.path.join(DATA, "firewall/firewalld.xml")).getroot()
    equal([(each.get("protocol"), each.get("port")) for each in service.findall("port")], [("tcp", port)], "firewalld's ports")
    equal([each.get("service") for each in service.findall("include")], ["mdns"], "what firewalld opens beside")
    profile = configparser.ConfigParser()
    profile.read(os.path.join(DATA, "firewall/ufw.profile"))
    equal(profile["Cantiga"]["ports"], f"{port}/tcp|5353/udp", "ufw's ports")
    contains(journey.read(os.path.join(DATA, "systemd/cantiga-server.socket")).decode(), f"ListenStream={port}\n", "the socket unit")


@journey.test("the file that is installed names every key with the value that it has")
def _(place):
    before = place.ctl("config").out
    template = journey.read(os.path.join(UNITS, "server.conf")).decode()
    equal(place.ctl("config", "template").out, template, "the template")
    keys = re.findall(r"^#?([a-z-]+) =", before, re.MULTILINE)
    equal(re.findall(r"^#([a-z-]+) =", template, re.MULTILINE), keys, "the template's keys")
    place.configure(with_all_keys(template))
    equal(place.ctl("config").out, before, "what is in force with every key set to what the template says")
    contains(place.ctl("config", "check").out, "right", "config check")
    page = journey.read(os.path.join(UNITS, "server.conf.5")).decode().replace("\\-", "-")
    for key in keys:
        contains(page, f".B {key}\n", "server.conf(5)")
    place.configure("")


@journey.test("man pages are well formed, and name every option and command")
def _(place):
    for name in "cantiga-server.8", "cantigactl.1", "cantiga-play.1", "server.conf.5":
        ran = place.run("groff", "-man", "-ww", "-z", "-Kutf8", "-Tutf8", os.path.join(UNITS, name))
        equal(ran.out + ran.err, "", f"what groff says of {name}")
    for name in "cantiga-card.8", "cantiga-tags.8":
        ran = place.run("groff", "-man", "-ww", "-z", "-Kutf8", "-Tutf8", os.path.join(DATA, "man", name))
        equal(ran.out + ran.err, "", f"what groff says of {name}")
    for program, page in (("cantiga-server", "cantiga-server.8"), ("cantigactl", "cantigactl.1"), ("cantiga-play", "cantiga-play.1")):
        text = journey.read(os.path.join(UNITS, page)).decode().replace("\\-", "-")
        for option in re.findall(r"^  (?:-\w, )?(--[a-z-]+)", place.run(program, "--help").out, re.MULTILINE):
            contains(text, option, page)


@journey.test("a mistake in the configuration is named with file and line, at the start and by config check")
def _(place):
    path = place.path("state", "server.conf")
    for text, line, what in (("[server]\nname = A\nlisten = here\n", 3, "listen"), ("[server]\nlissten = 0.0.0.0:1\n", 2, "lissten"),
                             ("[sever]\n", 1, "sever"), ("[metrics]\nlisten = 5\n", 2, "listen"), ("[licence]\nplays = 0\n", 2, "plays")):
        place.configure(text)
        for ran in (place.ctl("config", "check", ok=journey.FAILED), place.run("cantiga-server", "--state", place.state, ok=journey.FAILED)):
            contains(ran.sentence, f"{path}:{line}: ", "the reason")
            contains(ran.sentence, what, "the reason")
    place.configure("")
    ran = place.ctl("config", "check", ok=journey.FAILED, env={"CANTIGA_LICENCE_PLAYS": "many"})
    contains(ran.sentence, "CANTIGA_LICENCE_PLAYS in the environment", "the reason")


@journey.test("systemd is told that the server is ready, and again and again that it is well")
def _(place):
    place.configure("[licence]\nplays = 3\n")
    place.serve_watched()
    place.heard("READY=1")
    for _ in range(3):
        place.heard("WATCHDOG=1")
    equal(place.look("/healthz"), (200, "well\n"), "/healthz")


@journey.test("a reload changes what listeners get, and drops nobody")
def _(place):
    place.add(place.tone("First.flac"), place.tone("Second.flac", hertz=660))
    player = place.player(place.card("ANA"))
    equal(player.play("First")["plays_left"], 2, "plays left of three")
    signed_in = player.start(stdin=subprocess.PIPE)
    until(lambda: "leave" in signed_in.out, "the player is signed in")
    contains(place.look("/metrics")[1], 'cantiga_sessions{state="open"} 1\n', "the sessions")
    with journey.connect(place.server.port) as connection:
        connection.sendall(b"GET /api/pair HTTP/1.1\r\nHost: x\r\n")
        place.configure("[server]\nname = Renamed\nworkers = 7\n[licence]\nplays = 6\n[limits]\nheader-time = 9s\n")
        place.notices.clear()
        place.server.process.send_signal(1)
        until(lambda: any(notice.startswith("READY=1") for notice in place.notices), "systemd hears of the end of it")
        holds(any(notice.startswith("RELOADING=1\nMONOTONIC_USEC=") for notice in place.notices), "systemd does not hear of the reload")
        until(lambda: "the configuration was read again" in place.server.log, "the reload is said")
        contains(place.server.log, "[server] workers holds after the next start", "the log")
        connection.sendall(b"\r\n")
        contains(connection.recv(4096), b"200 OK", "the answer to a request that was under way")
    contains(place.look("/metrics")[1], 'cantiga_sessions{state="open"} 1\n', "the sessions after it")
    holds(not signed_in.ended, "the player that was signed in has ended")
    signed_in.process.stdin.write(b"q\n")
    signed_in.process.stdin.close()
    signed_in.wait()
    equal(player.play("Second")["plays_left"], 5, "plays left of six")


@journey.test("a reload with a mistake changes nothing, and says where it is")
def _(place):
    place.configure("[licence]\nplays = none\n")
    place.server.process.send_signal(1)
    until(lambda: f"{place.path('state', 'server.conf')}:2: plays" in place.server.log, "the mistake is said")
    equal(ask_pair(place.server.port)["protocol"], 1, "the protocol")
    place.configure("")


@journey.test("a thread that hangs is seen, and systemd is not told any more that all is well")
def _(place):
    threads = [int(tid) for tid in os.listdir(f"/proc/{place.server.pid}/task")
               if journey.read(f"/proc/{place.server.pid}/task/{tid}/comm").startswith(b"cantiga-worker")]
    holds(threads, "there is no thread that serves")
    with stopped(threads[0]):
        until(lambda: place.look("/healthz")[0] == 503, "the hanging thread is seen", 60)
        contains(place.look("/readyz")[1], "does not turn", "/readyz")
        place.notices.clear()
        for _ in range(3):
            equal(place.look("/healthz")[0], 503, "/healthz")
        equal(place.notices, [], "what systemd hears meanwhile")
    until(lambda: place.look("/healthz")[0] == 200, "the server is well again", 60)
    place.heard("WATCHDOG=1")


@journey.test("systemd is told that the server stops")
def _(place):
    place.server.stop()
    place.heard("STOPPING=1")


@journey.test("a server that systemd listens for serves on the socket that it is given")
def _(place):
    port = journey.free_port()
    activated = place.start("systemd-socket-activate", "-l", f"127.0.0.1:{port}", "-E", "CANTIGA_METRICS_LISTEN=off",
                            journey.path_of("cantiga-server"), "--state", place.state)
    until(lambda: "Listening on" in activated.err, "systemd listens", 10)
    for _ in range(20):
        equal(until(lambda: ask_pair(port), "it answers")["protocol"], 1, "the protocol")
    contains(activated.err, f"serving on 127.0.0.1:{port}", "the log")
    activated.send(journey.terminate)
    activated.wait()


@journey.test("a port that is taken keeps nobody from serving")
def _(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = place.serve(env={"CANTIGA_METRICS_LISTEN": f"127.0.0.1:{taken.getsockname()[1]}"})
        until(lambda: "nobody can watch this server" in server.log, "it is said")
        equal(ask_pair(server.port)["protocol"], 1, "the protocol")
        server.stop()


if __name__ == "__main__":
    journey.main(Place)
