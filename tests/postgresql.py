#!/usr/bin/python3
"""A PostgreSQL of its own, for as long as something runs. As a program: postgresql.py PROGRAM… runs PROGRAM with CANTIGA_TEST_POSTGRESQL in its environment.

PostgreSQL does not run as root: then it runs as another user, in a folder of that user's.
"""
import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time


def find_programs():
    """The folder of PostgreSQL's programs, or None."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    if found:
        return os.path.dirname(found[-1])
    here = shutil.which("initdb")
    return os.path.dirname(here) if here else None


def other_user():
    """Whom a daemon of root's runs as."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise RuntimeError("there is no user to run PostgreSQL as")


class Cluster:
    def __init__(self):
        self.programs = find_programs()
        self.user = other_user() if os.geteuid() == 0 else None
        # Another user must reach it, and TMPDIR may be for root alone.
        self.folder = tempfile.mkdtemp(prefix="cantiga-pg-", dir="/tmp" if self.user else None)
        self.log = os.path.join(self.folder, "log")
        self.process = None
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)

    def options(self):
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}

    def run(self, program, *arguments):
        return subprocess.run([os.path.join(self.programs, program), *arguments], check=True, cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": self.folder}, **self.options())

    def __enter__(self):
        data = os.path.join(self.folder, "data")
        self.run("initdb", "-D", data, "-U", "cantiga", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-instructions")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([os.path.join(self.programs, "postgres"), "-D", data, "-k", self.folder, "-h", "", "-c", "max_connections=200"],
                                            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.options())
        ends = time.monotonic() + 120
        while not self.answers():
            if time.monotonic() > ends or self.process.poll() is not None:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise RuntimeError(f"PostgreSQL does not start:\n{log.read()[-2000:]}")
            time.sleep(0.05)
        self.run("createdb", "-h", self.folder, "-U", "cantiga", "cantiga")
        return self

    def answers(self):
        return subprocess.run([os.path.join(self.programs, "pg_isready"), "-h", self.folder, "-q"], check=False).returncode == 0

    @property
    def url(self):
        return f"postgresql:///cantiga?host={self.folder}&user=cantiga"

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    if not find_programs():
        print("1..0 # SKIP PostgreSQL is not installed")
        return 0
    with Cluster() as cluster:
        return subprocess.run(sys.argv[1:], check=False, env={**os.environ, "CANTIGA_TEST_POSTGRESQL": cluster.url}).returncode


if __name__ == "__main__":
    sys.exit(main())
