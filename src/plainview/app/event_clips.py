"""Clips measured as a person would, with their told events judged: rendered, recorded, real."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from plainview.app.clips import PETS, tell
from plainview.app.road_clips import CYCLIST, MOTORWAY, Road
from plainview.calibrate.output import camera_toml
from plainview.errors import InputError, PlainviewError
from plainview.evaluate.event_truth import EventTruth, SceneNote, Spell
from plainview.evaluate.events import Judged, judge, told_events
from plainview.evaluate.measured import Measured, read_measured
from plainview.geometry import View
from plainview.record import EventKind
from plainview.synth.camera import hung
from plainview.synth.events.site import ground_seen

REAL: Final = {
    "people-one-by-one.mp4": ((768, 432), 2.4, 2.9),
    "hi-vis-worker.mp4": ((480, 270), 5.0, 10.0),
    "store-aisle.mp4": ((480, 270), 4.0, 6.0),
    "bicycle-and-car.mp4": ((480, 270), 5.0, 12.0),
    "cars.mp4": ((768, 432), 6.0, 16.0),
}
"""Picture's size, and a guess of the camera's height and distance, metres: none is calibrated.

The first's is by where its verticals meet, at 60 degrees, and by people of 1.7 m.
"""
ROADS: Final = {"cyclist-on-motorway.avi": CYCLIST, "motorway.avi": MOTORWAY}
REAL_KINDS: Final = (EventKind.LEFT_OBJECT, EventKind.PERSON_DOWN, EventKind.FIRE)
"""Kinds that are looked for without a zone; none happens in any of the real clips.

Kinds with a zone are looked for where ROADS has one.
"""
_ATTEMPTS: Final = 2
"""On a machine that is far too busy a lens may be taken for one that hangs, and be ended."""


def measured_events(video: Path, camera: Path, truth: EventTruth) -> list[Judged]:
    """Measure one clip in a process of its own and judge its events, kind by kind.

    Raises InputError for a wrong file, PlainviewError when measuring fails.
    """
    return judged_kinds(measured(video, camera), truth)


def judged_kinds(seen: Measured, truth: EventTruth) -> list[Judged]:
    """What was told of a clip against what is true, kind by kind."""
    told, doubted = told_events(seen), seen.doubted()
    return [judge(told, truth, kind, doubted) for kind in truth.judged]


def measured(video: Path, camera: Path) -> Measured:
    """Measure one clip in a process of its own, second by second.

    Raises InputError for a wrong file, PlainviewError when measuring fails.
    """
    with tempfile.TemporaryDirectory(prefix="plainview-events-") as scratch:
        out = Path(scratch) / "measured.jsonl"
        command = [sys.executable, "-m", "plainview", "measure", str(video)]
        command += ["--camera", str(camera), "--out", str(out)]
        for attempt in range(1, _ATTEMPTS + 1):
            done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
            if done.returncode == 0:
                return read_measured(out)
            said = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
            tell(f"{video.name}, attempt {attempt}: {said}")
            if done.returncode == InputError.exit_code:
                raise InputError(f"'plainview measure' failed: {said}", where=str(video))
    raise PlainviewError(f"'plainview measure' failed: {said}", where=str(video))


def real_clips(data: Path, kinds: Sequence[str]) -> Iterator[Judged]:
    """The real clips under `data`; what happens in them is in ROADS. Absent ones are named."""
    with tempfile.TemporaryDirectory(prefix="plainview-events-") as scratch:
        for video, camera, road in recordings(data, Path(scratch)):
            judged = tuple(kind for kind in kinds_of(road) if kind in kinds)
            if judged:
                tell(f"measuring {video.name}")
                yield from judged_real(name_of(video), measured(video, camera), road, judged)


def judged_real(
    name: str, seen: Measured, road: Road | None, judged: tuple[EventKind, ...]
) -> list[Judged]:
    """What was told of the real clip `name`, whose lanes are `road`'s, kind by kind."""
    truth = EventTruth(
        seen.intervals[-1].t, road.events() if road else (), judged,
        (Spell(0.0, seen.intervals[-1].t, "daylight"),),
        SceneNote("real", name, "ordinary", positive=bool(road and road.rider)),
    )  # fmt: skip
    return judged_kinds(seen, truth)


def kinds_of(road: Road | None) -> tuple[EventKind, ...]:
    """Kinds of events that are looked for in a real clip."""
    return (*REAL_KINDS, *(road.kinds() if road else ()))


def name_of(video: Path) -> str:
    """What a real clip is called in tables."""
    return PETS if video.parent.name == PETS else video.stem


def recordings(data: Path, scratch: Path) -> Iterator[tuple[Path, Path, Road | None]]:
    """Each real video under `data` with a camera's file: PETS's own, and guesses in `scratch`.

    Those that are not there are named on standard error.
    """
    pets = data / PETS / "video.mp4"
    if pets.is_file():
        yield pets, data / PETS / "camera.toml", None
    else:
        tell(f"left out: {PETS}, because {pets} is not there")
    for name in (*REAL, *ROADS):
        video = data / "clips" / name
        if not video.is_file():
            tell(f"left out: {name}, because {video} is not there")
            continue
        road = ROADS.get(name)
        view = road.view() if road else _guessed(*REAL[name])
        path = scratch / f"{video.stem}.toml"
        path.write_text(camera_toml(video.stem, view), encoding="utf-8")
        yield video, path, road


def _guessed(size: tuple[int, int], height: float, away: float) -> View:
    camera = hung("guess", at=(0.0, -away), height=height, towards=(0.0, 0.0), hfov=60, size=size)
    return View(camera.calibration(), ground_seen(camera, wide=False))
