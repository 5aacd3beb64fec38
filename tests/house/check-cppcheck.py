#!/usr/bin/env python3
"""cppcheck over what is built into the programs. What is let pass stands in cppcheck-let-pass, each with its reason. TAP: one test a folder."""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
FOLDERS = "src/core", "src/card", "src/client", "src/terminal", "server"


def check(folder):
    """What cppcheck finds there: lines."""
    arguments = ["cppcheck", "-q", "--std=c11", "--enable=warning,performance,portability", "--library=gtk", "--suppressions-list=" + os.path.join(HERE, "cppcheck-let-pass"),
                 "--suppress=unmatchedSuppression", "--template={file}:{line}: {severity}: {message} [{id}]", "-I.", "-Isrc",
                 "-DG_GNUC_WARN_UNUSED_RESULT=", "-DG_DEFINE_AUTOPTR_CLEANUP_FUNC(a,b)=", folder]
    return subprocess.run(arguments, cwd=SOURCE, capture_output=True, text=True, check=True).stderr.splitlines()


def main():
    print(f"1..{len(FOLDERS)}")
    if shutil.which("cppcheck") is None:
        for number, folder in enumerate(FOLDERS, 1):
            print(f"not ok {number} - {folder}: cppcheck is not installed")
        return 1
    failed = False
    for number, folder in enumerate(FOLDERS, 1):
        found = [line for line in check(folder) if "]" in line]
        failed = failed or bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {folder}")
        for line in found:
            print("#", line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
