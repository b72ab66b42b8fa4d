"""`plainview evaluate`: measures clips exactly as a person would, and scores what was written."""

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from plainview.config import load_camera
from plainview.errors import InputError, PlainviewError
from plainview.evaluate.measured import read_measured
from plainview.evaluate.score import Score, score
from plainview.evaluate.table import Result, report, write_between
from plainview.evaluate.truth import Fault, read_truth
from plainview.synth.catalogue import SCENES, scene_named
from plainview.synth.scene import render_scene

EVERY = 1.0
"""Seconds of one interval in every evaluation."""
PETS = "pets2009-s2l1"
PETS_BUDGET, PETS_AIM = 0.60, 0.40
"""People; DESIGN.md section 7."""
DENSITY_BUDGET, DENSITY_AIM = 0.15, 0.08
"""Mean relative error on rendered real trajectories; DESIGN.md section 7."""
RECORDED = "juelich-"
"""Scenes so named are rendered from the trajectories of real people."""

DEFAULT_SCENES = (
    "plaza-sunny", "corridor-overhead", "street-low", "snow-bright", "night-lamps",
    "standing-crowd", "faults", "juelich-uo", "juelich-bo",
)  # fmt: skip
"""Geometries and lights unlike each other."""

FLAGS = {
    "covered": "blind", "partly-covered": "blind", "sprayed": "blind", "moved": "moved",
    "defocus": "blurred", "dark": "dark", "frozen": "frozen",
}  # fmt: skip
"""The health flag that is right for each fault that a scene can have."""


class Clip(NamedTuple):
    """A video with everything that is known about it."""

    video: Path
    camera: Path
    truth: Path
    frame_rate: float | None = None
    """Frames per second of the truth; where CAMERA.toml has none."""
    faults: tuple[Fault, ...] = ()


def count(
    video: Path,
    camera: Path,
    truth: Path,
    *,
    frame_rate: float | None = None,
    as_json: bool = False,
) -> None:
    """Measure `video`, score it against `truth` and print the tables (or JSON).

    Raises InputError for what was given wrongly, PlainviewError when measuring fails.
    """
    result = Result(video.stem, str(video), evaluate_clip(Clip(video, camera, truth, frame_rate)))
    sys.stdout.write(f"{_json([result]) if as_json else report([result])}\n")


def all_scenes(
    *, data: Path, scenes: Sequence[str], write: Path | None, keep: Path | None, as_json: bool
) -> None:
    """Measure and score the recordings under `data` and the rendered `scenes`; print the tables.

    `write` is a Markdown page that gets the tables between its `evaluate` markers; `keep` a folder
    where rendered clips stay and are found again. A recording that is not there is named and left
    out. Raises InputError for an unknown scene, PlainviewError when measuring fails.
    """
    chosen = [scene_named(name).name for name in scenes or DEFAULT_SCENES]
    with tempfile.TemporaryDirectory(prefix="plainview-evaluate-") as scratch:
        results = list(_results(data, chosen, keep or Path(scratch)))
    if not results:
        raise InputError("there is nothing to evaluate", where=str(data), mend="Give --data")
    text = report(results)
    sys.stdout.write(f"{_json(results) if as_json else text}\n")
    if write is not None:
        write_between(write, "evaluate", text)


def _results(data: Path, scenes: Sequence[str], folder: Path) -> Iterator[Result]:
    pets = data / PETS
    if (pets / "truth.csv").is_file():
        _tell(f"measuring {PETS}")
        clip = Clip(pets / "video.mp4", pets / "camera.toml", pets / "truth.csv")
        source = "real: PETS 2009 S2.L1 View_001, University of Reading"
        yield Result(PETS, source, evaluate_clip(clip), PETS_BUDGET, PETS_AIM)
    else:
        _tell(f"left out: {PETS}, because {pets} has no truth.csv")
    for name in scenes:
        recorded = name.startswith(RECORDED)
        if recorded and not (data / "trajectories").is_dir():
            _tell(f"left out: {name}, because {data} has no trajectories")
            continue
        for place in _rendered(name, folder / name):
            label = name if place.name == name else f"{name}/{place.name}"
            _tell(f"measuring {label}")
            source = f"rendered{' from recorded walks (Juelich)' if recorded else ''}: "
            limits = (DENSITY_BUDGET, DENSITY_AIM) if recorded else (None, None)
            result = evaluate_clip(_clip_of(place))
            yield Result(label, source + SCENES[name].about, result, None, None, *limits)


def _rendered(name: str, folder: Path) -> list[Path]:
    """The clips of the scene `name` under `folder`, rendered unless they are there already."""
    done = folder / "rendered"
    if not done.is_file():
        _tell(f"rendering {name}")
        places = render_scene(SCENES[name], folder)
        done.write_text("".join(f"{place.relative_to(folder)}\n" for place in places))
    return [folder / line for line in done.read_text().splitlines()]


def _clip_of(folder: Path) -> Clip:
    """The rendered clip in `folder`, with its faults as the flags that are right for them."""
    scene = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
    faults = tuple(
        Fault(float(fault["start"]), float(fault["end"]), FLAGS[fault["kind"]])
        for fault in scene["faults"]
    )
    return Clip(
        folder / "video.mp4",
        folder / "camera.toml",
        folder / "truth.csv",
        float(scene["frame_rate"]),
        faults,
    )


def evaluate_clip(clip: Clip) -> Score:
    """Run `plainview measure` on `clip` in a process of its own, and score what it wrote.

    Its progress and its errors go to standard error as they come. Raises InputError for a wrong
    file, PlainviewError when it fails.
    """
    camera = load_camera(clip.camera)
    rate = camera.frame_rate or clip.frame_rate
    if rate is None:
        raise InputError(
            "the truth's frames have no time",
            where=str(clip.camera),
            mend="Give --frame-rate, or frame_rate in CAMERA.toml",
        )
    truth = read_truth(clip.truth, rate)
    with tempfile.TemporaryDirectory(prefix="plainview-evaluate-") as scratch:
        out = Path(scratch) / "measured.jsonl"
        command = [sys.executable, "-m", "plainview", "measure", str(clip.video)]
        command += ["--camera", str(clip.camera), "--every", str(EVERY), "--out", str(out)]
        code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own command
        if code != 0:
            kind = InputError if code == InputError.exit_code else PlainviewError
            raise kind(
                f"'plainview measure' ended with {code}",
                where=str(clip.video),
                mend="What it said stands above",
            )
        measured = read_measured(out)
    return score(measured, truth, camera.view, clip.faults)


def _json(results: Sequence[Result]) -> str:
    def plain(value: object) -> object:
        if isinstance(value, tuple) and hasattr(value, "_asdict"):
            return {name: plain(part) for name, part in value._asdict().items()}
        if isinstance(value, tuple | list):
            return [plain(part) for part in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps(plain(list(results)), indent=1, ensure_ascii=False)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
