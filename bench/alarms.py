"""Alarms before a simulated crush, and false ones in ordinary traffic, beside the limits (issue 3).

    python bench/alarms.py [--hours H]       all of it, as plainview evaluate alarms
    python bench/alarms.py [--hours H] truth FOLDER [--cores N]             simulate once
    python bench/alarms.py [--hours H] look FOLDER OUT [--cores N] [--seconds S]
    python bench/alarms.py add OUT... [--write docs/evaluation.md]

Prints one table: for each default threshold the share of run-ups in which it was raised before the
crush, with its lead, and false alarms per 100 camera-hours with their Poisson interval. Limits:
80 % of run-ups by pressure, fewer than one false alarm per 100 h. `look` takes up one piece after
another (a run-up before its cameras, or a stretch of ordinary traffic) until its seconds are over,
and writes each when it is done; pieces are the same wherever they are looked at, and count once.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from plainview.app.alarms import (
    CAMERAS,
    DAY,
    HOURS,
    RUN_UPS,
    STRETCH,
    Pressed,
    Size,
    about,
    alarms,
    kinds,
    normal_traffic,
    normal_truth,
    run_up_trials,
    run_up_truth,
)
from plainview.evaluate.alarms import Moments, Raised, RunUpTrial, alarm_scores, alarm_table
from plainview.evaluate.error_model import ErrorModel, exact_model, limit_model, measured_model
from plainview.evaluate.simulated import Course
from plainview.evaluate.table import write_between


class Piece(NamedTuple):
    """One piece of the work: a run-up, or a stretch of ordinary traffic."""

    mark: str
    """Whose errors, by the markers of docs/evaluation.md."""
    normal: bool
    number: int
    """The run-up's seed, or which stretch."""


class Seen(NamedTuple):
    """A piece that was looked at."""

    piece: Piece
    trials: list[RunUpTrial]
    false: list[Raised]
    cpu: float
    """Seconds."""


def _models() -> dict[str, ErrorModel]:
    return {
        "alarms": measured_model(), "alarms-limits": limit_model(), "alarms-exact": exact_model(),
    }  # fmt: skip


def _pieces(folder: Path, hours: float) -> Iterator[Piece]:
    """Those whose truth is below `folder`; what is asked first, and what is short, comes first.

    `hours` of ordinary traffic are for the measured errors; the others have no more than HOURS.
    """
    parts = (
        ("alarms", False), ("alarms", True),
        ("alarms-limits", False), ("alarms-exact", False), ("alarms-limits", True),
    )  # fmt: skip
    for mark, normal in parts:
        most = hours if mark == "alarms" else min(hours, HOURS)
        pieces = math.ceil(most / STRETCH) if normal else RUN_UPS
        several = (Piece(mark, normal, k) for k in range(pieces))
        yield from (piece for piece in several if _file(piece, folder).exists())


def _file(piece: Piece, folder: Path) -> Path:
    name = f"day-{piece.number // DAY}" if piece.normal else f"run-up-{piece.number}"
    return folder / f"{name}.npz"


def simulate(folder: Path, cores: int, hours: float) -> None:
    """Write the truth of each run-up and each day's traffic below `folder`, where it is not yet."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [Piece("", normal=False, number=k) for k in range(RUN_UPS)]
    wanted += [Piece("", normal=True, number=k) for k in range(0, math.ceil(hours / STRETCH), DAY)]
    left = [piece for piece in wanted if not _file(piece, folder).exists()]
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        list(pool.map(_simulate, left, [folder] * len(left)))


def _simulate(piece: Piece, folder: Path) -> None:
    if piece.normal:
        several = enumerate(normal_truth(piece.number // DAY))
        planes = dict(chain(*(_planes(str(k), one).items() for k, one in several)))
    else:
        found = run_up_truth(piece.number)
        planes = {"head": np.array([*found.when, *found.rect])} | _planes("0", found.truth)
    _keep(_file(piece, folder), planes)


def _keep(path: Path, planes: dict[str, np.ndarray]) -> None:
    np.savez_compressed(path, allow_pickle=False, **planes)


def _planes(name: str, course: Course) -> dict[str, np.ndarray]:
    return {
        f"{field}-{name}": plane.astype(np.float32) for field, plane in course._asdict().items()
    }


def _courses(kept: dict[str, np.ndarray]) -> Iterator[Course]:
    several = sum(name.startswith("density-") for name in kept)
    for k in range(several):
        yield Course(*(kept[f"{field}-{k}"].astype(np.float64) for field in Course._fields))


def see(piece: Piece, folder: Path) -> Seen:
    """Look at one piece of the truth below `folder`."""
    started, model = time.process_time(), _models()[piece.mark]
    with np.load(_file(piece, folder)) as file:
        kept = dict(file)
    courses = tuple(_courses(kept))
    trials: list[RunUpTrial] = []
    false: list[Raised] = []
    if piece.normal:
        false = normal_traffic(courses, piece.number, model)
    else:
        turbulence, crush, *rect = kept["head"].tolist()
        ground = (rect[0], rect[1], rect[2], rect[3])
        pressed = Pressed(piece.number, ground, courses[0], Moments(turbulence, crush))
        trials = run_up_trials(pressed, model, 1 if piece.mark == "alarms-exact" else CAMERAS)
    return Seen(piece, trials, false, time.process_time() - started)


def look(folder: Path, out: Path, cores: int, seconds: float, hours: float) -> None:
    """Look at pieces in `cores` processes; none is begun that might not end within `seconds`."""
    end, longest = time.monotonic() + seconds, 5.0
    out.parent.mkdir(parents=True, exist_ok=True)
    done = {seen.piece for seen in _kept([out])} if out.exists() else set()
    left = (piece for piece in _pieces(folder, hours) if piece not in done)
    with (
        ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool,
        out.open("ab") as file,
    ):
        running: dict[Future[Seen], float] = {}
        while True:
            now = time.monotonic()
            if now + 1.5 * longest < end:
                begun = islice(left, cores - len(running))
                running |= {pool.submit(see, piece, folder): now for piece in begun}
            if not running:
                break
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            for one in ready:
                longest = max(longest, time.monotonic() - running.pop(one))
                file.write(msgspec.json.encode(one.result()) + b"\n")
                file.flush()


def _kept(files: Sequence[Path]) -> list[Seen]:
    lines = chain(*(file.read_bytes().splitlines() for file in files))
    # What never comes is NaN, which msgspec writes as null.
    rows = (json.loads(line.replace(b"null", b"NaN")) for line in lines)
    seen = (msgspec.convert(row, Seen) for row in rows)
    return list({one.piece: one for one in seen}.values())


def add(files: Sequence[Path], write: Path | None) -> None:
    """Print the tables of what was looked at; `write` gets them between its markers."""
    kept = _kept(files)
    for mark, model in _models().items():
        mine = [one for one in kept if one.piece.mark == mark]
        run_ups = [one for one in mine if not one.piece.normal]
        hours = STRETCH * (len(mine) - len(run_ups))
        trials = list(chain(*(one.trials for one in run_ups)))
        if not trials:
            continue
        false = list(chain(*(one.false for one in mine)))
        scores = alarm_scores(trials, false, hours or math.nan, kinds())
        size = Size(hours, len(run_ups), len(trials) // len(run_ups))
        text = f"{about(model, size)}\n\n{alarm_table(scores)}"
        print(text, f"{sum(one.cpu for one in mine):.0f} s of CPU", sep="\n\n", end="\n\n")
        if write is not None:
            write_between(write, mark, text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=HOURS)
    several = parser.add_subparsers(dest="part")
    truth = several.add_parser("truth")
    truth.add_argument("folder", type=Path)
    truth.add_argument("--cores", type=int, default=2)
    looks = several.add_parser("look")
    looks.add_argument("folder", type=Path)
    looks.add_argument("out", type=Path, help="gets a line for each piece that is done")
    looks.add_argument("--cores", type=int, default=2)
    looks.add_argument("--seconds", type=float, default=3600.0)
    adds = several.add_parser("add")
    adds.add_argument("files", type=Path, nargs="+")
    adds.add_argument("--write", type=Path)
    return parser.parse_args()


def main() -> int:
    """Do what is asked."""
    asked = _arguments()
    if asked.part == "truth":
        simulate(asked.folder, asked.cores, asked.hours)
    elif asked.part == "look":
        look(asked.folder, asked.out, asked.cores, asked.seconds, asked.hours)
    elif asked.part == "add":
        add(asked.files, asked.write)
    else:
        alarms(size=Size(hours=asked.hours))
    return 0


if __name__ == "__main__":
    sys.exit(main())
