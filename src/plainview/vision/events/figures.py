"""Which posture explains a blob: silhouettes of people, as one camera sees them, fitted to it.

Which posture a blob shows is told by the overlap (intersection over union) of the best silhouette
(silhouettes.py) of each. Where shadows are cast, a blob may be somebody and his shadow: what is as
dark as one, and lies where a figure would throw it, is held neither for nor against that figure.
One view cannot tell who lies straight away from a low camera from who crouches: then the two
overlaps are near each other.
"""

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.limbs import Posture
from plainview.vision.events.silhouettes import (
    Mask,
    Shown,
    Window,
    drawn,
    grounded,
    middles,
    shown,
)
from plainview.vision.optics import Floats, Optics
from plainview.vision.plate import Image

SOFT: Final = 1.0
"""Pixels by which a blob of evidence is wider than the body: evidence is smoothed over three."""
SHADED: Final = 0.1
"""Part of a blob that must be as dark as shadow for shadows to be drawn at all."""
ASIDE: Final = (-15.0, 0.0, 15.0)
"""Degrees on the ground by which a shadow may lie beside where it is thought to: directions are
known to a sixteenth of a circle, at worst (shadow.py)."""


class Shade(NamedTuple):
    """Where somebody's shadow may be of one piece with him."""

    slope: Floats
    """(2,) metres along the ground for each metre of height."""
    mask: Mask
    """(h, w) 1 where a picture, or a part of it, is as dark as shadow."""

    def within(self, part: tuple[slice, slice]) -> "Shade":
        """The same of `part` of the picture."""
        return Shade(self.slope, self.mask[part])


class Fit(NamedTuple):
    """The best silhouette of one posture over a blob."""

    overlap: float
    """Intersection over union, 0 to 1."""
    place: Floats
    """(2,) metres: below the middle of the figure."""
    way: Floats
    """(2,) metres on the ground from its first limb to its last: from the feet of one who lies."""
    shaded: bool = False
    """Whether it explains it better with its shadow."""


def fit(
    optics: Optics,
    blob: Mask,
    corner: tuple[int, int],
    unknown: Mask | None = None,
    *,
    partly: bool = False,
    soft: float = SOFT,
    shade: Shade | None = None,
) -> dict[Posture, Fit]:
    """How well each posture explains `blob` (h, w), a window of the working picture.

    `corner` is the window's (x, y) in the working picture; what is set in `unknown` (h, w) speaks
    neither way. `partly`: with those of whom only a part differs, and more who lie. `soft` is how
    many pixels wider than the body the blob is. With a `shade` each figure is tried with the shadow
    that it throws as well. Empty where the blob is, or lies where no ground is seen.
    """
    middle = _centroid(blob)
    if middle is None:
        return {}
    by = shown(optics.projection.tobytes(), partly=partly)
    places = grounded(by, (middle + corner)[:, None])
    if not np.all(np.isfinite(places)):
        return {}
    known = np.ones(blob.shape, np.bool_) if unknown is None else np.asarray(unknown == 0)
    own = np.asarray((blob > 0) & known)
    shift = places - grounded(by, middles(by, places))
    places = places + np.where(np.isfinite(shift), shift, 0.0)
    window = Window(corner, (blob.shape[0], blob.shape[1]), soft)
    bodies = drawn(by, by.ends, places, window)
    overlaps = _overlaps(bodies, own, known)
    better = np.zeros(len(bodies), np.bool_)
    if shade is not None and np.count_nonzero(own & (shade.mask > 0)) > SHADED * own.sum():
        shadows = _Shadows(by, shade, window)
        moved = _moved(by, places, middle[:, None] - _centroids(bodies | shadows.at(places)))
        bodies = drawn(by, by.ends, moved, window)
        shaded = _overlaps(bodies, own, known, shadows.at(moved) & (1 - bodies))
        better = shaded > overlaps
        overlaps, places = np.where(better, shaded, overlaps), np.where(better, moved, places)
    of = by.figures.of
    best = {posture: some[int(overlaps[some].argmax())] for posture, some in of.items()}
    return {
        posture: Fit(float(overlaps[k]), places[:, k], by.figures.ways[k], bool(better[k]))
        for posture, k in best.items()
    }


class _Shadows:
    """The shadows of all figures in one window, where it is as dark as shadow."""

    def __init__(self, by: Shown, shade: Shade, window: Window) -> None:
        self._by, self._mask, self._window = by, shade.mask, window
        self._ends = [by.shadows(_turn(aside) @ shade.slope) for aside in ASIDE]

    def at(self, places: Floats) -> Mask:
        """(figures, h, w) 1 where each of the figures at `places` (2, figures) may throw one."""
        found = drawn(self._by, self._ends[0], places, self._window)
        for ends in self._ends[1:]:
            found |= drawn(self._by, ends, places, self._window)
        found &= self._mask
        return found


def _turn(degrees: float) -> Floats:
    """(2, 2) a turn by so many `degrees`."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]])


def _moved(by: Shown, places: Floats, pixels: Floats) -> Floats:
    """(2, figures) the `places` (2, figures) of figures, moved by `pixels` (2, figures).

    Those that would be nowhere stay.
    """
    there = middles(by, places)
    by_metres = grounded(by, there + pixels) - grounded(by, there)
    return places + np.where(np.isfinite(by_metres), by_metres, 0.0)


def _overlaps(
    bodies: Mask, own: NDArray[np.bool_], known: NDArray[np.bool_], shadows: Mask | None = None
) -> Floats:
    """(figures,) intersection over union of what is drawn as `bodies` (figures, h, w) with `own`.

    What is not `known` (h, w), or is of a figure's `shadows` (figures, h, w), is in neither.
    """
    # One product counts the pixels of all figures, exactly: there are fewer than 2^24 of each.
    asked = np.stack((own.ravel(), known.ravel()), axis=1).astype(np.float32)
    both, all_ = (_flat(bodies) @ asked).T.astype(np.float64)
    rest = np.full(len(bodies), np.count_nonzero(own), dtype=np.float64)
    if shadows is not None:
        rest -= _flat(shadows) @ asked[:, 0]
    return np.asarray(both / np.maximum(all_ + rest - both, 1))


def _flat(pictures: Mask) -> Image:
    return pictures.reshape(len(pictures), -1).astype(np.float32)


def _centroids(pictures: Mask) -> Floats:
    """(2, n) x and y of the middle of each of `pictures` (n, h, w); NaN where it is empty."""
    height, width = pictures.shape[1:]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    asked = np.stack((columns.ravel(), rows.ravel(), np.ones(height * width, np.float32)), axis=1)
    x, y, n = (_flat(pictures) @ asked).T.astype(np.float64)
    return np.stack((x, y)) / np.where(n > 0, n, np.nan)


def _centroid(mask: Mask) -> Floats | None:
    m = cv2.moments(mask, binaryImage=True)
    if m["m00"] <= 0:
        return None
    return np.array([m["m10"] / m["m00"], m["m01"] / m["m00"]])
