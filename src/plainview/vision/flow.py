"""Velocity of bodies from dense optical flow, in m/s on the ground, and its noise floor.

Flow is DIS (Kroeger, Timofte, Dai & Van Gool, ECCV 2016, as in OpenCV), computed backwards from
the present frame over the part of the working picture where bodies are. A pixel of the torso moves
on a plane at the torso's height: its displacement is projected on that plane, not on the ground,
which would overstate speed by the ratio of camera height to camera height minus torso height.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import BODY_HEIGHT, Points, to_plane
from plainview.vision.optics import SAMPLE_U, SAMPLE_Z, Floats, Optics
from plainview.vision.plate import Image, Luma

TORSO = 1.15
"""Metres above the ground at which a body's flow is read: hip to shoulder."""
_UPPER = (SAMPLE_Z * BODY_HEIGHT > 0.8) & (SAMPLE_Z * BODY_HEIGHT < 1.6) & (abs(SAMPLE_U) < 0.05)
FASTEST = 12.0
"""m/s beyond which a displacement is a mismatch, not a person."""
EACH = 2
"""Flow is measured on every n-th frame, against the one before it."""
_PAD = 16
_LEAST = 160
"""Pixels a side of the least window: smaller ones leave the engine no pyramid to climb, and a
step of half a metre would be missed."""


class Motion(NamedTuple):
    """Flow between two analysed frames."""

    velocities: Floats
    """(n, 2) m/s; NaN where a body has too few textured, visible samples."""
    tried: bool
    """Whether flow was measured at all."""
    noise: float | None
    """Standard deviation of a body-sized window's flow on what stands still, working pixels."""


class Flow:
    """Owns the last working frame."""

    def __init__(self, optics: Optics) -> None:
        """Measure on the working picture of `optics`."""
        self._optics = optics
        self._last: Luma | None = None
        self._turn = 0

    def forget(self) -> None:
        """The next frame does not continue the last one."""
        self._last = None

    def _windows(self, flat: NDArray[np.int32]) -> list[tuple[int, int, int, int]]:
        """(x0, y0, x1, y1) of the parts of the working picture that hold the samples `flat`.

        Boxes of bodies that overlap are one, unless together they would be mostly empty.
        """
        width, height = self._optics.size
        rows, columns = np.divmod(flat, width)
        inside = rows < height
        boxes: list[tuple[int, int, int, int]] = []
        for k in range(len(flat)):
            own = inside[k]
            if not own.any():
                continue
            x, y = columns[k][own], rows[k][own]
            x0, x1 = _span(int(x.min()), int(x.max()), width)
            y0, y1 = _span(int(y.min()), int(y.max()), height)
            boxes.append((x0, y0, x1, y1))
        return _merged(boxes)

    def measure(
        self, luma: Luma, evidence: Image, places: Floats, flat: NDArray[np.int32], dt: float
    ) -> Motion:
        """Velocities of bodies at `places` (n, 2) with silhouette samples `flat` (n, SAMPLES).

        `luma`, `evidence` (h, w) are the present working frame's; `dt` seconds since the last.
        """
        last, self._last = self._last, luma
        velocities = np.full((len(places), 2), np.nan)
        self._turn += 1
        if last is None or last.shape != luma.shape or len(places) == 0 or dt <= 0:
            return Motion(velocities, tried=False, noise=None)
        if self._turn % EACH:
            return Motion(velocities, tried=False, noise=None)
        width, height = self._optics.size
        rows, columns = np.divmod(flat, width)
        use = (rows < height) & _UPPER
        use &= evidence[np.minimum(rows, height - 1), columns] > 0
        shift = np.full((len(places), 2), np.nan)
        noises: list[float] = []
        engine = _engine()
        for x0, y0, x1, y1 in self._windows(flat):
            if min(x1 - x0, y1 - y0) < _LEAST:
                continue
            flow = engine.calc(
                np.ascontiguousarray(luma[y0:y1, x0:x1]),
                np.ascontiguousarray(last[y0:y1, x0:x1]),
                # Zeros, never uninitialised: the engine starts from what it is given.
                np.zeros((y1 - y0, x1 - x0, 2), dtype=np.float32),
            )
            own = use & (columns >= x0) & (columns < x1) & (rows >= y0) & (rows < y1)
            for k in np.nonzero((own.sum(axis=1) >= 5) & np.isnan(shift[:, 0]))[0]:
                shift[k] = np.median(flow[rows[k][own[k]] - y0, columns[k][own[k]] - x0], axis=0)
            if self._turn % (5 * EACH) == 0:
                noise = _window_noise(np.asarray(flow), evidence[y0:y1, x0:x1] < -0.9)
                noises += [] if noise is None else [noise]
        velocities = self._on_torso_plane(places, shift, dt)
        noise = float(np.median(noises)) if noises else None
        return Motion(velocities, tried=True, noise=noise)

    def _on_torso_plane(self, places: Floats, shift: Points, dt: float) -> Floats:
        """Ground velocity (n, 2) of bodies whose torso moved by -`shift` (n, 2) pixels in `dt`."""
        projection = self._optics.projection
        torso = np.column_stack((places, np.full(len(places), TORSO))) @ projection[:, :3].T
        torso += projection[:, 3]
        pixels = torso[:, :2] / torso[:, 2:]
        before = to_plane(projection, pixels + shift, TORSO)
        velocity = (places - before) / dt
        wild = ~(np.hypot(velocity[:, 0], velocity[:, 1]) < FASTEST)
        velocity[wild] = np.nan
        return np.asarray(velocity)


def _engine() -> cv2.DISOpticalFlow:
    """A flow engine, to be dropped: one keeps, until its end, what its largest window took.

    That is eight megabytes for a whole working picture; its own collectGarbage ends the process.
    """
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    # Half resolution, 8 px patches: finer than the preset, as a torso is a dozen pixels.
    engine.setFinestScale(1)
    engine.setPatchSize(8)
    engine.setPatchStride(4)
    engine.setGradientDescentIterations(7)
    engine.setVariationalRefinementIterations(0)
    return engine


def _span(low: int, high: int, size: int) -> tuple[int, int]:
    """Pixels from `low` to `high` with a margin, at least _LEAST of them, within `size`."""
    wanted = max(high - low + 2 * _PAD, _LEAST)
    start = max(min((low + high - wanted) // 2, size - wanted), 0)
    return start, min(start + wanted, size)


def _merged(boxes: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """`boxes` with those that overlap joined, where the join is not much larger than both."""
    done: list[tuple[int, int, int, int]] = []
    waiting = list(boxes)
    while waiting:
        box = waiting.pop()
        for k, other in enumerate(done):
            join = (
                min(box[0], other[0]),
                min(box[1], other[1]),
                max(box[2], other[2]),
                max(box[3], other[3]),
            )
            if _size(join) <= _size(box) + _size(other):
                del done[k]
                waiting.append(join)
                break
        else:
            done.append(box)
    return done


def _size(box: tuple[int, int, int, int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _window_noise(flow: NDArray[np.float32], quiet: NDArray[np.bool_]) -> float | None:
    """Spread (one component) of the mean flow in 12 x 12 windows that show only background."""
    side = 12
    rows, columns = flow.shape[0] // side, flow.shape[1] // side
    blocks = flow[: rows * side, : columns * side].reshape(rows, side, columns, side, 2)
    clear = quiet[: rows * side, : columns * side].reshape(rows, side, columns, side)
    whole = clear.mean(axis=(1, 3)) > 0.95
    if np.count_nonzero(whole) < 4:
        return None
    means = blocks.mean(axis=(1, 3))[whole]
    return float(1.4826 * np.median(np.abs(means)))
