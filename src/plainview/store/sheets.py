"""Running sums of many cameras at once: what `rollup.Sums` is for one, in arrays."""

# ruff: noqa: SLF001 - one sheet reads another's arrays

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview import readings
from plainview.readings import Ints
from plainview.store.rollup import Sums

_NONE: Final = -1
"""No peak, or no slot."""


class Columns(NamedTuple):
    """What is summed of some Readings, one row each."""

    cameras: Ints
    """(n,) numbers of cameras."""
    healthy: NDArray[np.bool_]
    counts: Ints
    """(n, 3) count, low, high, in COUNT_STEP."""
    health: Ints
    """(n,) bits of the flags raised, in the order of Health."""
    lines: Ints
    """(n,) how many lines its crossings have."""
    crossings: Ints
    """(n, most lines, 2), in CROSSING_STEP."""

    def of(self, rows: NDArray[np.bool_]) -> "Columns":
        """Those of `rows` only."""
        return Columns(
            self.cameras[rows],
            self.healthy[rows],
            self.counts[rows],
            self.health[rows],
            self.lines[rows],
            self.crossings[rows],
        )


def columns(cameras: Ints | Sequence[int], given: readings.Columns) -> Columns:
    """What is summed of `given`, of `cameras`."""
    return Columns(
        np.asarray(cameras, np.int64),
        given.healthy,
        given.counts,
        given.health,
        given.lines,
        given.crossings,
    )


class Held(NamedTuple):
    """Sums of cameras, one row each, as `rollup.Sums` has them."""

    cameras: Ints
    sums: Ints
    """(n, 5) readings, unhealthy, total, low, high."""
    peaks: Ints
    """-1 where there is none."""
    health: Ints
    lines: Ints
    crossings: Ints
    """(n, most lines, 2)."""


class Sheet:
    """Owns the sums of those cameras that were added, each in a slot of its own."""

    def __init__(self) -> None:
        """Of no camera."""
        self.used = 0
        self._slots: Ints = np.full(0, _NONE, np.int64)
        self._cameras: Ints = np.zeros(0, np.int64)
        self._sums: Ints = np.zeros((0, 5), np.int64)
        """readings, unhealthy, total, low, high."""
        self._peaks: Ints = np.zeros(0, np.int64)
        self._health: Ints = np.zeros(0, np.int64)
        self._lines: Ints = np.zeros(0, np.int64)
        self._crossings: Ints = np.zeros((0, 0, 2), np.int64)

    @property
    def cameras(self) -> Ints:
        """Numbers of the cameras that are in it."""
        return self._cameras[: self.used]

    def lacks(self, cameras: Ints) -> Ints:
        """Those of `cameras` that are not in it."""
        known = cameras[cameras < len(self._slots)]
        return np.setdiff1d(cameras, known[self._slots[known] != _NONE])

    def _slots_of(self, cameras: Ints, lines: int) -> Ints:
        """The slots of `cameras`, made where they had none, with room for `lines` lines."""
        top = int(cameras.max(initial=-1)) + 1
        if top > len(self._slots):
            more = np.full(max(top, 2 * len(self._slots)) - len(self._slots), _NONE, np.int64)
            self._slots = np.concatenate((self._slots, more))
        fresh = np.unique(cameras[self._slots[cameras] == _NONE])
        if len(fresh):
            end = self.used + len(fresh)
            if end > len(self._cameras):
                self._grow(max(end, 2 * len(self._cameras)))
            self._slots[fresh] = np.arange(self.used, end)
            self._cameras[self.used : end] = fresh
            self.used = end
        if lines > self._crossings.shape[1]:
            wider = np.zeros((len(self._cameras), lines, 2), np.int64)
            wider[:, : self._crossings.shape[1]] = self._crossings
            self._crossings = wider
        return self._slots[cameras]

    def _grow(self, size: int) -> None:
        def grown(part: Ints, fill: int = 0) -> Ints:
            more = np.full((size - len(part), *part.shape[1:]), fill, np.int64)
            return np.concatenate((part, more))

        self._cameras, self._sums = grown(self._cameras), grown(self._sums)
        self._peaks, self._health = grown(self._peaks, _NONE), grown(self._health)
        self._lines, self._crossings = grown(self._lines), grown(self._crossings)

    def add(self, given: Columns) -> None:
        """Add Readings; a camera may be there more than once."""
        slots = self._slots_of(given.cameras, given.crossings.shape[1])
        well = given.healthy.astype(np.int64)
        # Flags of unhealthy Readings, all else of healthy ones.
        deltas = np.column_stack((well, 1 - well, given.counts * well[:, None]))
        peaks = np.where(given.healthy, given.counts[:, 0], _NONE)
        lines, many = given.lines * well, given.crossings.shape[1]
        flux = given.crossings * well[:, None, None]
        if len(slots) and np.bincount(slots).max() > 1:
            np.add.at(self._sums, slots, deltas)
            np.bitwise_or.at(self._health, slots, given.health)
            np.maximum.at(self._peaks, slots, peaks)
            np.maximum.at(self._lines, slots, lines)
            np.add.at(self._crossings[:, :many], slots, flux)
        else:  # the usual case, several times faster
            self._sums[slots] += deltas
            self._health[slots] |= given.health
            self._peaks[slots] = np.maximum(self._peaks[slots], peaks)
            self._lines[slots] = np.maximum(self._lines[slots], lines)
            self._crossings[slots, :many] += flux

    def add_unreadable(self, camera: int, many: int) -> None:
        """Count intervals of which nothing is known as unhealthy."""
        slots = self._slots_of(np.array([camera]), 0)
        self._sums[slots, 1] += many

    def split(self, most: int) -> list["Sheet"]:
        """Its sums in sheets of at most `most` cameras each, by their numbers."""
        order = np.argsort(self.cameras)
        return [self._part(order[k : k + most]) for k in range(0, self.used, most)]

    def _part(self, slots: Ints) -> "Sheet":
        part = Sheet()
        at = part._slots_of(self._cameras[slots], self._crossings.shape[1])
        part._sums[at], part._peaks[at] = self._sums[slots], self._peaks[slots]
        part._health[at], part._lines[at] = self._health[slots], self._lines[slots]
        part._crossings[at] = self._crossings[slots]
        return part

    def merge(self, other: "Sheet", sign: int = 1) -> None:
        """Add all of `other`, or take its sums away (-1): it must then be a part of this one."""
        if not other.used:
            return
        n = other.used
        slots = self._slots_of(other.cameras, other._crossings.shape[1])
        self._sums[slots] += sign * other._sums[:n]
        self._crossings[slots, : other._crossings.shape[1]] += sign * other._crossings[:n]
        # Of a part that is taken away, peak, flags and lines are in the rest as well.
        if sign > 0:
            self._peaks[slots] = np.maximum(self._peaks[slots], other._peaks[:n])
            self._health[slots] |= other._health[:n]
            self._lines[slots] = np.maximum(self._lines[slots], other._lines[:n])

    def put(self, parts: Mapping[int, Sums]) -> None:
        """Add the sums of cameras that are not in it yet."""
        if not parts:
            return
        many = max(len(part.crossings) for part in parts.values())
        slots = self._slots_of(np.fromiter(parts, np.int64, len(parts)), many)
        for slot, part in zip(slots.tolist(), parts.values(), strict=True):
            self._sums[slot] = part[:5]
            self._peaks[slot] = _NONE if part.peak is None else part.peak
            self._health[slot] = part.health
            self._lines[slot] = len(part.crossings)
            if part.crossings:
                self._crossings[slot, : len(part.crossings)] = part.crossings

    def parts(self) -> dict[int, Sums]:
        """Its sums, by camera."""
        held = self.held(self.cameras)
        rows = zip(held.cameras.tolist(), held.sums.tolist(), held.peaks.tolist(),
                   held.health.tolist(), held.lines.tolist(), held.crossings.tolist(),
                   strict=True)  # fmt: skip
        return {
            camera: Sums(n, unhealthy, total, low, high, None if peak == _NONE else peak,
                         tuple((forward, backward) for forward, backward in said[:lines]), health)
            for camera, (n, unhealthy, total, low, high), peak, health, lines, said in rows
        }  # fmt: skip

    def held(self, cameras: Ints) -> Held:
        """The sums of `cameras`, which are in it, in the order of their numbers."""
        cameras = np.sort(cameras)
        slots = self._slots[cameras]
        return Held(
            cameras,
            self._sums[slots],
            self._peaks[slots],
            self._health[slots],
            self._lines[slots],
            self._crossings[slots],
        )
