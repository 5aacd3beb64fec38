#!/usr/bin/python3
"""Nothing decrypted, and no private key in the clear, touches a disk; and what is there is nobody else's to read."""
import base64
import contextlib
import os
import re
import stat
import subprocess

import journey
from journey import contains, equal, holds, until

# In the samples, and in the tags.
MARKER = b"SOUND-THAT-NOBODY-MAY-FIND-HERE!"
NAME = "Cantar que ninguem pode achar"


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init()
        self.media = journey.wav(self.path("media", "x.wav"), 6 if not journey.SANITIZED else 12, title=NAME, pattern=MARKER * 1000, rate=400000)
        title, = self.add(self.media)
        equal(title["title"], NAME, "the title")
        self.serve(prefix=journey.LOOKED_INTO)
        self.player = self.player(self.card())

    def folders(self):
        """Everything that programs may write to, but the media themselves and what was asked for."""
        return [self.state, self.player.folder, self.path("tmp"), self.path("home"), self.path("run")]

    def search(self, what):
        """Which files hold any of what now."""
        found = []
        for path in journey.walk(*self.folders()):
            try:
                if os.path.isfile(path):
                    contents = journey.read(path)
                    found += [(path, part) for part in what if part in contents]
            except FileNotFoundError:
                pass
        return found


SOUGHT = [MARKER, NAME.encode(), NAME.encode("utf-16-le"), journey.PIN.encode() + b"\n"]


@journey.test("the search finds what it looks for")
def _(place):
    path = place.path("tmp", "found")
    for part in SOUGHT:
        journey.write(path, b"x" * 100000 + part)
        equal(place.search(SOUGHT), [(path, part)], "what is found")
    os.unlink(path)
    holds(MARKER in journey.read(place.media) and NAME.encode() in journey.read(place.media), "the media does not hold its marker")


@journey.test("neither sound nor names stand on a disk, before, while and after a title is heard and fetched")
def _(place):
    equal(place.search(SOUGHT), [], "what is found before")
    running = place.player.start("--title", NAME, "--json")
    searches = 0
    while not running.ended:
        equal(place.search(SOUGHT), [], "what is found while it is heard")
        searches += 1
    equal(running.wait().json["title"], NAME, "the title heard")
    holds(searches >= 3, f"it was looked for {searches} times only")
    place.player.play(NAME)
    equal(place.search(SOUGHT), [], "what is found after it was fetched")


@journey.test("nothing that is open is a file in a folder without a name, or in another folder")
def _(place):
    running = place.player.start("--title", NAME, "--json", prefix=journey.LOOKED_INTO)
    until(lambda: [play for play in place.ctl("plays", "--json").json if play["event"] == "started"][2:] or running.ended, "the first chunk")
    known = tuple(place.folders()) + (place.folder, "/dev/", "/proc/", "/usr/", "/sys/", "/etc/", "/lib", journey.BUILD, "socket:", "pipe:", "anon_inode:", "/memfd:")
    looked_at = 0
    for pid in running.pid, place.server.pid:
        for fd in journey.descriptors_of(pid):
            # The first three are this test's.
            if int(fd) > 2:
                with contextlib.suppress(FileNotFoundError):
                    name = os.readlink(f"/proc/{pid}/fd/{fd}")
                    looked_at += 1
                    holds(name.startswith(known) and not (name.endswith("(deleted)") and name.startswith(place.folder)), f"{pid} has {name} open")
    holds(looked_at > 5, f"{looked_at} descriptors were looked at only")
    running.wait()


@journey.test("every private key is encrypted")
def _(place):
    keys = 0
    for path in journey.walk(place.state, place.player.folder):
        if not os.path.isfile(path):
            continue
        contents = journey.read(path)
        for label in re.findall(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----", contents):
            keys += 1
            equal(label, b"ENCRYPTED PRIVATE KEY", f"the key in {path}")
        # A key in DER would begin like this: a sequence, version 0, and an algorithm that is no PBES2.
        holds(not re.match(rb"0[\x81-\x82]?.{1,3}\x02\x01\x00", contents, re.DOTALL), f"{path} looks like a key in DER")
    # Authority, publisher and three leaves here; up to three of the player.
    holds(keys >= 6, f"{keys} keys were found only")


@journey.test("files and folders are their owner's alone")
def _(place):
    n = 0
    for path in journey.walk(place.state, place.player.folder):
        mode = os.lstat(path).st_mode
        equal(stat.S_IMODE(mode) & 0o077, 0, f"what others may do with {path}")
        n += 1
    holds(n > 15, f"{n} files and folders were looked at only")


@journey.test("a state that others can read is refused, by the server and the keeper's tool")
def _(place):
    port = place.server.port
    place.server.stop()
    for path in place.state, os.path.join(place.state, "master.key"):
        mode = os.stat(path).st_mode
        os.chmod(path, mode | 0o044)
        for program in ["cantigactl", "--state", place.state, "list"], ["cantiga-server", "--state", place.state, "--listen", f"127.0.0.1:{port}"]:
            ran = place.run(*program, ok=journey.FAILED, limit=10)
            holds("chmod" in ran.sentence, f"it does not say what to do: {ran.sentence}")
        os.chmod(path, mode)
    place.serve(port=port)
    equal(len(place.player.list()), 1, "titles afterwards")


@journey.test("a key in the environment is refused where memory may come to lie on a disk, with what to do; where it may not, it is taken, and lies on none")
def _(place):
    swaps, state = place.path("swaps"), place.path("given")
    over = ["unshare", "--mount", "--propagation", "private", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]),
            "sh", "-c", 'mount --bind "$0" /proc/swaps && exec "$@"', swaps]
    heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
    journey.write(swaps, heading)
    if subprocess.run([*over, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode != 0:
        raise journey.Skip("namespaces cannot be made here")
    env = {"CANTIGA_MASTER_KEY": base64.b64encode(os.urandom(32)).decode()}
    place.ctl("init", state=state, env=env, prefix=over)
    holds(not os.path.exists(os.path.join(state, "master.key")), "the key lies in the state")
    journey.write(swaps, heading + "/dev/sda2                               partition\t8388604\t\t0\t\t-2\n")
    for program in ["cantigactl", "--state", state, "list"], ["cantiga-server", "--state", state, "--listen", "127.0.0.1:0"]:
        contains(place.run(*program, ok=journey.FAILED, env=env, prefix=over).sentence, "turn swap off, or give the key in a file")
    journey.write(swaps, heading)
    place.ctl("verify", state=state, env=env, prefix=over)


@journey.test("logs and messages hold neither PIN nor link nor media")
def _(place):
    link = place.invite("logged")
    ran = place.player.pair(link)
    secret = link.partition("#")[2].split(".")[1]
    for text in place.server.log, ran.err, ran.out:
        holds(secret not in text and MARKER.decode() not in text, text)


if __name__ == "__main__":
    journey.main(Place)
