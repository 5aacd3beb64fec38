"""docs/protocol.md 13.2: the Merkle tree over the chunks (RFC 9162 2.1), and what the publisher signs."""
import hashlib

from notation import fields, must, u32, u64

CHUNK_SIZE = 262144


def split(media):
    return [media[start:start + CHUNK_SIZE] for start in range(0, len(media), CHUNK_SIZE)]


def leaf(index, chunk):
    return hashlib.sha256(b"\x00" + u64(index) + chunk).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def halves(count):
    """The largest power of two below count."""
    return 1 << (count - 1).bit_length() - 1


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = halves(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def path(leaves, index):
    """From the leaf upwards."""
    if len(leaves) == 1:
        return []
    k = halves(len(leaves))
    if index < k:
        return path(leaves[:k], index) + [root(leaves[k:])]
    return path(leaves[k:], index - k) + [root(leaves[:k])]


def root_by_path(index, count, chunk, hashes):
    """RFC 9162 2.1.3.2"""
    must(index < count, "a chunk past the end")
    number, last, found = index, count - 1, leaf(index, chunk)
    for other in hashes:
        must(last > 0, "the path is too long")
        if number & 1 or number == last:
            found = node(other, found)
            while not number & 1 and number > 0:
                number >>= 1
                last >>= 1
        else:
            found = node(found, other)
        number >>= 1
        last >>= 1
    must(last == 0, "the path is too short")
    return found


def to_sign(title, size, kind, merkle_root):
    return fields("cantiga/1 manifest", title, u64(size), kind, u32(CHUNK_SIZE), merkle_root)
