"""Correlation of two pictures in many windows at once, its sub-pixel peak, its error, its field.

Pictures are (h, w) float32 of mean zero, whose sides are multiples of `block`. A window is two
blocks wide and two high, around a corner where four blocks meet: (h / block - 1, w / block - 1) of
them, each half covered by the next. Shifts and displacements are (rows, columns) in lists, and
(x, y) pixels in the last axis of arrays.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
Shifts = list[tuple[int, int]]

FAINT = 0.02
"""Mean square of a texture below which a correlation is drawn to zero instead of being noise."""


def disc(radius: float) -> Shifts:
    """Every whole shift of at most `radius` pixels."""
    reach = range(-int(radius), int(radius) + 1)
    return [(y, x) for y in reach for x in reach if x * x + y * y <= radius * radius]


def square(radius: int) -> Shifts:
    """Every whole shift of at most `radius` pixels along each side, row by row."""
    reach = range(-radius, radius + 1)
    return [(y, x) for y in reach for x in reach]


def window_means(picture: F32, block: int) -> F32:
    """The mean of `picture` in each window."""
    size = (picture.shape[1] // block, picture.shape[0] // block)
    means = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    total = means[:-1, :-1] + means[1:, :-1] + means[:-1, 1:] + means[1:, 1:]
    return np.asarray(0.25 * total, dtype=np.float32)


def products(first: F32, second: F32, shifts: Shifts, block: int) -> tuple[F32, F32]:
    """Correlation of windows for n `shifts`: its numerator and its norm, (ny, n, nx) each.

    A shift moves the two pictures by half of it each, so that the window lies midway. The norm is
    the root mean squares' product of what lies in the shifted windows.
    """
    height, width = first.shape
    rows, columns = height // block, width // block
    pad = (int(np.abs(np.array(shifts)).max()) + 1) // 2
    a, b = (np.pad(one, pad) for one in (first, second))
    power_a, power_b = _root_power(a, block), _root_power(b, block)
    blocks = np.empty((rows, len(shifts), columns), dtype=np.float32)
    moving = pad > 1
    norm = np.empty((rows - 1, len(shifts) if moving else 1, columns - 1), dtype=np.float32)
    product = np.empty((height, width), dtype=np.float32)
    tall, wide = (rows - 1) * block, (columns - 1) * block
    for k, (y, x) in enumerate(shifts):
        ya, xa = pad - y // 2, pad - x // 2
        yb, xb = ya + y, xa + x
        cv2.multiply(
            a[ya : ya + height, xa : xa + width],
            b[yb : yb + height, xb : xb + width],
            dst=product,
        )
        cv2.resize(product, (columns, rows), dst=blocks[:, k], interpolation=cv2.INTER_AREA)
        if k and not moving:
            continue
        np.multiply(
            power_a[ya : ya + tall : block, xa : xa + wide : block],
            power_b[yb : yb + tall : block, xb : xb + wide : block],
            out=norm[:, k],
        )
    pairs = blocks[:-1] + blocks[1:]
    del blocks
    means = pairs[:, :, :-1] + pairs[:, :, 1:]
    means *= np.float32(0.25)
    return means, norm


def _root_power(padded: F32, block: int) -> F32:
    """Root mean square of the window that begins at each pixel of `padded`."""
    power = cv2.boxFilter(
        padded * padded, -1, (2 * block, 2 * block), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT
    )
    # The running sums of the filter leave tiny negative numbers behind.
    return np.sqrt(np.maximum(np.asarray(power, dtype=np.float32), np.float32(0)))


def spread_out(values: F32) -> F32:
    """`values` (ny, nx) or (ny, n, nx) averaged over each window and its eight neighbours."""
    if values.ndim == 2:
        return np.asarray(cv2.blur(values, (3, 3), borderType=cv2.BORDER_REPLICATE))
    rows, n, columns = values.shape
    flat = cv2.blur(values.reshape(rows * n, columns), (3, 1), borderType=cv2.BORDER_REPLICATE)
    flat = cv2.blur(flat.reshape(rows, n * columns), (1, 3), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(flat.reshape(rows, n, columns))


def coefficient(numerator: F32, norm: F32, share: float) -> F32:
    """Correlation coefficients, each window's neighbours counting `share` times itself."""
    if share:
        numerator = numerator + share * spread_out(numerator)
        norm = norm + share * spread_out(norm)
    return np.asarray(numerator / (norm + FAINT))


def subpixel(correlation: F32, radius: int) -> tuple[F32, F32]:
    """Displacement (ny, nx, 2) pixels and height (ny, nx) of the highest peak over a `square`.

    The peak is a Gaussian through three points along each axis (Raffel et al. 2018, table 5.1). It
    is looked for off the square's rim, and may lie one pixel from its highest point.
    """
    rows, _, columns = correlation.shape
    side = 2 * radius + 1
    grid = correlation.reshape(rows, side, side, columns)
    inner = grid[:, 1:-1, 1:-1].reshape(rows, -1, columns)
    y, x = np.divmod(inner.argmax(axis=1), side - 2)
    row, column = np.ogrid[:rows, :columns]

    def log(down: int, right: int) -> F32:
        there = grid[row, y + 1 + down, x + 1 + right, column]
        return np.asarray(np.log(np.maximum(there, np.float32(1e-3))))

    middle = log(0, 0)
    offset = []
    for before, after in ((log(0, -1), log(0, 1)), (log(-1, 0), log(1, 0))):
        bend = np.maximum(2 * middle - before - after, 1e-3)
        offset.append(np.clip(0.5 * (after - before) / bend, -1, 1))
    found = np.stack((x + 1 - radius + offset[0], y + 1 - radius + offset[1]), axis=-1)
    return found.astype(np.float32), grid[row, y + 1, x + 1, column]


def deformed(first: F32, second: F32, displacement: F32, block: int) -> tuple[F32, F32]:
    """The two pictures, each taken half way to the other by the windows' `displacement`.

    `displacement` (ny, nx, 2) pixels is interpolated between windows (Scarano 2002, section 3.3).
    """
    height, width = first.shape
    corners = cv2.copyMakeBorder(displacement, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    half = 0.5 / block
    to_corners = np.array([[1 / block, 0, half], [0, 1 / block, half]])
    field = cv2.warpAffine(
        corners, to_corners, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    field = np.asarray(field, dtype=np.float32) * np.float32(0.5)
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width, dtype=np.float32)
    x, y = np.ascontiguousarray(field[..., 0]), np.ascontiguousarray(field[..., 1])
    a = cv2.remap(first, columns - x, rows - y, cv2.INTER_CUBIC)
    b = cv2.remap(second, columns + x, rows + y, cv2.INTER_CUBIC)
    return np.asarray(a), np.asarray(b)


def variance(first: F32, second: F32, block: int, piece: int) -> F32:
    """(ny, nx) pixels²: what is left uncertain in one component of a window's displacement.

    From two pictures that match after deformation: each pixel pulls the correlation peak to one
    side or the other, and what the pulls of pieces `piece` pixels wide add up to by chance gives
    the peak's uncertainty (Wieneke, Meas. Sci. Technol. 26:074002, 2015), here for a window with
    its neighbours and as the mean of both components.
    """
    pixels = (4 * block) ** 2
    middle = 2 * window_means(first * second, block)
    total = np.zeros(middle.shape, dtype=np.float32)
    for axis in (0, 1):
        a, b = np.roll(first, -1, axis), np.roll(second, -1, axis)
        ahead, behind = first * b, a * second
        pull = ahead - behind
        near = cv2.boxFilter(
            pull, -1, (piece, piece), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        chance = np.maximum(spread_out(window_means(pull * np.asarray(near), block)), 0) / pixels
        bend = np.maximum(spread_out(middle - window_means(ahead + behind, block)), FAINT)
        total += 0.5 * 0.25 * chance / bend**2
    return total


def mended(field: F32, known: Mask, tolerance: float, limit: float = 3.0) -> tuple[F32, Mask]:
    """`field` (ny, nx, 2) without outliers, and whether (ny, nx) each window was one.

    The normalised median test (Westerweel & Scarano, Exp. Fluids 39:1096, 2005): an outlier differs
    from its neighbours' median by more than `limit` times their own median residual and
    `tolerance`. It, and what is not `known`, becomes that median; 0 where no neighbour is known.
    """
    rows, columns = known.shape
    padded = np.full((rows + 2, columns + 2, 2), np.nan, dtype=np.float32)
    padded[1:-1, 1:-1] = np.where(known[..., None], field, np.nan)
    around = np.stack(
        [
            padded[y : y + rows, x : x + columns]
            for y in range(3)
            for x in range(3)
            if (y, x) != (1, 1)
        ]
    )
    middle, n = _median(around)
    residual, _ = _median(np.abs(around - middle))
    off = (np.abs(field - middle) > limit * (residual + tolerance)).any(axis=-1)
    off &= (n >= 3) & known
    middle = np.where(np.isnan(middle), np.float32(0), middle)
    return np.where((known & ~off)[..., None], field, middle), off


def streams(velocity: F32, weight: F32, apart: float) -> F32:
    """(ny, nx, 2): the mean `velocity` of each window and its eight neighbours that go its way.

    They count by `weight` (ny, nx), and the less the more they differ from the outcome: by a normal
    of standard deviation `apart` (mean shift: Comaniciu & Meer, IEEE PAMI 24:603, 2002).
    """
    rows, columns = weight.shape
    beside = [(y, x) for y in range(3) for x in range(3)]
    wide, counts = np.pad(velocity, ((1, 1), (1, 1), (0, 0))), np.pad(weight, 1)
    near = np.stack([wide[y : y + rows, x : x + columns] for y, x in beside])
    count = np.stack([counts[y : y + rows, x : x + columns] for y, x in beside])
    mean = velocity
    for _ in range(2):
        away = ((near - mean) ** 2).sum(axis=-1)
        share = count * np.exp(away * np.float32(-0.5 / apart**2))
        total = share.sum(axis=0)[..., None]
        moved = (share[..., None] * near).sum(axis=0) / np.maximum(total, np.float32(1e-6))
        mean = np.where(total > 1e-6, moved, mean)
    return np.asarray(mean, dtype=np.float32)


def _median(values: F32) -> tuple[F32, NDArray[np.intp]]:
    """Median over the first axis of what is not NaN, and how many (ny, nx) those are."""
    # np.nanmedian does the same, in a Python loop over the windows.
    ordered = np.sort(values, axis=0)
    n = np.count_nonzero(~np.isnan(values), axis=0)
    low = np.take_along_axis(ordered, np.maximum((n - 1) // 2, 0)[None], 0)[0]
    high = np.take_along_axis(ordered, np.clip(n // 2, 0, np.maximum(n - 1, 0))[None], 0)[0]
    return np.asarray(0.5 * (low + high)), n[..., 0]
