"""Velocity of a dense crowd by particle image velocimetry on its head plane, and its noise floor.

Where no floor is seen there are no bodies to tell apart, but the crowd is a texture that moves.
Windows of successive pictures of the head plane are correlated, as in particle image velocimetry
(Raffel et al., Particle Image Velocimetry, 3rd ed., 2018, chapter 5). The sum of the correlations
of all neighbouring pictures finds the shift, where one pair alone would take one head for another
(Meinhart, Wereley & Santiago, J. Fluids Eng. 122:285, 2000); pictures deformed by that shift then
give it to a fraction of a pixel, last over the whole step, over which the sway of the gait is
small. Quarter windows are correlated, and then each is averaged with those around it that go its
way, so that two streams that meet in a window neither share one peak nor become their mean.

No one is followed: the outcome is one velocity for a window of many people, and of the pictures
nothing is kept for longer than a step but, without a plate, their running mean.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.correlate import (
    F32,
    Mask,
    coefficient,
    deformed,
    disc,
    mended,
    products,
    spread_out,
    square,
    streams,
    subpixel,
    variance,
    window_means,
)

Luma = NDArray[np.uint8]

FASTEST = 3.2
"""m/s up to which motion is looked for: a person who runs."""
PERSON = 0.45
"""Metres: how large the pieces of a crowd's texture are that move each by itself."""
_SIDE = 16
"""Pixels across a window, whatever the picture's scale."""
_BLOCK = 4
"""Pixels of a block: a quarter window is 8, and begins every 4."""
_CONTRAST = 4.0
"""Grey levels of contrast that count half: sensors and codecs add less, clothes more."""
_NEAR = 0.8
"""Metres over which brightness and contrast are evened out, so that each person counts alike."""
_CHANGED = (3.0, 7.0)
"""Grey levels by which a picture's structure differs from the plate's, none of it, all of it."""
_FORGET = 8.0
"""Seconds in which the running mean forgets."""
_LEARN = 2.5
"""Seconds after which the running mean is believed to be what stands still."""
_STILL = 0.3
"""Part of a window that must differ from the running mean; with less, all of it is looked at."""
_TEXTURED = 0.04
"""Mean square of the evened texture that a quarter window needs (of at most 1)."""
_ALIKE = 0.2
"""Correlation that a quarter window needs after deformation."""
_DOUBT = 0.1
"""m/s by which neighbouring quarter windows may always differ."""
_SLOW = 0.03
"""Correlation that a shift must gain for each m²/s² of speed: along a trunk seen aslant nearly
every shift fits, and few in a crowd run."""
_ONE_WAY = 0.3
"""Standard deviation, m/s, of quarter windows' velocities within one stream."""
# Parts of the squared noise, fitted to rendered crowds of known velocity: bench/piv.py shows how
# the errors then compare. Motion within a window counts because the people in it are few, and no
# two windows weigh them alike; disagreement with the field before, because a wrong peak does not
# last.
_OF_PEAK, _OF_MOTION, _OF_CHANGE = 1.2, 0.13, 0.18
_SWAY = 0.01
"""Metres by which heads nod and sway without going anywhere."""


class PivField(NamedTuple):
    """Velocity on the windows of one head-plane picture; `Piv.centres` says where they are.

    Where two streams meet in a window it is that of the stream in the window's middle.
    """

    velocities: F32
    """(ny, nx, 2) m/s along the picture's columns (x) and rows (y); 0 where not valid."""
    noise: F32
    """(ny, nx) m/s: standard deviation of one component's error; infinite where not valid."""
    valid: Mask
    """(ny, nx) whether the window shows a texture that was found again."""


class _Kept(NamedTuple):
    t: float
    """Seconds since the first picture."""
    texture: F32


class Piv:
    """Owns the textures of the last step of one head plane, and the plate or running mean."""

    def __init__(
        self, scale: float, window: float = 1.5, step: float = 0.5, *, plate: Luma | None = None
    ) -> None:
        """Measure pictures of `scale` metres per pixel on windows `window` metres wide.

        `step` seconds of pictures are compared. With a `plate`, a picture of the same view without
        people, only what differs from it is looked at; without one, what differs from the pictures'
        running mean, unless that is next to nothing: then all is, and found at rest.
        """
        self._ratio = scale * _SIDE / window
        self._pixel = window / _SIDE
        self._step = step
        self._plate: F32 | None = None
        self._mean: F32 | None = None
        self._learned = 0.0
        self._now = 0.0
        self._kept: list[_Kept] = []
        self._fields: list[tuple[float, PivField]] = []
        self.set_plate(plate)

    def set_plate(self, plate: Luma | None) -> None:
        """Compare with `plate` (h, w) from now on; with the running mean if None."""
        self._plate = None if plate is None else _smooth(self._resized(plate))

    def forget(self) -> None:
        """The next picture does not continue the last one."""
        self._kept, self._fields = [], []

    def centres(self, shape: tuple[int, int]) -> NDArray[np.float64]:
        """(ny, nx, 2) pixels (x, y) of the windows' centres in pictures of `shape` (h, w)."""
        rows, columns = _windows(self._size(shape)[::-1])
        step = _BLOCK / self._ratio
        x, y = (np.arange(n) * step + step - 0.5 for n in (columns, rows))
        return np.stack(np.meshgrid(x, y), axis=-1)

    def nearest(
        self, pixels: NDArray[np.float64], shape: tuple[int, int]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """(n,) row and column of the window nearest to each of `pixels` (n, 2), see `centres`."""
        step = _BLOCK / self._ratio
        found = np.rint((pixels + 0.5) / step - 1).astype(np.intp)
        rows, columns = _windows(self._size(shape)[::-1])
        return np.clip(found[:, 1], 0, rows - 1), np.clip(found[:, 0], 0, columns - 1)

    def see(self, picture: Luma, dt: float, mask: Mask | None = None) -> None:
        """Take a picture in between: see `measure`. Costs a small part of measuring."""
        if dt > 1.25 * self._step:
            self.forget()
        small = self._resized(picture)
        there = np.ones(picture.shape, dtype=np.bool_) if mask is None else mask
        inside = self._resized(there, outside=cv2.BORDER_CONSTANT)
        if self._kept and self._kept[0].texture.shape != small.shape:
            self.forget()
        self._now += dt
        texture = self._texture(_smooth(small), inside, dt)
        kept = [one for one in self._kept if one.t > self._now - 1.25 * self._step - 1e-6]
        # Pictures that follow fast replace each other: their shifts would be too small to tell.
        fast = len(kept) > 1 and kept[-1].t - kept[-2].t < self._step / 4
        if fast or (kept and dt <= 0):
            kept.pop()
        self._kept = [*kept, _Kept(self._now, texture)]

    def measure(self, picture: Luma, dt: float, mask: Mask | None = None) -> PivField:
        """The velocity field over the last step, up to `picture` (h, w).

        `dt` seconds have gone by since the last picture, seen or measured. Pictures every 0.1 to
        0.3 s tell people who walk both ways apart; with one a step, crowds that mix are measured
        poorly. `mask` (h, w) is False where no people can be, or the camera does not see the head
        plane. Nothing is valid for the first picture and after a gap of more than a step.
        """
        self.see(picture, dt, mask)
        if len(self._kept) < 2:
            return _nothing(self._kept[-1].texture.shape)
        field = self._compared()
        since = self._kept[0].t
        before = [one for t, one in self._fields if t <= since + 1e-6]
        self._fields = [(t, one) for t, one in self._fields if t > since - self._step]
        self._fields.append((self._now, field))
        return _doubted(field, before[-1]) if before else field

    def _size(self, shape: tuple[int, int]) -> tuple[int, int]:
        """(width, height) in own pixels, whole half windows, of a picture of `shape` (h, w)."""
        half = _SIDE // 2
        height, width = (max(math.ceil(n * self._ratio / half), 2) * half for n in shape)
        return width, height

    def _resized(self, picture: Luma | Mask, outside: int = cv2.BORDER_REPLICATE) -> F32:
        """`picture` (h, w) at own scale; what lies past its edges is as `outside` says."""
        shift = 0.5 / self._ratio - 0.5
        to_picture = np.array([[1 / self._ratio, 0, shift], [0, 1 / self._ratio, shift]])
        small = cv2.warpAffine(
            picture.astype(np.float32), to_picture, self._size(picture.shape),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=outside,
        )  # fmt: skip
        return np.asarray(small, dtype=np.float32)

    def _texture(self, smooth: F32, inside: F32, dt: float) -> F32:
        """(h, w) what is looked at in a picture: its structure, evened, where people may be."""
        side = _odd(_NEAR / self._pixel)
        share = cv2.blur(inside, (side, side)) + np.float32(1e-3)
        structure = (smooth - cv2.blur(smooth * inside, (side, side)) / share) * inside
        power = np.maximum(cv2.blur(structure * structure, (side, side)) / share, 0)
        texture = structure / (np.sqrt(power) + np.float32(_CONTRAST))
        background = self._background(smooth, dt)
        if background is not None:
            still = (background - cv2.blur(background * inside, (side, side)) / share) * inside
            texture *= self._foreground(structure, still)
        return np.asarray(texture, dtype=np.float32)

    def _background(self, smooth: F32, dt: float) -> F32 | None:
        """What stands still, or None while that is not known; learns from `smooth`."""
        if self._plate is not None:
            return self._plate
        if self._mean is None or self._mean.shape != smooth.shape:
            self._mean, self._learned = smooth.copy(), 0.0
            return None
        self._learned += dt
        known = self._mean.copy() if self._learned > _LEARN else None
        cv2.accumulateWeighted(
            smooth, self._mean, min(dt / np.clip(self._learned, 1e-3, _FORGET), 0.5)
        )
        return known

    def _foreground(self, structure: F32, still: F32) -> F32:
        """(h, w) from 0 to 1: how much a pixel belongs to what is not the background."""
        near = _odd(0.35 / self._pixel)
        differs = cv2.blur(cv2.absdiff(structure, still), (near, near))
        weight = np.clip((differs - _CHANGED[0]) / (_CHANGED[1] - _CHANGED[0]), 0, 1)
        if self._plate is None:
            covered = cv2.blur(weight, (_SIDE + 1, _SIDE + 1))
            np.maximum(weight, np.clip((_STILL - covered) / 0.1, 0, 1), out=weight)
        return np.asarray(weight, dtype=np.float32)

    def _compared(self) -> PivField:
        kept, pixel = self._kept, self._pixel
        gaps = [b.t - a.t for a, b in pairwise(kept)]
        longest = int(np.argmax(gaps))
        velocity = self._coarse(gaps)
        # The power of the pictures' middle speaks for what is there in all of them.
        power = spread_out(window_means(kept[-1].texture ** 2, _BLOCK))
        textured = power > _TEXTURED
        whole, stages = (0, len(kept) - 1), [(longest, longest + 1, 2)]
        stages += [(*whole, 1), (*whole, 1)] if len(kept) > 2 else [(*whole, 1)]
        for first, last, radius in stages:
            span = kept[last].t - kept[first].t
            if radius > 1:
                velocity, _ = mended(velocity, textured, _DOUBT / pixel)
            a, b = deformed(kept[first].texture, kept[last].texture, velocity * span, _BLOCK)
            correlation = coefficient(*products(a, b, square(radius), _BLOCK), share=0.6)
            found, height = subpixel(correlation, radius)
            velocity = velocity + found / np.float32(span)
        good = textured & (height > _ALIKE)
        velocity, off = mended(velocity, good, _DOUBT / pixel)
        error = variance(a, b, _BLOCK, _odd(PERSON / pixel)) / span**2
        return _averaged(velocity, power * (good & ~off), error, pixel, span)

    def _coarse(self, gaps: list[float]) -> F32:
        """(ny, nx, 2) own pixels/s of the highest correlation of all pairs of pictures, summed."""
        half = [cv2.resize(one.texture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
                for one in self._kept]  # fmt: skip
        longest = max(gaps)
        shifts = disc(FASTEST * longest / self._pixel / 2)
        top = bottom = None
        for gap, (a, b) in zip(gaps, pairwise(half), strict=True):
            share = gap / longest
            scaled = [(round(y * share), round(x * share)) for y, x in shifts]
            numerator, norm = products(np.asarray(a), np.asarray(b), scaled, _BLOCK // 2)
            # Added up as they come: a pair's take megabytes.
            top = numerator if top is None else np.add(top, numerator, out=top)
            bottom = norm if bottom is None else bottom + norm
            del numerator, norm
        assert top is not None  # noqa: S101 - two pictures have a gap
        assert bottom is not None  # noqa: S101 - as above
        score = coefficient(top, bottom, 0)
        top, bottom = spread_out(top), spread_out(bottom)
        score += coefficient(top, bottom, 0)
        speeds = np.array(shifts, dtype=np.float32) * np.float32(2 * self._pixel / longest)
        score -= np.float32(_SLOW) * (speeds**2).sum(axis=1)[:, None]
        best = np.array(shifts, dtype=np.float32)[score.argmax(axis=1)]
        return np.asarray(best[..., ::-1] * np.float32(2 / longest))


def _averaged(velocity: F32, weight: F32, error: F32, pixel: float, span: float) -> PivField:
    """The field on whole windows from the quarter windows' velocity and error, own pixels/s.

    Around each quarter window lies a whole one, of nine, that count by `weight`; its noise is that
    of their mean.
    """
    total = spread_out(weight)
    safe = np.maximum(total, 1e-6)
    mean = np.stack([spread_out(weight * velocity[..., k]) for k in (0, 1)], axis=-1)
    mean /= safe[..., None]
    square_mean = spread_out(weight * (velocity**2).sum(axis=-1)) / safe
    motion = np.maximum(square_mean - (mean**2).sum(axis=-1), 0) / 2
    noise = pixel**2 * (_OF_PEAK * spread_out(weight * error) / safe + _OF_MOTION * motion)
    noise += (_SWAY / span) ** 2
    valid = total > 0.5 * _TEXTURED
    stream = streams(velocity, weight, _ONE_WAY / pixel)
    return PivField(
        np.where(valid[..., None], stream * np.float32(pixel), np.float32(0)),
        np.where(valid, np.sqrt(noise), np.float32(np.inf)),
        valid,
    )


def _doubted(field: PivField, before: PivField) -> PivField:
    """`field`, noisier where it disagrees with the one `before` from other pictures."""
    change = ((field.velocities - before.velocities) ** 2).sum(axis=-1) / 2
    both = field.valid & before.valid
    noise = np.sqrt(field.noise**2 + np.where(both, _OF_CHANGE * change, np.float32(0)))
    return field._replace(noise=noise)


def _windows(shape: tuple[int, ...]) -> tuple[int, int]:
    """(ny, nx) windows, one around each quarter window, in `shape` (h, w) own pixels."""
    return shape[0] // _BLOCK - 1, shape[1] // _BLOCK - 1


def _nothing(shape: tuple[int, ...]) -> PivField:
    rows, columns = _windows(shape)
    return PivField(
        np.zeros((rows, columns, 2), dtype=np.float32),
        np.full((rows, columns), np.inf, dtype=np.float32),
        np.zeros((rows, columns), dtype=np.bool_),
    )


def _odd(pixels: float) -> int:
    """The odd number nearest to `pixels`: a filter's side."""
    return max(2 * round((pixels - 1) / 2) + 1, 1)


def _smooth(picture: F32) -> F32:
    return np.asarray(cv2.GaussianBlur(picture, (3, 3), 0.6), dtype=np.float32)
