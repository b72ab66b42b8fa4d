"""`plainview simulate`: a scene with known truth, or a whole city's Readings."""

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import msgspec

from plainview.app.progress import progress
from plainview.errors import InputError, PlainviewError
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
        # From the root on: FFmpeg takes what stands before a colon for a protocol.
        whole = out.absolute()
        folders = render(scene, whole, seconds=seconds, seed=seed, on_progress=told)
    yield from (
        f"{out / folder.relative_to(whole)}: {', '.join(sorted(p.name for p in folder.iterdir()))}"
        for folder in folders
    )


def check_choice(scene: str | None, cameras: int | None) -> None:
    """Raise InputError unless exactly one is given: a scene, or how many cameras."""
    if (scene is None) == (cameras is None):
        raise InputError(
            "either a scene is rendered, or a city is simulated",
            where="plainview simulate",
            mend="Give a SCENE ('list' lists them), or --cameras with a number",
        )


def simulate_city(
    cameras: int,
    *,
    seconds: float | None,
    seed: int | None,
    bus: str | None,
    store: str | None,
    chaos: bool,
    out: TextIO | None = None,
) -> None:
    """Simulate a city of `cameras`; one JSON object on `out` (standard output) at the end.

    Raises InputError for what cannot be simulated, PlainviewError where anything was lost, doubled
    or changed, or a process failed.
    """
    from plainview.app.simulation import job, servers  # noqa: PLC0415 - scenes do not need it
    from plainview.app.simulation.chaos import FAULTS  # noqa: PLC0415 - see above
    from plainview.synth.city.shape import City  # noqa: PLC0415 - see above

    if seconds is not None and not (math.isfinite(seconds) and seconds >= 1):
        raise InputError(f"{seconds} s is no length", where="--seconds", mend="Give whole seconds")
    asked = job.Asked(
        City(cameras, seed=1 if seed is None else seed),
        60 if seconds is None else int(seconds),
        bus or (servers.NATS if chaos else "memory:"),
        store or (servers.POSTGRES if chaos else ""),
        tuple(fault.name for fault in FAULTS) if chaos else (),
    )
    report, whole = job.simulate_city(asked, _say)
    stream = out or sys.stdout
    stream.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    stream.flush()
    if not whole:
        raise PlainviewError(
            "the store does not hold what the city said",
            where="plainview simulate",
            mend="Look at lost, duplicated, altered, invented and rolled_up above",
        )


def _say(line: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"plainview: {line}\n")
        sys.stderr.flush()
