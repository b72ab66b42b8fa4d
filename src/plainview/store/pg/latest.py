"""The newest Reading of each camera, by its number."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from plainview.readings import Ints
from plainview.record import Reading, decoded_before

_STEP_BACK: Final = 60_000
"""Milliseconds. A Reading that much older than the newest known means that the clock was set back;
it is the newest then."""
_NEVER: Final = -1


class Latest:
    """Owns the newest Readings. One thread may see while others get."""

    def __init__(self) -> None:
        """Of no camera."""
        self._times: Ints = np.zeros(0, np.int64)
        self._data: NDArray[Any] = np.zeros(0, object)
        """Their encodings: few of them are ever asked for."""

    def get(self, camera: int) -> Reading | None:
        """The newest of `camera`."""
        data = self._data
        found: bytes | None = data[camera] if camera < len(data) else None
        return None if found is None else decoded_before(found)

    def see(self, cameras: Ints, times: Ints, data: Sequence[bytes]) -> None:
        """Take Readings in by their encodings, in the order in which they came."""
        top = int(cameras.max(initial=-1)) + 1
        if top > len(self._times):
            size = max(top, 2 * len(self._times))
            more, none = np.full(size, _NEVER, np.int64), np.full(size, None, object)
            more[: len(self._times)] = self._times
            none[: len(self._data)] = self._data
            self._times, self._data = more, none
        if top and np.bincount(cameras).max() > 1:
            for k, (camera, t) in enumerate(zip(cameras.tolist(), times.tolist(), strict=True)):
                known = self._times[camera]
                if t >= known or t < known - _STEP_BACK:
                    self._times[camera], self._data[camera] = t, data[k]
            return
        known = self._times[cameras]
        newer = (times >= known) | (times < known - _STEP_BACK)
        given = np.fromiter(data, object, len(data))
        self._times[cameras[newer]] = times[newer]
        self._data[cameras[newer]] = given[newer]

    def times_of(self, cameras: Ints) -> tuple[Ints, Ints]:
        """Those of `cameras` that have a newest Reading, and its time."""
        known = cameras[cameras < len(self._times)]
        known = known[self._times[known] != _NEVER]
        return known, self._times[known]
