#!/usr/bin/python3
"""That count-tests counts what meson's logs say: failures, skips, programs that died, second tries. TAP."""
import json
import os
import subprocess
import sys
import tempfile

COUNT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build-aux/count-tests")


def log(build, name, programs):
    """{program: (result, [(subtest, passed | failed | skipped)])} as meson writes it."""
    folder = os.path.join(build, "meson-logs")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as file:
        for program, (result, _) in programs.items():
            file.write(json.dumps({"name": program, "result": result, "returncode": 0 if result == "OK" else 1, "stdout": ""}) + "\n")
    kinds = {"passed": "", "failed": "<failure/>", "skipped": "<skipped/>"}
    with open(os.path.join(folder, name + ".junit.xml"), "w", encoding="utf-8") as file:
        file.write("<testsuites>")
        for program, (_, subtests) in programs.items():
            cases = "".join(f'<testcase name="{subtest}">{kinds[outcome]}</testcase>' for subtest, outcome in subtests)
            file.write(f'<testsuite name="cantiga.{program}">{cases}</testsuite>')
        file.write("</testsuites>")


def count(build, *arguments):
    ran = subprocess.run([sys.executable, COUNT, *arguments, build], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout.strip().splitlines()


GOOD = ("OK", [("one", "passed"), ("two", "passed"), ("three", "skipped")])
BAD = ("FAIL", [("four", "passed"), ("five", "failed")])
DIED = ("TIMEOUT", [("six", "passed")])


def passes_and_skips(build):
    log(build, "testlog", {"cantiga:a / good": GOOD})
    assert count(build) == (0, ["2 passed, 0 failed, 1 skipped"])


def failures_and_deaths(build):
    log(build, "testlog", {"cantiga:a / good": GOOD, "cantiga:a / bad": BAD, "cantiga:a / died": DIED})
    status, lines = count(build, "--broken", "1")
    assert status == 1 and lines[-1] == "4 passed, 3 failed, 1 skipped", lines
    assert any(line.endswith("cantiga:a / bad: five") for line in lines) and any("died: TIMEOUT" in line for line in lines), lines
    assert count(build, "--failed") == (0, ["bad", "died"])


def second_try_that_passes(build):
    log(build, "testlog", {"cantiga:a / good": GOOD, "cantiga:a / bad": BAD, "cantiga:a / died": DIED})
    log(build, "again", {"cantiga:a / bad": ("OK", [("four", "passed"), ("five", "passed")]), "cantiga:a / died": ("OK", [("six", "passed"), ("seven", "passed")])})
    status, lines = count(build)
    assert status == 0 and lines[-1] == "6 passed, 0 failed, 1 skipped", lines
    told = [line for line in lines if line.startswith("SECOND TRY: ")]
    assert len(told) == 2 and told[0].endswith("cantiga:a / bad: in the first: five") and told[1].endswith("in the first: TIMEOUT"), lines


def second_try_that_fails(build):
    log(build, "testlog", {"cantiga:a / good": GOOD, "cantiga:a / bad": BAD})
    log(build, "again", {"cantiga:a / bad": BAD})
    status, lines = count(build)
    assert status == 1 and lines[-1] == "3 passed, 1 failed, 1 skipped", lines


def no_log(build):
    status, lines = count(build)
    assert status == 1 and lines[-1] == "0 passed, 1 failed", lines


tests = [passes_and_skips, failures_and_deaths, second_try_that_passes, second_try_that_fails, no_log]
print(f"1..{len(tests)}")
failed = 0
for number, test in enumerate(tests, 1):
    with tempfile.TemporaryDirectory() as folder:
        try:
            test(folder)
            print(f"ok {number} - {test.__name__.replace('_', ' ')}")
        except AssertionError as error:
            failed += 1
            print(f"# {error}\nnot ok {number} - {test.__name__.replace('_', ' ')}")
sys.exit(1 if failed else 0)
