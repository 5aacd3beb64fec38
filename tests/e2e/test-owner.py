#!/usr/bin/python3
"""A keeper who is root, and a box whose state belongs to somebody else: what cantigactl leaves behind belongs to the box."""
import json
import os
import pwd
import shutil
import subprocess
import tempfile

import journey
from journey import equal, holds

BOX = pwd.getpwnam("games")


class Box:
    """A state that belongs to BOX, in a folder that BOX can reach."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="cantiga-owner-", dir="/var/tmp")
        os.chmod(self.folder, 0o755)
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state, 0o700)
        os.chown(self.state, BOX.pw_uid, BOX.pw_gid)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def tell(self):
        return ""

    def ctl(self, *words):
        return subprocess.run([os.path.join(journey.BUILD, "server/cantigactl"), "--state", self.state, *words], capture_output=True, text=True, check=False)

    def strangers(self):
        """What in the state does not belong to BOX."""
        return [path for folder, folders, names in os.walk(self.state) for path in (os.path.join(folder, name) for name in folders + names)
                if os.lstat(path).st_uid != BOX.pw_uid or os.lstat(path).st_gid != BOX.pw_gid]


@journey.test("root makes a state in the box's folder, and all of it belongs to the box")
def _(box):
    made = box.ctl("init", "--name", "Somebody's")
    equal(made.returncode, 0, made.stderr)
    holds(os.listdir(box.state), "nothing was made")
    equal(box.strangers(), [])


@journey.test("root keeps the box: whatever is written meanwhile belongs to it as well")
def _(box):
    for words in (["invite", "Ana", "--url", "http://127.0.0.1:1"], ["status"], ["pki", "rotate"], ["verify"]):
        done = box.ctl(*words)
        equal(done.returncode, 0, " ".join(words) + ": " + done.stderr)
        equal(box.strangers(), [], " ".join(words))
    equal(json.loads(box.ctl("list", "--json").stdout), [])


@journey.test("what only root may read is not read for the box")
def _(box):
    secret = os.path.join(box.folder, "secret.pem")
    with open(secret, "w", encoding="ascii") as file:
        file.write("nothing")
    os.chmod(secret, 0o600)
    done = box.ctl("cards", "add", secret)
    equal(done.returncode, 1, done.stderr)
    holds("ermission" in done.stderr, done.stderr)


if os.geteuid() != 0:
    journey.skip_all("only root can become somebody else")
journey.main(Box)
