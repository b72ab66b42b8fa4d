"""Whether a film's container says that its pictures are to be turned when they are shown.

A telephone held upright films sideways and says so in the file's head (ISO/IEC 14496-12, 8.2.2 and
8.3.2: the matrices of movie and track). Pictures are measured as they are stored, so that a
projection that was marked in what a player shows would be wrong in every point. FFmpeg tells of the
matrix with a decoded picture, which the tap never has; so it is read from the head.
"""

import os
import struct
from collections.abc import Iterator

_HEAD = struct.Struct(">I4s")
_LARGE = struct.Struct(">Q")
_MATRIX = struct.Struct(">9i")
_WHERE = {b"mvhd": (36, 48), b"tkhd": (40, 52)}
"""Bytes from a box's start to its matrix, without its head, for short and for long times."""
_TRACK = (12, 20)
"""The same for the number of a track."""
_MOST = 10_000
"""Boxes that are looked at."""


def is_turned(descriptor: int, track: int) -> bool:
    """Whether the pictures of `track` are turned or mirrored by the head of the file.

    `descriptor` is an open MP4 or QuickTime file, whose position does not change. What cannot be
    read turns nothing.
    """
    size = os.fstat(descriptor).st_size
    for kind, start, end in _boxes(descriptor, 0, size):
        if kind != b"moov":
            continue
        for inner, begin, close in _boxes(descriptor, start, end):
            if inner == b"mvhd" and _turns(descriptor, inner, begin):
                return True
            heads = _boxes(descriptor, begin, close) if inner == b"trak" else ()
            for name, at, _ in heads:
                if name == b"tkhd" and _number(descriptor, at) == track:
                    return _turns(descriptor, name, at)
    return False


def _boxes(descriptor: int, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes between `at` and `end`: kind, where its content begins, where it ends."""
    for _ in range(_MOST):
        head = os.pread(descriptor, 16, at)
        if len(head) < _HEAD.size or at + _HEAD.size > end:
            return
        size, kind = _HEAD.unpack_from(head)
        begin = at + _HEAD.size
        if size == 1 and len(head) == 16:
            (size,) = _LARGE.unpack_from(head, 8)
            begin += _LARGE.size
        close = end if size == 0 else at + size
        if not begin <= close <= end:
            return
        yield kind, begin, close
        at = close


def _long(descriptor: int, at: int) -> bool:
    """Whether the box has times of 64 bits (its version is 1)."""
    return os.pread(descriptor, 1, at) == b"\x01"


def _number(descriptor: int, at: int) -> int:
    return int.from_bytes(os.pread(descriptor, 4, at + _TRACK[_long(descriptor, at)]), "big")


def _turns(descriptor: int, kind: bytes, at: int) -> bool:
    data = os.pread(descriptor, _MATRIX.size, at + _WHERE[kind][_long(descriptor, at)])
    if len(data) < _MATRIX.size:
        return False
    across, a, _, b, down, *_ = _MATRIX.unpack(data)
    return bool(a or b or across < 0 or down < 0)
