#!/usr/bin/python3
"""docs/admin.md, command by command, as a keeper would type it: in a mount namespace whose /etc/cantiga, /var/lib and /srv are its own. sudo does nothing, systemctl starts the server as its
unit would, apt is not asked (the packages have a test of their own); everything else is the real thing. Blocks marked sh are run, in their order; of console it is only looked at."""
import os
import re
import subprocess
import sys

import journey

GUIDE = os.path.join(journey.SOURCE, "docs", "admin.md")
PIDS = "/run/cantiga-guide.pid"
SHIMS = {
    "sudo": 'exec "$@"',
    "apt": 'test "$1" = install && for file in "${@:2}"; do case $file in ./cantiga-common_*.deb|./cantiga-server_*.deb) ;; *) exit 1 ;; esac; done',
    "journalctl": 'test "$*" = "-u cantiga-server" && test -s /srv/log && cat /srv/log',
    "systemctl": f"""
start () {{
  STATE_DIRECTORY=/var/lib/cantiga setsid cantiga-server --ready-fd 7 7>/srv/ready 9>&- >>/srv/log 2>&1 </dev/null &
  echo $! >{PIDS}
  for _ in $(seq 600); do grep -q ready /srv/ready && return; sleep 0.1; done
  cat /srv/log; exit 1
}}
stop () {{ kill "$(cat {PIDS})"; while kill -0 "$(cat {PIDS})" 2>/dev/null; do sleep 0.05; done; rm -f /srv/ready; }}
case "$*" in
  "enable --now cantiga-server"|"start cantiga-server") start ;;
  "stop cantiga-server") stop ;;
  "reload cantiga-server") kill -HUP "$(cat {PIDS})" ;;
  *) echo "systemctl $*: unknown here" >&2; exit 1 ;;
esac""",
}


def commands():
    """(the heading, the command) for each line of each block marked sh."""
    found, heading, kind = [], "", None
    with open(GUIDE, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("## "):
                heading = line[3:]
            elif line.startswith("```"):
                kind = line[3:] if kind is None else None
            elif kind == "sh" and line.strip():
                found.append((heading, line))
    return found


def prepare():
    """What the guide takes for granted: a machine with nothing of Cantiga's, music, somebody's certificate."""
    for folder in "/var/lib", "/srv", "/etc/cantiga", "/run":
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", folder], check=True)
    for folder in "/srv/bin", "/srv/music", "/srv/certificates":
        os.mkdir(folder)
    for name, body in SHIMS.items():
        path = os.path.join("/srv/bin", name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/bash\n" + body + "\n")
        os.chmod(path, 0o755)
    for name, folder in ("cantigactl", "server"), ("cantiga-server", "server"):
        os.symlink(os.path.join(journey.BUILD, folder, name), os.path.join("/srv/bin", name))
    for pitch in 440, 550:
        subprocess.run(["gst-launch-1.0", "-q", "audiotestsrc", f"freq={pitch}", "num-buffers=50", "!", "vorbisenc", "!", "oggmux", "!", "filesink",
                        f"location=/srv/music/tone-{pitch}.ogg"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([os.path.join(journey.SOURCE, "tests/card/softhsm.sh"), "/srv/card", "ec", "RUI MANUEL COSTA"], check=True, stdout=subprocess.DEVNULL)
    os.rename("/srv/card/card.pem", "/srv/certificates/rui.pem")
    template = subprocess.run(["/srv/bin/cantigactl", "config", "template"], check=True, capture_output=True, text=True).stdout
    with open("/etc/cantiga/server.conf", "w", encoding="utf-8") as file:
        file.write(template)
    # The package's folder; an empty box.
    os.mkdir("/var/lib/cantiga", 0o700)


def environment():
    return {**os.environ, "PATH": "/srv/bin:" + os.environ["PATH"], "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0",
            "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}


def main():
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        print("1..0 # SKIP only root, where mount namespaces may be made, can have an /etc of its own")
        return 0
    if os.environ.get("CANTIGA_UNSHARED") != "1":
        # A network of its own as well: the guide's ports may be taken on this machine.
        os.execvpe("unshare", ["unshare", "-m", "-n", "--propagation", "private", sys.executable, *sys.argv], {**os.environ, "CANTIGA_UNSHARED": "1"})
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    prepare()
    told = commands()
    print(f"1..{len(told) + 1}", flush=True)
    failed = 0
    for number, (heading, command) in enumerate(told, 1):
        done = subprocess.run(["bash", "-c", command], cwd="/srv", env=environment(), capture_output=True, text=True, check=False, timeout=240)
        wrong = done.returncode != 0
        failed += wrong
        print(f"{'not ok' if wrong else 'ok'} {number} - {re.sub(r'^[0-9]+[.] ', '', heading)}: {command.replace('#', '')}", flush=True)
        if wrong:
            for line in (done.stdout + done.stderr).splitlines()[-20:]:
                print("#", line)
    with open(GUIDE, encoding="utf-8") as file:
        told_names = set(re.findall(r"cantigactl ([a-z]+)", file.read()))
    known = set(re.findall(r"^  ([a-z]+)(?: .*)?$", subprocess.run(["cantigactl", "--help"], env=environment(), capture_output=True, text=True, check=True).stdout, re.MULTILINE))
    strange = told_names - known - {"run"}
    failed += bool(strange)
    print(f"{'not ok' if strange else 'ok'} {len(told) + 1} - every command of cantigactl that is named is one{': ' + ', '.join(sorted(strange)) if strange else ''}")
    if os.path.exists(PIDS):
        subprocess.run(["/srv/bin/systemctl", "stop", "cantiga-server"], env=environment(), check=False)
    return 1 if failed else 0


sys.exit(main())
