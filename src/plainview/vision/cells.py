"""The cells of a head plane over an area: where they lie, which are seen, who is in which."""

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import View
from plainview.vision.headplane import CELL, STRIDE, HeadPlane, Mask
from plainview.vision.optics import Floats

SMOOTH = 0.7
"""Metres: standard deviation of the kernel over which densities are compared."""


class Cells:
    """The cells (rows, columns) of one head plane. Owns nothing that changes."""

    def __init__(self, plane: HeadPlane, view: View) -> None:
        """Lay the cells of `plane` over the area of `view`."""
        self.plane = plane
        centres = plane.centres()
        self.shape = (centres.shape[0], centres.shape[1])
        self.centres: Floats = centres.reshape(-1, 2)
        """(rows * columns, 2) metres."""
        polygon = Polygon(view.polygon)
        inside = shapely.contains_xy(polygon, self.centres[:, 0], self.centres[:, 1])
        valid = plane.valid.astype(np.float32)
        seen = cv2.resize(valid, self.shape[::-1], interpolation=cv2.INTER_AREA)
        self.seen: Mask = np.asarray(seen > 0.5)
        """Those that the camera sees."""
        self.inside: Mask = inside.reshape(self.shape) & self.seen
        """Those of the area."""

    def node(self, places: Floats) -> tuple[NDArray[np.intp], Mask]:
        """(n, 2) column and row of the cell nearest to each place, and (n,) whether it is in it."""
        rows, columns = self.shape
        node = np.rint((self.plane.pixels(places) + 0.5) / STRIDE - 0.5).astype(np.intp)
        on = ((node >= 0) & (node < (columns, rows))).all(axis=1)
        return np.clip(node, 0, (columns - 1, rows - 1)), np.asarray(on)

    def binned(self, node: NDArray[np.intp], on: Mask, weights: Floats) -> Floats:
        """People by cell, of `weights` (n,) in the cells `node` (n, 2) where `on` (n,)."""
        people = np.zeros(self.shape)
        np.add.at(people, (node[on, 1], node[on, 0]), weights[on])
        return people


def smoothed(people: NDArray[np.floating]) -> Floats:
    """people/m² from `people` by cell, smoothed by the kernel of SMOOTH metres."""
    plane = cv2.GaussianBlur(np.asarray(people, dtype=np.float64), (0, 0), SMOOTH / CELL)
    return np.asarray(plane / CELL**2)
