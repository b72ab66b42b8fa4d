"""The picture of the empty scene that a view is drawn over: from a learned plate to what is shown.

What the votes did not agree on was filled flat when the plate was learned; what a person masked is
filled flat here, before anything else can be done with it.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import InputError
from plainview.redacted import (
    MAX_VIEW_PLATE,
    RULES,
    AdmittedPlate,
    Masks,
    ViewPlate,
    encode,
    read_admitted,
    read_view_plate,
)
from plainview.vision.plate import Luma

FLAT = 1
"""Luma of a learned plate where nothing is known. Black as such is told as 2."""
SHAPE = 0.01
"""Relative difference of width to height up to which two pictures show the same."""
GREY = 112
"""Luma of what is not shown."""


class Scenery(NamedTuple):
    """What may be shown of a scene, in working pixels."""

    luma: Luma
    """(h, w); `GREY` where nothing is shown."""
    shown: NDArray[np.bool_]
    """(h, w) whether anything is shown there."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) pixels."""
        return self.luma.shape[1], self.luma.shape[0]


def packed(
    luma: Luma, settled: NDArray[np.bool_], *, since: int, until: int, votes: int
) -> bytes | None:
    """A learned plate (h, w), flat where it is not `settled`; None where it would be too large.

    `since` and `until` in UTC milliseconds, `votes` minutes that voted.
    """
    picture = np.where(settled, np.maximum(luma, FLAT + 1), FLAT).astype(np.uint8)
    ok, png = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if not ok:
        return None
    plate = ViewPlate(
        rules=RULES,
        width=picture.shape[1],
        height=picture.shape[0],
        since=since,
        until=until,
        votes=votes,
        settled=round(float(settled.mean()), 4),
        png=png.tobytes(),
    )
    data = encode(plate)
    return data if len(data) <= MAX_VIEW_PLATE else None


def _picture(plate: ViewPlate) -> Luma:
    """(h, w) as it was learned. Raises InputError."""
    read = cv2.imdecode(np.frombuffer(plate.png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if read is None or read.shape != (plate.height, plate.width):
        raise InputError(
            "the plate's picture cannot be read",
            where="plate",
            mend="Let the camera learn it anew: 'plainview camera view forget'",
        )
    return np.asarray(read, dtype=np.uint8)


def scenery(data: bytes) -> Scenery:
    """What may be shown of the admitted plate in `data`. Raises InputError if it is none."""
    admitted, plate = read_admitted(data)
    luma = _picture(plate)
    shown = luma > FLAT
    shown &= ~_covered(admitted.masks, plate.width, plate.height)
    return Scenery(np.where(shown, luma, GREY).astype(np.uint8), shown)


def fitted(plate: Scenery, size: tuple[int, int]) -> Scenery | None:
    """`plate` for working pictures of (width, height) `size`; None where their shape is another."""
    width, height = size
    if plate.size == size:
        return plate
    if abs(plate.size[0] * height / (plate.size[1] * width) - 1) > SHAPE:
        return None
    luma = cv2.resize(plate.luma, size, interpolation=cv2.INTER_AREA)
    whole = cv2.resize(plate.shown.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    shown = np.asarray(whole == 255)
    return Scenery(np.where(shown, luma, GREY).astype(np.uint8), shown)


def _covered(masks: Masks, width: int, height: int) -> NDArray[np.bool_]:
    """(h, w) what `masks` cover, and a pixel around."""
    covered = np.zeros((height, width), dtype=np.uint8)
    for mask in masks:
        corners = np.rint(np.array(mask) * (width - 1, height - 1)).astype(np.int32)
        cv2.fillPoly(covered, [corners], 1)
    return np.asarray(cv2.dilate(covered, np.ones((3, 3), np.uint8)) > 0)


def looked_at(data: bytes, masks: Masks = ()) -> bytes:
    """A PNG of the learned plate in `data` as it would be shown with `masks`, for who approves it.

    Raises InputError if it is no plate, or one of older rules.
    """
    read_view_plate(data)
    drawn = scenery(encode(AdmittedPlate(RULES, 0, data, masks)))
    ok, png = cv2.imencode(".png", drawn.luma)
    if not ok:
        raise InputError("the plate cannot be drawn", where="plate", mend="Learn it anew")
    return png.tobytes()
