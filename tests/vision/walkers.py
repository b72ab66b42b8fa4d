"""Drawn pictures of crowds seen from above, who go where a known field takes them.

Bodies with shoulders and heads in grey, on a floor with a texture.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Floats = NDArray[np.float64]
Motion = Callable[[Floats], Floats]
"""From places (n, 2) metres to velocities (n, 2) m/s."""

SCALE = 0.1
"""Metres per pixel."""
ACROSS = 9.0
"""Metres: the side of the pictures."""
DT = 0.2
MIDDLE = np.array([ACROSS / 2, ACROSS / 2])


class People(NamedTuple):
    """Who stands where, and looks how."""

    places: Floats
    turn: Floats
    shoulders: Floats
    head: Floats


def people(density: float, seed: int = 1) -> People:
    """`density` people/m² on and well around the picture, evenly but for a fifth of their gap."""
    draw = np.random.default_rng(seed)
    gap = 1 / math.sqrt(density)
    n = math.ceil((ACROSS + 8) / gap)
    line = np.arange(n, dtype=np.float64) * gap - 4.0
    grid: Floats = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    grid += draw.normal(0, gap / 5, grid.shape)
    m = len(grid)
    return People(grid, draw.uniform(0, 180, m), draw.uniform(30, 200, m), draw.uniform(20, 120, m))


def floor(seed: int = 7, scale: float = SCALE) -> Luma:
    """A floor of stone: grains of a few centimetres and patches of half a metre."""
    side = round(ACROSS / scale)
    draw = np.random.default_rng(seed)
    fine, rough = (
        cv2.GaussianBlur(draw.normal(0, 1, (side, side)), (0, 0), width)
        for width in (0.08 / scale, 0.4 / scale)
    )
    stone = 120 + 14 * fine / fine.std() + 8 * rough / rough.std()
    return np.asarray(np.clip(stone, 0, 255), dtype=np.uint8)


def drawn(
    crowd: People, ground: Luma, noise: int, light: float = 1.0, scale: float = SCALE
) -> Luma:
    """The picture of `crowd` on `ground`, in more or less `light`, with a sensor's noise."""
    picture = cv2.resize(ground, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    places = np.rint(crowd.places / scale * 4 * 16).astype(int)

    def ellipse(k: int, long: float, wide: float, grey: float) -> None:
        axes = tuple(round(metres / scale * 4 * 16) for metres in (long, wide))
        cv2.ellipse(
            picture, tuple(places[k].tolist()), axes, crowd.turn[k], 0, 360, grey, -1, shift=4
        )

    for k in range(len(places)):
        ellipse(k, 0.24, 0.13, crowd.shoulders[k])
        ellipse(k, 0.10, 0.085, crowd.head[k])
    small = cv2.resize(picture, ground.shape[::-1], interpolation=cv2.INTER_AREA) * light
    grain = np.random.default_rng(noise).normal(0, 1.5, small.shape)
    return np.asarray(np.clip(np.rint(small + grain), 0, 255), dtype=np.uint8)


def walked(crowd: People, motion: Motion, seconds: float) -> People:
    """`crowd` after `seconds`, each at the velocity of the place it comes to."""
    places = crowd.places
    for _ in range(4):
        places = places + motion(places) * (seconds / 4)
    return crowd._replace(places=places)


def film(
    motion: Motion, *, density: float = 4.0, seed: int = 1, frames: int = 5, flicker: float = 0.0
) -> Iterator[Luma]:
    """Pictures every DT seconds of people who move as `motion` says."""
    crowd, ground = people(density, seed), floor()
    for k in range(frames):
        yield drawn(crowd, ground, 100 * seed + k, 1 + flicker * math.sin(2.1 * k))
        crowd = walked(crowd, motion, DT)


def uniform(x: float, y: float) -> Motion:
    """Everybody alike."""
    return lambda at: np.full(at.shape, (x, y))


def shear(at: Floats) -> Floats:
    """Faster towards one side, as along a wall."""
    return np.column_stack((0.2 * at[:, 1], np.zeros(len(at))))


def rotation(at: Floats) -> Floats:
    """Around the middle: a crowd that turns on its spot."""
    away = at - MIDDLE
    return np.asarray(0.25 * np.column_stack((-away[:, 1], away[:, 0])))


def divergence(at: Floats) -> Floats:
    """Away from the middle: a crowd that disperses."""
    return np.asarray(0.2 * (at - MIDDLE))


def lanes(at: Floats) -> Floats:
    """Two ways in lanes 2.25 m wide."""
    way = np.where(np.sin(at[:, 0] * 2 * np.pi / 4.5) > 0, 1.1, -1.1)
    return np.column_stack((np.zeros(len(at)), way))
