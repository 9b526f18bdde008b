"""A tree of keys from which single leaves can be destroyed, for good, while all others stay. Pure.

                 root "": 16 keys                     a key's children: SHA-256(key, digit), 16 of them
               0 1 2 … a … f                          a leaf's key: down the hex digits of its path
                       │
                "a": 16 keys                          to destroy "a7": write down the family of "a", strike "a" out
               0 1 … 7 … f                            of the root, close "a7", strike "7" out of "a"

What is struck out cannot be derived again: nothing above it is kept, and no hash runs upwards. So nobody needs a key
for each of a hundred million recipients, and what is stored grows only by those who were forgotten. (A puncturable
pseudorandom function: Goldreich, Goldwasser and Micali, How to construct random functions.)

The steps of a destruction are the same whoever takes them, whatever is to be destroyed: a family is written down only
once, whole, and from then on only loses members. So several may do it at once, die anywhere and begin again.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

DIGITS = "0123456789abcdef"
_AS_BYTES = {digit: digit.encode() for digit in DIGITS}

Family = dict[str, bytes]
"""The keys below one node, by digit; those struck out are missing."""
Families = Mapping[str, Family | None]
"""By node. None: the node is closed, and nothing below it will ever be known again."""


class Write(NamedTuple):
    """Write down the family of `node`, unless something is written there."""

    node: str
    family: Family


class Close(NamedTuple):
    """Write down that `node` is closed, whatever is written there, and delete all that is written below it."""

    node: str


class Strike(NamedTuple):
    """Strike `digit` out of the family of `node`."""

    node: str
    digit: str


Step = Write | Close | Strike


def family_of(key: bytes) -> Family:
    """The keys of the children."""
    return {digit: hashlib.sha256(key + byte).digest() for digit, byte in _AS_BYTES.items()}


def key_at(families: Families, path: str) -> bytes | None:
    """The key of a path of hex digits; None when it, or what it hung on, was destroyed, and for what is no path."""
    found = _above(families, path)
    if found is None:
        return None
    depth, key = found
    sha256, digits = hashlib.sha256, _AS_BYTES  # this loop is most of what sealing for somebody new costs
    try:
        for digit in path[depth:]:
            key = sha256(key + digits[digit]).digest()
    except KeyError:
        return None
    return key


def is_alive(families: Families, path: str) -> bool:
    """True while the path has a key; tells it without deriving it."""
    return _above(families, path) is not None


def _above(families: Families, path: str) -> tuple[int, bytes] | None:
    """The nearest key above a path that is written down, or its own, and how deep it lies."""
    depth, key, length = 0, None, len(path)
    while depth < length and (node := path[:depth]) in families:
        family = families[node]
        if family is None:
            return None
        key = family.get(path[depth])
        depth += 1
    return None if key is None or (depth == length and path in families) else (depth, key)


def steps(families: Families, path: str) -> Iterator[Step]:
    """What destroys `path`, in order; none when it is destroyed. Done again, from the start or from the middle, the
    steps change nothing more."""
    key: bytes | None = None
    for depth, digit in enumerate(path):
        node = path[:depth]
        if node not in families and key is None:
            return
        family = families[node] if node in families else family_of(key or b"")
        if family is None:
            return
        if node not in families:
            yield Write(node, family)
        if key is not None:
            yield Strike(path[: depth - 1], path[depth - 1])
        key = family.get(digit)
    if key is not None or families.get(path) is not None:
        yield Close(path)
    if key is not None:
        yield Strike(path[:-1], path[-1])
