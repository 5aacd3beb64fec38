#!/usr/bin/env python3
"""Roots for tests/core/test-merkle.c, from RFC 9162 2.1.1 and docs/protocol.md 13.2 alone. Prints the rows of the test's table."""
import hashlib
import struct


def leaf(index):
    return hashlib.sha256(b"\x00" + struct.pack(">Q", index) + b"chunk %d" % index).digest()


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:])).digest()


for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 70):
    print('    { %d, "%s" },' % (n, root([leaf(i) for i in range(n)]).hex()))
