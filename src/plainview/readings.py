"""Readings of many cameras by columns: as strictly read as one by one, at a tenth of the cost.

A city says 60,000 Readings a second, and its centre needs of nearly all of them the same few
numbers: when, how many people, how well. `read` finds these in the encodings of all Readings at
once, with array operations (a cursor for each Reading, moved field by field), and makes no object
of any. It never accepts what `record.decode` would refuse: whatever is not of the usual shape is
given to `record.decode`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, permutations
from operator import attrgetter, eq
from typing import Any, Final, NamedTuple, Protocol, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from plainview.errors import ReadingRefused
from plainview.record import (
    MAX_BYTES_PER_SECOND,
    MAX_PACKED_CELLS,
    Health,
    Reading,
    Stamped,
    decode,
    decoded_before,
    encode,
)
from plainview.rosters import Rosters

Ints = NDArray[np.int64]
Which = NDArray[np.bool_] | Ints
"""Places, or which places."""

BIT: Final[Mapping[Health, int]] = {flag: 1 << k for k, flag in enumerate(Health)}
"""The bit of each flag, in `Columns.health`."""

_FEW: Final = 96
"""Below so many, one by one costs less."""


class Measured(Protocol):
    """What columns are made of; a Reading is one."""

    @property
    def t(self) -> int:
        """End of the interval, UTC milliseconds."""
        ...

    @property
    def span(self) -> int:
        """Milliseconds."""
        ...

    @property
    def frames(self) -> int:
        """Frames analysed."""
        ...

    @property
    def count(self) -> int:
        """In COUNT_STEP, as `low` and `high`."""
        ...

    @property
    def low(self) -> int:
        """Lower end of the interval."""
        ...

    @property
    def high(self) -> int:
        """Upper end of the interval."""
        ...

    @property
    def crossings(self) -> tuple[tuple[int, int], ...]:
        """By line, in CROSSING_STEP."""
        ...

    @property
    def health(self) -> tuple[Health, ...]:
        """What keeps it from being believed."""
        ...


class Columns(NamedTuple):
    """What is asked of many Readings, one row each."""

    t: Ints
    """(n,) UTC milliseconds."""
    span: Ints
    """(n,) milliseconds."""
    frames: Ints
    counts: Ints
    """(n, 3) count, low, high, in COUNT_STEP."""
    health: Ints
    """(n,) bits of the flags raised: BIT."""
    lines: Ints
    """(n,) how many lines its crossings have."""
    crossings: Ints
    """(n, most lines, 2), in CROSSING_STEP."""
    happening: NDArray[np.bool_]
    """(n,) whether it tells of events."""

    @property
    def healthy(self) -> NDArray[np.bool_]:
        """(n,) as `Reading.healthy`."""
        found: NDArray[np.bool_] = (self.frames > 0) & (self.health == 0)
        return found

    def of(self, which: Which | slice) -> "Columns":
        """Those of `which` only, in that order."""
        parts: tuple[NDArray[Any], ...] = self
        return Columns(*(part[which] for part in parts))


class Readings(Sequence[Stamped]):
    """A sequence of `Stamped`, kept by columns; one is decoded when somebody asks for it."""

    __slots__ = ("cameras", "columns", "data", "fences", "sizes")

    def __init__(
        self,
        cameras: Sequence[str],
        fences: Ints,
        data: Sequence[bytes],
        columns: Columns,
        sizes: Ints | None = None,
    ) -> None:
        """All of the same length; `columns` say what `data`, the strictly read encodings, say.

        `sizes` are the bytes of each of `data`, where they are known.
        """
        self.cameras, self.fences, self.data, self.columns = cameras, fences, data, columns
        self.sizes = _sizes_of(data) if sizes is None else sizes

    def __len__(self) -> int:
        """How many."""
        return len(self.data)

    @overload
    def __getitem__(self, index: int) -> Stamped: ...
    @overload
    def __getitem__(self, index: slice) -> "Readings": ...

    def __getitem__(self, index: int | slice) -> "Stamped | Readings":
        """One of them, decoded; or a stretch."""
        if isinstance(index, slice):
            if index.indices(len(self)) == (0, len(self), 1):
                return self
            return Readings(
                self.cameras[index],
                self.fences[index],
                self.data[index],
                self.columns.of(index),
                self.sizes[index],
            )
        data = self.data[index]
        return Stamped(self.cameras[index], decoded_before(data), int(self.fences[index]), data)

    def __iter__(self) -> Iterator[Stamped]:
        """Each of them, decoded."""
        return map(self.__getitem__, range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Whether `other` is a sequence of the same."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]  # as a list has none

    def of(self, which: Which) -> "Readings":
        """Those of `which` only, in that order."""
        places = np.flatnonzero(which) if which.dtype == np.bool_ else which
        if len(places) == len(self) and (places == np.arange(len(self))).all():
            return self
        listed, cameras = places.tolist(), [*self.cameras]
        return Readings(
            [*map(cameras.__getitem__, listed)],
            self.fences[places],
            [*map(self.data.__getitem__, listed)],
            self.columns.of(places),
            self.sizes[places],
        )

    def replaced(self, others: Mapping[int, Stamped]) -> "Readings":
        """These, with `others` at their places."""
        if not others:
            return self
        given = gathered([*others.values()])
        places = np.fromiter(others, np.int64, len(others))
        order = np.arange(len(self))
        order[places] = len(self) + np.arange(len(others))
        return joined([self, given]).of(order)


def joined(parts: Sequence[Readings]) -> Readings:
    """All of `parts`, one after the other."""
    if len(parts) == 1:
        return parts[0]
    columns = [part.columns for part in parts]
    most = max((part.crossings.shape[1] for part in columns), default=0)
    columns = [part._replace(crossings=_wide(part.crossings, most)) for part in columns]
    empty = np.zeros(0, np.int64)
    return Readings(
        _named([part.cameras for part in parts]),
        np.concatenate([empty, *(part.fences for part in parts)]),
        [*chain.from_iterable(part.data for part in parts)],
        Columns(*map(np.concatenate, zip(_none(most), *columns, strict=True))),
        np.concatenate([empty, *(part.sizes for part in parts)]),
    )


def _named(parts: Sequence[Sequence[str]]) -> Sequence[str]:
    rosters = [part.parts for part in parts if isinstance(part, Rosters)]
    if len(rosters) == len(parts):
        return Rosters([*chain.from_iterable(rosters)])
    return [*chain.from_iterable(parts)]


def _sizes_of(data: Sequence[bytes]) -> Ints:
    return np.fromiter(map(len, data), np.int64, len(data))


def _none(lines: int) -> Columns:
    empty = np.zeros(0, np.int64)
    return Columns(
        empty, empty, empty, np.zeros((0, 3), np.int64), empty, empty,
        np.zeros((0, lines, 2), np.int64), np.zeros(0, np.bool_),
    )  # fmt: skip


def _wide(crossings: Ints, lines: int) -> Ints:
    if crossings.shape[1] == lines:
        return crossings
    wide = np.zeros((len(crossings), lines, 2), np.int64)
    wide[:, : crossings.shape[1]] = crossings
    return wide


def gathered(readings: Sequence[Stamped]) -> Readings:
    """`readings` by columns; nothing is checked that was not."""
    if isinstance(readings, Readings):
        return readings
    found = [one.reading for one in readings]
    columns = columns_of(found)
    happening = np.fromiter((bool(one.events) for one in found), np.bool_, len(found))
    return Readings(
        [one.camera for one in readings],
        np.fromiter((one.fence for one in readings), np.int64, len(found)),
        [one.data or encode(one.reading) for one in readings],
        columns._replace(happening=happening),
    )


_NUMBERS: Final = attrgetter("t", "span", "frames", "count", "low", "high")


def columns_of(found: Sequence[Measured]) -> Columns:
    """`found` by columns, as if nothing happened in any."""
    n = len(found)
    numbers = chain.from_iterable(map(_NUMBERS, found))
    flat = np.fromiter(numbers, np.int64, 6 * n).reshape(n, 6)
    health = np.zeros(n, np.int64)
    for k, one in enumerate(found):
        if one.health:
            health[k] = sum({BIT[flag] for flag in one.health})
    said = [one.crossings for one in found]
    lines = np.fromiter(map(len, said), np.int64, n)
    most = int(lines.max(initial=0))
    crossings = np.zeros((n, most, 2), np.int64)
    if most:
        inside = np.arange(most) < lines[:, None]
        crossings[inside] = np.fromiter(
            chain.from_iterable(chain.from_iterable(said)), np.int64
        ).reshape(-1, 2)
    t, span, frames = flat[:, :3].T
    return Columns(t, span, frames, flat[:, 3:], health, lines, crossings, np.zeros(n, np.bool_))


# --- read ----------------------------------------------------------------------------------------


def read(
    cameras: Sequence[str], fences: Sequence[int], data: Sequence[bytes]
) -> tuple[Readings, dict[int, str]]:
    """The Readings encoded in `data`, of `cameras`; and why others are none, by their place.

    As strict as `record.decode` without a shape. What is refused is not among the Readings.
    """
    sizes = _sizes_of(data)
    columns, plain = _read_fast(data, sizes) if len(data) >= _FEW else (None, range(len(data)))
    refused: dict[int, str] = {}
    slow: dict[int, Reading] = {}
    for k in plain:
        try:
            slow[k] = decode(data[k])
        except ReadingRefused as error:
            refused[k] = error.what
    columns = _with(columns, slow, len(data))
    found = Readings(cameras, np.fromiter(fences, np.int64, len(data)), data, columns, sizes)
    if refused:
        sound = np.ones(len(data), np.bool_)
        sound[[*refused]] = False
        found = found.of(sound)
    return found, refused


def _with(columns: Columns | None, slow: Mapping[int, Reading], n: int) -> Columns:
    """`columns`, with those of `slow` at their places."""
    given = columns_of([*slow.values()])
    given = given._replace(happening=np.array([bool(r.events) for r in slow.values()], np.bool_))
    if columns is None and len(slow) == n:
        return given
    lines = given.crossings.shape[1]
    whole = _blank(n, lines) if columns is None else columns
    most = max(lines, whole.crossings.shape[1])
    whole = whole._replace(crossings=_wide(whole.crossings, most))
    if slow:
        places = np.fromiter(slow, np.int64, len(slow))
        for column, more in zip(whole, given._replace(crossings=_wide(given.crossings, most)),
                                strict=True):  # fmt: skip
            column[places] = more
    return whole


def _blank(n: int, lines: int) -> Columns:
    return Columns(*(np.zeros((n, *part.shape[1:]), part.dtype) for part in _none(lines)))


_FIELDS: Final = tuple(field.type for field in msgspec.inspect.type_info(Reading).fields)  # type: ignore[attr-defined]
_BOUNDS: Final = tuple((int(kind.ge), int(kind.le)) for kind in _FIELDS[:10])
"""Of the numbers with which a Reading begins, `t` to `nx`."""
_LINES: Final = _FIELDS[11]
_MOST_LINES: Final = int(_LINES.max_length)
_FLUX: Final = tuple((int(kind.ge), int(kind.le)) for kind in _LINES.item_type.item_types)
"""Of what crossed a line forward and backward."""
_HEAD: Final = 0x9E
"""MessagePack: an array of the 14 fields."""
_EMPTY: Final = 0x90
_PAIR: Final = 0x92
_ROOM: Final = 3 + 5 * MAX_PACKED_CELLS + 12 * _MOST_LINES + 64
"""Bytes that a cursor may run past the end of what is no Reading, or the next one's, at most."""
_LEAST_OF_CELL: Final = np.array([0, 1, -32, -32, 0], np.int8)
"""Of what one byte can say (MessagePack: -32 to 127): skip, density, vx, vy, variance. Upper bounds
hold by themselves, and so does that of all skips: 819 cells times 128 are fewer than 200,000."""


def _sizes() -> tuple[Ints, NDArray[np.uint64], Ints]:
    """Of each first byte of a number that is not negative: bytes that follow, by how many bits
    those lie to the left in eight bytes, and the least number that is to be said with it.
    """  # noqa: D205 - one sentence
    size, shift = np.zeros(256, np.int64), np.full(256, 63, np.uint64)
    least = np.full(256, np.iinfo(np.int64).max)
    least[:0x80] = 0
    for tag, many, first in ((0xCC, 1, 1 << 7), (0xCD, 2, 1 << 8), (0xCE, 4, 1 << 16),
                             (0xCF, 8, 1 << 32)):  # fmt: skip
        size[tag], shift[tag], least[tag] = many, 64 - 8 * many, first
    return size, shift, least


_SIZE, _SHIFT, _LEAST = _sizes()


def _tails() -> dict[bytes, int]:
    """What a Reading without events ends with, for up to two flags: the bits of those."""
    sets = chain.from_iterable(permutations(Health, many) for many in range(3))
    return {_tail_of(flags): sum(BIT[flag] for flag in flags) for flags in sets}


def _tail_of(flags: Iterable[Health]) -> bytes:
    """The encoding of the fields `health` and `events`, the last, without events."""
    return msgspec.msgpack.encode(tuple(flags)) + bytes([_EMPTY])


_TAILS: Final = _tails()


class _Cursors:
    """Owns a place in each of some Readings, moved over them in step, and which are sound so far.

    `ok` is never wrongly true at the end; a cursor that is not ok may point anywhere near.
    """

    def __init__(self, data: Sequence[bytes], sizes: Ints) -> None:
        """Before the first byte of each of `data`, whose bytes are `sizes`."""
        self.whole = b"".join((*data, bytes(_ROOM)))
        self.buf = np.frombuffer(self.whole, np.uint8)
        # Eight bytes from any byte on, as one number: an array whose entries overlap.
        self._words = np.ndarray((len(self.whole) - 7,), ">u8", self.whole, strides=(1,))
        self.end = np.cumsum(sizes)
        self.at = self.end - sizes
        self.ok = (sizes > 0) & (sizes <= MAX_BYTES_PER_SECOND)

    def number(self, low: int, high: int) -> Ints:
        """The number at each cursor, if it is the shortest form of one from `low` to `high`."""
        found, self.at, sound = self._number(self.at, low, high)
        self.ok &= sound
        return found

    def _number(self, at: Ints, low: int, high: int) -> tuple[Ints, Ints, NDArray[np.bool_]]:
        tag = self.buf.take(at)
        size = _SIZE.take(tag)
        found = tag.astype(np.int64)
        long = np.flatnonzero(size)
        if len(long):
            words = self._words[at[long] + 1].astype(np.uint64)
            found[long] = (words >> _SHIFT.take(tag[long])).astype(np.int64)
        sound = (found >= _LEAST.take(tag)) & (found >= low) & (found <= high)
        return found, at + size + 1, sound

    def sign(self, sign: int) -> None:
        """Each must say `sign`."""
        self.ok &= self.buf.take(self.at) == sign
        self.at = self.at + 1

    def array(self, most: int) -> Ints:
        """The length of the array at each cursor; 0 of what is none."""
        tag = self.buf.take(self.at).astype(np.int64)
        short, long = tag & 0xF0 == _EMPTY, np.flatnonzero(tag == 0xDC)
        found = np.where(short, tag & 0xF, 0)
        sound = short
        if len(long):
            places = self.at[long] + 1
            found[long] = self.buf.take(places).astype(np.int64) << 8 | self.buf.take(places + 1)
            sound[long] = found[long] >= 16
        self.ok &= sound & (found <= most)
        self.at = self.at + 1
        self.at[long] += 2
        return np.where(self.ok, found, 0)

    def cells(self) -> None:
        """Each must have ground cells, whole ones, whose numbers are all of one byte."""
        many = self.array(5 * MAX_PACKED_CELLS)
        inside = self.at + many <= self.end
        self.ok &= inside & (many % 5 == 0)
        many = np.where(self.ok, many, 0)
        filled = np.flatnonzero(many)
        froms, untils = self.at[filled], self.at[filled] + many[filled]
        whole = self.whole
        parts = [whole[a:b] for a, b in zip(froms.tolist(), untils.tolist(), strict=True)]
        flat = np.frombuffer(b"".join(parts), np.int8)
        flaws = np.flatnonzero(flat.reshape(-1, 5) < _LEAST_OF_CELL)
        if len(flaws):
            rows = np.searchsorted(np.cumsum(many[filled]), flaws, side="right")
            self.ok[filled[rows]] = False
        self.at = self.at + many

    def crossings(self) -> tuple[Ints, Ints]:
        """(n,) lines and (n, most lines, 2) what crossed them."""
        lines = self.array(_MOST_LINES)
        most = int(lines.max(initial=0))
        found = np.zeros((len(lines), most, 2), np.int64)
        for k in range(most):
            rows = np.flatnonzero((lines > k) & self.ok)
            at = self.at[rows]
            sound = self.buf.take(at) == _PAIR
            forward, at, well = self._number(at + 1, *_FLUX[0])
            backward, at, also = self._number(at, *_FLUX[1])
            found[rows, k, 0], found[rows, k, 1] = forward, backward
            self.at[rows] = at
            self.ok[rows] &= sound & well & also
        return np.where(self.ok, lines, 0), found

    def tail(self) -> Ints:
        """The bits of the flags with which each must end, without any events."""
        buf, at = self.buf, self.at
        bits = np.zeros(len(at), np.int64)
        plain = (buf.take(at) == _EMPTY) & (buf.take(at + 1) == _EMPTY) & (at + 2 == self.end)
        rows = np.flatnonzero(~plain & self.ok)
        ends = zip(at[rows].tolist(), self.end[rows].tolist(), strict=True)
        said = [_TAILS.get(self.whole[a:b], -1) for a, b in ends]
        bits[rows] = said
        self.ok &= bits >= 0
        return bits


def _read_fast(data: Sequence[bytes], sizes: Ints) -> tuple[Columns, Sequence[int]]:
    """Columns of `data`, of so many bytes each; those of the places named are not filled, nor known
    to be Readings.
    """  # noqa: D205 - one sentence
    cursors = _Cursors(data, sizes)
    cursors.sign(_HEAD)
    numbers = [cursors.number(low, high) for low, high in _BOUNDS]
    t, span, frames, _, count, low, high, *_ = numbers
    cursors.ok &= (low <= count) & (count <= high)
    cursors.cells()
    lines, crossings = cursors.crossings()
    bits = cursors.tail()
    columns = Columns(
        t, span, frames, np.column_stack((count, low, high)), bits, lines, crossings,
        np.zeros(len(data), np.bool_),
    )  # fmt: skip
    return columns, np.flatnonzero(~cursors.ok).tolist()
