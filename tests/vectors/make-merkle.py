#!/usr/bin/env python3
"""Roots for tests/core/test-merkle.c, from RFC 9162 2.1.1 and docs/protocol.md 13.2 alone. Prints the rows of the test's table."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "peer"))
# pylint: disable=wrong-import-position
from manifest import leaf, root

for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 70):
    print('    { %d, "%s" },' % (n, root([leaf(i, b"chunk %d" % i) for i in range(n)]).hex()))
