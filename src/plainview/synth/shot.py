"""A stage as one camera sees it, with what is derived from it for drawing."""

from typing import NamedTuple

import numpy as np

from plainview.synth.camera import Camera
from plainview.synth.light import Light
from plainview.synth.scenery import Stage
from plainview.synth.shadow import Half


class Shot:
    """A camera's stage, its projection and its axes. Nothing in it changes."""

    def __init__(self, camera: Camera, stage: Stage) -> None:
        """Of `stage`, which was built for `camera`."""
        self.camera, self.stage = camera, stage
        self.matrix = camera.matrix()
        self.axes = camera.axes()
        self.focal = camera.focal()
        self.half = Half(
            *(
                np.ascontiguousarray(plane[::2, ::2])
                for plane in (stage.gx, stage.gy, stage.under_x, stage.under_y)
            )
        )


class Now(NamedTuple):
    """What an effect is painted with."""

    shot: Shot
    light: Light
    t: float
    """Seconds."""
