"""Velocity of a dense crowd's surface, pixel by pixel, on its head plane: dense inverse search.

Two streams that meet are told apart by windows of a metre only where people keep lanes as wide.
Between two pictures that follow each other within some tenths of a second every head and shoulder
moves by about its own size, at most, and the flow of each pixel can be found: by inverse search
on patches from coarse to fine (Kroeger, Timofte, Dai & Van Gool, Fast Optical Flow using Dense
Inverse Search, ECCV 2016; OpenCV's, without its refinement by variation). What it says of a pixel
counts by how well the second picture then explains the first, by how much structure is there, and
by how much it differs from the empty scene.

Nobody is followed: there is one field for each pair of pictures, and of the pictures only the last
is kept, for less than half a second.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import Image, Luma

Floats = NDArray[np.float64]

APART: Final = (0.1, 0.4)
"""Seconds between two pictures that are compared, the least and the most: a shuffle is half a pixel
in the first, and in the second a walk is half a metre, as far as from one head to the next."""
FINE: Final = 200_000
"""Pixels of a plane at twice its own up to which those are worth what they cost."""
_PATCH, _STRIDE = 8, 4
"""Pixels of a patch, about a head, and between two."""
_UNLIKE: Final = 3.0
"""Grey levels, in the mean over _NEAR, by which what was found may differ and still count."""
_NEAR: Final = 5
"""Pixels over which likeness, structure and difference are averaged."""
_STRUCTURE: Final = 30.0
"""Gradient (Sobel's) that counts half."""
_DIFFERS: Final = (4.0, 12.0)
"""Grey levels from the empty scene from which a pixel counts, and from which in full."""
_OVER: Final = 0.15
"""Metres: standard deviation of the window that one velocity is the mean of."""
_LEAST: Final = 0.005
"""Mean weight in that window from which it says anything."""
_THREE: Final = np.ones((3, 3), np.uint8)


class Surface:
    """Owns the last picture of one head plane, and the flow from the one before it."""

    def __init__(self, scale: float, *, spare: bool = False) -> None:
        """Compare pictures of `scale` metres a pixel; none was seen. `spare`: see `dense.Dense`."""
        self._scale, self._spare = scale, spare
        self._search: cv2.DISOpticalFlow | None = None
        self._last: Luma | None = None
        self._since = 0.0
        self._flow: Image | None = None
        self._weight: Image | None = None

    def forget(self) -> None:
        """The next picture does not continue the last one; nothing is kept."""
        self._search = self._last = self._flow = self._weight = None
        self._since = 0.0

    def see(self, picture: Luma, empty: Luma, dt: float) -> None:
        """Take a `picture` (h, w), `dt` seconds after the last, of what is `empty` (h, w) without.

        Pictures that follow faster than APART are skipped.
        """
        self._since += dt
        last = self._last
        if last is None or last.shape != picture.shape or not 0 < self._since <= APART[1]:
            self._flow = self._weight = None
        elif self._since < APART[0] - 1e-3:
            return
        else:
            found = self._searched(last, picture)
            self._weight = _weighed(last, picture, empty, found)
            weighed = found * self._weight[..., None]
            over = _OVER / self._scale
            self._flow = np.asarray(cv2.GaussianBlur(weighed, (0, 0), over), dtype=np.float32)
            self._flow *= np.float32(self._scale / self._since)
            self._weight = np.asarray(cv2.GaussianBlur(self._weight, (0, 0), over), np.float32)
        self._last, self._since = picture, 0.0

    def velocities(self, pixels: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """(n, 2) m/s along columns and rows at `pixels` (n, 2), x and y, and where it is known."""
        if self._flow is None or self._weight is None:
            return np.zeros((len(pixels), 2)), np.zeros(len(pixels), dtype=np.bool_)
        height, width = self._weight.shape
        x, y = np.rint(pixels).astype(np.intp).T
        x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
        weight = self._weight[y, x].astype(np.float64)
        return self._flow[y, x] / np.maximum(weight, _LEAST)[:, None], weight > _LEAST

    def _searched(self, last: Luma, picture: Luma) -> Image:
        """(h, w, 2) pixels from `last` to `picture`, x and y."""
        if self._search is None:
            self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
            self._search.setPatchSize(_PATCH)
            self._search.setPatchStride(_STRIDE)
            self._search.setFinestScale(0)
            # Its buffers would be most of what a crowd takes of a lens's memory.
            self._search.setVariationalRefinementIterations(0)
        found = self._search.calc(last, picture, None)  # type: ignore[call-overload]
        if self._spare:
            self._search = None
        return np.asarray(found, dtype=np.float32)


def _weighed(last: Luma, picture: Luma, empty: Luma, flow: Image) -> Image:
    """(h, w) how much the `flow` (h, w, 2) from `last` to `picture` counts, 0 to 1."""
    height, width = last.shape
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)
    back = cv2.remap(picture, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR)
    unlike = _near(cv2.absdiff(back, last))
    # Where a body ends the floor's rest leaks into its flow.
    differs = cv2.erode(_near(cv2.absdiff(picture, empty)), _THREE)
    across = cv2.Sobel(picture, cv2.CV_32F, 1, 0)
    along = cv2.Sobel(picture, cv2.CV_32F, 0, 1)
    structure = _near(cv2.magnitude(across, along))
    weight = np.exp(-((unlike / np.float32(_UNLIKE)) ** 2))
    weight *= np.clip((differs - _DIFFERS[0]) / (_DIFFERS[1] - _DIFFERS[0]), 0, 1)
    weight *= structure / (structure + np.float32(_STRUCTURE))
    return np.asarray(weight, dtype=np.float32)


def _near(picture: NDArray[np.generic]) -> Image:
    """(h, w) the mean of `picture` (h, w) over _NEAR pixels."""
    smooth = cv2.blur(picture.astype(np.float32), (_NEAR, _NEAR))
    return np.asarray(smooth, dtype=np.float32)
