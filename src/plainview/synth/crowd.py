"""Crowds simulated with JuPedSim (collision-free speed model). Seeded: equal seeds, equal walks."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import jupedsim
import numpy as np
from numpy.typing import NDArray
from shapely import Polygon, box, difference, unary_union
from shapely.geometry import Point as Dot
from shapely.geometry.base import BaseGeometry

from plainview.errors import InputError
from plainview.geometry import Point
from plainview.synth.plaza import GATE, GATE_X, GROUND, PERIOD
from plainview.synth.simulate import RATE, heights, scripted
from plainview.synth.trajectories import Trajectories, joined, shifted, trajectories

Maker = Callable[[float, int], Trajectories]
"""From seconds and a seed to walks."""
Rect = tuple[float, float, float, float]
"""Least x, least y, greatest x, greatest y, metres."""

_STEP = 0.04
_ROOM = 0.45


@dataclass(frozen=True)
class Stream:
    """People who come in at one place over time and leave at another."""

    entry: Rect
    leave: Rect
    arrivals: tuple[float, ...]
    """Seconds, in order."""
    via: tuple[tuple[float, float, float], ...] = ()
    """Waypoints on the way: x, y and how near counts as reached, metres."""
    speed: float = 1.3
    """Mean desired speed, m/s; each person's own is drawn about it."""


def arrivals(
    rate: Callable[[float], float], seconds: float, generator: np.random.Generator, most: float
) -> tuple[float, ...]:
    """Times of a Poisson process of `rate(t)` per second, at most `most`, by thinning."""
    t = 0.0
    times: list[float] = []
    while True:
        t += generator.exponential(1 / most)
        if t >= seconds:
            return tuple(times)
        if generator.random() < rate(t) / most:
            times.append(t)


def simulated(
    ground: BaseGeometry, streams: tuple[Stream, ...], seconds: float, seed: int
) -> Trajectories:
    """Let all `streams` walk over the free `ground` from time 0 to `seconds`.

    Someone for whom there is no room at the entry waits outside until there is.
    Raises InputError where entry or exit lie off the ground.
    """
    generator = np.random.default_rng(seed)
    for stream in streams:
        if not (ground.contains(box(*stream.entry)) and ground.contains(box(*stream.leave))):
            raise InputError(
                f"a stream's entry {stream.entry} or exit {stream.leave} is not free ground",
                mend="Move it off the walls",
            )
    model = jupedsim.CollisionFreeSpeedModel(
        strength_neighbor_repulsion=6.0, range_neighbor_repulsion=0.12
    )
    simulation = jupedsim.Simulation(model=model, geometry=ground, dt=_STEP)
    journeys = [_journey(simulation, stream) for stream in streams]
    waiting = sorted((t, k) for k, stream in enumerate(streams) for t in stream.arrivals)
    rows: list[tuple[int, int, float, float]] = []
    every = round(1 / (RATE * _STEP))
    for step in range(round(seconds / _STEP) + 1):
        now = step * _STEP
        held: list[tuple[float, int]] = []
        while waiting and waiting[0][0] <= now:
            t, k = waiting.pop(0)
            if not _enter(simulation, streams[k], journeys[k], generator):
                held.append((t, k))
        waiting = held + waiting
        if step % every == 0:
            rows += [
                (a.id, step // every, a.position[0], a.position[1]) for a in simulation.agents()
            ]
        simulation.iterate()
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    # JuPedSim numbers agents across simulations of a process; ours start at 0 each time.
    _, person = np.unique(table[:, 0], return_inverse=True)
    count = int(person.max()) + 1 if len(person) else 0
    return trajectories(
        rate=RATE,
        person=person,
        frame=table[:, 1],
        x=table[:, 2],
        y=table[:, 3],
        height=heights(count, generator),
    )


def _journey(simulation: jupedsim.Simulation, stream: Stream) -> tuple[int, int]:
    stages = [simulation.add_waypoint_stage((x, y), reach) for x, y, reach in stream.via]
    stages.append(simulation.add_exit_stage(box(*stream.leave)))
    journey = jupedsim.JourneyDescription(stages)
    for a, b in pairwise(stages):
        journey.set_transition_for_stage(a, jupedsim.Transition.create_fixed_transition(b))
    return simulation.add_journey(journey), stages[0]


def _enter(
    simulation: jupedsim.Simulation,
    stream: Stream,
    journey: tuple[int, int],
    generator: np.random.Generator,
) -> bool:
    x0, y0, x1, y1 = stream.entry
    for _ in range(6):
        place = (float(generator.uniform(x0, x1)), float(generator.uniform(y0, y1)))
        if next(iter(simulation.agents_in_range(place, _ROOM)), None) is not None:
            continue
        simulation.add_agent(
            jupedsim.CollisionFreeSpeedModelAgentParameters(
                position=place,
                journey_id=journey[0],
                stage_id=journey[1],
                desired_speed=float(np.clip(generator.normal(stream.speed, 0.18), 0.7, 1.9)),
                radius=float(generator.uniform(0.15, 0.18)),
                time_gap=float(generator.uniform(0.5, 0.9)),
            )
        )
        return True
    return False


def wrapped(source: Trajectories, period: float) -> Trajectories:
    """`source` made to repeat every `period` seconds: who is still there at its end goes on at 0.

    Those people are numbered anew, so that the cycle has no jump. `period` must be a whole number
    of samples.
    """
    n = round(period * source.rate)
    who = np.repeat(np.arange(len(source.people)), np.diff(source.offset))
    lap = source.frame // n
    number = who + lap * len(source.people)
    # One sample more closes the gap between the last frame of a lap and its first.
    return trajectories(
        rate=source.rate,
        person=number,
        frame=source.frame - lap * n,
        x=source.x,
        y=source.y,
        height={int(p): float(source.height[p % len(source.people)]) for p in np.unique(number)},
    )


def plaza(seed: int = 0, *, period: float = PERIOD) -> Trajectories:
    """The demonstration: people from two sides, a jam at the gate that grows and clears; periodic.

    The gate lets about 1.5 people through in a second; from about 10 to 40 s more than that come.
    """
    generator = np.random.default_rng(seed)
    x, (low, high) = GATE_X, GATE
    barrier = [box(x - 0.15, GROUND[1], x + 0.15, low), box(x - 0.15, high, x + 0.15, GROUND[3])]
    ground = difference(box(*GROUND), unary_union(barrier))

    def surge(t: float) -> float:
        return 0.25 + 1.2 * math.exp(-(((t - 26) / 14) ** 2))

    through = (x - 0.2, (low + high) / 2, 0.9)
    out = (x + 3.0, (low + high) / 2, 1.6)
    streams = (
        Stream(
            (-13.6, 11.0, -12.0, 16.5),
            (12.5, 4.0, 13.8, 12.0),
            arrivals(surge, period, generator, 1.5),
            (through, out),
        ),
        Stream(
            (-13.6, -2.5, -12.0, 3.5),
            (12.5, 4.0, 13.8, 12.0),
            arrivals(surge, period, generator, 1.5),
            (through, out),
        ),
        Stream(
            (-2.0, 15.5, 1.0, 16.8),
            (-4.0, -2.8, 1.0, -1.6),
            arrivals(lambda _: 0.14, period, generator, 0.2),
        ),
        Stream(
            (12.0, -2.5, 13.5, 0.0),
            (12.0, 15.5, 13.5, 16.8),
            arrivals(lambda _: 0.12, period, generator, 0.2),
        ),
    )
    return wrapped(simulated(ground, streams, 2 * period, seed), period)


def _steady(
    ground: BaseGeometry, streams: tuple[Stream, ...], seconds: float, seed: int, warm: float
) -> Trajectories:
    """`simulated`, with people there from the start: the first `warm` seconds are cut off."""
    return shifted(simulated(ground, streams, seconds + warm, seed), seconds=warm)


def _even(rate: float, seconds: float, generator: np.random.Generator) -> tuple[float, ...]:
    return arrivals(lambda _: rate, seconds, generator, rate)


def corridor(seconds: float, seed: int = 0, *, rate: float = 0.5) -> Trajectories:
    """Two ways through a passage 5 m wide and 26 m long (x -13 to 13, y 0 to 5)."""
    generator = np.random.default_rng(seed)
    whole = seconds + 25
    streams = (
        Stream((-12.8, 0.4, -11.8, 4.6), (12.0, 0.2, 12.9, 4.8), _even(rate, whole, generator)),
        Stream((11.8, 0.4, 12.8, 4.6), (-12.9, 0.2, -12.0, 4.8), _even(rate, whole, generator)),
    )
    return _steady(box(-13, 0, 13, 5), streams, seconds, seed, 25.0)


def crossing(seconds: float, seed: int = 0, *, rate: float = 0.3) -> Trajectories:
    """Streams from all four sides of a square of 20 m (x, y from -10 to 10) that cross it."""
    generator = np.random.default_rng(seed)
    whole = seconds + 25
    west, east = (-9.8, -3.5, -9.0, 3.5), (9.0, -3.5, 9.8, 3.5)
    south, north = (-3.5, -9.8, 3.5, -9.0), (-3.5, 9.0, 3.5, 9.8)
    pairs = ((west, east), (east, west), (south, north), (north, south), (west, north))
    streams = tuple(Stream(a, b, _even(rate, whole, generator)) for a, b in pairs)
    return _steady(box(-10, -10, 10, 10), streams, seconds, seed, 25.0)


def standing(
    seconds: float, seed: int = 0, *, people: int = 22, rate: float = 0.35
) -> Trajectories:
    """People who stand for the whole time (x -5 to 5, y 2 to 9), and others who walk past them."""
    generator = np.random.default_rng(seed)
    places: list[Point] = []
    while len(places) < people:
        spot = (float(generator.uniform(-5, 5)), float(generator.uniform(2, 9)))
        if all(math.dist(spot, other) > 0.75 for other in places):
            places.append(spot)
    still = scripted(
        [
            tuple(
                (t, x + 0.03 * math.sin(0.21 * t + x * 9), y + 0.03 * math.cos(0.17 * t + y * 9))
                for t in np.arange(0.0, seconds + 4.0, 4.0)
            )
            for x, y in places
        ],
        height=list(heights(people, generator).values()),
    )
    blocked = unary_union([Dot(p).buffer(0.3, quad_segs=3) for p in places])
    ground = difference(box(-11, -4, 11, 12), blocked)
    if not isinstance(ground, Polygon):
        raise InputError("the standing people enclose a part of the ground", mend="Other seed")
    whole = seconds + 20
    streams = (
        Stream((-10.8, -3.5, -9.8, 8.0), (9.8, -3.5, 10.8, 8.0), _even(rate, whole, generator)),
        Stream((9.8, -3.5, 10.8, 8.0), (-10.8, -3.5, -9.8, 8.0), _even(rate, whole, generator)),
    )
    return joined(still, _steady(ground, streams, seconds, seed, 20.0))


def queue(seconds: float, seed: int = 0, *, people: int = 14, serve: float = 16.0) -> Trajectories:
    """A queue along y = 6 to a counter at x = 6: each `serve` seconds one leaves, all move up."""
    generator = np.random.default_rng(seed)
    gap, head = 0.8, (6.0, 6.0)
    ways = []
    total = people + int(seconds / serve) + 1
    jitter: NDArray[np.float64] = generator.normal(0, 0.08, (total, 2))
    for k in range(total):
        rank = k
        way: list[tuple[float, float, float]] = []
        joins = max(0.0, (k - people + 1) * serve)
        if k >= people:
            rank = people - 1
            way.append((max(joins - 9.0, 0.0), head[0] - 12.0 - 8.0, head[1] - 4.0))
        place = (head[0] - gap * rank + jitter[k, 0], head[1] + jitter[k, 1])
        way.append((joins, *place))
        now = joins
        while rank > 0:
            now = max(now, (k - rank + 1) * serve)
            if now > seconds:
                break
            way.append((now, *way[-1][1:]))
            rank -= 1
            place = (head[0] - gap * rank + jitter[k, 0], head[1] + jitter[k, 1])
            way.append((now + 1.2, *place))
            now += 1.2
        if rank == 0:
            served = (k + 1) * serve
            way.append((max(served, way[-1][0] + 0.1), *way[-1][1:]))
            way.append((way[-1][0] + 9.0, head[0] + 1.0, head[1] - 10.0))
        else:
            way.append((seconds + 1.0, *way[-1][1:]))
        ways.append(_rising(way))
    return scripted(ways, height=list(heights(total, generator).values()))


def _rising(way: list[tuple[float, float, float]]) -> tuple[tuple[float, float, float], ...]:
    """`way` without points that do not come later than the one before."""
    kept = [way[0]]
    for point in way[1:]:
        if point[0] > kept[-1][0] + 1e-6:
            kept.append(point)
    return tuple(kept)


def repeated(source: Trajectories, seconds: float, *, period: float = PERIOD) -> Trajectories:
    """`source`, which repeats every `period` seconds, over and over up to `seconds`."""
    laps = math.ceil(seconds / period)
    n = round(period * source.rate)
    parts = [
        trajectories(
            rate=source.rate,
            person=np.repeat(np.arange(len(source.people)), np.diff(source.offset)),
            frame=source.frame + lap * n,
            x=source.x,
            y=source.y,
            height=dict(enumerate(source.height.tolist())),
        )
        for lap in range(laps)
    ]
    return joined(*parts)
