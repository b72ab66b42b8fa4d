"""Where simulated or recorded people are at each moment, and what follows from it as truth.

The person numbers are bookkeeping of a simulation or of a published experiment. They exist in
synth/ alone: no camera, lens, record or store has a place for them.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely import contains_xy
from shapely.geometry import Polygon

from plainview.errors import InputError
from plainview.geometry import BODY_HEIGHT, Line, Point

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JUELICH_RATE = 16.0
"""Frames per second of the Juelich experiments of 2009 (HERMES)."""


class Moment(NamedTuple):
    """Everyone present at one time."""

    rows: Ints
    """(n,) rows of `Trajectories.people`."""
    position: Floats
    """(n, 2) metres."""
    velocity: Floats
    """(n, 2) m/s."""


@dataclass(frozen=True)
class Trajectories:
    """People's ground positions, sampled regularly; each person without gaps.

    Rows are sorted by person, then frame. Make one with `trajectories` or `load_juelich`.
    """

    rate: float
    """Samples per second."""
    frame: Ints
    """(m,) sample number; time is frame / rate seconds."""
    x: Floats
    """(m,) metres."""
    y: Floats
    """(m,) metres."""
    people: Ints
    """(p,) the person numbers, in the order of the rows."""
    offset: Ints
    """(p + 1,) the rows of person k are offset[k] to offset[k + 1]."""
    height: Floats
    """(p,) body height with shoes, metres."""

    @property
    def duration(self) -> float:
        """Seconds from time 0 to the last sample."""
        return float(self.frame.max() / self.rate) if len(self.frame) else 0.0

    def at(self, t: float) -> Moment:
        """Everyone present at `t` seconds, linearly interpolated; velocity by central difference.

        The difference spans half a second (less at a person's ends), so that the sway of the body
        at each step, which is no walking, is small in it.
        """
        index, position = self._positions(t)
        reach = max(0.25, 1.0 / self.rate)
        first = self.frame[self.offset[:-1]][index] / self.rate
        last = self.frame[self.offset[1:] - 1][index] / self.rate
        before, after = np.maximum(t - reach, first), np.minimum(t + reach, last)
        span = np.maximum(after - before, 1e-9)
        moved = self._along(index, after) - self._along(index, before)
        velocity = np.where((after > before)[:, None], moved / span[:, None], 0.0)
        return Moment(index, position, velocity)

    def _positions(self, t: float) -> tuple[Ints, Floats]:
        if not len(self.frame):
            return np.zeros(0, dtype=np.int64), np.zeros((0, 2))
        now = t * self.rate
        first, last = self.frame[self.offset[:-1]], self.frame[self.offset[1:] - 1]
        index = np.flatnonzero((first <= now + 1e-9) & (now - 1e-9 <= last))
        return index, self._along(index, np.full(len(index), t))

    def _along(self, index: Ints, t: Floats) -> Floats:
        """(n, 2): where persons `index` are at their own times `t`, which they must cover."""
        start, end = self.offset[:-1][index], self.offset[1:][index] - 1
        place = np.clip(t * self.rate - self.frame[start] + start, start, end)
        low = np.floor(place + 1e-9).astype(np.int64)
        high = np.minimum(low + 1, end)
        share = np.clip(place - low, 0, 1)
        return np.column_stack(
            (
                self.x[low] + share * (self.x[high] - self.x[low]),
                self.y[low] + share * (self.y[high] - self.y[low]),
            )
        )

    def walked(self) -> Floats:
        """(m,) metres that each person has walked up to each row, starting at 0."""
        step = np.hypot(np.diff(self.x, prepend=0.0), np.diff(self.y, prepend=0.0))
        step[self.offset[:-1]] = 0.0
        total = np.cumsum(step)
        return np.asarray(total - np.repeat(total[self.offset[:-1]], np.diff(self.offset)))


def trajectories(
    *,
    rate: float,
    person: ArrayLike,
    frame: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    height: dict[int, float] | None = None,
) -> Trajectories:
    """Sort and check columns of equal length; gaps within a person are filled by a straight line.

    `height` in metres by person number, BODY_HEIGHT where not given.
    Raises InputError for a rate that is none, numbers that are not finite, or a person who is at
    two places at once.
    """
    who, when = np.asarray(person, dtype=np.int64), np.asarray(frame, dtype=np.int64)
    px, py = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if not 0 < rate < 10_000:
        raise InputError(f"a rate of {rate:g} samples per second", mend="Give one above 0")
    if not (np.all(np.isfinite(px)) and np.all(np.isfinite(py))):
        raise InputError("a position is not a finite number", mend="Mend or remove that row")
    order = np.lexsort((when, who))
    who, when, px, py = who[order], when[order], px[order], py[order]
    if np.any((np.diff(who) == 0) & (np.diff(when) == 0)):
        raise InputError(
            "a person is listed twice in one frame", mend="Keep one row per person and frame"
        )
    people, start = np.unique(who, return_index=True)
    bounds = [*start.tolist(), len(who)]
    frames: list[Ints] = []
    xs: list[Floats] = []
    ys: list[Floats] = []
    for a, b in pairwise(bounds):
        every = np.arange(when[a], when[b - 1] + 1)
        frames.append(every)
        xs.append(np.interp(every, when[a:b], px[a:b]))
        ys.append(np.interp(every, when[a:b], py[a:b]))
    known = height or {}
    return Trajectories(
        rate=float(rate),
        frame=np.concatenate(frames) if frames else np.zeros(0, dtype=np.int64),
        x=np.concatenate(xs) if xs else np.zeros(0),
        y=np.concatenate(ys) if ys else np.zeros(0),
        people=people,
        offset=np.concatenate(([0], np.cumsum([len(f) for f in frames], dtype=np.int64))).astype(
            np.int64
        ),
        height=np.array([known.get(int(p), BODY_HEIGHT) for p in people], dtype=np.float64),
    )


def load_juelich(path: Path, *, rate: float = JUELICH_RATE) -> Trajectories:
    """Read `person frame x y z` in centimetres, # comments; z is the height of the head's top.

    Source of the format: Forschungszentrum Juelich, Pedestrian Dynamics Data Archive.
    Raises InputError for a file that is not one, naming the line.
    """
    rows: list[tuple[float, ...]] = []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot be read as a trajectory file ({error})",
            where=str(path),
            mend="Give a text file with the columns person frame x y z",
        ) from error
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.partition("#")[0].split()
        if not fields:
            continue
        try:
            row = tuple(float(value) for value in fields)
        except ValueError:
            row = ()
        if len(row) != 5 or not np.all(np.isfinite(row)):
            raise InputError(
                "not five numbers: person frame x y z",
                where=f"{path}:{number}",
                mend="Mend or remove that line",
            )
        rows.append(row)
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    tops: dict[int, float] = {}
    for who in np.unique(table[:, 0]):
        top = float(np.median(table[table[:, 0] == who, 4])) / 100
        tops[int(who)] = min(max(top, 1.2), 2.2)
    return trajectories(
        rate=rate,
        person=table[:, 0],
        frame=table[:, 1],
        x=table[:, 2] / 100,
        y=table[:, 3] / 100,
        height=tops,
    )


def resampled(source: Trajectories, rate: float) -> Trajectories:
    """The same walks sampled at `rate` per second, linearly interpolated."""
    person: list[Ints] = []
    frame: list[Ints] = []
    place: list[Floats] = []
    for k, who in enumerate(source.people):
        rows = slice(source.offset[k], source.offset[k + 1])
        t = source.frame[rows] / source.rate
        every = np.arange(np.ceil(t[0] * rate - 1e-9), np.floor(t[-1] * rate + 1e-9) + 1)
        person.append(np.full(len(every), who))
        frame.append(every.astype(np.int64))
        place.append(
            np.column_stack(
                (
                    np.interp(every / rate, t, source.x[rows]),
                    np.interp(every / rate, t, source.y[rows]),
                )
            )
        )
    where = np.concatenate(place) if place else np.zeros((0, 2))
    return trajectories(
        rate=rate,
        person=np.concatenate(person) if person else [],
        frame=np.concatenate(frame) if frame else [],
        x=where[:, 0],
        y=where[:, 1],
        height=dict(zip(source.people.tolist(), source.height.tolist(), strict=True)),
    )


def shifted(source: Trajectories, *, seconds: float) -> Trajectories:
    """`source` with its clock advanced: what was at `seconds` is now at 0, the rest before gone."""
    skip = round(seconds * source.rate)
    keep = source.frame >= skip
    who = np.repeat(source.people, np.diff(source.offset))
    return trajectories(
        rate=source.rate,
        person=who[keep],
        frame=source.frame[keep] - skip,
        x=source.x[keep],
        y=source.y[keep],
        height=dict(zip(source.people.tolist(), source.height.tolist(), strict=True)),
    )


def joined(*parts: Trajectories) -> Trajectories:
    """All `parts` of one rate in one scene; people are renumbered so that nobody is mixed up.

    Raises InputError for differing rates.
    """
    if len({part.rate for part in parts}) > 1:
        raise InputError("trajectories of different rates", mend="Use `resampled` first")
    shift = 0
    who: list[Ints] = []
    height: dict[int, float] = {}
    for part in parts:
        number = np.arange(len(part.people)) + shift
        who.append(np.repeat(number, np.diff(part.offset)))
        height.update(zip(number.tolist(), part.height.tolist(), strict=True))
        shift += len(part.people)
    return trajectories(
        rate=parts[0].rate,
        person=np.concatenate(who),
        frame=np.concatenate([part.frame for part in parts]),
        x=np.concatenate([part.x for part in parts]),
        y=np.concatenate([part.y for part in parts]),
        height=height,
    )


def crossings(source: Trajectories, line: Line, start: float, end: float) -> tuple[int, int]:
    """How often someone crossed `line` in the time (start, end], seconds: (forward, backward).

    Forward is along `Line.normal()`. Only the stretch between the line's ends counts, and one who
    goes to and fro counts each time: the two numbers' difference is the net flow.
    """
    origin, normal = np.array(line.start), np.array(line.normal())
    along = np.array(line.end) - origin
    place = np.column_stack((source.x, source.y)) - origin
    side = place @ normal
    share = place @ along / float(along @ along)
    step = np.ones(len(side), dtype=bool)
    step[source.offset[1:] - 1] = False
    a = np.flatnonzero(step)
    b = a + 1
    forward = (side[a] < 0) & (side[b] >= 0)
    backward = (side[a] >= 0) & (side[b] < 0)
    change = side[b] - side[a]
    fraction = np.where(change == 0, 0.0, -side[a] / np.where(change == 0, 1.0, change))
    at = share[a] + fraction * (share[b] - share[a])
    when = (source.frame[a] + fraction) / source.rate
    counted = (at >= 0) & (at <= 1) & (when > start) & (when <= end)
    return int(np.sum(forward & counted)), int(np.sum(backward & counted))


def count_inside(source: Trajectories, polygon: tuple[Point, ...], times: ArrayLike) -> Ints:
    """(n,) people inside `polygon` (metres) at each of `times` (seconds)."""
    area = Polygon(polygon)
    counts = []
    for t in np.asarray(times, dtype=np.float64):
        _, place = source._positions(float(t))  # noqa: SLF001 - the same module
        counts.append(int(np.sum(contains_xy(area, place[:, 0], place[:, 1]))))
    return np.array(counts, dtype=np.int64)
