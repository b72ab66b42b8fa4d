"""Networks that a site supplies to find things of its own (docs/guide/detectors.md).

The file is read and held against its SHA-256 before the lens is sealed; it is parsed and run only
behind the seal, by OpenCV, on one thread, at most once a second and for a small share of the time.
Contract: input 1 x 3 x height x width, float32, red, green and blue from 0 to 1, the whole picture
stretched to it; output n x 6 (or 1 x n x 6), float32: left, top, right and bottom in pixels of the
input, score 0 to 1, number of the class.
"""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Network, View, to_plane
from plainview.record import EventKind
from plainview.vision.events.declared import takes
from plainview.vision.events.detector import Patience, Sighting
from plainview.vision.events.ground import Ground
from plainview.vision.events.seen import Seen
from plainview.vision.optics import Optics
from plainview.vision.plate import Luma
from plainview.vision.spec import NetworkState

MOST_BYTES: Final = 64 << 20
"""Of a network's file."""
MOST_FINDS: Final = 1000
"""Rows of one answer that are read."""
LOOK_EVERY: Final = 1.0
"""Seconds between two looks, at least."""
SHARE: Final = 0.2
"""Part of one processor that looking may take, at most: a slow network looks more rarely."""
SLOWEST: Final = 2.0
"""Seconds of processor time that one look may take."""

Clock = Callable[[], float]
Picture = NDArray[np.float32]


class Find(NamedTuple):
    """One thing in one picture."""

    column: float
    """Of the middle of its foot, working pixels."""
    row: float
    score: float
    kind: EventKind


class Supplied:
    """Owns one network of the site's: its bytes until it is opened, then the network itself."""

    def __init__(self, network: Network, *, clock: Clock = time.thread_time) -> None:
        """Read the file of `network`, before the seal. `clock`: seconds of processor time."""
        self._network, self._clock = network, clock
        self._kinds = {one.index: EventKind(one.kind) for one in network.classes}
        self._net: cv2.dnn.Net | None = None
        self._next = -np.inf
        self._at = -np.inf
        self._finds: list[Find] = []
        self.stopped = False
        """Whether it was used, and is no more."""
        self._data, self.state = _read(Path(network.path), network.sha256)

    @property
    def kinds(self) -> frozenset[EventKind]:
        """The kinds of event that it speaks for."""
        return frozenset(self._kinds.values())

    def open(self, *, stopped: bool = False) -> NetworkState:
        """Parse and try it, behind the seal. Whatever it is, the lens goes on.

        One that has `stopped` in the lens before this one is not used again.
        """
        data, self._data = self._data, b""
        if self.state is NetworkState.READY and stopped:
            self.state = NetworkState.STOPPED
        if self.state is not NetworkState.READY:
            return self.state
        width, height = self._network.size
        shape = (1, 3, height, width)
        try:
            # Before it is built, which takes its memory and time.
            if not takes(data, shape):
                self.state = NetworkState.MISSHAPEN
                return self.state
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
        except (cv2.error, MemoryError, ValueError):
            self.state = NetworkState.UNREADABLE
            return self.state
        began = self._clock()
        self.state = self._tried(np.full(shape, 0.5, np.float32))
        if self.state is NetworkState.READY and self._clock() - began > SLOWEST:
            self.state = NetworkState.SLOW
        if self.state is not NetworkState.READY:
            self._net = None
        return self.state

    def look(self, seen: Seen) -> list[Find]:
        """What it finds in `seen`, or nothing where no look is due. Asked again, it says the same.

        An answer that is none, or takes too long, ends its looking: see `state` and `stopped`.
        """
        if seen.t == self._at:
            return self._finds
        self._at, self._finds = seen.t, []
        if self._net is None or seen.t < self._next:
            return []
        began = self._clock()
        answer = self._answer(_stretched(seen, self._network.size))
        took = self._clock() - began
        self._next = seen.t + max(LOOK_EVERY, took / SHARE)
        if isinstance(answer, NetworkState) or took > SLOWEST:
            self.state = answer if isinstance(answer, NetworkState) else NetworkState.SLOW
            self._net, self.stopped = None, True
            return []
        self._finds = self._read_finds(answer, seen.luma.shape)
        return self._finds

    def _tried(self, blob: Picture) -> NetworkState:
        answer = self._answer(blob)
        return answer if isinstance(answer, NetworkState) else NetworkState.READY

    def _answer(self, blob: Picture) -> Picture | NetworkState:
        """(n, 6) what the network answers to `blob`, or what is wrong with it."""
        if self._net is None:
            return NetworkState.UNREADABLE
        try:
            self._net.setInput(blob)
            answer = np.asarray(self._net.forward())
        except (cv2.error, MemoryError, ValueError):
            return NetworkState.MISSHAPEN
        if answer.ndim == 3 and answer.shape[0] == 1:
            answer = answer[0]
        if answer.ndim != 2 or answer.shape[1] != 6:
            return NetworkState.MISSHAPEN
        if not np.isfinite(answer).all():
            return NetworkState.NO_NUMBERS
        return answer[:MOST_FINDS].astype(np.float32)

    def _read_finds(self, answer: Picture, shape: tuple[int, ...]) -> list[Find]:
        width, height = self._network.size
        across, down = shape[1] / width, shape[0] / height
        found = []
        for left, _, right, bottom, score, number in answer[answer[:, 4] >= self._network.least]:
            kind = self._kinds.get(int(number))
            if kind is not None and left < right:
                foot = min(max(float(bottom), 0.0), float(height))
                middle = 0.5 * float(left + right)
                place = middle * across - 0.5, foot * down - 0.5
                found.append(Find(*place, min(float(score), 1.0), kind))
        return found


class SuppliedDetector:
    """One kind of event that one network of the site's speaks for, placed by each find's foot."""

    patience = Patience(rise=3.0, fall=8.0, reach=3.0)

    def __init__(self, supplied: Supplied, kind: EventKind, view: View, optics: Optics) -> None:
        """Look in the zones of `view` for `kind`, in its whole area where it has none."""
        self.kind = kind
        self._supplied, self._ground = supplied, Ground(view, kind)
        self._projection = optics.projection

    def look(self, seen: Seen) -> list[Sighting]:
        """Finds of this kind on the ground that is watched."""
        finds = [find for find in self._supplied.look(seen) if find.kind is self.kind]
        if not finds:
            return []
        places = to_plane(self._projection, [(find.column, find.row) for find in finds])
        sightings = []
        for find, (x, y) in zip(finds, places.tolist(), strict=True):
            zone = None if np.isnan(x) else self._ground.zone(x, y)
            if zone is not None:
                sightings.append(Sighting(x, y, find.score, zone))
        return sightings


def supplied_detectors(
    found: list[Supplied], kinds: tuple[EventKind, ...], view: View, optics: Optics
) -> list[SuppliedDetector]:
    """A detector for each of `kinds` that each of `found` speaks for."""
    return [
        SuppliedDetector(one, kind, view, optics)
        for one in found
        for kind in kinds
        if one.state is NetworkState.READY and kind in one.kinds
    ]


def _read(path: Path, sha256: str) -> tuple[bytes, NetworkState]:
    try:
        if not path.is_file():
            return b"", NetworkState.ABSENT
        if path.stat().st_size > MOST_BYTES:
            return b"", NetworkState.TOO_LARGE
        with path.open("rb") as file:
            data = file.read(MOST_BYTES)
    except (OSError, ValueError):
        return b"", NetworkState.ABSENT
    if hashlib.sha256(data).hexdigest() != sha256:
        return b"", NetworkState.OTHER
    return data, NetworkState.READY


def _stretched(seen: Seen, size: tuple[int, int]) -> Picture:
    """(1, 3, h, w) the whole picture at `size` (w, h), red, green, blue, 0 to 1."""
    luma = cv2.resize(seen.luma, size, interpolation=cv2.INTER_AREA)
    if seen.chroma is None:
        blue = red = np.full_like(luma, 128)
    else:
        blue, red = (cv2.resize(one, size, interpolation=cv2.INTER_LINEAR) for one in seen.chroma)
    coded: Luma = np.stack((luma, red, blue), axis=-1).astype(np.uint8)
    rgb = cv2.cvtColor(coded, cv2.COLOR_YCrCb2RGB).astype(np.float32) / np.float32(255)
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None])
