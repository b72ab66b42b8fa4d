"""Events told falsely in real clips as lesser cameras, in worse weather, would have seen them.

    python bench/event_sights.py [--data ../shared/data] [--only WORD...] [--clips NAME...]
        [--keep FOLDER]

Each real clip of the shared data is coded anew as each of `sights.py`'s cameras sees it (noise,
rain, drops, dusk, haze, a mast in the wind, out of focus, few frames) and measured as a person
would, all kinds at once. Nothing happens in any of them that must be told of, but for one cyclist
on a motorway. A row for each sight, as soon as it is known: hours, what was told falsely, and
whether he was found. The first row is the clips as they came, coded anew. `--keep` leaves each film
with its camera's file and truth, as scenes are kept, for `event_replay.py`.
"""

import argparse
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import av
import msgspec
import numpy as np

from job import run
from plainview.app.clips import tell
from plainview.app.event_clips import judged_real, kinds_of, measured, name_of, recordings
from plainview.app.road_clips import Road
from plainview.config import load_camera
from plainview.evaluate.events import Verdict
from plainview.evaluate.table import table
from plainview.vision.encoder import Encoder
from shaped import Shape
from sights import SIGHTS

AS_IT_CAME = Shape("as it came")
BITS = 2.2
"""A second for each pixel, at ten frames: a good picture, so that the coder adds little."""
HEAD = ("real clips as", "hours", "told falsely", "the cyclist")


class Clip(NamedTuple):
    """A real clip, its camera's file, and its lanes where it has some."""

    video: Path
    camera: Path
    road: Road | None


def coded(clip: Clip, sight: Shape, place: Path) -> Path:
    """The clip as that `sight` shows it, at its own size and pace, with its camera in `place`."""
    place.mkdir(parents=True, exist_ok=True)
    path = place / "video.mp4"
    shutil.copyfile(clip.camera, place / "camera.toml")
    with av.open(str(clip.video), "r") as film:
        stream = film.streams.video[0]
        # Where a film's own clock is wrong, its camera's file says how fast it was taken.
        rate = load_camera(clip.camera).frame_rate or float(stream.average_rate or 10)
        kept = sum(not sight.left_out(k) for k in range(700)) / 700
        size = (stream.width // 2 * 2, stream.height // 2 * 2)
        bits = round(BITS * size[0] * size[1] * max(1.0, rate * kept / 10))
        with Encoder(path, *size, rate * kept, bitrate=bits) as encoder:
            for k, frame in enumerate(film.decode(stream)):
                if sight.left_out(k):
                    continue
                rgb = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
                seen = rgb if sight.seen is None else sight.seen(rgb, k, k / rate)
                encoder.write(seen[: size[1], : size[0]])
    return path


def row(sight: Shape, clips: Sequence[Clip], keep: Path) -> list[str]:
    """What all the clips tell as that `sight` shows them; `keep` gets the films."""
    seconds, found, late, there = 0.0, 0, 0, 0
    false: Counter[str] = Counter()
    for clip in clips:
        name = name_of(clip.video)
        tell(f"{sight.name}: {name}")
        place = keep / f"{name}-{re.sub('[^a-z0-9]+', '-', sight.name.lower())}"
        seen = measured(coded(clip, sight, place), place / "camera.toml")
        seconds += seen.intervals[-1].t
        several = judged_real(name, seen, clip.road, kinds_of(clip.road))
        (place / "events.json").write_bytes(msgspec.json.encode(several[0].truth))
        for judged in several:
            there += len(judged.found)
            for told, verdict in judged.told:
                tell(f"  {verdict} {told.kind} at {told.start:.1f} s, {told.confidence:.2f}")
                if verdict is Verdict.HIT:
                    found += 1
                elif verdict is Verdict.LATE:
                    late += 1
                elif verdict is Verdict.FALSE:
                    false[f"{told.kind} in {name}"] += 1
    words = ", ".join(f"{several} {what}" for what, several in sorted(false.items()))
    cyclist = f"{found} of {there}" + (f", {late} late" if late else "")
    return [sight.name, f"{seconds / 3600:.2f}", words or "nothing", cyclist]


def main() -> None:
    """Measure them all, and print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", nargs="+", default=[""], help="words of the sights' names")
    parser.add_argument("--clips", nargs="+", default=[], help="names of the clips; all if none")
    parser.add_argument("--keep", type=Path, help="gets a folder for each film")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plainview-sights-") as scratch:
        clips = [Clip(*one) for one in recordings(given.data, Path(scratch))]
        clips = [one for one in clips if not given.clips or name_of(one.video) in given.clips]
        wanted = [
            sight
            for sight in (AS_IT_CAME, *SIGHTS)
            if any(word in sight.name for word in given.only)
        ]
        keep = given.keep or Path(scratch)
        print(table(HEAD, list(rows(wanted, clips, keep))))


def rows(sights: Sequence[Shape], clips: Sequence[Clip], keep: Path) -> Iterator[list[str]]:
    """The table, row by row; each is told on standard error as soon as it is known."""
    for sight in sights:
        made = row(sight, clips, keep)
        tell(" | ".join(made))
        yield made


if __name__ == "__main__":
    sys.exit(run(main))
