"""The plate: the picture of the empty scene, learned robustly, and what differs from it.

Per working pixel the plate holds the background's luma and its noise. It is learned from a spread
of frames by the half-sample mode (Robertson & Cryer, JASA 69, 1974), which stands up to people who
cover a place for up to half of the time, and then follows slow changes wherever no body stands.
People who stand for minutes are not absorbed: a place that differs is given up to the background
only when the frame there has lost the edges that the plate shows (a ghost), or after a time when
nothing upright explains it.
"""

import io
import zlib
from collections.abc import Sequence

import cv2
import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from plainview.errors import UNDECODED, InputError
from plainview.vision.ranks import median

Luma = NDArray[np.uint8]
Image = NDArray[np.float32]

NOISE_FLOOR = 2.0
"""Least standard deviation of a background pixel's luma, grey levels."""
BUSY_NOISE = 5.0
"""The most that is taken for noise where people pass all the time, grey levels, unless the rest
of the picture is noisier."""
_ODD = (3, 5, 7)
"""Pixels a side of a square whose mean a box filter finds."""
_SHRUNK_ROWS = 24
"""Rows of a smaller picture that are made at once: what they are made of stays in the cache."""
QUARTILE = 0.32
"""Quartile of the deviation's size of a normal variable, in standard deviations."""
CLOSE = 3.0
"""Usual standard deviations from the background within which a frame shows it, and nobody."""
STRIP = 8
"""Rows whose mode is looked for at once: all of them take twenty times the memory of the frames."""
MAX_BYTES = 1_048_576
"""Bound on a serialised plate."""


class PlateFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A plate as it is saved. Luma and noise are deflated rows of one byte per pixel."""

    version: int
    width: int
    height: int
    luma: bytes
    noise: bytes
    """Standard deviation in eighths of a grey level."""


def half_sample_mode(stack: Luma) -> Luma:
    """The mode along axis 0 of `stack` (n, h, w), by repeated densest halves."""
    strips = [stack[:, top : top + STRIP] for top in range(0, stack.shape[1], STRIP)]
    return np.concatenate([_strip_mode(strip) for strip in strips])


def _strip_mode(stack: Luma) -> Luma:
    work = np.sort(stack, axis=0)
    while len(work) > 3:
        half = (len(work) + 1) // 2
        width = work[half - 1 :].astype(np.int16) - work[: len(work) - half + 1]
        start = np.argmin(width, axis=0)
        index = start[None] + np.arange(half)[:, None, None]
        work = np.take_along_axis(work, index, axis=0)
    return np.asarray(work[len(work) // 2])


def _noise(near: Luma) -> Image:
    """(h, w) standard deviation of the background, from sorted distances to it `near` (n, h, w).

    It is told by the frames that show the background: where people pass half of the time the
    quartile of all frames is the median of those. Of what varies by itself, as leaves do, the
    frames near its mode lie nearly as far apart as all.
    """
    quartile = near[min(max(len(near) // 4, 1), len(near) - 1)]
    usual = float(np.median(quartile / np.float32(QUARTILE)))
    shows = np.count_nonzero(near <= CLOSE * max(usual, NOISE_FLOOR), axis=0)
    own = np.minimum(np.maximum(shows // 4, 1), shows - 1)
    quartile = np.take_along_axis(near, own[None], axis=0)[0]
    return np.asarray(quartile / np.float32(QUARTILE), dtype=np.float32)


def exposure(luma: Luma, background: Luma, ignore: Luma | None) -> float:
    """Gain with luma ~ gain * background, robust to what covers the scene.

    Least squares through the origin on every 6th pixel, re-weighted by Tukey's biweight (Huber,
    Robust Statistics, 1981, section 7). A gain alone: an offset would trade against clouds.
    """
    x = background[::6, ::6].ravel().astype(np.float32)
    y = luma[::6, ::6].ravel().astype(np.float32)
    keep = (y > 3) & (y < 252) & (x > 8) & (x < 252)
    if ignore is not None:
        keep &= ignore[::6, ::6].ravel() == 0
    x, y = x[keep], y[keep]
    if len(x) < 64:
        return 1.0
    gain = median(y / x)
    for _ in range(2):
        residual = y - gain * x
        scale = max(1.4826 * median(np.abs(residual)), 1.0) * 4.0
        residual /= scale
        residual *= residual
        w = np.square(np.maximum(1.0 - residual, 0.0))
        w *= x
        gain = float(w @ y) / max(float(w @ x), 1.0)
    return min(max(gain, 0.1), 10.0)


def box(picture: Image, side: int) -> Image:
    """Mean of `picture` (h, w) over `side` pixels each way. OpenCV's own is slow with floats."""
    share = np.full(side, 1 / side, dtype=np.float32)
    return np.asarray(cv2.sepFilter2D(picture, -1, share, share), dtype=np.float32)


def shrunk(luma: Luma, size: tuple[int, int]) -> Luma:
    """`luma` (h, w) at `size` (w, h), each pixel the mean of those that it stands for."""
    each = luma.shape[0] // size[1]
    if each not in (4, *_ODD) or luma.shape != (each * size[1], each * size[0]):
        return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    # To the last bit as above, in half of the time: of an odd square no mean lies between two.
    small = np.empty(size[::-1], dtype=np.uint8)
    rows = 2 * _SHRUNK_ROWS if each == 4 else _SHRUNK_ROWS
    for top in range(0, size[1], rows):
        part = luma[top * each : (top + rows) * each]
        small[top : top + rows] = (
            _of_four(part) if each == 4 else cv2.blur(part, (each, each))[_middles(each)]
        )
    return small


def _of_four(luma: Luma) -> Luma:
    """The means of the squares of 4 pixels a side of `luma` (4 h, 4 w)."""
    down = np.add(luma[0::4], luma[1::4], dtype=np.uint16)
    down += luma[2::4]
    down += luma[3::4]
    across = down[:, 0::4] + down[:, 1::4]
    across += down[:, 2::4]
    across += down[:, 3::4]
    return np.asarray(cv2.convertScaleAbs(across, alpha=1 / 16), dtype=np.uint8)


def _middles(each: int) -> tuple[slice, slice]:
    """The middles of squares of `each` pixels a side."""
    return np.s_[each // 2 :: each, each // 2 :: each]


def median_of_three(one: Luma, two: Luma, three: Luma) -> Luma:
    """(h, w) the median of three pictures, pixel by pixel: what is in one of them only is gone."""
    low, high = cv2.min(one, two), cv2.max(one, two)
    return np.asarray(cv2.max(low, cv2.min(high, three)), dtype=np.uint8)


def gradients(picture: Luma | Image) -> tuple[Image, Image]:
    """(h, w) each: grey levels per pixel by which `picture` rises, right and down, by Sobel's."""
    gx = cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=0.125)
    gy = cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(gx, dtype=np.float32), np.asarray(gy, dtype=np.float32)


def gradient(luma: Luma | Image) -> Image:
    """(h, w) twice the grey levels per pixel by which `luma` rises, by Sobel's operator."""
    gx = cv2.Sobel(luma, cv2.CV_32F, 1, 0, scale=0.25)
    gy = cv2.Sobel(luma, cv2.CV_32F, 0, 1, scale=0.25)
    return np.asarray(cv2.magnitude(gx, gy), dtype=np.float32)


def _relit(luma: Luma, reference: Luma) -> Luma:
    """`luma` in the exposure of `reference`, both of one scene."""
    gain = exposure(reference, luma, None)
    if abs(gain - 1) < 0.01:
        return luma
    table = np.clip(np.arange(256) * gain, 0, 255)
    return np.asarray(cv2.LUT(luma, np.rint(table).astype(np.uint8)), dtype=np.uint8)


class Plate:
    """Owns the background picture (h, w) and its noise, in working pixels."""

    def __init__(self, luma: Luma, noise: Image) -> None:
        """Start from a background `luma` (h, w) and its standard deviation `noise` (h, w)."""
        self.mean = luma.astype(np.float32)
        self.noise = np.maximum(noise, NOISE_FLOOR).astype(np.float32)
        self.usual_noise = median(self.noise)
        """Median of `noise`."""
        self._refresh()

    @classmethod
    def learn(cls, frames: Sequence[Luma]) -> "Plate":
        """Learn from working frames spread over time (3 or more; 24 to 48 are best).

        The frames are brought to the last one's exposure first.
        """
        stack = np.stack([_relit(frame, frames[-1]) for frame in frames])
        mode = half_sample_mode(stack)
        near = np.maximum(stack, mode)
        near -= np.minimum(stack, mode)
        near.sort(axis=0)
        noise = _noise(near)
        # Where people pass all the time their passing is not noise: the rest of the picture tells.
        most = max(4.0 * float(np.median(noise)), BUSY_NOISE)
        smooth = cv2.blur(np.minimum(noise, most), (5, 5))
        return cls(mode, np.asarray(smooth, dtype=np.float32))

    def _refresh(self) -> None:
        self.luma: Luma = np.clip(self.mean + 0.5, 0, 255).astype(np.uint8)
        # A slight shake moves edges by a fraction of a pixel: there the noise is larger.
        edges = gradient(self.luma)
        edges *= 0.35
        self.sharpness: Image = 1.0 / box(
            np.asarray(cv2.magnitude(self.noise, edges), np.float32), 3
        )

    def keep(self, other: "Plate", where: NDArray[np.bool_]) -> None:
        """Take the background of `other`, of the same size, `where` (h, w) is true."""
        self.mean[where] = other.mean[where]
        self.noise[where] = other.noise[where]
        self.usual_noise = median(self.noise)
        self._refresh()

    def follow(self, luma: Luma, free: Luma, rate: float) -> None:
        """Move the background towards `luma` by `rate` where `free` (h, w, 0 or 255) allows it."""
        cv2.accumulateWeighted(luma, self.mean, rate, mask=free)
        self._refresh()

    def to_bytes(self) -> bytes:
        """Serialise; at most MAX_BYTES for the pictures that the working scale allows."""
        height, width = self.luma.shape
        noise = np.clip(self.noise * 8, 0, 255).astype(np.uint8)
        return msgspec.msgpack.encode(
            PlateFile(
                1,
                width,
                height,
                zlib.compress(self.luma.tobytes(), 6),
                zlib.compress((noise & 0xF8).tobytes(), 6),
            )
        )


def read_plate(data: bytes) -> Plate:
    """The plate in `data`. Raises InputError if it is none."""
    if len(data) > MAX_BYTES:
        raise InputError("larger than a plate may be", where="plate", mend="Learn it anew")
    try:
        file = msgspec.msgpack.decode(data, type=PlateFile)
        size = file.width * file.height
        sides = min(file.width, file.height) >= 1
        if file.version != 1 or not sides or not 256 <= size <= 4_000_000:
            raise InputError("not a plate of this version", where="plate", mend="Learn it anew")
        planes = []
        for packed in (file.luma, file.noise):
            plane = zlib.decompressobj().decompress(packed, size + 1)
            if len(plane) != size:
                raise InputError("the plate is cut short", where="plate", mend="Learn it anew")
            planes.append(np.frombuffer(plane, np.uint8).reshape(file.height, file.width))
    except (*UNDECODED, zlib.error) as error:
        raise InputError("not a plate", where="plate", mend="Learn it anew") from error
    return Plate(planes[0].copy(), planes[1].astype(np.float32) / np.float32(8))


def plate_png(data: bytes) -> bytes:
    """A PNG of the plate in `data`, for a human who approves it. Raises InputError."""
    ok, png = cv2.imencode(".png", read_plate(data).luma)
    if not ok:
        raise InputError("the plate cannot be drawn", where="plate", mend="Learn it anew")
    return io.BytesIO(png.tobytes()).getvalue()
