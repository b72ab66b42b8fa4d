"""Clips with known truth for `plainview evaluate`: found or rendered, measured, and scored."""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from plainview.config import load_camera
from plainview.errors import InputError, PlainviewError, ToldError
from plainview.evaluate.measured import Measured, read_measured
from plainview.evaluate.samples import Sight, cell_samples, tilt
from plainview.evaluate.score import score
from plainview.evaluate.table import Result
from plainview.evaluate.truth import Fault, Truth, read_truth
from plainview.geometry import View
from plainview.synth.catalogue import scene_named
from plainview.synth.light import kind
from plainview.synth.scene import render_scene

EVERY = 1.0
"""Seconds of one interval in every evaluation."""
PETS = "pets2009-s2l1"
PETS_BUDGET, PETS_AIM = 0.60, 0.40
"""People; DESIGN.md section 7."""
DENSITY_BUDGET, DENSITY_AIM = 0.15, 0.08
"""Mean relative error on rendered real trajectories; DESIGN.md section 7."""
RECORDED, PACKED = "juelich-", "packed-"
"""Scenes so named are rendered from the trajectories of real people; from packed crowds."""

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


class Seen(NamedTuple):
    """A clip as it was measured, with its truth."""

    measured: Measured
    truth: Truth
    view: View


class Scored(NamedTuple):
    """A clip's scores, its cells beside the truth, and what both were made from."""

    result: Result
    sight: Sight
    seen: Seen
    scene: str
    """Its name in the catalogue; empty for a recording."""


def tell(line: str) -> None:
    """Say on standard error what is being done."""
    sys.stderr.write(f"{line}\n")


def measure_clip(clip: Clip) -> Seen:
    """Run `plainview measure` on `clip` in a process of its own, and read what it wrote.

    Nothing of the truth reaches that process. Its progress and its errors go to standard error as
    they come. Raises InputError for a wrong file, ToldError where it failed and said why.
    """
    camera = load_camera(clip.camera)
    rate = camera.frame_rate or clip.frame_rate or _rate_beside(clip.truth)
    truth = read_truth(clip.truth, rate or 1.0)
    if rate is None:
        raise InputError(
            "the truth's frames have no time",
            where=str(clip.camera),
            mend="Give --frame-rate, or frame_rate in CAMERA.toml",
        )
    with tempfile.TemporaryDirectory(prefix="plainview-evaluate-") as scratch:
        out = Path(scratch) / "measured.jsonl"
        command = [sys.executable, "-m", "plainview", "measure", str(clip.video)]
        command += ["--camera", str(clip.camera), "--every", str(EVERY), "--out", str(out)]
        code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own command
        if code != 0:
            what, where = f"'plainview measure' ended with {code}", str(clip.video)
            if code in {PlainviewError.exit_code, InputError.exit_code}:
                raise ToldError(what, where=where, exit_code=code)
            # A signal ended it, and it said nothing.
            raise PlainviewError(what, where=where)
        return Seen(read_measured(out), truth, camera.view)


def _rate_beside(truth: Path) -> float | None:
    """Frames per second, as `plainview simulate` wrote them beside its truth; None for others'."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return float(json.loads((truth.parent / "scene.json").read_text("utf-8"))["frame_rate"])
    return None


def faults_beside(truth: Path) -> tuple[Fault, ...]:
    """The faults that `plainview simulate` wrote beside its truth; none beside others'."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return _faults(json.loads((truth.parent / "scene.json").read_text("utf-8")))
    return ()


def _faults(scene: dict[str, Any]) -> tuple[Fault, ...]:
    """Those of a scene.json, as the flags that are right for them."""
    return tuple(
        Fault(float(fault["start"]), float(fault["end"]), FLAGS[fault["kind"]])
        for fault in scene["faults"]
    )


def pets(data: Path) -> Scored | None:
    """The public recording under `data`, scored; None, and said so, where it is not."""
    folder = data / PETS
    if not (folder / "truth.csv").is_file():
        tell(f"left out: {PETS}, because {folder} has no truth.csv")
        return None
    tell(f"measuring {PETS}")
    seen = measure_clip(Clip(folder / "video.mp4", folder / "camera.toml", folder / "truth.csv"))
    source = "real: PETS 2009 S2.L1 View_001, University of Reading"
    result = Result(PETS, source, score(*seen), PETS_BUDGET, PETS_AIM)
    sight = Sight(PETS, "real", "daylight", tilt(seen.view), cell_samples(*seen))
    return Scored(result, sight, seen, "")


def rendered(names: Sequence[str], data: Path, folder: Path) -> Iterator[Scored]:
    """Each clip of the scenes `names`, rendered into `folder` unless it is there, and scored.

    Scenes of recorded walks are left out, and said so, where `data` has no trajectories.
    """
    for name in names:
        recorded = name.startswith(RECORDED)
        if recorded and not (data / "trajectories").is_dir():
            tell(f"left out: {name}, because {data} has no trajectories")
            continue
        for place in clips_of(name, folder / name):
            label = name if place.name == name else f"{name}/{place.name}"
            tell(f"measuring {label}")
            yield _scored(name, label, place)


def _scored(name: str, label: str, place: Path) -> Scored:
    scene = scene_named(name)
    recorded = name.startswith(RECORDED)
    clip = _clip_in(place)
    seen = measure_clip(clip)
    source = f"rendered{' from recorded walks (Juelich)' if recorded else ''}: {scene.about}"
    limits = (DENSITY_BUDGET, DENSITY_AIM) if recorded else (None, None)
    result = Result(label, source, score(*seen, clip.faults), None, None, *limits)
    group = "recorded" if recorded else "packed" if name.startswith(PACKED) else "simulated"
    samples = cell_samples(*seen, clip.faults)
    sight = Sight(label, group, kind(scene.light), tilt(seen.view), samples)
    return Scored(result, sight, seen, name)


def clips_of(name: str, folder: Path) -> list[Path]:
    """The clips of the scene `name` under `folder`, rendered unless they are there already."""
    done = folder / "rendered"
    if not done.is_file():
        tell(f"rendering {name}")
        places = render_scene(scene_named(name), folder)
        done.write_text("".join(f"{place.relative_to(folder)}\n" for place in places))
    return [folder / line for line in done.read_text().splitlines()]


def _clip_in(folder: Path) -> Clip:
    """The rendered clip in `folder`, with its faults as the flags that are right for them."""
    scene = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
    return Clip(
        folder / "video.mp4",
        folder / "camera.toml",
        folder / "truth.csv",
        float(scene["frame_rate"]),
        _faults(scene),
    )
