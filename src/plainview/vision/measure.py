"""One camera's measurement: frames in, encoded Readings out. Runs inside the sealed lens."""

import math
from collections import deque
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import InputError
from plainview.record import Health
from plainview.vision.events.clear import Clear
from plainview.vision.events.eyes import Eyes, detectors, movers
from plainview.vision.events.hours import OpenHours
from plainview.vision.events.seen import Seen
from plainview.vision.events.supplied import Supplied, supplied_detectors
from plainview.vision.health import HealthMonitor
from plainview.vision.optics import Optics, optics
from plainview.vision.plate import Luma, Plate, read_plate, shrunk
from plainview.vision.scene import BOOTSTRAP, STAGES, FrameStore
from plainview.vision.sparse import SparseEstimator
from plainview.vision.spec import LensSpec, NetworkState
from plainview.vision.steady import Steady, steadied
from plainview.vision.tally import Tally
from plainview.vision.tint import Colour, Tint, moved_back
from plainview.vision.view.redactor import Redactor

PLATE_EVERY = 600.0
"""Seconds between two plates offered for saving."""
WATCH_EVERY = 0.3
"""Seconds between two looks at the camera's health, at least: every second frame of five."""
ENOUGH = 12.0
"""Seconds of a scene after which its plate is taken at its word."""
REPLACED = {Health.BLIND, Health.MOVED}
"""Flags of another picture than the plate's: not to be learned while one is only suspected."""
_ORDER = {flag: k for k, flag in enumerate(Health)}


class _Frame(NamedTuple):
    luma: Luma
    t: float
    key: bool
    chroma: Colour | None


class _Mark(NamedTuple):
    """The end of an interval, waiting for the frames before it."""

    end_ms: int
    span_ms: int
    dropped: int
    health: tuple[Health, ...]


class Measurer:
    """Owns everything one lens measures with. Give frames in order of time.

    A clip is held back until its plate is learned (BOOTSTRAP seconds, or its end), so that its
    first seconds are measured as well as its last; a live lens measures from its first frames,
    against a plate that is learned anew in STAGES, with a wider interval until then.
    """

    def __init__(
        self,
        spec: LensSpec,
        *,
        plate: bytes | None = None,
        admitted: bytes | None = None,
        looks: bytes | None = None,
    ) -> None:
        """Measure as `spec` says, against a saved `plate` where one is given and fits.

        The redacted view, where `spec` wants it, is drawn over the `admitted` plate, and learns
        its next one from the `looks` that an older lens took.
        """
        cv2.setNumThreads(1)
        self._spec = spec
        self._supplied = [Supplied(network) for network in spec.view.networks]
        self._saved = plate
        self._admitted = admitted
        self._looks = looks
        self._redactor: Redactor | None = None
        self._picture: bytes | None = None
        self._tally = Tally(spec.view, spec.every)
        self._size: tuple[int, int] | None = None
        self._last = -math.inf
        self._step = 1.0 / spec.rate
        self._queue: deque[_Frame | _Mark] = deque()
        self._ready: list[bytes] = []
        self._outgoing: bytes | None = None
        self._offered = -math.inf
        self._optics: Optics | None = None
        self._estimator: SparseEstimator | None = None
        self._hours = OpenHours(spec.view.zones, live=spec.live)
        self._eyes = Eyes(())
        self._store = FrameStore()
        self._first = -math.inf
        self._stage = 0
        self._monitor = HealthMonitor()
        self._steady = Steady()
        self._watched = -math.inf
        self._key = False

    def open_networks(self, without: int = 0) -> tuple[NetworkState, ...]:
        """Open the networks that the site supplies, behind the seal: how each was found.

        `without`: one bit for each that is not to be used, the lowest for the first.
        """
        return tuple(
            one.open(stopped=bool(without >> k & 1)) for k, one in enumerate(self._supplied)
        )

    @property
    def stopped(self) -> int:
        """One bit for each network that was used and is no more, the lowest for the first."""
        return sum(one.stopped << k for k, one in enumerate(self._supplied))

    def frame(
        self,
        luma: NDArray[np.uint8],
        t: float,
        *,
        key: bool = False,
        chroma: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None,
    ) -> None:
        """Analyse a frame's luma plane (h, w) at `t` seconds, and its `chroma` (h/2, w/2) each.

        `key`: a key frame was decoded since the last one analysed; a picture that not even key
        frames change is frozen.
        """
        height, width = luma.shape
        if (width, height) != self._size:
            self._settle()
            self._resize(width, height)
        optics_ = self._optics
        if optics_ is None:
            return
        work = luma.copy() if optics_.size == (width, height) else shrunk(luma, optics_.size)
        if t <= self._last:
            # A clock that stepped back, or frames out of order: time goes on by one step.
            self._first += t - self._last - self._step
            self._last = t - self._step
        if self._first == -math.inf:
            self._first = t
        colour = None if chroma is None else _halved(chroma, optics_.size)
        self._learn(work, colour, t)
        frame = _Frame(work, t, key, colour)
        if self._waiting or self._queue:
            self._queue.append(frame)
            self._last = t
            return
        self._analyse(frame)

    def interval(
        self, end_ms: int, span_ms: int, *, dropped: int, health: tuple[Health, ...]
    ) -> list[bytes]:
        """Close an interval that ends at `end_ms`: the encoded Readings that are ready.

        `health` is what the lens knows of packets (late, lost). One Reading for each interval, in
        order; none while a clip's plate is being learned, and all that waited once it is.
        """
        mark = _Mark(end_ms, span_ms, dropped, health)
        if self._waiting:
            self._queue.append(mark)
            return []
        self._drain()
        self._ready.append(self._close(mark))
        return self._taken()

    def finish(self) -> list[bytes]:
        """The Readings that still wait when a stream has ended."""
        self._settle()
        return self._taken()

    def plate(self) -> bytes | None:
        """A newly learned plate, serialised, when one is worth saving; else None."""
        outgoing, self._outgoing = self._outgoing, None
        if outgoing is None and self._redactor is not None:
            return self._redactor.plate()
        return outgoing

    def picture(self) -> bytes | None:
        """The newest picture of the redacted view, once; None where none is drawn."""
        picture, self._picture = self._picture, None
        return picture

    @property
    def _waiting(self) -> bool:
        """Whether a clip's frames are held back for its plate."""
        return not self._spec.live and self._estimator is None

    def _resize(self, width: int, height: int) -> None:
        """Begin anew for frames of another size."""
        self._size = (width, height)
        self._optics = optics(self._spec.view, width, height)
        self._estimator = None
        found = [
            *detectors(self._spec.view, self._optics, self._spec.events, self._hours),
            *supplied_detectors(self._supplied, self._spec.events, self._spec.view, self._optics),
        ]
        follow = movers(self._spec.view, self._optics)
        clear = Clear(self._optics.projection)
        self._eyes = Eyes(found, self._eyes.finish(), follow=follow, clear=clear)
        if self._spec.picture:
            # Looks of another size are of no use later, and a lens's memory is dear.
            looks, self._looks = self._looks, None
            self._redactor = Redactor(self._spec.view, self._optics.size, self._admitted, looks)
        self._store.clear()
        self._stage = 0
        self._first = -math.inf
        self._monitor = HealthMonitor()
        if self._saved is None:
            return
        try:
            plate = read_plate(self._saved)
        except InputError:
            self._saved = None
            return
        if plate.luma.shape[::-1] == self._optics.size:
            self._adopt(plate)
            self._stage = len(STAGES)

    def _adopt(self, plate: Plate, tint: Tint | None = None) -> None:
        self._steady = Steady()
        if self._optics is not None:
            self._estimator = SparseEstimator(
                self._spec.view,
                self._optics,
                plate,
                frames=self._store.frames,
                tint=tint,
                spare=self._spec.live,
            )

    def _learn(self, work: Luma, colour: Colour | None, t: float) -> None:
        """Collect frames and learn the plate when a stage is reached."""
        if self._stage >= len(STAGES):
            return
        self._store.add(work, colour)
        age = t - self._first
        if self._spec.live:
            due = age >= STAGES[self._stage] and len(self._store) >= 3
            if due or (self._estimator is None and len(self._store) == 3):
                while self._stage < len(STAGES) and age >= STAGES[self._stage]:
                    self._stage += 1
                self._relearn()
        elif age >= BOOTSTRAP or len(self._queue) > 400:
            self._stage = len(STAGES)
            self._adopt(self._store.learn(), self._store.tint())
        if self._stage >= len(STAGES):
            self._store.clear()

    def _relearn(self) -> None:
        """Learn the plate from more than before; where bodies stand now, what it was stays."""
        plate, tint = self._store.learn(), self._store.tint()
        before = self._estimator
        if before is not None and before.mask is not None:
            bodies = cv2.dilate(before.mask, np.ones((7, 7), np.uint8)) > 0
            plate.keep(before.plate, bodies)
            if tint is not None and before.tint is not None:
                tint.keep(before.tint, bodies)
        self._adopt(plate, tint)

    def _analyse(self, frame: _Frame) -> None:
        work, t, key, _ = frame
        # What was held back may have a clock that stepped back: time goes on by one step.
        dt = t - self._last if -math.inf < self._last < t else self._step
        self._last = t
        estimator = self._estimator
        if estimator is None:
            self._monitor.update(work, t, key=key)
            return
        self._key = self._key or key
        if not 0 <= t - self._watched < WATCH_EVERY:
            mask = None if estimator.mask is None else estimator.mask > 0
            plate = estimator.plate.luma
            sways = self._steady.sways
            self._monitor.update(work, t, plate=plate, foreground=mask, key=self._key, sways=sways)
            self._watched, self._key = t, False
        flags = self._monitor.flags()
        trusted = not flags
        learns = trusted and not self._monitor.suspected() & REPLACED
        frame = self._steadied(estimator, frame)
        work = frame.luma
        self._tally.add(estimator.frame(work, dt, colour=frame.chroma, trusted=learns), dt)
        hazy = set(flags) == {Health.BLURRED}
        self._look(estimator, frame, dt, trusted=trusted, hazy=hazy)
        if estimator.relit and trusted:
            # Another light: learn the scene anew from what comes, and say so by a wide interval.
            self._stage, self._first = 0, t
            estimator.relit = False
        settled = self._stage >= len(STAGES)
        self._redact(estimator, frame, trusted=trusted and settled)
        if trusted and settled and t - self._offered > PLATE_EVERY:
            self._offered = t
            self._outgoing = estimator.plate.to_bytes()

    def _steadied(self, by: SparseEstimator, frame: _Frame) -> _Frame:
        """`frame` as it would be had the camera not swayed since the plate of `by` was learned."""
        shift = self._steady.shift(frame.luma, by.plate.luma)
        if shift is None:
            return frame
        chroma = frame.chroma
        if chroma is not None:
            chroma = moved_back(chroma, shift)
        return frame._replace(luma=steadied(frame.luma, shift), chroma=chroma)

    def _look(
        self, by: SparseEstimator, frame: _Frame, dt: float, *, trusted: bool, hazy: bool
    ) -> None:
        """Look for events in a frame that `by` has just measured."""
        if not self._eyes or by.evidence is None or by.mask is None:
            return
        seen = Seen(
            t=frame.t,
            dt=dt,
            luma=frame.luma,
            chroma=frame.chroma,
            background=by.background,
            evidence=by.evidence,
            mask=by.mask,
            bodies=by.bodies,
            plate=by.plate,
            trusted=trusted,
            hazy=hazy,
            veil=by.veil,
            tinted=by.tinted,
            cast=by.cast,
        )
        self._eyes.frame(seen)

    def _redact(self, by: SparseEstimator, frame: _Frame, *, trusted: bool) -> None:
        """Let the view look at a frame that `by` has just measured."""
        if self._redactor is not None and by.evidence is not None and by.mask is not None:
            self._redactor.look(frame.luma, by.evidence, by.mask, frame.t, trusted=trusted)

    def _taken(self) -> list[bytes]:
        ready, self._ready = self._ready, []
        return ready

    def _settle(self) -> None:
        """Measure all that waits, against a plate of what was seen so far if there is none."""
        if self._waiting and len(self._store) > 0:
            self._adopt(self._store.learn(), self._store.tint())
        self._drain()

    def _drain(self) -> None:
        """Measure what waited for a plate."""
        if self._queue:
            self._last = -math.inf
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, _Frame):
                self._analyse(item)
            else:
                self._ready.append(self._close(item))

    def _close(self, mark: _Mark) -> bytes:
        flags = set(mark.health) | self._monitor.interval_flags()
        seen = min(max(self._last - self._first, 0.0) / ENOUGH, 1.0) if self._last > -1e9 else 0.0
        doubt = 1.0 if self._stage >= len(STAGES) else 2.5 - 1.5 * seen
        reading = self._tally.reading(
            mark.end_ms,
            mark.span_ms,
            dropped=mark.dropped,
            health=sorted(flags, key=_ORDER.__getitem__),
            doubt=doubt,
            events=self._eyes.take(),
        )
        if self._redactor is not None:
            self._picture = self._redactor.picture(reading) or self._picture
        return reading


def _halved(chroma: tuple[Luma, Luma], size: tuple[int, int]) -> Colour:
    """`chroma` (h/2, w/2) each at half of the working `size` (w, h), copied."""
    half = (max(size[0] // 2, 1), max(size[1] // 2, 1))
    # Less than half as many need no mean over each pixel's area, which takes ten times as long.
    if chroma[0].shape[1] < 2 * half[0]:
        return np.stack([cv2.resize(one, half, interpolation=cv2.INTER_LINEAR) for one in chroma])
    return np.stack([shrunk(one, half) for one in chroma])
