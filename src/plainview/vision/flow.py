"""Velocity of bodies, in m/s on the ground, by finding each again in the frame before; its noise.

What of the present frame shows a body's trunk and head, and nothing else, is laid over the frame
before: the shift with the least mean square difference is how the body moved. Only its own pixels
count, not those of the ground around it, which a window of any shape would mix in: the ground
stands still, and the smaller a body is, the slower it seemed. Where cloth has no texture the shift
is ambiguous, and the velocity that the body had decides: the estimate is the maximum a posteriori
of the difference over its noise and a normal prior.

A pixel of the trunk moves on a plane at the torso's height: its displacement is projected on that
plane, not on the ground, which would overstate speed by the ratio of camera height to camera height
minus torso height.
"""

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Points, project, to_plane
from plainview.vision.optics import Floats, Optics, trunks
from plainview.vision.plate import Image, Luma

TORSO = 1.15
"""Metres above the ground at which a body's shift is read: hip to shoulder."""
FASTEST: Final = 12.0
"""m/s beyond which a displacement is a mismatch, not a person."""
LEAST: Final = 25
"""Pixels of a body that must be seen."""
CORRELATED: Final = 4.0
"""Neighbouring pixels that count as one independent look."""
SENSOR: Final = 2.0
"""Standard deviation of a pixel's luma, grey levels, that no match is taken to be better than."""
SHAPE: Final = 0.3
"""Pixels (standard deviation, each way) by which a body's shape moves against its feet."""
ALIKE: Final = 0.5
"""Part of the difference at any odd place that a match may leave: light that flashes, or a shade
that falls, is nowhere in the frame before."""
KNOWN: Final = 0.2
"""Standard deviation, m/s along each axis, of a velocity about the one that the body had."""
NEW: Final = 1.5
"""The same about standing still, of what was only just found."""
TAIL: Final = 6.0
"""Bound on what its speed costs something new, in nats: some of it are vehicles."""
SURE: Final = 2.0
"""Nats by which something new must be found better in one place than in another."""
APART: Final = 3
"""Pixels beyond which it is another place."""
_FAR: Final = 48
"""Pixels that something new may have moved, at most."""
_NEAR: Final = 12
"""Pixels by which a body may miss where it was expected, at most."""
_DIRECT: Final = 300
"""Places from which on a Fourier transform takes less time than a sum for each."""
_ENOUGH: Final = 400
"""Pixels of a body's box from which on not each is looked at."""
_SIDE: Final = 12
"""Pixels a side of a window of the background."""
_WINDOWS: Final = 24
"""Windows of the background that the noise is taken from, at most."""
_NOISE_EVERY: Final = 10
"""Frames between two looks at the noise."""


class Motion(NamedTuple):
    """How bodies moved between two analysed frames."""

    velocities: Floats
    """(n, 2) m/s; NaN where too little of a body is seen, or it is not found again."""
    tried: bool
    """Whether velocity was measured at all."""
    noise: float | None
    """Standard deviation of a body-sized window's shift on what stands still, working pixels."""


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

    def measure(
        self, luma: Luma, evidence: Image, places: Floats, velocities: Floats, dt: float
    ) -> Motion:
        """Velocities of bodies at `places` (n, 2) that had `velocities` (n, 2; 0: not known yet).

        `luma`, `evidence` (h, w) are the present working frame's; `dt` seconds since the last.
        """
        last, self._last = self._last, luma
        found = np.full((len(places), 2), np.nan)
        if last is None or last.shape != luma.shape or len(places) == 0 or dt <= 0:
            return Motion(found, tried=False, noise=None)
        search = _Search(luma, last)
        pixels, metres = self._scale(places)
        known = np.any(velocities, axis=1)
        expected = self._pixels(places - velocities * dt) - pixels
        corners, masks = self._own(places, evidence)
        for k, mask in enumerate(masks):
            if np.count_nonzero(mask) < LEAST or not np.all(np.isfinite(metres[k])):
                continue
            prior = _expecting(metres[k] / dt, expected[k]) if known[k] else _new(metres[k] / dt)
            shift = search.shift(corners[k], mask, prior)
            if shift is not None:
                found[k] = shift
        before = to_plane(self._optics.projection, pixels + found, TORSO)
        found = (places - before) / dt
        wild = ~(np.hypot(found[:, 0], found[:, 1]) < FASTEST)
        found[wild] = np.nan
        self._turn = (self._turn + 1) % _NOISE_EVERY
        noise = search.noise(evidence) if self._turn == 0 else None
        return Motion(found, tried=True, noise=noise)

    def _pixels(self, places: Floats) -> Points:
        """(n, 2) working pixels of the torsos of bodies at `places` (n, 2)."""
        torsos = np.column_stack((places, np.full(len(places), TORSO)))
        return project(self._optics.projection, torsos)[0]

    def _scale(self, places: Floats) -> tuple[Points, Floats]:
        """Pixels (n, 2) of torsos at `places` (n, 2), and the metres (n, 2, 2; columns) by which a
        pixel to the right and one down are behind them.
        """  # noqa: D205 - one sentence
        pixels = self._pixels(places)
        steps = [to_plane(self._optics.projection, pixels + step, TORSO) for step in np.eye(2)]
        return pixels, np.stack([places - step for step in steps], axis=-1)

    def _own(
        self, places: Floats, evidence: Image
    ) -> tuple[list[tuple[int, int]], list[NDArray[np.uint8]]]:
        """(x, y) and mask there of what shows each body's trunk, and not a nearer one's."""
        optics = self._optics
        width, height = optics.size
        polygons = trunks(optics.projection, optics.centre, places)
        owner = np.zeros((height, width), dtype=np.int32)
        for k in np.argsort(-np.hypot(*(places - optics.centre[:2]).T), kind="stable"):
            cv2.fillPoly(owner, [polygons[k]], int(k) + 1)
        owner[evidence <= 0] = 0
        corners, masks = [], []
        for k, polygon in enumerate(polygons):
            x, y, w, h = cv2.boundingRect(polygon)
            x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
            own = owner[y0 : max(y1, y0), x0 : max(x1, x0)] == k + 1
            corners.append((x0, y0))
            masks.append(own.astype(np.uint8))
        return corners, masks


class _Prior(NamedTuple):
    """What is known of a shift before it is looked for."""

    speeds: Floats
    """(2, 2) m/s that a pixel to the right and one down are, as columns."""
    expected: Points
    """(2,) pixels."""
    deviation: float
    """m/s along each axis."""
    reach: int
    """Pixels around what is expected that are worth a look."""
    new: bool = False
    """Whether nothing is known: any speed is possible, and a doubtful find is none."""

    def cost(self, dx: Floats, dy: Floats) -> Floats:
        """Negative log-likelihood (m, n), nats, of shifts by `dx` (n,) and `dy` (m,) pixels."""
        x, y = dx - self.expected[0], (dy - self.expected[1])[:, None]
        east = self.speeds[0, 0] * x + self.speeds[0, 1] * y
        north = self.speeds[1, 0] * x + self.speeds[1, 1] * y
        cost = (east**2 + north**2) / (2 * self.deviation**2)
        return np.asarray(np.minimum(cost, TAIL) if self.new else cost)


def _expecting(speeds: Floats, expected: Points) -> _Prior:
    """Of a body that had a velocity."""
    return _Prior(speeds, expected, KNOWN, _reach(speeds, 3 * KNOWN, _NEAR))


def _new(speeds: Floats) -> _Prior:
    """Of a body that was only just found."""
    return _Prior(speeds, np.zeros(2), NEW, _reach(speeds, FASTEST, _FAR), new=True)


def _reach(speeds: Floats, speed: float, most: int) -> int:
    """Pixels in which `speed` m/s show at most, and no more than `most`."""
    # The determinant over the norm is no more than the lesser singular value: the slowest pixel.
    (a, b), (c, d) = speeds
    slowest = abs(a * d - b * c) / max(float(np.sqrt(a * a + b * b + c * c + d * d)), 1e-9)
    return int(min(np.ceil(speed / max(slowest, 1e-9)) + 2, most))


class _Search:
    """Owns two frames while parts of the one are looked for in the other."""

    def __init__(self, luma: Luma, last: Luma) -> None:
        self._luma = luma
        self._last = last

    def shift(
        self, corner: tuple[int, int], mask: NDArray[np.uint8], prior: _Prior
    ) -> Points | None:
        """(2,) pixels from here to where the frame before shows what `mask` (h, w) shows here.

        None where it does not, or only at the border of what is searched.
        """
        (x, y), (height, width), reach = corner, mask.shape, prior.reach
        mx, my = round(float(prior.expected[0])), round(float(prior.expected[1]))
        left, top = x + mx - reach, y + my - reach
        window = _part(self._last, left, top, width + 2 * reach, height + 2 * reach)
        here = _part(self._luma, x - 1, y - 1, width + 2, height + 2)
        if window is None or here is None:
            return None
        differs = _differences(window, here[1:-1, 1:-1], mask.astype(np.float32))
        least = max(float(differs.min()), 2 * SENSOR**2)
        if least > 8 * SENSOR**2 and least > ALIKE * float(differs.mean()):
            return None
        steps = np.arange(-reach, reach + 1, dtype=np.float64)
        noise = CORRELATED * least
        weight = np.count_nonzero(mask) / (2 * noise)
        cost = np.asarray(differs * weight + prior.cost(mx + steps, my + steps))
        j, i = (int(v) for v in np.unravel_index(cost.argmin(), cost.shape))
        if not (0 < i < 2 * reach and 0 < j < 2 * reach):
            return None
        if prior.new and _doubtful(cost, j, i):
            return None
        whole = np.array([left - x + i, top - y + j], dtype=np.float64)
        there = window[j - 1 : j + height + 1, i - 1 : i + width + 1]
        return whole + _fraction(here, there, mask > 0, noise, prior, whole)

    def noise(self, evidence: Image) -> float | None:
        """Spread (one component) of the shift of windows that show only background, pixels.

        Of those with most texture: a body differs from what is behind it.
        """
        rows, columns = (size // _SIDE for size in self._luma.shape)
        shape = (rows, _SIDE, columns, _SIDE)
        part = np.s_[: rows * _SIDE, : columns * _SIDE]
        quiet = (evidence[part].reshape(shape) < -0.9).mean(axis=(1, 3)) > 0.95
        if np.count_nonzero(quiet) < 4:
            return None
        contrast = np.where(quiet, self._luma[part].reshape(shape).std(axis=(1, 3)), -1.0)
        many = min(_WINDOWS, (np.count_nonzero(quiet) + 1) // 2)
        mask = np.ones((_SIDE, _SIDE), dtype=np.uint8)
        still = _Prior(np.zeros((2, 2)), np.zeros(2), KNOWN, 4)
        corners = [
            (int(k) % columns * _SIDE, int(k) // columns * _SIDE)
            for k in np.argsort(-contrast, axis=None)[:many]
        ]
        found = [self.shift(corner, mask, still) for corner in corners]
        known = [shift for shift in found if shift is not None]
        return 1.4826 * float(np.median(np.abs(known))) if known else None


def _part(picture: Luma, x: int, y: int, width: int, height: int) -> Image | None:
    """(height, width) of `picture` from (x, y) on; its border goes on beyond it. None outside."""
    rows, columns = picture.shape
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width, columns), min(y + height, rows)
    if x1 <= x0 or y1 <= y0:
        return None
    borders = (y0 - y, y + height - y1, x0 - x, x + width - x1)
    part = cv2.copyMakeBorder(picture[y0:y1, x0:x1], *borders, cv2.BORDER_REPLICATE)
    return np.asarray(part, dtype=np.float32)


def _differences(window: Image, own: Image, mask: Image) -> Image:
    """(m, n) mean square differences of `own` (h, w), where `mask` is 1, to each of the places in
    `window` (h + m - 1, w + n - 1). Of a large body every second or third pixel tells enough.
    """  # noqa: D205 - one sentence
    (height, width), (rows, columns) = own.shape, window.shape
    m, n = rows - height + 1, columns - width + 1
    if m * n > _DIRECT:
        found = cv2.matchTemplate(window, own, cv2.TM_SQDIFF, mask=mask)
        return np.asarray(found / np.float32(np.count_nonzero(mask)), dtype=np.float32)
    each = 1 + min(height * width // _ENOUGH, min(height, width) // 6)
    some = np.s_[::each, ::each]
    own, mask = own[some], mask[some]
    down, right = window.strides
    shape = (m, n, *own.shape)
    views = np.lib.stride_tricks.as_strided(window, shape, (down, right, each * down, each * right))
    differ = (views - own).reshape(m * n, own.size)
    np.square(differ, out=differ)
    total = differ @ mask.ravel()
    return np.asarray(total / np.float32(max(float(mask.sum()), 1.0)), dtype=np.float32).reshape(
        m, n
    )


def _fraction(
    here: Image,
    there: Image,
    mask: NDArray[np.bool_],
    noise: float,
    prior: _Prior,
    whole: Points,
) -> Points:
    """(2,) pixels, less than one, that the shift is beyond the `whole` pixels (2,).

    One step of efficient second-order minimisation (Malis, ICRA 2004), by the gradients of both
    pictures. They are (h + 2, w + 2), a pixel wider than `mask` (h, w) on each side. A parabola
    through the differences would lean to where the mask cuts through the body.
    """
    both = here + there
    right = (both[1:-1, 2:] - both[1:-1, :-2])[mask] / 4
    down = (both[2:, 1:-1] - both[:-2, 1:-1])[mask] / 4
    rest = (there - here)[1:-1, 1:-1][mask]
    slopes = np.stack((right, down), axis=1).astype(np.float64)
    tie = np.zeros((2, 2)) if prior.new else prior.speeds.T @ prior.speeds / prior.deviation**2
    sharp, pull = slopes.T @ slopes / noise, slopes.T @ rest / noise
    # However sharp the picture, arms and steps move what is seen of a body.
    soft = _inverse(np.eye(2) + SHAPE**2 * sharp)
    step = _inverse(soft @ sharp + tie) @ (soft @ pull + tie @ (whole - prior.expected))
    return np.clip(-step, -1.0, 1.0)


def _inverse(matrix: Floats) -> Floats:
    """The inverse of `matrix` (2, 2), which has no negative eigenvalue; large where it has none."""
    (a, b), (c, d) = matrix
    return np.array([[d, -b], [-c, a]]) / max(float(a * d - b * c), 1e-9)


def _doubtful(cost: Floats, j: int, i: int) -> bool:
    """Whether the `cost` of another place than the best, at row `j` and column `i`, is as good."""
    others = cost.copy()
    others[max(j - APART, 0) : j + APART + 1, max(i - APART, 0) : i + APART + 1] = np.inf
    return bool(others.min() < cost[j, i] + SURE)
