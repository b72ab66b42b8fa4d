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
from plainview.vision.optics import SAMPLE_Z, Floats, Optics, outline
from plainview.vision.plate import Image, Luma

TORSO = 1.15
"""Metres above the ground at which a body's flow is read: hip to shoulder."""
_UPPER = (SAMPLE_Z * BODY_HEIGHT > 0.8) & (SAMPLE_Z * BODY_HEIGHT < 1.6)
FASTEST = 12.0
"""m/s beyond which a displacement is a mismatch, not a person."""
_PAD = 24


class Motion(NamedTuple):
    """Flow between two analysed frames."""

    velocities: Floats
    """(n, 2) m/s; NaN where a body has too few textured, visible samples."""
    noise: float | None
    """Standard deviation of a body-sized window's flow on what stands still, working pixels."""


class Flow:
    """Owns the last working frame and the flow engine."""

    def __init__(self, optics: Optics) -> None:
        """Measure on the working picture of `optics`."""
        self._optics = optics
        self._engine = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        # Half resolution, 8 px patches: finer than the preset, as a torso is a dozen pixels.
        self._engine.setFinestScale(1)
        self._engine.setPatchSize(8)
        self._engine.setPatchStride(4)
        self._engine.setGradientDescentIterations(12)
        self._engine.setVariationalRefinementIterations(0)
        self._last: Luma | None = None

    def forget(self) -> None:
        """The next frame does not continue the last one."""
        self._last = None

    def _window(self, places: Floats) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1) of the working picture around all bodies at `places`."""
        width, height = self._optics.size
        boxes = [
            cv2.boundingRect(outline(self._optics.projection, self._optics.centre, place))
            for place in places
        ]
        x0 = max(min(b[0] for b in boxes) - _PAD, 0)
        y0 = max(min(b[1] for b in boxes) - _PAD, 0)
        x1 = min(max(b[0] + b[2] for b in boxes) + _PAD, width)
        y1 = min(max(b[1] + b[3] for b in boxes) + _PAD, height)
        return x0, y0, x1, y1

    def measure(
        self, luma: Luma, evidence: Image, places: Floats, flat: NDArray[np.int32], dt: float
    ) -> Motion:
        """Velocities of bodies at `places` (n, 2) with silhouette samples `flat` (n, SAMPLES).

        `luma`, `evidence` (h, w) are the present working frame's; `dt` seconds since the last.
        """
        last, self._last = self._last, luma
        velocities = np.full((len(places), 2), np.nan)
        if last is None or last.shape != luma.shape or len(places) == 0 or dt <= 0:
            return Motion(velocities, None)
        x0, y0, x1, y1 = self._window(places)
        if x1 - x0 < 32 or y1 - y0 < 32:
            return Motion(velocities, None)
        flow = self._engine.calc(
            np.ascontiguousarray(luma[y0:y1, x0:x1]),
            np.ascontiguousarray(last[y0:y1, x0:x1]),
            None,  # type: ignore[arg-type]
        )
        width, height = self._optics.size
        rows, columns = np.divmod(flat, width)
        inside = (columns >= x0) & (columns < x1) & (rows >= y0) & (rows < y1) & (rows < height)
        use = inside & _UPPER
        local_rows = np.where(inside, rows - y0, 0)
        local_columns = np.where(inside, columns - x0, 0)
        use &= evidence[np.minimum(rows, height - 1), columns] > 0
        enough = use.sum(axis=1) >= 5
        if np.any(enough):
            found = flow[local_rows[enough], local_columns[enough]].astype(np.float64)
            found[~use[enough]] = np.nan
            shift = np.nanmedian(found, axis=1)
            velocities[enough] = self._on_torso_plane(places[enough], shift, dt)
        quiet = evidence[y0:y1, x0:x1] < -0.9
        return Motion(velocities, _window_noise(flow, quiet))

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


def _window_noise(flow: NDArray[np.float32], quiet: NDArray[np.bool_]) -> float | None:
    """Spread (one component) of the mean flow in 12 x 12 windows that show only background."""
    side = 12
    rows, columns = flow.shape[0] // side, flow.shape[1] // side
    blocks = flow[: rows * side, : columns * side].reshape(rows, side, columns, side, 2)
    clear = quiet[: rows * side, : columns * side].reshape(rows, side, columns, side)
    whole = clear.mean(axis=(1, 3)) > 0.95
    if np.count_nonzero(whole) < 8:
        return None
    means = blocks.mean(axis=(1, 3))[whole]
    return float(1.4826 * np.median(np.abs(means)))
