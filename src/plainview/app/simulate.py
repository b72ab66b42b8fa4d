"""`plainview simulate`: a scene with known truth, with a bar while it is rendered."""

import math
from collections.abc import Iterator
from pathlib import Path

from plainview.app.progress import progress
from plainview.errors import InputError
from plainview.synth.catalogue import SCENES
from plainview.synth.job import simulate as render


def simulate(
    scene: str, out: Path, *, seconds: float | None = None, seed: int | None = None
) -> Iterator[str]:
    """Render `scene` into `out`; a line for each folder written. `list` names the scenes instead.

    Raises InputError for an unknown scene or a length that is none, PlainviewError where the
    folder cannot be written.
    """
    if scene == "list":
        yield from sorted(SCENES)
        return
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        raise InputError(f"{seconds} s is no length", where="--seconds", mend="Give seconds")
    with progress(scene, real_time=False) as show:
        told = None if show is None else lambda share: show(share, 1.0)
        folders = render(scene, out, seconds=seconds, seed=seed, on_progress=told)
    yield from (
        f"{folder}: {', '.join(sorted(p.name for p in folder.iterdir()))}" for folder in folders
    )
