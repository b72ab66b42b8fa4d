"""Run-ups to a crush: more people come than leave, they give up their space, and are pushed.

Never rendered: the truth from which `plainview evaluate alarms` makes Readings. JuPedSim moves the
people (collision-free speed model); what it has no model for is laid over it: bodies that are
pressed closer, and the waves that run through a crowd past about 4 people/m² (Helbing, Johansson &
Al-Abideen, Phys. Rev. E 75, 046109, 2007).
"""

import math
from typing import NamedTuple

import jupedsim
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from shapely import box
from shapely.geometry.base import BaseGeometry

from plainview.synth.packed import Rect, Surge, waves
from plainview.synth.trajectories import Trajectories, trajectories

Floats = NDArray[np.float64]

RATE = 2.5
"""Samples per second."""
SECONDS = 360.0
_STEP = 0.08
_FILLING, _PRESSING = 5, 2
"""Steps of the simulation between samples, before and after people begin to be pressed closer. In a
packed crowd nobody walks at more than some tenths of a metre per second (Weidmann 1993), and a real
run-up takes minutes (Helbing et al. 2007: 26 of them from the first waves to turbulence), so that
from then on everything goes two and a half times as slowly."""
_EASY, _PRESSED = 0.255, 0.18
"""Metres: radius that a waiting person keeps free, and that of one who is pressed: in the closest
packing 4.4 and 8.9 people/m²."""
_TURBULENT = (4.0, 6.0)
"""people/m² at which waves begin (4.0 +- 0.5: Gu et al., Nature 638, 112, 2025), and are full."""
_SPEED = (0.06, 0.10)
"""m/s: root mean square of one component of a full wave: at 7 people/m² 0.05 to 0.14 /s² of
pressure before the kernel takes about a third. Crowds become turbulent past 0.02, and some times
that was measured when people fell (Helbing et al. 2007, section III)."""


class RunUp(NamedTuple):
    """One run-up."""

    walks: Trajectories
    rect: Rect
    """The ground, metres."""
    gate: bool
    """Whether some people get out through a gate 0.9 m wide, or none do."""


def run_up(seed: int, seconds: float = SECONDS) -> RunUp:
    """A crowd that fills a dead end, or the space before a gate, and is pressed until it hurts.

    Ground, inflow and the time over which people are pressed closer are drawn from `seed`.
    """
    generator = np.random.default_rng(seed)
    width, length = float(generator.integers(4, 7)), float(generator.integers(7, 10))
    gate = bool(seed % 2)
    inflow = generator.uniform(1.8, 3.0)
    begin = generator.uniform(40.0, 70.0)
    pressed = (begin, begin + generator.uniform(60.0, 130.0) * _FILLING / _PRESSING)
    rows = _simulated((width, length), inflow, pressed, seconds, gate, generator)
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    _, person = np.unique(table[:, 0], return_inverse=True)
    place = table[:, 2:] + _surged(table, (width, length), generator)
    # Walls hold, however hard people are pushed.
    place = np.clip(place, 0.1, (width - 0.1, length - 0.1))
    walks = trajectories(rate=RATE, person=person, frame=table[:, 1], x=place[:, 0], y=place[:, 1])
    return RunUp(walks, (0.0, 0.0, width, length), gate)


def _simulated(
    size: tuple[float, float],
    inflow: float,
    pressed: tuple[float, float],
    seconds: float,
    gate: bool,  # noqa: FBT001 - private
    generator: np.random.Generator,
) -> list[tuple[int, int, float, float]]:
    """Rows of person, sample, x and y."""
    width, length = size
    ground: BaseGeometry = box(0, 0, width, length)
    if gate:
        middle = width / 2
        ground = ground.union(box(middle - 0.45, length - 0.01, middle + 0.45, length + 1.5))
    model = jupedsim.CollisionFreeSpeedModel(
        strength_neighbor_repulsion=3.0, range_neighbor_repulsion=0.08
    )
    simulation = jupedsim.Simulation(model=model, geometry=ground, dt=_STEP)
    if gate:
        out = box(width / 2 - 0.44, length + 0.9, width / 2 + 0.44, length + 1.49)
        stages = [simulation.add_exit_stage(out)]
    else:
        stages = [
            simulation.add_waypoint_stage((width * share, length - 0.3), 0.05)
            for share in (0.2, 0.5, 0.8)
        ]
    journeys = [simulation.add_journey(jupedsim.JourneyDescription([s])) for s in stages]
    rows: list[tuple[int, int, float, float]] = []
    waiting = 0.0
    for sample in range(round(seconds * RATE) + 1):
        t = sample / RATE
        radius = float(np.interp(t, pressed, (_EASY, _PRESSED)))
        for agent in simulation.agents():
            agent.model.radius = radius
            rows.append((agent.id, sample, agent.position[0], agent.position[1]))
        for _ in range(_FILLING if t < pressed[0] else _PRESSING):
            waiting += inflow * _STEP
            if waiting >= 1:
                waiting -= 1
                k = int(generator.integers(len(stages)))
                _enter(simulation, size, radius, (journeys[k], stages[k]), generator)
            simulation.iterate()
    return rows


def _enter(
    simulation: jupedsim.Simulation,
    size: tuple[float, float],
    radius: float,
    goal: tuple[int, int],
    generator: np.random.Generator,
) -> None:
    """Let one person in at the near end; who finds no room goes away."""
    for _ in range(6):
        place = (float(generator.uniform(0.3, size[0] - 0.3)), float(generator.uniform(0.3, 1.5)))
        # A neighbour may not have been pressed yet, and keep a little more room than this one.
        if next(iter(simulation.agents_in_range(place, 2 * radius + 0.03)), None) is None:
            simulation.add_agent(
                jupedsim.CollisionFreeSpeedModelAgentParameters(
                    position=place,
                    journey_id=goal[0],
                    stage_id=goal[1],
                    desired_speed=float(generator.uniform(0.9, 1.3)),
                    radius=radius,
                    time_gap=float(generator.uniform(0.3, 0.6)),
                )
            )
            return


def _surged(table: Floats, size: tuple[float, float], generator: np.random.Generator) -> Floats:
    """(m, 2) metres: where the waves have moved each row, by how dense it is there and then."""
    surge = Surge(speed=float(generator.uniform(*_SPEED)), length=5.0, period=5.0)
    moved = waves(surge, generator)
    frame = table[:, 1].astype(np.int64)
    shape = (int(frame.max()) + 1, math.ceil(size[1]) + 2, math.ceil(size[0]))
    cells = np.clip(np.floor(table[:, 3]), 0, shape[1] - 1).astype(np.int64)
    columns = np.clip(np.floor(table[:, 2]), 0, shape[2] - 1).astype(np.int64)
    density = np.zeros(shape)
    np.add.at(density, (frame, cells, columns), 1.0)
    # Eased over 4 s and a metre, so that nobody is thrown when a neighbour steps over a border.
    eased = gaussian_filter(density, (4 * RATE, 0.7, 0.7), mode="nearest")
    share = np.interp(eased[frame, cells, columns], _TURBULENT, (0.0, 1.0))
    return np.asarray(share[:, None] * moved(table[:, 2:], frame / RATE))
