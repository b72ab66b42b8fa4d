"""Collective oscillation: found at signal-to-noise 1 in 120 s, never in 24 h of ordinary flow.

Run: python bench/oscillation.py [--trials 100] [--hours 4] [--seed 100]. First orbits of 10 x 10 m
of a crowd of 5 people/m², of every sense and of the periods that confining lengths of 12 to 30 m
give, with wandering phase, under noise of the same power (variance of the velocity, both
components); looks at 90, 105 and 120 s. Then six kinds of ordinary flow for 4 h each, looked at
twice a minute, without regard to density: the density that oscillation needs would rule out most of
it unseen.
"""

import argparse
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.ndimage import gaussian_filter
from scipy.signal import lfilter

from plainview.crowd.field import Array, Series
from plainview.crowd.oscillation import CHANCE, CONFINEMENT, Finding, oscillations, tiles
from plainview.geometry import Grid

SIDE = 10
GRID = Grid((0.0, 0.0), 1.0, (SIDE, SIDE))
FLOW_NOISE = 0.08
SPAN, EVERY = 120, 30
WHOLE = {"whole": np.ones((SIDE, SIDE), dtype=np.bool_)}
REGIONS = WHOLE | tiles(grid=GRID, side=5.0)


def series(vx: Array, vy: Array, density: Array, noise: float) -> Series:
    """Fields of one a second."""
    shape = vx.shape
    return Series(
        GRID,
        np.arange(shape[0], dtype=np.float64),
        density,
        vx,
        vy,
        np.zeros(shape),
        np.full(shape, 0.3),
        np.full(shape, noise),
        np.ones(shape, dtype=np.bool_),
        np.zeros(shape),
    )


def red(chance: np.random.Generator, n: int, memory: float, *, reach: float) -> Array:
    """(n, ny, nx) of variance 1: AR(1) in time, patches of `reach` m; inf: common to all cells."""
    if np.isinf(reach):
        rough = chance.normal(size=(n + 100, 1, 1)) * np.ones((1, SIDE, SIDE))
    else:
        rough = gaussian_filter(chance.normal(size=(n + 100, SIDE, SIDE)), (0, reach, reach))
        rough /= rough.std()
    return np.asarray(lfilter([np.sqrt(1 - memory**2)], [1, -memory], rough, axis=0)[100:])


class Trials(NamedTuple):
    """What became of the orbits under one kind of noise."""

    found: int
    right_sense: int
    right_pace: int
    seconds: float
    """Mean window at which they were found."""


def orbits(chance: np.random.Generator, trials: int, memory: float, reach: float) -> Trials:
    """Orbits at signal-to-noise 1 under noise with that memory and reach."""
    found = sense = pace = 0
    when = []
    for _ in range(trials):
        turning = CONFINEMENT / chance.uniform(12, 30) * chance.choice((-1, 1))
        phase = turning * np.arange(SPAN + 1) + np.cumsum(chance.normal(0, 0.05, SPAN + 1))
        orbit = 0.3 * np.exp(1j * (phase + chance.uniform(0, 2 * np.pi)))[:, None, None]
        scale = 0.3 / np.sqrt(2)
        own = np.sqrt(scale**2 - FLOW_NOISE**2) if reach or memory else scale
        noise = [own * red(chance, SPAN + 1, memory, reach=reach) for _ in range(2)]
        if reach or memory:
            noise = [part + FLOW_NOISE * chance.normal(size=part.shape) for part in noise]
        stated = FLOW_NOISE if reach or memory else scale
        fields = (orbit.real + noise[0], orbit.imag + noise[1])
        density = 5 + 0.3 * chance.normal(size=fields[0].shape)
        for seconds in (90, 105, 120):
            until = seconds + 1
            block = series(fields[0][:until], fields[1][:until], density[:until], stated)
            look = oscillations(series=block, regions=WHOLE)["whole"]
            if look.finding is Finding.FOUND:
                found += 1
                when.append(seconds)
                sense += look.chirality * turning > 0
                pace += abs(look.angular_frequency.value / turning - 1) < 0.15
                break
    return Trials(found, sense, pace, float(np.mean(when)) if when else float("nan"))


class People:
    """Owns the places of people on a street of three squares; makes fields of the middle one."""

    def __init__(self, chance: np.random.Generator, density: float) -> None:
        """Spread `density` people/m² over the street."""
        self.n = round(3 * density * SIDE**2)
        self.places = chance.uniform(0, SIDE, (2, self.n))
        self.places[0] *= 3
        self._chance = chance

    def step(self, vx: Array, vy: Array) -> tuple[Array, Array, Array]:
        """Move for a second with velocities (n,); the field: density, vx, vy with flow noise."""
        was = self._seen()
        self.places += np.stack((vx, vy))
        self.places %= np.array(((3 * SIDE,), (SIDE,)))
        # Who leaves the middle is somebody else from now on, anywhere outside: nobody comes round.
        left = was & ~self._seen()
        away = self._chance.uniform(2 * SIDE, 4 * SIDE, self.n) % (3 * SIDE)
        self.places[0] = np.where(left, away, self.places[0])
        seen = self._seen()
        flat = np.floor(self.places[1, seen]) * SIDE + np.floor(self.places[0, seen] - SIDE)
        flat = np.clip(flat.astype(np.intp), 0, SIDE**2 - 1)
        count = np.bincount(flat, minlength=SIDE**2).astype(np.float64)
        each = np.maximum(count, 1)
        fields = [np.bincount(flat, v[seen], minlength=SIDE**2) / each for v in (vx, vy)]
        noisy = [
            (v + FLOW_NOISE * self._chance.normal(size=v.shape) * (count > 0)).reshape(SIDE, SIDE)
            for v in fields
        ]
        return count.reshape(SIDE, SIDE), noisy[0], noisy[1]

    def _seen(self) -> NDArray[np.bool_]:
        """(n,): who is in the middle square."""
        return np.asarray((self.places[0] >= SIDE) & (self.places[0] < 2 * SIDE))


Flow = Callable[[np.random.Generator, int], tuple[Array, Array, Array]]


def walking(
    density: float, *, against: float, factor: Callable[[np.random.Generator, int], Array]
) -> Flow:
    """People who walk along x, a share `against`, their speed times `factor` of the moment."""

    def run(chance: np.random.Generator, n: int) -> tuple[Array, Array, Array]:
        people = People(chance, density)
        way = np.where(chance.random(people.n) < against, -1.0, 1.0)
        speed = chance.normal(1.34, 0.26, people.n)
        planes = []
        for share in factor(chance, n):
            new = chance.random(people.n) < 0.05
            speed = np.where(new, chance.normal(1.34, 0.26, people.n), speed)
            side = chance.normal(0, 0.15, people.n)
            planes.append(people.step(way * speed * share, side * share))
        count, vx, vy = (np.stack(part) for part in zip(*planes, strict=True))
        return count, vx, vy

    return run


def steady(_: np.random.Generator, n: int) -> Array:
    """Nothing holds anybody up."""
    return np.ones(n)


def jams(chance: np.random.Generator, n: int) -> Array:
    """Stops of about 20 s and goes of about 40 s, at random, with soft edges."""
    state = np.zeros(n)
    k, going = 0, True
    while k < n:
        length = int(chance.exponential(40 if going else 20)) + 3
        state[k : k + length] = 0.7 if going else 0.05
        k, going = k + length, not going
    return np.asarray(gaussian_filter(state, 2))


def lights(_: np.random.Generator, n: int) -> Array:
    """A traffic light: 25 s of 35 s go. Truly periodic, and no orbit."""
    return np.asarray(gaussian_filter(np.where(np.arange(n) % 35 < 25, 1.0, 0.1), 1))


def concert(chance: np.random.Generator, n: int) -> tuple[Array, Array, Array]:
    """A standing crowd that sways from side to side to slow music, pieces of five minutes."""
    k = np.arange(n)
    pace = chance.uniform(0.05, 0.2, n // 300 + 1)[k // 300]
    sway = 0.3 * np.sin(2 * np.pi * np.cumsum(pace))[:, None, None]
    vx = sway + 0.1 * red(chance, n, 0.6, reach=1)
    vy = 0.1 * red(chance, n, 0.6, reach=1)
    return np.full(vx.shape, 4.5), vx, vy


def noise(chance: np.random.Generator, n: int) -> tuple[Array, Array, Array]:
    """A packed crowd pushed at random: from white to a memory of 20 s, in patches and whole."""
    parts = [
        [0.2 * red(chance, n // 8, memory, reach=reach) for _ in range(2)]
        for memory in (0.0, 0.5, 0.8, 0.95)
        for reach in (3.0, np.inf)
    ]
    vx, vy = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    return np.full(vx.shape, 5.0), vx, vy


FLOWS: dict[str, Flow] = {
    "one way, 1.5 people/m²": walking(1.5, against=0, factor=steady),
    "two ways, 1.2 people/m²": walking(1.2, against=0.5, factor=steady),
    "stop and go, 3 people/m²": walking(3, against=0, factor=jams),
    "pulses of a traffic light, 1 person/m²": walking(1, against=0, factor=lights),
    "concert that sways, 4.5 people/m²": concert,
    "packed, pushed at random, 5 people/m²": noise,
}


class Watch(NamedTuple):
    """What was said in hours without any oscillation."""

    looks: int
    """Windows times regions."""
    detections: int
    least: float
    """Least false-alarm probability, the purity and coherence of the motion left aside."""
    percent: float
    """Share of windows in which some region's probability was under 0.01."""


def watch(flow: Flow, chance: np.random.Generator, hours: float) -> Watch:
    """Look at `flow` for some hours."""
    n = round(hours * 3600)
    density, vx, vy = flow(chance, n)
    found, least = 0, []
    for start in range(0, len(vx) - SPAN, EVERY):
        part = np.s_[start : start + SPAN + 1]
        block = series(vx[part], vy[part], density[part], FLOW_NOISE)
        looks = oscillations(series=block, regions=REGIONS, least_density=0.0).values()
        found += sum(look.finding is Finding.FOUND for look in looks)
        least.append(min(look.probability for look in looks))
    return Watch(
        len(least) * len(REGIONS), found, min(least), float(np.mean([p < 0.01 for p in least]))
    )


def main() -> None:
    """Run both and print two tables."""
    parser = argparse.ArgumentParser(description="Oscillation: found where it is, only there.")
    parser.add_argument("--trials", type=int, default=100, help="orbits for each row")
    parser.add_argument("--hours", type=float, default=4.0, help="of each kind of ordinary flow")
    parser.add_argument("--seed", type=int, default=100, help="of the ordinary flow")
    options = parser.parse_args()
    begun = time.process_time()
    console = Console(width=130)
    table = Table(title="Orbits at signal-to-noise 1, found within 120 s (limit 90 %)")
    for column in ("noise of the same power", "found", "right sense", "pace within 15 %", "mean s"):
        table.add_column(column, justify="left" if column.startswith("noise") else "right")
    for what, memory, reach in (
        ("each cell on its own, white", 0.0, 0.0),
        ("patches of 3 m, memory 0.7", 0.7, 3.0),
        ("all cells alike, white: no averaging helps", 0.0, np.inf),
        ("all cells alike, memory 0.5", 0.5, np.inf),
        ("all cells alike, memory 0.8", 0.8, np.inf),
    ):
        done = orbits(np.random.default_rng(11), options.trials, memory, reach)
        table.add_row(
            what,
            f"{done.found / options.trials:.0%}",
            f"{done.right_sense} of {done.found}",
            f"{done.right_pace} of {done.found}",
            f"{done.seconds:.0f}",
        )
    console.print(table)
    title = (
        f"Ordinary flow, {6 * options.hours:g} h, {len(REGIONS)} regions "
        f"looked at every {EVERY} s; believed below {CHANCE:g}"
    )
    table = Table(title=title)
    for column in ("flow", "looks", "found (limit 0)", "least probability", "windows under 0.01"):
        table.add_column(column, justify="left" if column == "flow" else "right")
    total = Watch(0, 0, 1.0, 0.0)
    for k, (name, flow) in enumerate(FLOWS.items()):
        seen = watch(flow, np.random.default_rng(options.seed + k), options.hours)
        found = total.detections + seen.detections
        least = min(total.least, seen.least)
        total = Watch(total.looks + seen.looks, found, least, 0.0)
        table.add_row(
            name,
            f"{seen.looks:,}",
            str(seen.detections),
            f"{seen.least:.1e}",
            f"{seen.percent:.2%} (noise alone: 1 %)",
        )
    table.add_section()
    table.add_row("all", f"{total.looks:,}", str(total.detections), f"{total.least:.1e}", "")
    console.print(table)
    console.print(f"{time.process_time() - begun:.0f} s of CPU")


if __name__ == "__main__":
    main()
