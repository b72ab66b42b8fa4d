"""What a day of looks says of the empty scene: ground is what was the same in nearly all of them.

Somebody who sleeps does not move by a pixel for minutes, and no vote of minutes tells them from a
statue. But nobody lies as they lie for a day and a night. So a plate needs looks (`learn`), one
every two hours, and a place of it is shown only if what it shows there

1. was seen in `LEAST_AGREE` looks, the first and the last of them `SPAN` sixteen hours apart:
   longer than people sleep, and so by day as well as by night;
2. was seen in three of four of all the day's looks that could tell. Who lies there for a part of
   it, comes back each night, or turns over, makes this fail.

All else is not known. Over a day lamps, sun and shadows change, so what is compared is the part
that each pixel is of its neighbourhood's mean (`relief`): no change of light that is smooth over a
person's height alters it. Places that shadows cross in a quarter of the looks stay unknown until a
day with less of them has come; a look that is too dark to tell of a place is no vote for it.
"""

import zlib
from typing import Annotated, Final

import cv2
import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from plainview.errors import UNDECODED, InputError
from plainview.redacted import (
    LEAST_SPAN,
    MAX_LOOKS,
    MOST_LOOKS,
    OLDEST_LOOK,
    RULES,
    ViewLooks,
    encode,
    read_view_looks,
)
from plainview.vision.plate import Luma
from plainview.vision.view.learn import TILE, Look, Mask, whole
from plainview.vision.view.scenery import packed

EVERY: Final = 7_200_000
"""Milliseconds from the begin of a look to that of the next."""
SPAN: Final = LEAST_SPAN
"""Milliseconds from the first to the last look that agree on a place, at least."""
LEAST_AGREE: Final = 6
"""Looks that agree on a place, at least."""
AGREE: Final = 0.75
"""Part of the looks that can tell of a place which must agree on it."""
WINDOW: Final = 19
"""Half pixels, each way, of the neighbourhood that a pixel is a part of: a person's height."""
TOLERANCE: Final = 0.05
"""Of the neighbourhood's mean, by which two looks of the same may differ."""
DARK: Final = 24.0
"""Mean grey level of a neighbourhood from which on a look can tell of it."""
BRIGHT: Final = 250.0
"""Grey level from which on a pixel is blown out."""
PART: Final = 0.1
"""Of a tile's pixels that may differ in two looks which agree on it."""
NEWER: Final = 0.9
"""Part of what another look would show from which on the newest is shown: its light is nearer."""
_STEPS: Final = 100
"""Of a relief of 1. A relief of 0 steps cannot tell."""
_NEXT: Final = np.ones((3, 3), np.uint8)

Relief = NDArray[np.uint8]
"""(h/2, w/2) each pixel's part of its neighbourhood's mean, in `_STEPS`; 0 where unknown."""


class _Seen(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """One look."""

    begin: int
    """UTC milliseconds."""
    end: int
    relief: bytes
    """zlib of a `Relief`."""


class _Kept(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """All that is kept of a day, as a lens that is started anew takes it up."""

    seen: Annotated[tuple[_Seen, ...], Meta(max_length=MOST_LOOKS)]
    shown: int
    """The end of the look that is shown, UTC milliseconds."""
    luma: bytes
    """zlib of (h, w) uint8."""
    settled: bytes
    """zlib of (h, w/8) packed bits."""


class Day:
    """Owns the looks of the last day, in a few hundred kilobytes, and the one that is shown."""

    def __init__(self, size: tuple[int, int], kept: bytes | None = None) -> None:
        """For working pictures of `size` (width, height), from what an older lens `kept`.

        What is not of this size and these rules is as if not there.
        """
        self._size = size
        self._kept = _Kept((), 0, b"", b"")
        if kept is not None:
            self._take_up(kept)

    def _take_up(self, data: bytes) -> None:
        try:
            found = read_view_looks(data)
            kept = msgspec.msgpack.decode(found.body, type=_Kept)
        except (InputError, *UNDECODED):
            return
        if (found.width, found.height) == self._size and _is_whole(kept, self._size):
            self._kept = kept

    def due(self, t: float) -> bool:
        """Whether the next look is to be taken at `t` seconds.

        A clock that went back over more than `EVERY` makes all begin anew.
        """
        if not self._kept.seen:
            return True
        now, last = t * 1000, self._kept.seen[-1]
        if now < last.begin - EVERY:
            self._kept = _Kept((), 0, b"", b"")
            return True
        return now >= max(last.begin + EVERY, last.end)

    def add(self, look: Look) -> bytes | None:
        """Take a look; the plate that the day says, where it says one."""
        old = [one for one in self._kept.seen if look.end - one.end <= OLDEST_LOOK]
        relief = _relief(look)
        seen = (*old, _Seen(look.begin, look.end, zlib.compress(relief.tobytes())))[-MOST_LOOKS:]
        # What is not settled leaves no lens, and is of no use to the next one.
        luma = np.where(look.settled, look.luma, 0).astype(np.uint8)
        settled, shown = look.settled, look.end
        ground, tells = self._ground(seen, relief)
        before = next((one for one in seen if one.end == self._kept.shown), None)
        if before is not None:
            other = self._ground(seen, self._relief(before))
            if _worth(ground, tells) < NEWER * _worth(*other):
                ground, shown = other[0], before.end
                luma, settled = self._shown()
        packed_bits = np.packbits(settled, axis=1).tobytes()
        self._kept = _Kept(seen, shown, zlib.compress(luma.tobytes()), zlib.compress(packed_bits))
        if seen[-1].end - seen[0].begin < SPAN or not ground.any():
            return None
        return packed(
            luma,
            whole(settled & self._spread(ground)),
            since=seen[0].begin,
            until=seen[-1].end,
            votes=len(seen),
        )

    def to_bytes(self) -> bytes | None:
        """What a lens that is started anew goes on from; None where nothing is, or too much."""
        seen = self._kept.seen
        if not seen:
            return None
        width, height = self._size
        data = encode(
            ViewLooks(
                RULES, width, height, seen[0].begin, seen[-1].end, len(seen),
                msgspec.msgpack.encode(self._kept),
            )
        )  # fmt: skip
        return data if len(data) <= MAX_LOOKS else None

    def _shown(self) -> tuple[Luma, Mask]:
        width, height = self._size
        luma = np.frombuffer(zlib.decompress(self._kept.luma), np.uint8).reshape(height, width)
        bits = np.frombuffer(zlib.decompress(self._kept.settled), np.uint8).reshape(height, -1)
        return luma, np.unpackbits(bits, axis=1, count=width) > 0

    def _relief(self, seen: _Seen) -> Relief:
        width, height = self._size
        found = np.frombuffer(zlib.decompress(seen.relief), np.uint8)
        return found.reshape(height // 2, width // 2)

    def _ground(self, seen: tuple[_Seen, ...], shown: Relief) -> tuple[Mask, Mask]:
        """The tiles on which the looks agree with that of relief `shown`; those it can tell of."""
        tells = self._share(shown > 0) >= 0.5
        agree = np.zeros(tells.shape, dtype=np.int32)
        told = np.zeros_like(agree)
        first = np.full(tells.shape, np.iinfo(np.int64).max)
        last = np.zeros(tells.shape, dtype=np.int64)
        for one in seen:
            known, same = self._compared(shown, self._relief(one))
            agree += same
            told += known
            first[same] = np.minimum(first[same], one.begin)
            last[same] = one.end
        enough = agree >= np.maximum(LEAST_AGREE, AGREE * told)
        return enough & (last - np.minimum(first, last) >= SPAN), tells

    def _compared(self, shown: Relief, other: Relief) -> tuple[Mask, Mask]:
        """The tiles that both reliefs tell of, and those of them that they agree on.

        Next to a tile that differs none agrees: within somebody large all may be even.
        """
        both = (shown > 0) & (other > 0)
        differs = both & (cv2.absdiff(shown, other) > TOLERANCE * _STEPS)
        share = self._share(both)
        known = share >= 0.5
        changed = known & (self._share(differs) > PART * share)
        near = cv2.dilate(changed.astype(np.uint8), _NEXT) > 0
        return known, known & ~near

    def _share(self, mask: Mask) -> NDArray[np.float64]:
        """(ny, nx) of each tile, what part of it is in `mask` (h/2, w/2)."""
        full = cv2.resize(mask.astype(np.uint8), self._size, interpolation=cv2.INTER_NEAREST)
        height, width = full.shape
        padded = np.pad(full, ((0, -height % TILE), (0, -width % TILE)), mode="edge")
        tiles = padded.reshape(padded.shape[0] // TILE, TILE, padded.shape[1] // TILE, TILE)
        return np.asarray(tiles.mean(axis=(1, 3)))

    def _spread(self, tiles: Mask) -> Mask:
        """(h, w) the pixels of `tiles` (ny, nx)."""
        width, height = self._size
        return tiles.repeat(TILE, axis=0).repeat(TILE, axis=1)[:height, :width]


def _worth(ground: Mask, tells: Mask) -> int:
    """How much a look would show; before there is any ground, how much it can tell of."""
    return 1000 * int(ground.sum()) + int(tells.sum())


def _relief(look: Look) -> Relief:
    """Of `look`, where it is settled, bright enough and not blown out."""
    height, width = look.luma.shape
    size = (width // 2, height // 2)
    small = cv2.resize(look.luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    settled = cv2.resize(look.settled.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    open_ = settled == 255
    half = _mean(small, open_, 3)  # a sensor's noise is less than what is to be told
    mean = _mean(half, open_, WINDOW)
    tells = open_ & (mean >= DARK) & (half < BRIGHT)
    steps = np.clip(np.rint(_STEPS * half / np.maximum(mean, 1.0)), 1, 255)
    return np.where(tells, steps, 0).astype(np.uint8)


def _mean(values: NDArray[np.float32], counted: Mask, side: int) -> NDArray[np.float32]:
    """(h, w) the mean of those `values` around each pixel, so many each way, that are `counted`."""
    weight = cv2.blur(counted.astype(np.float32), (side, side))
    found = cv2.blur(values * counted, (side, side)) / np.maximum(weight, 1e-6)
    return np.asarray(found, dtype=np.float32)


def _is_whole(kept: _Kept, size: tuple[int, int]) -> bool:
    """Whether all that is `kept` is of pictures of `size` (width, height), and in order."""
    width, height = size
    times = [t for one in kept.seen for t in (one.begin, one.end)]
    if times != sorted(times) or not any(one.end == kept.shown for one in kept.seen):
        return False
    halves = [(one.relief, (width // 2) * (height // 2)) for one in kept.seen]
    wholes = [(kept.luma, width * height), (kept.settled, height * -(-width // 8))]
    return all(_inflates(data, length) for data, length in (*halves, *wholes))


def _inflates(data: bytes, length: int) -> bool:
    """Whether `data` is zlib of `length` bytes; no more than that is ever made of it."""
    stream = zlib.decompressobj()
    try:
        return len(stream.decompress(data, length + 1)) == length and stream.eof
    except zlib.error:
        return False
