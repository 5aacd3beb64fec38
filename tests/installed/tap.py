"""TAP of tests that look at files: each finds what is wrong, line by line, or nothing."""


def run(tests):
    """Runs (name, function) after function, which returns the lines of what is wrong; returns the program's status."""
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, find) in enumerate(tests, 1):
        wrong = find()
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        for line in wrong:
            print(f"# {line}")
        failed |= bool(wrong)
    return failed
