"""What befalls cameras, put into the frames of a recording: covers, paint, knocks, blur, darkness.

Beside it what looks like it and is none: clouds, lamps, a lorry that stops, wind at the mast, a
coarse coder. `picture.Fault` has the like for rendered scenes; here the picture is a real one, and
a camera is moved by showing another window of it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, gaussian_filter, zoom

from plainview.record import Health

Frame = NDArray[np.uint8]
"""(h, w, 3) red, green, blue."""

GOOD: Final = 2.2
"""Bits that the coder may spend a second on each pixel of a frame: a good picture."""
COARSE: Final = 0.15


class Moment(NamedTuple):
    """A frame of the recording, and the window that the camera shows of it."""

    whole: Frame
    left: int
    top: int
    width: int
    height: int
    age: float
    """Seconds that the mishap has lasted."""
    generator: np.random.Generator

    def shown(self, right: float = 0.0, down: float = 0.0) -> Frame:
        """What the camera shows, looking elsewhere by shares of the window's width and height.

        Not further than the recording reaches.
        """
        x = self.left + round(right * self.width)
        y = self.top + round(down * self.height)
        return self.whole[y : y + self.height, x : x + self.width]


Change = Callable[[Moment], Frame]
"""What the camera shows at that moment: (window's height, width, 3)."""


@dataclass(frozen=True)
class Mishap:
    """What happens to the picture, and what of it is right to be told: nothing, if it is none."""

    name: str
    right: frozenset[Health]
    change: Change
    bits: float = GOOD
    """A second for each pixel of a frame."""


def _shown(moment: Moment) -> Frame:
    return moment.shown()


def _elsewhere(right: float, down: float = 0.0) -> Change:
    return lambda moment: moment.shown(right, down)


def _grain(moment: Moment, sigma: float) -> NDArray[np.float32]:
    grain = moment.generator.standard_normal((moment.height, moment.width, 1), dtype=np.float32)
    return np.asarray(grain * np.float32(sigma), dtype=np.float32)


def _as_frame(image: NDArray[np.floating]) -> Frame:
    return np.asarray(np.clip(image, 0, 255), dtype=np.uint8)


def _softened(image: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Blurred by a Gaussian, its sigma a `share` of the picture's width."""
    sigma = share * image.shape[1]
    return np.asarray(gaussian_filter(image, (sigma, sigma, 0), truncate=2.5), dtype=np.float32)


def _covered(level: float) -> Change:
    """Nothing but one grey, and the sensor's grain."""
    return lambda moment: np.repeat(_as_frame(level + _grain(moment, 1.5)), 3, axis=2)


def _partly(share: float, side: str, level: float) -> Change:
    """Something out of focus hangs into the picture from a side, over `share` of it."""

    def change(moment: Moment) -> Frame:
        down, right = np.linspace(0, 1, moment.height)[:, None], np.linspace(0, 1, moment.width)
        place = {"left": right, "top": down, "bottom": 1 - down}[side]
        wavy = place + 0.06 * np.sin(5 * (down if side == "left" else right))
        hidden = np.clip((share - wavy) * 12 + 0.5, 0, 1)[..., None]
        return _as_frame(moment.shown() * (1 - hidden) + hidden * level)

    return change


def _sprayed(level: float, opaque: float, share: float) -> Change:
    """Paint in blots over `share` of the picture; what comes through it is unsharp."""
    blots = np.random.default_rng(5).normal(0, 1, (9, 13)).astype(np.float32)

    def change(moment: Moment) -> Frame:
        image = moment.shown().astype(np.float32)
        thick = zoom(blots, (moment.height / blots.shape[0], moment.width / blots.shape[1]))
        paint = np.clip((thick - np.quantile(thick, 1 - share)) * 4 + 0.5, 0, 1)[..., None] * opaque
        through = 0.15 * _softened(image, 1 / 60) + 0.85 * level
        return _as_frame((1 - paint) * (1 - 0.3 * paint) * image + paint * through)

    return change


def _turned(degrees: float, zoomed: float) -> Change:
    """The camera turned about its own axis; the lens zoomed."""
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    turn /= zoomed

    def change(moment: Moment) -> Frame:
        middle = np.array([moment.top + moment.height / 2, moment.left + moment.width / 2])
        offset = middle - turn @ middle
        channels = np.moveaxis(moment.whole, -1, 0)
        turned = [affine_transform(one, turn, offset, order=1, mode="nearest") for one in channels]
        return moment._replace(whole=np.stack(turned, axis=-1)).shown()

    return change


def _mirrored(moment: Moment) -> Frame:
    """Another place with the same things in it, as after a turn of the camera."""
    return np.ascontiguousarray(moment.shown()[:, ::-1])


def _unsharp(share: float) -> Change:
    """Blur by a Gaussian, its sigma a share of the picture's width."""
    return lambda moment: _as_frame(_softened(moment.shown().astype(np.float32), share))


def _lit(gain: float, seconds: float = 0.0) -> Change:
    """All light times `gain`, reached within `seconds`; the sensor's grain stays what it is."""

    def change(moment: Moment) -> Frame:
        done = min(moment.age / seconds, 1.0) if seconds else 1.0
        return _as_frame(moment.shown() * (1 + (gain - 1) * done) + _grain(moment, 1.5))

    return change


class _Frozen:
    """Shows for good what it was first asked to, until it befalls another recording."""

    def __init__(self) -> None:
        self._age = 0.0
        self._held: Frame | None = None

    def __call__(self, moment: Moment) -> Frame:
        if self._held is None or moment.age < self._age:
            self._held = moment.shown().copy()
        self._age = moment.age
        return self._held


def _no_signal(moment: Moment) -> Frame:
    """A recorder's own picture: blue, with a box for its words."""
    image = np.empty((moment.height, moment.width, 3), np.uint8)
    image[...] = (20, 30, 170)
    y, x = moment.height // 2, moment.width // 3
    image[y : y + moment.height // 12, x : 2 * x] = 240
    return image


def _dying(moment: Moment) -> Frame:
    """A sensor's noise drowns most of the picture."""
    return _as_frame(0.3 * moment.shown() + 70 + _grain(moment, 70.0))


def _lorry(moment: Moment) -> Frame:
    """A lorry drives in from the left within three seconds, and stands over two fifths."""
    image = moment.shown().copy()
    h, w = image.shape[:2]
    long, high = round(0.7 * w), round(0.55 * h)
    body = np.full((high, long, 3), (150, 60, 50), np.uint8)
    body[::7] -= 25
    body[:, :: max(long // 6, 1)] = 40
    body[-h // 9 :] = 30
    front = round(min(moment.age / 3.0, 1.0) * 0.75 * w)
    back, top = max(front - long, 0), round(0.35 * h)
    image[top : top + high, back:front] = body[:, long - (front - back) :]
    return image


def _shaken(moment: Moment) -> Frame:
    return moment.shown(0.002 * math.sin(9 * moment.age), 0.002 * math.sin(11 * moment.age))


def _blown(moment: Moment) -> Frame:
    """To and fro by more than what is a move, and for as long."""
    return moment.shown(0.012 * math.sin(0.7 * moment.age), 0.01 * math.sin(0.9 * moment.age))


def mishaps() -> tuple[Mishap, ...]:
    """Everything that befalls a camera here, worst first, and last what is no fault."""
    blind, dark = frozenset({Health.BLIND}), frozenset({Health.DARK})
    moved, blurred = frozenset({Health.MOVED}), frozenset({Health.BLURRED})
    frozen, none = frozenset({Health.FROZEN}), frozenset[Health]()
    return (
        Mishap("covered, black", blind | dark, _covered(8)),
        Mishap("covered, grey", blind, _covered(110)),
        Mishap("covered, white", blind, _covered(225)),
        Mishap("covered by 0.35, black", blind, _partly(0.35, "left", 10)),
        Mishap("covered by half, grey", blind, _partly(0.5, "top", 120)),
        Mishap("covered by half, white", blind, _partly(0.5, "bottom", 220)),
        Mishap("covered by 0.7, black", blind, _partly(0.7, "left", 10)),
        Mishap("sprayed over 0.9, black", blind, _sprayed(15, 0.95, 0.9)),
        Mishap("sprayed over 0.9, white", blind, _sprayed(230, 0.9, 0.9)),
        Mishap("sprayed over 0.6, grey", blind, _sprayed(90, 0.95, 0.6)),
        Mishap("moved by 0.015", moved, _elsewhere(0.015)),
        Mishap("moved by 0.02 and down", moved, _elsewhere(0.02, 0.03)),
        Mishap("moved by 0.07", moved, _elsewhere(-0.07)),
        Mishap("turned about its axis", moved, _turned(3, 1.0)),
        Mishap("zoomed by 1.1", moved, _turned(0, 1.1)),
        Mishap("turned away", moved, _mirrored),
        Mishap("unsharp by 0.003", blurred, _unsharp(0.003)),
        Mishap("unsharp by 0.006", blurred, _unsharp(0.006)),
        Mishap("unsharp by 0.015", blurred | blind, _unsharp(0.015)),
        Mishap("lights out", blind | dark, _lit(0.03)),
        Mishap("dark within 8 s", dark, _lit(0.03, 8.0)),
        Mishap("frozen", frozen, _Frozen()),
        Mishap("no signal", blind | frozen | moved, _no_signal),
        Mishap("drowned in noise", blind | blurred | moved, _dying),
        Mishap("nothing", none, _shown),
        Mishap("a cloud", none, _lit(0.6, 3.0)),
        Mishap("the sun comes out", none, _lit(1.5, 3.0)),
        Mishap("lamps go on", none, _lit(1.3)),
        Mishap("a lorry stops", none, _lorry),
        Mishap("wind at the mast", none, _shaken),
        Mishap("a gale at the mast", none, _blown),
        Mishap("a coarse coder", none, _shown, COARSE),
    )
