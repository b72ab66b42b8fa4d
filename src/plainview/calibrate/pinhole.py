"""A camera in five numbers: focal length, height, tilt, roll, and where it stands. Pure.

Square pixels, the principal point at the picture's centre, no radial distortion. The camera's own
ground frame has its origin on the ground below the camera, y ahead, x to the right, z up.
"""

from typing import NamedTuple

import numpy as np

from plainview.geometry import Points

_HORIZON = 1e-3
"""Sine of the least angle below the horizon that still counts as ground (1 m up sees 1 km)."""


class Pinhole(NamedTuple):
    """A camera over level ground, in its own ground frame."""

    focal: float
    """Pixels."""
    height: float
    """Metres above the ground."""
    tilt: float
    """Radians below the horizon that it looks."""
    roll: float
    """Radians that the picture is turned clockwise about its centre."""
    centre: tuple[float, float]
    """The principal point, pixels."""

    def rotation(self) -> Points:
        """(3, 3): rows are the picture's right, down and ahead, in ground-frame directions."""
        c, s = np.cos(self.tilt), np.sin(self.tilt)
        level = np.array([[1, 0, 0], [0, -s, -c], [0, c, -s]], dtype=np.float64)
        cr, sr = np.cos(self.roll), np.sin(self.roll)
        return np.asarray(np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]]) @ level)

    def projection(self) -> Points:
        """(3, 4): ground-frame metres -> pixels (Hartley & Zisserman, 2nd ed., eq. 6.8)."""
        u, v = self.centre
        inner = np.array([[self.focal, 0, u], [0, self.focal, v], [0, 0, 1.0]])
        rotation = self.rotation()
        return np.column_stack((inner @ rotation, inner @ rotation @ [0.0, 0.0, -self.height]))

    def ground(self, pixels: Points) -> Points:
        """Ground-frame x, y (n, 2) in metres of `pixels` (n, 2).

        Pixels at or above the horizon are put far away instead, so that a solver can walk back.
        """
        offset = (pixels - np.array(self.centre)) / self.focal
        rays = np.column_stack((offset, np.ones(len(offset)))) @ self.rotation()
        norm = np.linalg.norm(rays, axis=1)
        down = np.maximum(-rays[:, 2], _HORIZON * norm)
        return np.asarray(rays[:, :2] * (self.height / down)[:, None])

    def image(self, world: Points) -> Points:
        """Pixels (n, 2) of ground-frame points (n, 3); depth is kept from zero."""
        projection = self.projection()
        homogeneous = world @ projection[:, :3].T + projection[:, 3]
        depth = np.maximum(homogeneous[:, 2], 1e-3 * self.height)
        return np.asarray(homogeneous[:, :2] / depth[:, None])


class Placement(NamedTuple):
    """How given ground coordinates lie in the camera's ground frame: turned, then moved."""

    turn: float
    """Radians, counter-clockwise."""
    x: float
    y: float

    def rotation(self) -> Points:
        """(2, 2)."""
        c, s = np.cos(self.turn), np.sin(self.turn)
        return np.array([[c, -s], [s, c]])

    def apply(self, given: Points) -> Points:
        """Ground-frame metres (n, 2) of `given` coordinates (n, 2)."""
        return np.asarray(given @ self.rotation().T + [self.x, self.y])

    def matrix(self) -> Points:
        """(4, 4): given world coordinates -> ground frame, homogeneous."""
        matrix = np.eye(4)
        matrix[:2, :2] = self.rotation()
        matrix[:2, 3] = self.x, self.y
        return matrix


def align(given: Points, ground: Points) -> tuple[float, Placement, float]:
    """The scale and placement that carry `given` (n, 2) best onto `ground`, and the mean residual.

    Umeyama, IEEE PAMI 13(4), 1991, without reflection.
    """
    mean_given, mean_ground = given.mean(axis=0), ground.mean(axis=0)
    a = (given - mean_given) @ np.array([1, 1j])
    b = (ground - mean_ground) @ np.array([1, 1j])
    power = float(np.sum(np.abs(a) ** 2))
    similarity = complex(np.sum(np.conj(a) * b) / power)
    scale, turn = abs(similarity), float(np.angle(similarity))
    placed = Placement(turn, 0.0, 0.0)
    x, y = mean_ground - scale * placed.apply(mean_given[None])[0]
    residual = float(np.sqrt(np.mean(np.abs(b - similarity * a) ** 2)))
    return scale, Placement(turn, float(x), float(y)), residual
