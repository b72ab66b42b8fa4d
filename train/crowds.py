"""Where people stand in a training scene: even, in lanes, pressed to one side, thinned, in groups.

Laid out by rule and chance, from nobody to 9 people/m²; no recorded walk is used.
"""

import math

import numpy as np
from numpy.typing import NDArray

from plainview.synth.packed import Rect

Floats = NDArray[np.float64]

MOMENTS = 10
"""Crowds before each camera."""


def crowd(g: np.random.Generator, rect: Rect, density: float) -> Floats:
    """(n, 2) metres: places in `rect` at about `density` people/m², regular or by chance."""
    x0, y0, x1, y1 = rect
    if density <= 0:
        return np.empty((0, 2))
    kind = g.random()
    if kind < 0.3 and density < 5:
        places = _lanes(g, rect, density)
    elif kind < 0.65 or density > 5:
        gap = math.sqrt(2 / (math.sqrt(3) * density))
        rows = np.arange(y0 - gap, y1 + gap, gap * math.sqrt(3) / 2)
        columns = np.arange(x0 - gap, x1 + gap, gap)
        gx, gy = np.meshgrid(columns, rows)
        gx[1::2] += gap / 2
        places = np.stack((gx, gy), axis=-1).reshape(-1, 2)
        places += g.normal(0, gap * g.uniform(0.06, 0.25), places.shape)
        turn = g.uniform(0, 2 * math.pi) * (g.random() < 0.7)
        c, s = math.cos(turn), math.sin(turn)
        middle = np.array(((x0 + x1) / 2, (y0 + y1) / 2))
        places = (places - middle) * 1.5 @ np.array(((c, -s), (s, c))) / 1.5 + middle
    else:
        apart = g.uniform(0.3, 0.75) / math.sqrt(density)
        many = g.uniform((x0, y0), (x1, y1), (int(density * (x1 - x0) * (y1 - y0) * 3) + 4, 2))
        kept = np.empty((g.poisson(density * (x1 - x0) * (y1 - y0)), 2))
        found = 0
        for place in many:
            if found == len(kept):
                break
            away = kept[:found] - place
            if np.square(away).sum(axis=1).min(initial=math.inf) > apart**2:
                kept[found] = place
                found += 1
        places = kept[:found]
    if g.random() < 0.4:
        places = _pressed(g, places, rect)
    inside = (places > (x0, y0)).all(axis=1) & (places < (x1, y1)).all(axis=1)
    return np.asarray(places[inside])


def _lanes(g: np.random.Generator, rect: Rect, density: float) -> Floats:
    """(n, 2) who walks behind one another in lanes, with gaps as chance leaves them."""
    x0, y0, x1, y1 = rect
    reach = math.hypot(x1 - x0, y1 - y0) / 2
    apart = float(g.uniform(0.4, 0.75))
    least = 0.28 + 0.1 * g.random()
    spare = max(1 / (density * apart) - least, 0.02)
    found: list[Floats] = []
    for off in np.arange(-reach, reach, apart):
        steps = least + g.gamma(1.5, spare / 1.5, math.ceil(2 * reach / (least + spare)) + 3)
        along = -reach - g.random() + np.cumsum(steps)
        across = off + g.normal(0, 0.15 * apart, len(along))
        found.append(np.stack((along, across), axis=1))
    places = np.concatenate(found)
    turn = g.uniform(0, 2 * math.pi)
    c, s = math.cos(turn), math.sin(turn)
    return np.asarray(places @ np.array(((c, s), (-s, c))) + ((x0 + x1) / 2, (y0 + y1) / 2))


def _pressed(g: np.random.Generator, places: Floats, rect: Rect) -> Floats:
    """`places` pushed along one way: denser on one side of `rect`, thinner on the other."""
    middle = np.array(((rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2))
    reach = max(rect[2] - rect[0], rect[3] - rect[1]) / 2
    way = g.normal(size=2)
    way /= np.hypot(*way)
    along = (places - middle) @ way / reach
    # Density goes with 1 / (1 + 2 a along): up to a factor of three from side to side.
    push = g.uniform(0.05, 0.25) * (along**2 - 1) * reach
    return np.asarray(places + push[:, None] * way)


def thinned(g: np.random.Generator, places: Floats, reach: float) -> Floats:
    """Some crowds have an edge, a gap, a ramp of density or groups."""
    kind = g.random()
    way = g.normal(size=2)
    way /= np.hypot(*way)
    along = places @ way / reach
    if kind < 0.2:
        return places[along < g.uniform(-0.6, 0.6)]
    if kind < 0.4:
        return places[g.random(len(places)) < 0.5 + 0.5 * along]
    if kind < 0.5:
        middle = g.uniform(-reach / 2, reach / 2, 2)
        near = np.hypot(*(places - middle).T) < g.uniform(0.8, reach)
        return places[near == (g.random() < 0.7)]
    return places


def densities(g: np.random.Generator) -> list[float]:
    """people/m² of MOMENTS crowds: much the same in most scenes, as a lens sees them, or any."""
    if g.random() < 0.65:
        about = _density(g)
        return [min(about * float(by), 9.0) for by in np.exp(g.normal(0, 0.15, MOMENTS))]
    return [_density(g) for _ in range(MOMENTS)]


def _density(g: np.random.Generator) -> float:
    """people/m² of one crowd: as many at each part of the range as matter there."""
    low, high = ((0, 0), (0.03, 0.5), (0.5, 2.5), (2.5, 5.0), (5.0, 9.0))[
        int(g.choice(5, p=(0.08, 0.18, 0.26, 0.26, 0.22)))
    ]
    return float(g.uniform(low, high))
