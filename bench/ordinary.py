"""Ordinary life before the event detectors: false alarms per camera-day beside the limit (issue 4).

    python bench/ordinary.py draw CLIPS [--part held-out] [--cores N] [--first K] [--stretches N]
    python bench/ordinary.py look OUT [--clips CLIPS] [--cores N] [--seconds S] ...
    python bench/ordinary.py add OUT... [--write docs/evaluation.md]

`look` draws one stretch of ten minutes after another, measures it as a person would, and writes a
line of JSON to OUT for each that is done. What is left of its seconds cuts the last stretches short
rather than choosing cheap ones: a quiet scene is drawn sooner. Stretches are the same wherever they
are looked at, those already in OUT are not looked at again, and `add` counts each once. It prints
one table, with 90 % Poisson intervals, and each false alarm with its scene.

Drawing takes most of the time, and hangs on no detector: `draw` does it beforehand, into CLIPS,
where `look` takes whole stretches from; what is missing there it draws itself.
"""

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import replace
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import msgspec

from plainview.app.clips import tell
from plainview.app.event_clips import measured_events
from plainview.errors import PlainviewError
from plainview.evaluate.event_table import ordinary_report
from plainview.evaluate.event_truth import read_event_truth
from plainview.evaluate.events import Judged, Verdict
from plainview.evaluate.table import write_between
from plainview.synth.events.ordinary import SECONDS
from plainview.synth.events.suite import ORDINARY, event_scene, numbers, render_event_scene

HOURS = 24.0
SHORTEST = 120.0
"""Seconds of a stretch: of a shorter one, too much is spent on learning the place."""
DEAREST = 0.5
"""Seconds of one core for a second of a scene, until the first is done."""
SPARE = 1.4
"""One scene may cost so much more than the dearest before it."""


class Seen(NamedTuple):
    """One stretch that was drawn and measured."""

    number: int
    seconds: float
    judged: list[Judged]
    wall: float
    """Seconds that it took."""


def see(number: int, seconds: float, clips: Path | None) -> Seen:
    """Draw the first `seconds` of stretch `number` unless it is whole in `clips`, and measure."""
    began = time.monotonic()
    whole = event_scene(ORDINARY, number)
    place = clips / whole.name if clips else None
    if place is not None and seconds == whole.scene.seconds and place.is_dir():
        return Seen(number, seconds, _judged(place), time.monotonic() - began)
    part = replace(whole, scene=replace(whole.scene, seconds=seconds))
    with tempfile.TemporaryDirectory(prefix="plainview-ordinary-") as scratch:
        judged = _judged(render_event_scene(part, Path(scratch) / part.name))
    return Seen(number, seconds, judged, time.monotonic() - began)


def _judged(place: Path) -> list[Judged]:
    truth = read_event_truth(place / "events.json")
    return measured_events(place / "video.mp4", place / "camera.toml", truth)


def draw(clips: Path, wanted: Sequence[int], cores: int) -> None:
    """Draw those of the `wanted` stretches into `clips` that are not there."""
    clips.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        for name in pool.map(_draw, wanted, [clips] * len(wanted)):
            tell(f"drawn: {name}")


def _draw(number: int, clips: Path) -> str:
    scene = event_scene(ORDINARY, number)
    if not (clips / scene.name).is_dir():
        with tempfile.TemporaryDirectory(prefix=".part-", dir=clips) as scratch:
            drawn = render_event_scene(scene, Path(scratch) / scene.name)
            try:
                drawn.rename(clips / scene.name)
            except OSError:
                # Somebody else drew it meanwhile: all draw the same.
                if not (clips / scene.name).is_dir():
                    raise
    return scene.name


def look(
    out: Path, wanted: Sequence[int], cores: int, seconds: float, clips: Path | None = None
) -> None:
    """Look at `wanted` stretches, those in `clips` and others, in `cores` processes, `seconds`."""
    end, dearest = time.monotonic() + seconds, DEAREST
    out.parent.mkdir(parents=True, exist_ok=True)
    done = {seen.number for seen in _kept([out])} if out.exists() else set()
    left = iter([number for number in wanted if number not in done])
    with (
        ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool,
        out.open("ab") as file,
    ):
        running: set[Future[Seen]] = set()
        while True:
            fits = min(SECONDS, (end - time.monotonic()) / (SPARE * dearest) // 10 * 10)
            if fits >= SHORTEST:
                begun = islice(left, cores - len(running))
                running |= {pool.submit(see, number, fits, clips) for number in begun}
            if not running:
                break
            ready, running = wait(running, return_when=FIRST_COMPLETED)
            found = [seen for one in ready if (seen := _result(one))]
            dearest = _dearest(chain(found, _kept([out])))
            file.writelines(msgspec.json.encode(one) + b"\n" for one in found)
            file.flush()


def _result(one: Future[Seen]) -> Seen | None:
    """None, with why on standard error, where a stretch could not be measured."""
    try:
        return one.result()
    except PlainviewError as error:
        tell(f"a stretch is left out: {error.line()}")
        return None


def _dearest(several: Iterator[Seen]) -> float:
    return max((one.wall / one.seconds for one in several), default=DEAREST)


def _kept(files: Sequence[Path]) -> list[Seen]:
    """Each stretch once, as long as it was looked at."""
    lines = chain(*(file.read_bytes().splitlines() for file in files))
    seen = sorted((msgspec.json.decode(line, type=Seen) for line in lines), key=lambda s: s.seconds)
    return list({one.number: one for one in seen}.values())


def _false(kept: Sequence[Seen]) -> Iterator[str]:
    for one in kept:
        for judged in one.judged:
            spell = judged.truth.spell_at(0.0)
            for told, verdict in judged.told:
                if verdict is not Verdict.HIT:
                    yield (
                        f"{ORDINARY}-{one.number:03d} ({spell.light}, {spell.weather}, "
                        f"{spell.quality}): {verdict} {told.kind} at {told.start:.1f} s "
                        f"({told.at[0]:.1f}, {told.at[1]:.1f}) m"
                    )


def add(files: Sequence[Path], write: Path | None) -> None:
    """Print the table of what was looked at; `write` gets it between its `ordinary` markers."""
    kept = sorted(_kept(files))
    hours = sum(one.seconds for one in kept) / 3600
    text = ordinary_report([judged for one in kept for judged in one.judged])
    if hours < HOURS:
        text = (
            f"**Not the whole: {hours:.1f} of {HOURS:g} camera-hours, in {len(kept)} "
            f"stretches.**\n\n{text}"
        )
    print(text, *_false(kept), sep="\n")
    if write is not None:
        write_between(write, "ordinary", text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    several = parser.add_subparsers(dest="do")
    draws = several.add_parser("draw")
    draws.add_argument("clips", type=Path, help="gets a folder for each stretch")
    looks = several.add_parser("look")
    looks.add_argument("out", type=Path, help="gets a line for each stretch that is done")
    looks.add_argument("--clips", type=Path, help="where stretches were drawn before")
    looks.add_argument("--seconds", type=float, default=86_400.0)
    for one in (draws, looks):
        one.add_argument("--part", default="held-out", help="tune or held-out stretches")
        one.add_argument("--first", type=int, default=0, help="how many stretches to leave out")
        one.add_argument("--stretches", type=int, default=math.ceil(HOURS * 3600 / SECONDS))
        one.add_argument("--cores", type=int, default=1)
    adds = several.add_parser("add")
    adds.add_argument("files", type=Path, nargs="+")
    adds.add_argument("--write", type=Path)
    return parser.parse_args()


def main() -> int:
    """Do what is asked."""
    asked = _arguments()
    if asked.do in ("draw", "look"):
        wanted = numbers(asked.part, asked.first + asked.stretches)[asked.first :]
        if asked.do == "draw":
            draw(asked.clips, wanted, asked.cores)
        else:
            look(asked.out, wanted, asked.cores, asked.seconds, asked.clips)
    elif asked.do == "add":
        add(asked.files, asked.write)
    else:
        print("Say 'look OUT' to measure for as long as you have, then 'add OUT': see --help.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
