"""What really happened: where each person stood and how they moved, frame by frame."""

import csv
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.errors import InputError

COLUMNS = ("frame", "x_m", "y_m", "vx_mps", "vy_mps")
"""The columns of truth.csv that are read; others (boxes in pixels) may follow."""

MOST_FRAMES = 1e9
FARTHEST = 1e6
"""Metres, and m/s: beyond, a unit was mistaken."""


class Truth(NamedTuple):
    """One row for each person in each frame, ordered by frame."""

    frame: NDArray[np.int64]
    """(n,) frame number, from 0."""
    place: NDArray[np.float64]
    """(n, 2) foot point, ground metres."""
    velocity: NDArray[np.float64]
    """(n, 2) m/s."""
    rate: float
    """Frames per second; frame k is at k / rate seconds."""

    def between(self, start: float, end: float) -> tuple[slice, int]:
        """The rows of frames with start <= time < end (seconds), and how many frames those are."""
        first = max(math.ceil(start * self.rate - 1e-6), 0)
        past = max(math.ceil(end * self.rate - 1e-6), first)
        rows = np.searchsorted(self.frame, (first, past))
        return slice(int(rows[0]), int(rows[1])), past - first


def read_truth(path: Path, rate: float) -> Truth:
    """The truth in the CSV file at `path`, of a clip with `rate` frames per second.

    Raises InputError for a file that cannot be read, lacks a column, or holds something that is
    not a finite number.
    """
    if not (math.isfinite(rate) and rate > 0):
        raise InputError(
            f"a clip of {rate} frames/s has no truth", where=str(path), mend="Give frame_rate"
        )
    reader = None
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"the truth has no column {missing[0]!r}",
                    where=str(path),
                    mend=f"Its first line must name {','.join(COLUMNS)}",
                )
            rows = [_row(row, path, reader.line_num) for row in reader]
    except OSError as error:
        raise InputError(
            f"the truth cannot be read ({error.strerror or error})",
            where=str(path),
            mend="Check the path",
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            "the truth is not UTF-8 text", where=str(path), mend="Save it as CSV in UTF-8"
        ) from error
    except csv.Error as error:
        line = 1 if reader is None else reader.reader.line_num
        raise InputError(
            f"the truth is not CSV ({error})", where=f"{path}, line {line}", mend="Mend that line"
        ) from error
    table = np.array(rows, dtype=np.float64).reshape(-1, len(COLUMNS))
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Truth(table[:, 0].astype(np.int64), table[:, 1:3], table[:, 3:5], rate)


def _row(row: dict[str, str | None], path: Path, line: int) -> tuple[float, ...]:
    try:
        values = tuple(float(row[name] or "") for name in COLUMNS)
    except ValueError:
        values = (math.nan,)
    where = f"{path}, line {line}"
    if not all(map(math.isfinite, values)) or values[0] < 0:
        raise InputError(
            "a row of the truth is not made of finite numbers",
            where=where,
            mend="Mend or remove the row",
        )
    if values[0] % 1 or values[0] > MOST_FRAMES:
        raise InputError(
            f"{values[0]:g} is no frame's number",
            where=where,
            mend="Frames are counted from 0, one by one",
        )
    if max(map(abs, values[1:])) > FARTHEST:
        raise InputError(
            f"a row of the truth has a number beyond {FARTHEST:g}",
            where=where,
            mend="Use metres from the site's origin, and m/s",
        )
    return values


class Fault(NamedTuple):
    """A stretch in which the camera truly could not be believed."""

    start: float
    """Seconds from the clip's start."""
    end: float
    flag: str
    """The health flag that is right."""


def read_faults(path: Path) -> tuple[Fault, ...]:
    """The faults in the CSV file `start_s,end_s,flag` at `path`; none if there is no such file.

    Raises InputError for a row that is not a stretch of time and a flag.
    """
    if not path.exists():
        return ()
    faults = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            try:
                fault = Fault(float(row["start_s"]), float(row["end_s"]), row["flag"])
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(
                    "a fault needs start_s, end_s and flag", where=str(path), mend="Mend the row"
                ) from error
            faults.append(fault)
    return tuple(faults)
