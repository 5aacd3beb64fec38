#!/usr/bin/python3
"""The tarball of a release has the same bytes whoever makes it, wherever and with whatever umask; it holds what is committed, and is built without a clone."""
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

SOURCE = os.environ["CANTIGA_SOURCE"]


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def make(work, name, umask, user):
    """A clone of its own, and the tarball that build-aux/dist makes of it."""
    folder = os.path.join(work, name)
    run("git", "clone", "-q", "--no-hardlinks", SOURCE, folder)
    if user is not None:
        run("chown", "-R", user, folder)
    env = {**os.environ, "HOME": folder, "TMPDIR": folder, "TZ": "Europe/Lisbon" if user else "UTC"}
    env.pop("CANTIGA_BUILD", None)
    out = run(os.path.join(folder, "build-aux/dist"), cwd=folder, env=env, umask=umask, user=user)
    return out.splitlines()[-1]


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def committed():
    return set(run("git", "-C", SOURCE, "ls-tree", "-r", "--name-only", "-z", "HEAD").split("\0")) - {""}


def main():
    if not os.path.exists(os.path.join(SOURCE, ".git")):
        print("1..0 # SKIP this is no clone; a tarball is made of what is committed")
        return 0
    # Where another may go in, too.
    work = tempfile.mkdtemp(dir="/tmp")
    os.chmod(work, 0o755)
    failed = 0
    print("1..3")
    try:
        other = "games" if os.getuid() == 0 else None
        tarballs = [make(work, "one", 0o022, None), make(work, "another place", 0o077, other)]
        contents = [bytes_of(path) for path in tarballs]
        root = os.path.basename(tarballs[0]).removesuffix(".tar.xz")
        with tarfile.open(tarballs[0]) as tar:
            packed = {member.name.removeprefix(root + "/") for member in tar.getmembers() if not member.isdir()}
            tar.extractall(os.path.join(work, "unpacked"))
        run("meson", "setup", "-Dplayer=disabled", "-Dtests=false", os.path.join(work, "build"), os.path.join(work, "unpacked", root))
        sums = bytes_of(tarballs[0] + ".sha256sum").decode().split()[0]
        for number, (name, holds) in enumerate([
                ("made twice, by others and elsewhere, it is the same", contents[0] == contents[1]),
                ("its checksum is beside it", sums == hashlib.sha256(contents[0]).hexdigest()),
                ("it holds what is committed, and nothing else; it can be set up without a clone", packed == committed())], 1):
            print(f"{'ok' if holds else 'not ok'} {number} - {name}")
            failed |= not holds
    finally:
        shutil.rmtree(work)
    return failed


if __name__ == "__main__":
    sys.exit(main())
