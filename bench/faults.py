"""What befalls cameras, put into real recordings: what their health tells of it, and how soon.

    python bench/faults.py [--data ../shared/data] [--recordings NAME...] [--mishaps WORD...]

Each recording is cropped a little, so that a camera can be moved within it, and cut to a minute.
From 32 s to 50 s one thing befalls it (synth/mishaps.py), and all is coded anew and measured as a
person would. Some of these things are no fault, as a cloud is none; of them nothing may be told.
One line for each: in how many recordings it was told, after how many seconds at most, for how much
of its time at all and by a right name, and how many sound seconds were called faulty. Four seconds
are allowed to say that all is well again. Events are not looked for: health hangs on none.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from job import run
from plainview.app.clips import tell
from plainview.app.event_clips import measured, recordings
from plainview.calibrate.output import camera_toml, visible_area
from plainview.config import load_camera
from plainview.errors import InputError
from plainview.evaluate.table import table
from plainview.geometry import Calibration, View
from plainview.record import EventKind, Health
from plainview.synth.mishaps import Mishap, Moment, mishaps
from plainview.vision.encoder import Encoder

RECORDINGS = ("pets2009-s2l1", "people-one-by-one")
"""Those that last so long."""
BEGIN, END, SECONDS = 32.0, 50.0, 60.0
CROP = 0.08
"""Share of the picture that is left out on each side."""
GRACE = 4.0
"""Seconds after it that are not counted."""


class Outcome(NamedTuple):
    """What was told of one mishap in one recording, in seconds of intervals."""

    delay: float | None
    """Until it was told at all; None if it was not."""
    lasted: int
    told: int
    named: int
    """By a right name."""
    sound: int
    false: int
    names: Counter[str]
    """How long each flag was up."""


def window(width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, width and height of what the camera shows of a recording, even as coders want."""
    left, top = round(CROP * width), round(CROP * height)
    return left, top, (width - 2 * left) // 2 * 2, (height - 2 * top) // 2 * 2


def camera_of(given: Path, path: Path) -> float | None:
    """Write the camera of the cropped recording; the whole one's is `given`. Its frame rate."""
    camera = load_camera(given)
    left, top, width, height = window(*camera.view.calibration.image_size)
    cut = np.array([[1.0, 0, -left], [0, 1, -top], [0, 0, 1]]) @ camera.view.calibration.matrix()
    first, second, third = ((float(a), float(b), float(c), float(d)) for a, b, c, d in cut)
    calibration = Calibration((width, height), (first, second, third))
    text = camera_toml(camera.id, View(calibration, visible_area(calibration)))
    off = ", ".join(f'"{kind}"' for kind in EventKind)
    path.write_text(f"{text}\n[events]\noff = [{off}]\n", encoding="utf-8")
    return camera.frame_rate


def befallen(source: Path, mishap: Mishap, path: Path, rate: float | None) -> None:
    """Write `source` to `path` as the camera sends it that `mishap` befalls."""
    generator = np.random.default_rng(1)
    with av.open(str(source), "r") as film:
        stream = film.streams.video[0]
        rate = rate or float(stream.average_rate or 10)
        left, top, width, height = window(stream.width, stream.height)
        bits = round(mishap.bits * width * height)
        with Encoder(path, width, height, rate, bitrate=bits) as encoder:
            for k, frame in enumerate(film.decode(stream)):
                t = k / rate
                if t >= SECONDS:
                    break
                whole = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
                age = max(t - BEGIN, 0.0)
                moment = Moment(whole, left, top, width, height, age, generator)
                there = BEGIN <= t < END
                encoder.write(
                    np.ascontiguousarray(mishap.change(moment) if there else moment.shown())
                )


def outcome(source: Path, given: Path, mishap: Mishap) -> Outcome:
    """Let `mishap` befall the camera of `source`, measure, and hold what is told against it."""
    with tempfile.TemporaryDirectory(prefix="plainview-faults-") as scratch:
        video, camera = Path(scratch) / "video.mkv", Path(scratch) / "camera.toml"
        befallen(source, mishap, video, camera_of(given, camera))
        seen = measured(video, camera)
    delay: float | None = None
    lasted = told = named = sound = false = 0
    names: Counter[str] = Counter()
    for start, t, one in seen.spans():
        flags = {flag for flag in one.health if flag != Health.LATE}
        within = start >= BEGIN and t <= END
        if mishap.right and within:
            lasted += 1
            told += bool(flags)
            named += bool(flags & mishap.right)
            if flags and delay is None:
                delay = t - BEGIN
        elif not mishap.right or t <= BEGIN or start >= END + GRACE:
            sound += 1
            false += bool(flags)
        names.update(flag for flag in flags if within)
    return Outcome(delay, lasted, told, named, sound, false, names)


def row(mishap: Mishap, seen: Sequence[Outcome]) -> list[str]:
    """One line of the table."""
    lasted = sum(one.lasted for one in seen)
    delays = [one.delay for one in seen if one.delay is not None]
    share = [sum(part) / lasted if lasted else 0.0 for part in (
        (one.told for one in seen), (one.named for one in seen)
    )]  # fmt: skip
    names = sum((one.names for one in seen), Counter[str]())
    return [
        mishap.name,
        " or ".join(sorted(mishap.right)) or "nothing",
        f"{len(delays)} of {len(seen)}" if mishap.right else "-",
        f"{max(delays):.0f} s" if delays else "-",
        *(f"{part:.0%}" if mishap.right else "-" for part in share),
        f"{sum(one.false for one in seen)} of {sum(one.sound for one in seen)}",
        ", ".join(name for name, _ in names.most_common()) or "-",
    ]


def rows(data: Path, names: Sequence[str], words: Sequence[str]) -> Iterator[list[str]]:
    """The table, line by line."""
    with tempfile.TemporaryDirectory(prefix="plainview-faults-") as scratch:
        films = [
            (video, camera)
            for video, camera, _ in recordings(data, Path(scratch))
            if video.stem in names or video.parent.name in names
        ]
        if not films:
            raise InputError(
                "none of the recordings is there",
                where=str(data),
                mend="Give their folder with --data, and names of some with --recordings",
            )
        for mishap in mishaps():
            if not words or any(word in mishap.name for word in words):
                tell(f"measuring {mishap.name}")
                yield row(mishap, [outcome(*film, mishap) for film in films])


def main() -> None:
    """Let all of it befall all of them, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--recordings", nargs="*", default=RECORDINGS)
    parser.add_argument("--mishaps", nargs="*", default=())
    given = parser.parse_args()
    head = ("what befalls it", "right is", "told", "after", "of its time", "rightly", "false", "as")
    print(table(head, [*rows(given.data, given.recordings, given.mishaps)]))


if __name__ == "__main__":
    sys.exit(run(main))
