"""People who walk, queue and crowd: scripted, or simulated with JuPedSim. Seeded: repeatable."""

import numpy as np

from plainview.geometry import Point
from plainview.synth.trajectories import Trajectories, trajectories

RATE = 12.5
"""Samples per second of simulated walks."""


def heights(n: int, generator: np.random.Generator) -> dict[int, float]:
    """Body heights for people 0 to n: 1.55 to 1.95 m with shoes, about 1.74 m on average."""
    drawn = np.clip(generator.normal(1.74, 0.09, n), 1.55, 1.95)
    return {k: float(h) for k, h in enumerate(drawn)}


def scripted(
    ways: list[tuple[tuple[float, float, float], ...]], *, height: list[float] | None = None
) -> Trajectories:
    """Each person goes its own way of (seconds, x, y) points, straight and even between them."""
    person, frame, xs, ys = [], [], [], []
    for k, way in enumerate(ways):
        points = np.array(way, dtype=np.float64)
        every = np.arange(np.ceil(points[0, 0] * RATE), np.floor(points[-1, 0] * RATE) + 1)
        person.append(np.full(len(every), k))
        frame.append(every.astype(np.int64))
        xs.append(np.interp(every / RATE, points[:, 0], points[:, 1]))
        ys.append(np.interp(every / RATE, points[:, 0], points[:, 2]))
    return trajectories(
        rate=RATE,
        person=np.concatenate(person) if person else [],
        frame=np.concatenate(frame) if frame else [],
        x=np.concatenate(xs) if xs else [],
        y=np.concatenate(ys) if ys else [],
        height=dict(enumerate(height)) if height else None,
    )


def empty() -> Trajectories:
    """Nobody."""
    return scripted([])


def walker(start: Point, end: Point, speed: float, *, begin: float = 0.0) -> Trajectories:
    """One person from `start` to `end` at `speed` m/s."""
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    return scripted([((begin, *start), (begin + length / speed, *end))])


def side_by_side(start: Point, end: Point, speed: float, *, gap: float = 0.7) -> Trajectories:
    """Two people abreast, `gap` metres apart."""
    way = np.subtract(end, start)
    length = float(np.hypot(*way))
    side = np.array([-way[1], way[0]]) / length * gap / 2
    return scripted(
        [
            ((0.0, *(np.array(start) + k * side)), (length / speed, *(np.array(end) + k * side)))
            for k in (-1, 1)
        ]
    )


def ditherer(middle: Point, normal: Point, seconds: float, *, swing: float = 0.8) -> Trajectories:
    """One who walks to and fro across a line through `middle`, a turn every three seconds."""
    turns = int(seconds // 3)
    way = []
    for k in range(turns + 1):
        side = swing if k % 2 else -swing
        way.append((3.0 * k, middle[0] + side * normal[0], middle[1] + side * normal[1]))
    return scripted([tuple(way)])


def stander(
    start: Point, place: Point, end: Point, *, stay: float, speed: float = 1.3
) -> Trajectories:
    """One who walks from `start` to `place`, stands still there for `stay` seconds, walks on."""
    there = float(np.hypot(place[0] - start[0], place[1] - start[1])) / speed
    on = float(np.hypot(end[0] - place[0], end[1] - place[1])) / speed
    return scripted(
        [((0.0, *start), (there, *place), (there + stay, *place), (there + stay + on, *end))]
    )
