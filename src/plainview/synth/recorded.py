"""Recorded walks: the Juelich passages, as makers of walks and as worlds to render them in."""

from pathlib import Path

from plainview.errors import InputError
from plainview.synth.crowd import Maker
from plainview.synth.scenery import Box, World
from plainview.synth.trajectories import Trajectories, load_juelich, shifted

TRAJECTORIES = Path(__file__).parents[4] / "shared" / "data" / "trajectories"


def juelich(name: str, begin: float) -> Maker:
    """The recorded experiment `name`, from `begin` seconds on.

    Raises InputError when called where the data are absent.
    """

    def walks(_seconds: float, _seed: int) -> Trajectories:
        path = TRAJECTORIES / f"{name}.txt"
        if not path.is_file():
            raise InputError(
                "the recorded trajectories are not here",
                where=str(path),
                mend="Use another scene, or put the file there",
            )
        return shifted(load_juelich(path), seconds=begin)

    return walks


def passage(
    x0: float, x1: float, y0: float, y1: float, *, ground: str = "concrete", sky: float = 0.3
) -> World:
    """The Juelich set-up: a passage along y between walls of boards 1 m high."""
    middle, length = (y0 + y1) / 2, y1 - y0
    return World(
        ground=ground,
        boxes=(
            Box(x0 - 0.25, middle, 0.12, length, 1.0, shade=0.4, tint=(1.2, 1.0, 0.75)),
            Box(x1 + 0.25, middle, 0.12, length, 1.0, shade=0.4, tint=(1.2, 1.0, 0.75)),
        ),
        sky=sky,
        seed=21,
    )
