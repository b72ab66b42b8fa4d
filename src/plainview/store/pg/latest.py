"""The newest Reading of each camera, by its number."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from plainview.clock import Clock
from plainview.readings import Ints
from plainview.record import Reading, decoded_before
from plainview.store import AHEAD

_NEVER: Final = -1
_BITS: Final = 24
_MASK: Final = (1 << _BITS) - 1
"""Of a place within its batch."""
_MANY: Final = 32
"""Batches that are held whole, at most; of older ones only what is still the newest."""


class Latest:
    """Owns the newest Readings, by the batches that they came in: few are ever asked for.

    One thread may see while others get.
    """

    def __init__(self, clock: Clock) -> None:
        """Of no camera."""
        self._clock = clock
        self._times: Ints = np.zeros(0, np.int64)
        self._places: Ints = np.zeros(0, np.int64)
        """(cameras,) the batch's number, and the place in it, in one number: see `_BITS`."""
        self._batches: dict[int, Sequence[bytes]] = {}
        """The oldest first."""
        self._settled: dict[int, bytes] = {}
        """Of batches that are not held any more."""
        self._number = 0

    def get(self, camera: int) -> Reading | None:
        """The newest of `camera`."""
        found = self._data_of(camera) if camera < len(self._times) else None
        return None if found is None else decoded_before(found)

    def _data_of(self, camera: int) -> bytes | None:
        while self._times[camera] != _NEVER:
            place = int(self._places[camera])
            batch = self._batches.get(place >> _BITS)
            if batch is not None:
                return batch[place & _MASK]
            # Settled, or seen anew just now.
            if place == self._places[camera]:
                return self._settled.get(camera)
        return None

    def see(self, cameras: Ints, times: Ints, data: Sequence[bytes]) -> None:
        """Take Readings in by their encodings, in the order in which they came."""
        self._make_room(int(cameras.max(initial=-1)) + 1)
        self._number += 1
        self._batches[self._number] = data
        ahead = self._clock.utc() * 1000 + AHEAD
        places = (self._number << _BITS) + np.arange(len(data))
        for one in _rounds(cameras):
            times_, known = times[one], self._times[cameras[one]]
            newer = one[(times_ >= known) | (known > ahead)]
            self._places[cameras[newer]] = places[newer]
            self._times[cameras[newer]] = times[newer]
        while len(self._batches) > _MANY:
            self._settle(next(iter(self._batches)))

    def _make_room(self, top: int) -> None:
        if top > len(self._times):
            size = max(top, 2 * len(self._times))
            more, none = np.full(size, _NEVER, np.int64), np.zeros(size, np.int64)
            more[: len(self._times)] = self._times
            none[: len(self._places)] = self._places
            self._places, self._times = none, more

    def _settle(self, number: int) -> None:
        """Hold on to those of that batch that are still the newest of their cameras."""
        batch = self._batches[number]
        for camera in np.flatnonzero(self._places >> _BITS == number).tolist():
            self._settled[camera] = batch[int(self._places[camera]) & _MASK]
        del self._batches[number]

    def times_of(self, cameras: Ints) -> tuple[Ints, Ints]:
        """Those of `cameras` that have a newest Reading, and its time."""
        known = cameras[cameras < len(self._times)]
        known = known[self._times[known] != _NEVER]
        return known, self._times[known]


def _rounds(cameras: Ints) -> Iterator[Ints]:
    """Places of each camera's first Reading, then of each one's second, and so on."""
    rest = np.arange(len(cameras))
    while len(rest):
        _, first = np.unique(cameras[rest], return_index=True)
        yield rest[first]
        rest = np.delete(rest, first)
