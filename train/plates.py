"""The plates that a lens may hold of one scene: of empty floor, of a busy one, of the crowd itself.

A lens seldom sees its floor empty where it is crowded. What it then knows is learned from pictures
with people in them, so that it differs less from the next picture, and unevenly. The estimator is
trained on plates that the lens' own code learned, so that it is given what it will be given.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.foreground import NEUTRAL
from plainview.vision.headplane import HeadPlane, difference
from plainview.vision.light import Light
from plainview.vision.plate import Luma, Plate

KINDS = 3
"""Plates of each picture: mostly of empty floor, of crowds like it, of the same crowd standing."""
_NEAR = np.ones((5, 5), np.uint8)
_COARSE = 24
"""Working pixels between the places whose sway is drawn."""


def learned(
    g: np.random.Generator, picture: Luma, others: list[Luma], empties: list[Luma]
) -> list[Plate]:
    """KINDS plates for `picture`, from `others` of the same camera and its `empties`."""
    passing = [others[k] for k in g.permutation(len(others))]
    floor = [empties[int(k)] for k in g.integers(0, len(empties), 8)]
    often = int(g.integers(1, 4))
    return [
        Plate.learn([*passing[: int(g.integers(0, 7))], *floor]),
        Plate.learn([*passing, *(swayed(g, picture, 3.0) for _ in range(often))]),
        Plate.learn(
            [*passing[: int(g.integers(0, 5))], *(swayed(g, picture, 2.0) for _ in range(8))]
        ),
    ]


def swayed(g: np.random.Generator, picture: Luma, most: float) -> Luma:
    """`picture` of a moment before: each place moved by up to about `most` pixels, other noise."""
    height, width = picture.shape
    coarse = g.normal(0, most * g.random() / 2, (2, height // _COARSE + 2, width // _COARSE + 2))
    dx, dy = (
        cv2.resize(one.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        for one in coarse
    )
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    moved = cv2.remap(
        picture, columns + dx, rows + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    grain = g.standard_normal(picture.shape).astype(np.float32) * np.float32(g.uniform(0.3, 1.5))
    return np.clip(moved + grain + np.float32(0.5), 0, 255).astype(np.uint8)


def seen(
    g: np.random.Generator, plane: HeadPlane, picture: Luma, plate: Plate
) -> NDArray[np.uint8]:
    """(h, w) the difference of `picture` from `plate`, lit as a lens would, on the `plane`.

    A lens leaves out of the light what it took for bodies in the frame before; which it found there
    is drawn.
    """
    apart = difference(picture, plate.luma, plate.sharpness)
    bodies = (apart > 32 * NEUTRAL).astype(np.uint8)
    bodies = cv2.morphologyEx(bodies, cv2.MORPH_CLOSE, _NEAR)
    known = bodies if g.random() < 0.8 else None
    background = Light(plate).relight(picture, None if known is None else np.asarray(known))
    return plane.seen(difference(picture, background, plate.sharpness))
