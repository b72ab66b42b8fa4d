"""A veil before the plate: what part of the plate's contrast it hides, cell by cell.

Where a veil of transmission c and of its own light d hangs before the plate P, a frame shows
c P + d (Koschmieder, 1924), in linear light. Over each metre or so the frame's fine structure is
regressed on the plate's for c, and the means give d.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import Image, Luma, median_of_three
from plainview.vision.ranks import median, median_of_bytes

Mask = NDArray[np.bool_]
"""(h, w) of cells."""

CELL: Final = 4
"""Half-size pixels a side of one cell; a cell is judged with its neighbours."""
THIN: Final = 0.15
"""Part hidden from which a cell is veiled."""
PLAIN: Final = 1.3
"""Power of a plate's structure over that of a frame's noise from which what hides it shows."""
COLOUR: Final = 18.0
"""Cb or Cr away from grey above which a veil is no smoke."""
_LINEAR: Final = (np.arange(256, dtype=np.float32) / 255) ** np.float32(2.2)


class Veil(NamedTuple):
    """What one look found, per cell (h, w)."""

    lost: Image
    """Part of the plate's contrast that is gone: d / (c P + d), 0 to 1."""
    tone: Image
    """The veil's own light over that of the plate, d / ((1 - c) P); only where much is lost."""
    shift: Image
    """Light against that of the plate and of the whole picture, less 1."""
    known: Mask
    """Whether the plate has structure enough to tell."""
    plain: Mask
    """Known, and without structure of its own."""
    clear: float
    """Contrast of the whole picture against the plate's."""
    own: Image
    """Mean square of the frame's own fine structure."""
    behind: Image
    """Mean square of the plate's."""


class Structure(NamedTuple):
    """One picture at half size, in linear light."""

    fine: Image
    """(h/2, w/2) what differs from the mean around it."""
    power: Image
    """Mean square of that, per cell."""
    light: Image
    """Mean light, per cell."""


def share(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(h, w) in which part of `masks` (n, h, w), at most 255, a cell is set."""
    return np.asarray(np.add.reduce(masks.view(np.uint8), axis=0, dtype=np.uint8) / len(masks))


def dry(frames: Sequence[Luma]) -> Luma:
    """(h, w) the median of three `frames`, or the last of fewer: a drop is seen in one of them."""
    if len(frames) < 3 or len({frame.shape for frame in frames}) > 1:
        return frames[-1]
    return median_of_three(*frames)


def structured(luma: Luma) -> Structure:
    """The light and the structure of `luma` (h, w), a working picture."""
    height, width = luma.shape
    small = cv2.resize(luma, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    linear = cv2.LUT(small, _LINEAR)
    fine = np.asarray(cv2.subtract(linear, cv2.blur(linear, (7, 7))), dtype=np.float32)
    return Structure(fine, _local(fine * fine), _local(np.asarray(linear, dtype=np.float32)))


def _local(image: Image) -> Image:
    """Means of `image` over each cell and its neighbours."""
    height, width = image.shape
    cells = (max(width // CELL, 1), max(height // CELL, 1))
    small = cv2.resize(image, cells, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(small, (3, 3)), dtype=np.float32)


def veiled(luma: Luma, plate: Luma) -> Veil:
    """What veils `plate` in `luma`, both (h, w) working pictures, in cells of 2 CELL pixels."""
    return veil_of(structured(luma), structured(plate))


def veil_of(frame: Structure, plate: Structure) -> Veil:
    """What veils the picture with the structure `plate` in the one with the structure `frame`."""
    fine_then, behind, light_behind = plate
    fine_now, own, light = frame
    both = _local(fine_now * fine_then)
    # One grey level and a half of noise at half size, in linear light; less in a plate, which is
    # the mean of many frames.
    grain = 2.2 * 1.5 / 255
    known = behind > PLAIN * np.square(grain * np.power(np.maximum(light_behind, 1e-4), 1.2 / 2.2))
    noise = np.square(grain * np.power(np.maximum(light, 1e-4), 1.2 / 2.2))
    passes = both / np.maximum(behind, 1e-9)
    ratio = light / np.maximum(light_behind, 1e-4)
    kept = passes / np.maximum(ratio, 1e-4)
    # What is lost everywhere is the camera's focus, the coding's or the air's.
    clear = min(max(median(kept[known]), 0.2), 1.5) if known.any() else 1.0
    kept /= clear
    ratio /= max(median(ratio), 1e-4)
    hidden = np.maximum(1.0 - kept * ratio, 0.05)
    return Veil(
        np.clip(1.0 - kept, 0.0, 1.0).astype(np.float32),
        np.clip((1.0 - kept) * ratio / hidden, 0.0, 20.0).astype(np.float32),
        np.asarray(ratio - 1.0, dtype=np.float32),
        np.asarray(known),
        # A clear frame before a plate that was learned through smoke has more structure, not less.
        np.asarray(
            known
            & (own - passes * both < 2.0 * noise + 0.3 * behind)
            & (own < 0.95 * behind + noise)
        ),
        clear,
        own,
        behind,
    )


def colours_of(chroma: Luma | None, shape: tuple[int, ...]) -> list[Luma] | None:
    """Cb and Cr of each cell, (h, w) each of that `shape`; None where there is no colour."""
    if chroma is None:
        return None
    height, width = shape
    planes = [cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA) for one in chroma]
    return [np.asarray(plane, dtype=np.uint8) for plane in planes]


def grey(colours: list[Luma] | None, core: Mask) -> bool:
    """Whether what lies over the cells of `core` has hardly any of `colours`."""
    return all(abs(median_of_bytes(plane[core]) - 128.0) < COLOUR for plane in colours or ())
