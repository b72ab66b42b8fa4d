"""The estimator for crowds in which no floor is to be seen: a density, not bodies.

At most twice a second, and only where it is crowded or the plate may never have been empty, the
network (density.py) reads the head plane twice: without the plate, and mirrored with it, so that
what it takes one side for is not taken twice. The mean of both is the density; their difference is
part of what is not known. Where the first reading is far from a crowd there is no second. The
outcome joins the first estimator's weighted points as blend.py says, with velocities by particle
image velocimetry (piv.py).
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import View
from plainview.vision.blend import share
from plainview.vision.cells import Cells, smoothed
from plainview.vision.density import Density
from plainview.vision.estimate import Estimate
from plainview.vision.headplane import (
    CELL,
    SCALE,
    Mask,
    channels,
    difference,
    head_plane,
)
from plainview.vision.optics import Floats, Optics
from plainview.vision.parallax import Spots, spots
from plainview.vision.piv import Piv, PivField
from plainview.vision.plate import Image, Luma
from plainview.vision.surface import FINE, Surface

EVERY = 0.5
"""Seconds between two estimates of a crowd."""
FIRST, SOON, RARELY = 1.0, 4.0, 64.0
"""Seconds between two looks at a scene that is not crowded: the first two; where people gather, at
most; and anywhere, at most, for each look that finds no crowd doubles the wait."""
CROWD, THINNED = 0.9, 0.6
"""people/m² over a smoothed cell that make a crowd, and that keep one: it thins before it goes."""
COMPANY = 12.0
"""People on connected ground as dense as CROWD that make a crowd: a car, or a few who walk close,
are the first estimator's."""
UNSEEN = 30.0
"""The same where the picture is as the plate shows it, but for little: there either all have stood
since the plate was learned, or texture and a codec's blocks are read as people. A few who stand are
found by their sway (standing.py)."""
PACKED = 2.0
"""people/m² of such a crowd in the mean, at least: of twelve grounds of noise two are read as 1.0
and 1.6 a m² (tests/vision/test_dense.py), crowds that stand still as 2 and more."""
SHOWN = 0.18
"""Part of a crowd's ground that differs clearly from the plate, at least, if any of it is seen to
have come: 0.28 to 0.84 of crowds that walk as they are found; 0.02 to 0.13 of a square with six
people on which the network reads 25 because of blocks in motion JPEG."""
_CLEARLY = 64
"""In 32nds of a standard deviation (headplane.difference)."""
STAYS = 8.0
"""The same for one that was there: readings of one crowd differ by a third from moment to moment,
and none of a parked car is as large."""
LIKELY = 0.5
"""Part of CROWD from which on the reading without the plate counts towards MAYBE."""
MAYBE = 4.0
"""People on such ground, at least, if both readings together may find a crowd: a third of COMPANY.
Of what both called one it had found 22 and more; of a few people it finds 0.4 of both and more."""
EDGE = 5
"""Cells of the square whose densest cell says how dense a place is."""
MEMORY = 1.0
"""Seconds over which estimates are averaged."""
GAP = 0.4
"""Part of the difference between the two readings that counts as standard deviation."""
GAIN = 0.9
"""People for each one that the network finds: it over-counts on scenes drawn for calibration."""
RELATIVE = 0.2
"""Standard deviation of a crowd's number, as part of it: docs/design/0016-dense-crowds.md."""
SURER = 0.7
"""Noise of a velocity that the surface tells, as part of its window's: of 24 recorded walks errors
were 0.69 of that, in the mean square, of 24 packed crowds 0.60 (decision 16)."""
LEAST = 0.02
"""People in a cell below which it is left out."""
NARROW, WIDE = 1.0, 1.5
"""Metres across the windows that velocity is measured in, at least and at most: where two streams
meet narrow ones keep them apart."""
EASY = 12.0
"""Metres of a square head plane up to which NARROW ones are no more than there is CPU for."""


class Crowd(NamedTuple):
    """What the dense estimator knows of one moment, by cell of the head plane (rows, columns)."""

    people: Floats
    """People by cell, outside the area too."""
    velocities: Floats
    """(rows, columns, 2) m/s on the ground."""
    doubt: Floats
    """People by cell that the reading with the plate finds beyond the one without."""


class Dense:
    """Owns the head plane of one view, the network's last outcome and the velocities' state."""

    def __init__(self, view: View, optics: Optics, *, spare: bool = False) -> None:
        """See `view` through its `optics`; `spare` memory, for a twentieth more CPU in a crowd."""
        self._spare = spare
        self._plane = head_plane(optics.projection, optics.size, view.polygon)
        self._net: Density | None = None
        self._since = SOON
        self._wait = 0.5 * FIRST
        self._crowd: Crowd | None = None
        self._bare: Floats | None = None
        self._part: Floats | None = None
        self._elapsed = 0.0
        self.crowded = False
        """Whether a crowd was seen at the last look."""
        self.noise: float | None = None
        """m/s: noise floor of one velocity component over the crowd."""
        self.cells: Cells | None = None
        """The head plane's cells; None where there is no head plane."""
        if self._plane is None:
            return
        self.cells = Cells(self._plane, view)
        self._centres = self.cells.centres
        self._seen, self._inside = self.cells.seen, self.cells.inside
        self._piv = Piv(SCALE, window(self._plane.size))
        self._camera = optics.centre
        self._finer = 2 if 4 * math.prod(self._plane.size) <= FINE else 1
        self._surface = Surface(SCALE / self._finer, spare=spare)
        self._velocities = np.zeros((*self._seen.shape, 2))
        self._noises = np.full(self._seen.shape, np.nan)
        self._spots: Spots | None = None

    def frame(
        self, luma: Luma, background: Luma, sharpness: Image, dt: float, *, company: bool
    ) -> Crowd | None:
        """Look at a working frame, `dt` seconds after the last, if it is time to; the crowd if any.

        `background` (h, w) is the plate in the frame's light, `sharpness` (h, w) one over its
        standard deviation; `company`: people were found close to each other.
        """
        if self._plane is None:
            return None
        self._since += dt
        self._elapsed += dt
        if not self.crowded and self._since < (min(SOON, self._wait) if company else self._wait):
            return None
        doubled = self._plane.doubled(luma)
        seen = self._plane.halved(doubled)
        if self.crowded:
            self._surfaced(doubled, seen, background, dt)
            if self._since < EVERY - 0.01:
                self._piv.see(seen, self._elapsed, self._plane.valid)
                self._elapsed = 0.0
                if self._crowd is not None:
                    self._crowd = self._crowd._replace(velocities=self._steered())
                return self._crowd
        bare = self._read_bare(seen)
        if not self.crowded and not self._may_be_crowd(bare):
            self._since = 0.0
            self._nobody(company=company)
            return None
        differs = self._plane.seen(difference(luma, background, sharpness))
        people, doubt = self._read(seen, differs, bare)
        if self.crowded and self._crowd is not None:
            part = 1 - np.exp(-self._since / MEMORY)
            people = self._crowd.people + part * (people - self._crowd.people)
        self._since = 0.0
        was = self.crowded
        self.crowded = self._is_crowd(people, differs)
        if not self.crowded:
            self._nobody(company=company)
            return None
        self._wait = 0.5 * FIRST
        self._spots = spots(self._centres, smoothed(people).ravel(), self._camera)
        if was:
            field = self._piv.measure(seen, self._elapsed, self._plane.valid)
            self._steer(field, seen.shape, self._spots)
        else:
            self._piv.see(seen, 0.0, self._plane.valid)
            self._velocities = np.zeros_like(self._velocities)
            self._noises = np.full_like(self._noises, np.nan)
            self._surfaced(doubled, seen, background, 0.0)
        self._elapsed = 0.0
        self._crowd = Crowd(people, self._steered(), doubt)
        return self._crowd

    @property
    def fresh(self) -> bool:
        """Whether the last frame was read."""
        return self._since == 0.0

    @property
    def bare(self) -> Floats | None:
        """People by cell at the last reading without the plate, less a crowd's; None before it."""
        if self._bare is None or self._part is None:
            return self._bare
        return self._bare * (1 - self._part)

    def _nobody(self, *, company: bool) -> None:
        """No crowd is there: the next look is twice as far away."""
        assert self._plane is not None  # noqa: S101 - `frame` looked
        self._wait = min(2 * self._wait, RARELY)
        self._crowd = self._part = None
        self._net = None  # its buffers are several megabytes, and the next look is far away
        if self._wait > SOON and not company:
            self._plane.rest()
        self._piv.forget()
        self._surface.forget()
        self._spots = None

    def _may_be_crowd(self, bare: Image) -> bool:
        """Whether both readings may find a crowd where one found `bare` people by cell."""
        people = GAIN * bare * self._seen
        found = gatherings(people, self._inside, np.zeros_like(people), LIKELY * CROWD)
        return any(one.people >= MAYBE for one in found)

    def _is_crowd(self, people: Floats, differs: Luma) -> bool:
        """Whether `people` by cell are one, or are one still; `differs` (h, w) from the plate."""
        if self.crowded:
            # Once there it needs no witness: nobody asks what of it is shown.
            found = gatherings(people, self._inside, np.zeros_like(people), THINNED)
            return any(one.people >= STAYS for one in found)
        rows, columns = people.shape
        clear = (differs > _CLEARLY).astype(np.float64)
        shown = cv2.resize(clear, (columns, rows), interpolation=cv2.INTER_AREA)
        found = gatherings(people, self._inside, np.asarray(shown))
        return any(
            one.people >= COMPANY
            if one.shown >= SHOWN
            else one.people >= UNSEEN and one.density >= PACKED
            for one in found
        )

    def _network(self) -> Density:
        if self._net is None:
            self._net = Density()
        return self._net

    def _read_bare(self, seen: Luma) -> Image:
        """People by cell of the plane as it is `seen` (h, w), without the plate."""
        assert self._plane is not None  # noqa: S101 - `frame` looked
        bare = self._network().people(channels(self._plane, seen, None, None))
        self._bare = np.asarray(bare * self._seen, dtype=np.float64)
        return bare

    def _read(self, seen: Luma, differs: Luma, without: Image) -> tuple[Floats, Floats]:
        """People by cell, and what the reading with the plate finds beyond that `without`."""
        assert self._plane is not None  # noqa: S101 - `frame` looked
        turned = self._network().people(mirrored(channels(self._plane, seen, differs, None)))
        with_plate = turned[:, ::-1]
        if self._spare:
            self._net = None  # between two looks its buffers are a fifth of a lens's memory
        mean = 0.5 * GAIN * (with_plate + without) * self._seen
        apart = GAIN * (with_plate - without) * self._seen
        return mean.astype(np.float64), apart.astype(np.float64)

    def _steer(self, field: PivField, shape: tuple[int, ...], found: Spots) -> None:
        """Take each cell's velocity from where its bodies are `found` to be seen, if it is known.

        `shape` (h, w) is the picture's.
        """
        assert self._plane is not None  # noqa: S101
        iy, ix = self._piv.nearest(self._plane.pixels(found.places), (shape[0], shape[1]))
        valid = field.valid[iy, ix].reshape(self._seen.shape)
        moved = self._plane.turned(field.velocities[iy, ix]) / found.slower[:, None]
        moved = moved.reshape(self._velocities.shape)
        self._velocities = np.where(valid[..., None], moved, 0.9 * self._velocities)
        noise = (field.noise[iy, ix] / found.slower).reshape(valid.shape)
        self._noises = np.where(valid & self._inside, noise, np.nan)

    def _surfaced(self, doubled: Luma, seen: Luma, background: Luma, dt: float) -> None:
        """Let the surface see the plane, `doubled` or as it is `seen`, `dt` seconds after the last.

        `background` (h, w) is the plate in the frame's light.
        """
        assert self._plane is not None  # noqa: S101
        if self._finer == 2:
            self._surface.see(doubled, self._plane.doubled(background), dt)
        else:
            self._surface.see(seen, self._plane.seen(background), dt)

    def _steered(self) -> Floats:
        """(rows, columns, 2) m/s by cell: of the surface where that is known, else of windows.

        Their noise is said anew, too.
        """
        assert self._plane is not None  # noqa: S101
        if self._spots is None:
            return self._velocities
        # Pixel p of the plane is pixels 2 p and 2 p + 1 of the doubled one.
        pixels = self._finer * self._plane.pixels(self._spots.places) + 0.5 * (self._finer - 1)
        found, flat = self._surface.velocities(pixels)
        moved = self._plane.turned(found) / self._spots.slower[:, None]
        known = flat.reshape(self._seen.shape)
        noises = (self._noises * np.where(known, SURER, 1.0))[np.isfinite(self._noises)]
        self.noise = float(np.median(noises)) if len(noises) else None
        moved = moved.reshape(self._velocities.shape)
        return np.where(known[..., None], moved, self._velocities)

    def blended(self, estimate: Estimate, crowd: Crowd) -> Estimate:
        """`estimate` of the first estimator with the `crowd` where that is to be believed more."""
        assert self.cells is not None  # noqa: S101 - there is a crowd
        node, on = self.cells.node(estimate.places)
        sparse = self.cells.binned(node, on, estimate.weights)
        # A crowd's edge belongs to it: there, too, people hide each other and the floor.
        near = np.ones((EDGE, EDGE), np.uint8)
        found = (cv2.dilate(smoothed(one), near) for one in (sparse, crowd.people))
        part = share(*(np.asarray(one, dtype=np.float64) for one in found)) * self._seen
        self._part = part
        left = 1 - np.where(on, part[node[:, 1], node[:, 0]], 0.0)
        kept = estimate.weights * left
        # What is not known of the first estimator's people goes with those who are not asked for.
        everybody = float(estimate.weights.sum())
        first = float(kept.sum()) / everybody if everybody > 0 else 1.0
        people = (crowd.people * part).ravel()
        add = people > LEAST
        inside = (crowd.people * part)[self._inside]
        gap = float((crowd.doubt * part)[self._inside].sum())
        deviation = math.hypot(RELATIVE * float(inside.sum()), GAP * gap)
        noise = estimate.noise if self.noise is None else max(self.noise, estimate.noise or 0.0)
        return Estimate(
            np.concatenate((estimate.places, self._centres[add])),
            np.concatenate((estimate.velocities, crowd.velocities.reshape(-1, 2)[add])),
            np.concatenate((kept, people[add])),
            first**2 * estimate.variance + deviation**2,
            min(first, 1 - float(part[self._inside].mean())) * estimate.missed,
            noise,
            settled=deviation**2,
        )


def window(size: tuple[int, int]) -> float:
    """Metres across a window of velocities on a head plane of `size` (width, height) pixels."""
    across = SCALE * math.sqrt(size[0] * size[1])
    return min(max(NARROW * across / EASY, NARROW), WIDE)


def mirrored(planes: Image) -> Image:
    """`planes` (7, h, w) of `headplane.channels`, right and left exchanged: bodies lean back."""
    turned = np.ascontiguousarray(planes[:, :, ::-1])
    turned[4] *= -1
    return turned


class Gathering(NamedTuple):
    """Connected ground on which a crowd is."""

    people: float
    shown: float
    """Part of it that is `shown`."""
    density: float
    """people/m², in the mean."""


def gatherings(
    people: NDArray[np.floating], inside: Mask, shown: Floats, least: float = CROWD
) -> list[Gathering]:
    """Crowds that reach `inside` (rows, columns): see COMPANY, SHOWN.

    `people` by cell; a crowd is connected ground that is denser than `least` a m², smoothed;
    `shown` the part of each cell that differs from the plate.
    """
    dense = (smoothed(people) > least).astype(np.uint8)
    _, labels = cv2.connectedComponents(dense)
    of_cells = labels.ravel()
    found, clear = (np.bincount(of_cells, weights=one.ravel()) for one in (people, shown))
    cells = np.bincount(of_cells)
    return [
        Gathering(
            float(found[one]),
            float(clear[one] / cells[one]),
            float(found[one] / cells[one]) / CELL**2,
        )
        for one in np.unique(labels[inside])
        if one
    ]
