"""The seam between what happens in a scene and the renderer: bodies, and light and air."""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from plainview.synth.shadow import Body
from plainview.synth.shot import Now, Shot

F32 = NDArray[np.float32]

GROUND: Final = float("inf")
"""Depth of an effect that lies on the ground, under everything that stands there."""
VEIL: Final = 0.0
"""Depth of an effect that lies before everything: rain, glare."""


class Actor(Protocol):
    """Something with a body, or several, that casts a shadow and hides what is behind it."""

    def bodies(self, t: float) -> Sequence[Body]:
        """Its bodies at `t` seconds; none while it is away."""
        ...


class Effect(Protocol):
    """Light or air that is no body: a spot on the ground, a glow, a flame, smoke, rain."""

    def depth(self, shot: Shot) -> float:
        """Metres before the camera, for what hides what; GROUND or VEIL for the two ends."""
        ...

    def paint(self, image: F32, now: Now) -> None:
        """Change the radiance `image` (h, w, 3), linear, in place. 1 is a white ground in sun."""
        ...
