"""Which cameras can be believed, and why the others cannot: by district, and for how long."""

import enum
from collections.abc import Iterator
from typing import Final

import numpy as np

from plainview.record import CameraStatus, LensState
from plainview.web.city.sums import Ints


class Fault(enum.StrEnum):
    """Why a camera's numbers do not count: a flag of its own, or that nothing usable comes."""

    BLIND = "blind"
    MOVED = "moved"
    BLURRED = "blurred"
    DARK = "dark"
    FROZEN = "frozen"
    LATE = "late"
    LOST = "lost"
    BLANK = "blank"
    """It sends, and no picture of the interval was measured."""
    SILENT = "silent"
    """No Reading for three intervals, at least 5 s; or none since the start."""


BITS: Final = {fault: 1 << k for k, fault in enumerate(Fault)}
"""Those of a camera's flags are `readings.BIT`'s."""
SILENT: Final = BITS[Fault.SILENT]
BLANK: Final = BITS[Fault.BLANK]


def faults_in(bits: int) -> tuple[Fault, ...]:
    """The faults whose bits are set."""
    return tuple(fault for fault, bit in BITS.items() if bits & bit)


class Conditions:
    """Owns each camera's condition and how many there are of each, by district. Not thread-safe."""

    def __init__(self, district: Ints, districts: int) -> None:
        """Nobody has said anything yet. `district` is (n,), the district of each camera."""
        n = len(district)
        self._district = district
        self.bits: Ints = np.full(n, SILENT, dtype=np.int64)
        """(n,) of BITS; 0: believed."""
        self.since: Ints = np.full(n, -1, dtype=np.int64)
        """(n,) UTC milliseconds since when a camera is not believed; -1: since the start."""
        self.counts: Ints = np.zeros((districts, len(BITS)), dtype=np.int64)
        """(districts, faults) how many cameras; a camera with two flags is in both."""
        np.add.at(self.counts[:, len(BITS) - 1], district, 1)
        self.believed: Ints = np.zeros(districts, dtype=np.int64)
        self._order = dict.fromkeys(range(n))
        self._gone = 0

    def change(self, cameras: Ints, bits: Ints, now: int) -> None:
        """`cameras` (none twice) are in the condition `bits` from `now` (UTC ms) on."""
        moved = self.bits[cameras] != bits
        if moved.any():
            for k, after in zip(cameras[moved].tolist(), bits[moved].tolist(), strict=True):
                self._turn(k, after, now)

    def _turn(self, k: int, after: int, now: int) -> None:
        before, district = int(self.bits[k]), int(self._district[k])
        for number, bit in enumerate(BITS.values()):
            if (after ^ before) & bit:
                self.counts[district, number] += 1 if after & bit else -1
        if not after:
            del self._order[k]
            self._gone += 1
            if self._gone > len(self._order):
                # A dictionary keeps the places of what was deleted, and walks over them.
                self._order, self._gone = dict(self._order), 0
            self.since[k] = -1
            self.believed[district] += 1
        elif not before:
            self._order[k] = None
            self.since[k] = now
            self.believed[district] -= 1
        self.bits[k] = after

    def longest(self) -> Iterator[int]:
        """Cameras that are not believed, those that have not been for longest first."""
        return iter(self._order)


class Lenses:
    """Owns how many lenses are in which state, as the fleet last said. Not thread-safe."""

    def __init__(self) -> None:
        """Nothing is known of any."""
        self._states: dict[int, LensState] = {}
        self._unsealed: set[int] = set()
        self.counts = dict.fromkeys(LensState, 0)

    def said(self, camera: int, status: CameraStatus) -> None:
        """`camera` is in this state now."""
        before = self._states.get(camera)
        if before is not None:
            self.counts[before] -= 1
        self._states[camera] = status.state
        self.counts[status.state] += 1
        if status.state is LensState.RUNNING and not status.sealed:
            self._unsealed.add(camera)
        else:
            self._unsealed.discard(camera)

    def state(self, camera: int) -> LensState | None:
        """That of the lens of `camera`; None: nothing was said of it."""
        return self._states.get(camera)

    @property
    def unsealed(self) -> int:
        """Lenses that run without the kernel's seal."""
        return len(self._unsealed)
