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

import math
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


class _Matrix(NamedTuple):
    """(2, 2), row by row."""

    a: float
    b: float
    c: float
    d: float


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
        expected = (self._pixels(places - velocities * dt) - pixels).tolist()
        speeds = [_Matrix(*row) for row in (metres / dt).reshape(-1, 4).tolist()]
        on_ground = np.all(np.isfinite(metres), axis=(1, 2)).tolist()
        corners, masks = self._own(places, evidence)
        for k, mask in enumerate(masks):
            if not on_ground[k] or np.count_nonzero(mask) < LEAST:
                continue
            prior = _expecting(speeds[k], expected[k]) if known[k] else _new(speeds[k])
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
        beside = (pixels + np.eye(2)[:, None]).reshape(-1, 2)
        steps = to_plane(self._optics.projection, beside, TORSO).reshape(2, -1, 2)
        return pixels, np.moveaxis(places - steps, 0, -1)

    def _own(
        self, places: Floats, evidence: Image
    ) -> tuple[list[tuple[int, int]], list[NDArray[np.uint8]]]:
        """(x, y) and mask there of what shows each body's trunk, and not a nearer one's."""
        optics = self._optics
        width, height = optics.size
        polygons = trunks(optics.projection, optics.centre, places)
        owner = np.zeros((height, width), dtype=np.int16)
        for k in np.argsort(-np.hypot(*(places - optics.centre[:2]).T), kind="stable"):
            cv2.fillPoly(owner, [polygons[k]], int(k) + 1)
        corners, masks = [], []
        for k, polygon in enumerate(polygons):
            x, y, w, h = cv2.boundingRect(polygon)
            x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
            part = np.s_[y0 : max(y1, y0), x0 : max(x1, x0)]
            own = (owner[part] == k + 1) & (evidence[part] > 0)
            corners.append((x0, y0))
            masks.append(own.view(np.uint8))
        return corners, masks


class _Prior(NamedTuple):
    """What is known of a shift before it is looked for."""

    speeds: _Matrix
    """m/s to the east that a pixel to the right is, and one down; the same to the north."""
    expected: tuple[float, float]
    """Pixels to the right and down."""
    deviation: float
    """m/s along each axis."""
    reach: int
    """Pixels around what is expected that are worth a look."""
    new: bool = False
    """Whether nothing is known: any speed is possible, and a doubtful find is none."""

    def ties(self) -> tuple[float, float, float]:
        """Precision per squared pixel of a shift: to the right, of both together, and down."""
        a, b, c, d = self.speeds
        square = self.deviation**2
        return (a * a + c * c) / square, (a * b + c * d) / square, (b * b + d * d) / square

    def cost(self, dx: Floats, dy: Floats) -> Floats:
        """Negative log-likelihood (m, n), nats, of shifts by `dx` (n,) and `dy` (m,) pixels."""
        x, y = dx - self.expected[0], (dy - self.expected[1])[:, None]
        xx, xy, yy = self.ties()
        cost = (0.5 * yy) * y + xy * x
        cost *= y
        cost += (0.5 * xx) * x * x
        return np.asarray(np.minimum(cost, TAIL) if self.new else cost)


def _expecting(speeds: _Matrix, expected: tuple[float, float]) -> _Prior:
    """Of a body that had a velocity."""
    return _Prior(speeds, expected, KNOWN, _reach(speeds, 3 * KNOWN, _NEAR))


def _new(speeds: _Matrix) -> _Prior:
    """Of a body that was only just found."""
    return _Prior(speeds, (0.0, 0.0), NEW, _reach(speeds, FASTEST, _FAR), new=True)


def _reach(speeds: _Matrix, speed: float, most: int) -> int:
    """Pixels in which `speed` m/s show at most, and no more than `most`."""
    # The determinant over the norm is no more than the lesser singular value: the slowest pixel.
    a, b, c, d = speeds
    slowest = abs(a * d - b * c) / max(math.sqrt(a * a + b * b + c * c + d * d), 1e-9)
    return min(math.ceil(speed / max(slowest, 1e-9)) + 2, most)


class _Search:
    """Owns two frames while parts of the one are looked for in the other."""

    def __init__(self, luma: Luma, last: Luma) -> None:
        self._luma = luma
        self._last = last

    def shift(
        self, corner: tuple[int, int], mask: NDArray[np.uint8], prior: _Prior
    ) -> tuple[float, float] | None:
        """Pixels, right and down, to where the frame before shows what `mask` (h, w) shows here.

        None where it does not, or only at the border of what is searched.
        """
        (x, y), (height, width), reach = corner, mask.shape, prior.reach
        mx, my = round(prior.expected[0]), round(prior.expected[1])
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
        cost = differs * weight + prior.cost(mx + steps, my + steps)
        j, i = divmod(int(cost.argmin()), 2 * reach + 1)
        if not (0 < i < 2 * reach and 0 < j < 2 * reach):
            return None
        if prior.new and _doubtful(cost, j, i):
            return None
        whole = (left - x + i, top - y + j)
        there = window[j - 1 : j + height + 1, i - 1 : i + width + 1]
        right, down = _fraction(here, there, mask.view(np.bool_), noise, prior, whole)
        return whole[0] + right, whole[1] + down

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
        contrast = np.where(quiet, _spreads(self._luma[part], (columns, rows)), -1.0)
        many = min(_WINDOWS, (np.count_nonzero(quiet) + 1) // 2)
        mask = np.ones((_SIDE, _SIDE), dtype=np.uint8)
        still = _Prior(_Matrix(0.0, 0.0, 0.0, 0.0), (0.0, 0.0), KNOWN, 4)
        corners = [
            (int(k) % columns * _SIDE, int(k) // columns * _SIDE)
            for k in np.argsort(-contrast, axis=None)[:many]
        ]
        found = [self.shift(corner, mask, still) for corner in corners]
        known = [shift for shift in found if shift is not None]
        return 1.4826 * float(np.median(np.abs(known))) if known else None


def _spreads(luma: Luma, blocks: tuple[int, int]) -> Image:
    """Variance of `luma` (h, w) in each of `blocks` (columns, rows) that it is made of."""
    values = luma.astype(np.float32)
    mean = cv2.resize(values, blocks, interpolation=cv2.INTER_AREA)
    square = cv2.resize(values * values, blocks, interpolation=cv2.INTER_AREA)
    return np.asarray(square - mean * mean, dtype=np.float32)


def _part(picture: Luma, x: int, y: int, width: int, height: int) -> Image | None:
    """(height, width) of `picture` from (x, y) on; its border goes on beyond it. None outside."""
    rows, columns = picture.shape
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width, columns), min(y + height, rows)
    if x1 <= x0 or y1 <= y0:
        return None
    part = picture[y0:y1, x0:x1]
    borders = (y0 - y, y + height - y1, x0 - x, x + width - x1)
    if any(borders):
        part = np.asarray(cv2.copyMakeBorder(part, *borders, cv2.BORDER_REPLICATE))
    return part.astype(np.float32)


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
    own, mask = own[::each, ::each], mask[::each, ::each]
    # Side by side, what each step to the right shows: a step down is then a whole row further on.
    down, right = window.strides
    beside = np.ndarray(
        (n, rows, own.shape[1]), np.float32, window, strides=(right, down, each * right)
    ).copy()
    ahead, row, _ = beside.strides
    if each == 1:
        shape: tuple[int, ...] = (m, n, own.size)
        differ = np.ndarray(shape, np.float32, beside, strides=(row, ahead, right)) - own.ravel()
    else:
        shape = (m, n, *own.shape)
        views = np.ndarray(shape, np.float32, beside, strides=(row, ahead, each * row, right))
        differ = views - own
    np.square(differ, out=differ)
    total = differ.reshape(m * n, own.size) @ mask.ravel()
    total /= np.float32(max(int(np.count_nonzero(mask)), 1))
    return np.asarray(total, dtype=np.float32).reshape(m, n)


def _fraction(
    here: Image,
    there: Image,
    mask: NDArray[np.bool_],
    noise: float,
    prior: _Prior,
    whole: tuple[int, int],
) -> tuple[float, float]:
    """Pixels, less than one, to the right and down that the shift is beyond the `whole` pixels.

    One step of efficient second-order minimisation (Malis, ICRA 2004), by the gradients of both
    pictures. They are (h + 2, w + 2), a pixel wider than `mask` (h, w) on each side. A parabola
    through the differences would lean to where the mask cuts through the body.
    """
    both = here + there
    right = (both[1:-1, 2:] - both[1:-1, :-2])[mask]
    down = (both[2:, 1:-1] - both[:-2, 1:-1])[mask]
    rest = (there - here)[1:-1, 1:-1][mask]
    slopes = np.array((right, down, 4 * rest), dtype=np.float64)
    (xx, xy, xr), (_, yy, yr), _ = (slopes @ slopes.T / (16 * noise)).tolist()
    # However sharp the picture, arms and steps move what is seen of a body.
    soft = _inverse(_Matrix(1 + SHAPE**2 * xx, SHAPE**2 * xy, SHAPE**2 * xy, 1 + SHAPE**2 * yy))
    a, b, c, d = _product(soft, _Matrix(xx, xy, xy, yy))
    px, py = soft[0] * xr + soft[1] * yr, soft[2] * xr + soft[3] * yr
    if not prior.new:
        txx, txy, tyy = prior.ties()
        off_x, off_y = whole[0] - prior.expected[0], whole[1] - prior.expected[1]
        a, b, c, d = a + txx, b + txy, c + txy, d + tyy
        px, py = px + txx * off_x + txy * off_y, py + txy * off_x + tyy * off_y
    a, b, c, d = _inverse(_Matrix(a, b, c, d))
    return min(max(-a * px - b * py, -1.0), 1.0), min(max(-c * px - d * py, -1.0), 1.0)


def _product(one: _Matrix, two: _Matrix) -> _Matrix:
    """The product of two matrices (2, 2)."""
    (a, b, c, d), (e, f, g, h) = one, two
    return _Matrix(a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h)


def _inverse(matrix: _Matrix) -> _Matrix:
    """The inverse of `matrix` (2, 2), which has no negative eigenvalue; large where it has none."""
    a, b, c, d = matrix
    scale = 1 / max(a * d - b * c, 1e-9)
    return _Matrix(d * scale, -b * scale, -c * scale, a * scale)


def _doubtful(cost: Floats, j: int, i: int) -> bool:
    """Whether the `cost` of another place than the best, at row `j` and column `i`, is as good."""
    others = cost.copy()
    others[max(j - APART, 0) : j + APART + 1, max(i - APART, 0) : i + APART + 1] = np.inf
    return bool(others.min() < cost[j, i] + SURE)
