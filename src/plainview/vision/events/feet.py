"""Where somebody's feet are: a body's place is only as good as what shows it.

A body is followed by its flow and by what it covers, a step of a quarter of a metre at a time: of
somebody who runs towards the camera or away from it, it may be left metres behind. And a body can
be laid into somebody's shadow or reflection. Zones and lanes are about the ground under the feet,
so each body is looked at once more.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import BODY_HEIGHT, Point, project, to_plane
from plainview.vision.bodies import Bodies
from plainview.vision.events.blobs import DIFFERS
from plainview.vision.optics import Floats, Optics, flat_samples
from plainview.vision.plate import Image

TALL: Final = 1.12
"""Heights of a body above which nobody is."""
NEARER: Final = 0.3
"""Metres by which who hides another is nearer to the camera."""
HALF_WIDTH: Final = 0.13
"""Of a body, as a part of its height: shoulder to middle."""
_REACH: Final = np.array(
    [(away, aside) for away in np.arange(-2.5, 2.6, 0.25) for aside in (-0.4, -0.2, 0.0, 0.2, 0.4)]
)
"""Metres from the camera, and across, by which somebody's feet may be elsewhere."""
COVERS: Final = 0.6
"""Mean evidence over a body from which it is surely where somebody is."""
BETTER: Final = 0.15
"""Mean evidence by which another place must be better."""
BEFORE: Final = 0.5
"""Metres before the camera from which anybody is looked for."""
SAME: Final = 0.5
"""Metres within which two bodies that were found anew are one."""
MOST: Final = 24
"""Bodies that are looked for anew in one look, those that are shown least first: a crowd has
hundreds, and nobody runs in it."""
LEGS: Final = np.linspace(0.0, 0.3, 7)
"""Heights of a body at which its legs are looked for."""
FOOTED: Final = 0.3
"""Part of those at which anything differs, at least."""
_Mask = NDArray[np.bool_]


class Standing:
    """Where some bodies stand in the picture, in working pixels. Nothing is kept."""

    def __init__(self, projection: Floats, places: Floats) -> None:
        """Of upright bodies at `places` (n, 2) metres."""
        feet = np.column_stack((places, np.zeros(len(places))))
        self.foot, self.depth = project(projection, feet)
        self.head, _ = project(projection, feet + np.array([0.0, 0.0, BODY_HEIGHT]))

    @property
    def tall(self) -> Floats:
        """(n,) pixels from foot to head."""
        return np.asarray(np.maximum(np.hypot(*(self.foot - self.head).T), 1.0))

    def hides(self) -> NDArray[np.bool_]:
        """(n, n) whether the first stands before the second's feet: nothing tells where those are.

        Or the first is the second's shadow or reflection, taken for a body.
        """
        foot, head, depth = self.foot, self.head, self.depth
        tall = foot[:, 1] - head[:, 1]
        beside = np.abs(foot[:, None, 0] - (foot[None, :, 0] + head[None, :, 0]) / 2)
        above = foot[None, :, 1] - foot[:, None, 1]
        nearer = depth[None, :] < depth[:, None] - NEARER
        before = (beside < HALF_WIDTH * tall[None, :]) & (above > 0) & (above < tall[None, :])
        return np.asarray((nearer & before).T)


def found_anew(optics: Optics, evidence: Image, places: Floats) -> tuple[Floats, _Mask]:
    """`places` (n, 2) metres, each moved to where `evidence` (h, w) shows far more of a body.

    Those that are nearly as good as any stay. With which of them (n,) are somebody of their own:
    several may have been laid into one.
    """
    places = places.copy()
    own = np.ones(len(places), dtype=np.bool_)
    padded = np.append(evidence.ravel(), np.float32(-1.0))
    now = _covers(optics, padded, places)
    poor = np.argsort(now, kind="stable")[:MOST]
    poor = poor[now[poor] < 1.0 - BETTER]
    if len(poor) == 0:
        return places, own
    away = places[poor] - optics.centre[:2]
    away /= np.maximum(np.hypot(*away.T), 1e-6)[:, None]
    aside = np.stack((-away[:, 1], away[:, 0]), axis=1)
    tried = places[poor, None] + _REACH[:, :1] * away[:, None] + _REACH[:, 1:] * aside[:, None]
    covers = _covers(optics, padded, tried.reshape(-1, 2)).reshape(len(poor), -1)
    best = covers.argmax(axis=1)
    rows = np.arange(len(poor))
    sure = (covers[rows, best] >= COVERS) & (covers[rows, best] >= now[poor] + BETTER)
    places[poor[sure]] = tried[rows[sure], best[sure]]
    for k in poor[sure]:
        gap = np.hypot(*(places - places[k]).T)
        gap[k] = np.inf
        own[k] = not np.any(own & (gap < SAME))
    return places, own


def _covers(optics: Optics, padded: Image, places: Floats) -> Floats:
    """(n,) mean evidence over bodies at `places` (n, 2); `padded` ends with what is outside."""
    flat, depth = flat_samples(optics.projection, optics.centre, optics.size, places)
    return np.asarray(np.where(depth > BEFORE, padded[flat].mean(axis=1), -1.0), dtype=np.float64)


def other_place(
    places: Floats, hides: NDArray[np.bool_], top: Floats, *, above: bool
) -> Point | None:
    """Where a body stands if it was laid into a shadow or a reflection; None where nothing says so.

    That is at the place of the one whose feet it `hides` (n,), or at `top` (2,), by what goes on
    `above` it.
    """
    if hides.any():
        x, y = places[int(np.argmax(hides))]
    elif above:
        x, y = top
    else:
        return None
    return float(x), float(y)


def tops(evidence: Image, standing: Standing) -> Floats:
    """(n,) how far up what differs goes on from a body's chest, in its heights above its foot.

    1 for who stands alone; more where somebody stands behind, or where the body was laid into
    somebody's shadow or reflection: those begin at his feet, and he goes on above.
    """
    height, width = evidence.shape
    foot, up = standing.foot, standing.head - standing.foot
    steps = np.arange(0.7, 2.2, 0.04)
    side = np.hypot(*up.T) * 0.04 * np.array([[-1.0], [0.0], [1.0]])
    # (3, n, steps) columns: three side by side; (n, steps) rows, one for all three.
    x = np.rint((foot[:, 0] + side)[..., None] + steps * up[:, :1]).astype(np.int64)
    y = np.rint(foot[:, 1:] + steps * up[:, 1:]).astype(np.int64)
    values = evidence[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    shown = (inside & (values > DIFFERS)).any(axis=0)
    # A run ends at the second step in a row that does not show it.
    gap = ~shown[:, :-1] & ~shown[:, 1:]
    ends = np.where(gap.any(axis=1), gap.argmax(axis=1), len(steps) - 1)
    return np.asarray(steps[ends])


def footed(projection: Floats, evidence: Image, bodies: Bodies) -> Bodies:
    """Those of `bodies` at whose feet `evidence` (h, w) shows something, surely no light.

    A body is drawn towards whatever differs beside somebody: by half its height to a patch of sun.
    """
    legs = _legs(evidence, Standing(projection, bodies.places))
    stands = (legs > DIFFERS).mean(axis=1) >= FOOTED
    return Bodies(*(one[stands] for one in bodies))


def lifts(evidence: Image, standing: Standing) -> Floats:
    """(n,) how far above its foot anything in `evidence` (h, w) differs, in a body's heights.

    0 for who is shown down to the ground. Where the dark hides somebody's head, a body that is as
    tall as people are is as likely to hang over at his feet; but those are where he ends.
    """
    shown = _legs(evidence, standing) > 0
    return np.asarray(np.where(shown.any(axis=1), LEGS[shown.argmax(axis=1)], LEGS[-1]))


def _legs(evidence: Image, standing: Standing) -> Floats:
    """(n, LEGS) the most `evidence` (h, w) across each body at these heights.

    What is below or beside the picture may be anything: it is infinite.
    """
    height, width = evidence.shape
    up = standing.head - standing.foot
    side = np.hypot(*up.T) * HALF_WIDTH * np.linspace(-1.0, 1.0, 5)[:, None]
    x = np.rint((standing.foot[:, 0] + side)[..., None] + LEGS * up[:, :1]).astype(np.int64)
    y = np.rint(standing.foot[:, 1:] + LEGS * up[:, 1:]).astype(np.int64)
    values = evidence[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    outside = (x < 0) | (x >= width) | (y < 0) | (y >= height)
    return np.asarray(np.where(outside, np.inf, values).max(axis=0))


def above(projection: Floats, standing: Standing, ends: Floats) -> Floats:
    """(n, 2) ground metres of who is as tall as what differs goes up, by `ends` (n,) of `tops`."""
    pixels = standing.foot + ends[:, None] * (standing.head - standing.foot)
    return to_plane(projection, pixels, BODY_HEIGHT)
