"""Scenes about left-object: what is put down and left, and what only looks like it."""

import math
from dataclasses import replace
from functools import partial

import numpy as np

from plainview.geometry import Point
from plainview.synth.events.actor import Actor, Effect
from plainview.synth.events.glow import Glow
from plainview.synth.events.ground import Mirror, Spot
from plainview.synth.events.person import Key, Person
from plainview.synth.events.pulse import Pulse
from plainview.synth.events.site import Site
from plainview.synth.events.story import (
    FOREVER,
    Play,
    Story,
    cleared,
    errand,
    quad,
    shade,
    someone,
    waits,
    watched,
    zone_name,
)  # fmt: skip
from plainview.synth.events.things import Stay, Thing, carried
from plainview.synth.events.truth import Happening
from plainview.synth.events.vehicles import Vehicle

KIND = "left-object"
SECONDS = 55.0


def _play(
    site: Site,
    actors: tuple[Actor, ...],
    *,
    effects: tuple[Effect, ...] = (),
    left: tuple[tuple[float, float | None, Point], ...] = (),
    clear: tuple[Point, ...] = (),
) -> Play:
    zones = watched(site, KIND)
    happenings = tuple(Happening(KIND, a, b, at, zone_name(zones)) for a, b, at in left)
    walks = site.passers(int(site.generator.integers(0, 4)), SECONDS)
    place = cleared(site, clear) if clear else site
    return Play(SECONDS, actors, effects, zones, happenings, walks, place)


def _about(site: Site, at: Point, reach: float = 1.0) -> tuple[Point, ...]:
    return quad(site, at, 2 * reach, 2 * reach, 0.0)


def brought(
    site: Site, kind: str, at: Point, *, down: float, stays: float = FOREVER, leave: bool = True
) -> tuple[Person, Thing]:
    """One who comes with a thing, bends, puts it down at `down` seconds and (or not) leaves."""
    g = site.generator
    beside = (at[0] + 0.35, at[1] - 0.1)
    keys = errand(site, beside, [("bend", 1.4)], arrive=down - 1.0, leave=leave, facing=90.0)
    if not leave:
        keys = [
            *keys[:-1], Key(keys[-2].t + 1.0, *beside, "phone", 0.0),
            Key(FOREVER, *beside, "phone", 0.0),
        ]  # fmt: skip
    person = someone(site, keys)
    begin = max(keys[0].t, down - 20.0)
    times = np.arange(begin, down - 1.0, 0.4)
    way = carried([(float(t), person.place(float(t))) for t in times])
    thing = Thing(
        kind, [*way, Stay(down, *at), Stay(max(down + 0.1, stays), *at)],
        shade=_unlike(site), tint=tuple(g.uniform(0.75, 1.25, 3)),
        heading=float(g.uniform(0, 3.1)),
    )  # fmt: skip
    return person, thing


def _unlike(site: Site) -> float:
    """A reflectance that can be told from the ground's."""
    ground = {"paving": 0.27, "asphalt": 0.13, "concrete": 0.3, "tiles": 0.38}[site.world.ground]
    for _ in range(50):
        drawn = shade(site.generator, 0.03, 0.7)
        if abs(math.log(drawn / ground)) > 0.4:
            return drawn
    return 0.04


def _left(site: Site, kind: str) -> Play:
    at = site.spot(1.3, near=0.7)
    down = float(site.generator.uniform(8, 15))
    person, thing = brought(site, kind, at, down=down)
    return _play(site, (person, thing), left=((down, None, at),), clear=_about(site, at))


def _fetched(site: Site) -> Play:
    """Left, and taken away again by somebody half a minute later."""
    at = site.spot(1.3, near=0.7)
    down, gone = 8.0, 46.0
    person, thing = brought(site, "suitcase", at, down=down, stays=gone)
    fetcher = someone(site, errand(site, (at[0] + 0.4, at[1]), [("bend", 1.4)], arrive=gone - 1))
    return _play(
        site, (person, thing, fetcher), left=((down, gone, at),), clear=_about(site, at)
    )  # fmt: skip


def _attended(site: Site, kind: str = "suitcase") -> Play:
    at = site.spot(1.5, near=0.7)
    person, thing = brought(site, kind, at, down=9.0, leave=False)
    return _play(site, (person, thing), clear=_about(site, at))


def _stays(site: Site, pose: str, *, bench: bool = False) -> Play:
    """One who comes and stays there for the rest of the clip."""
    if bench:
        angle = site.bench.angle
        at, facing = (site.bench.x, site.bench.y), angle - 90
        keys = [Key(-5.0, *site.edge(at)), Key(8.0, *at),
                Key(9.5, *at, pose, facing), Key(FOREVER, *at, pose, facing)]  # fmt: skip
        return _play(site, (someone(site, keys),))
    at = site.spot(1.3, near=0.7)
    keys = errand(site, at, [(pose, 90.0)], arrive=8.0, leave=False, change=1.5)
    return _play(site, (someone(site, keys),), clear=_about(site, at))


def sleeper(site: Site) -> Play:
    """One asleep on the bench, who lies down there, or was there before."""
    bench = site.bench
    a = math.radians(bench.angle)
    pose, facing = "sleep-bench", bench.angle + 90.0
    # Feet are half a body's length from the bench's middle, along it.
    feet = (bench.x + 0.85 * math.cos(a), bench.y + 0.85 * math.sin(a))
    start = site.generator.random() < 0.5
    keys = [Key(-20.0, *feet, pose, facing), Key(FOREVER, *feet, pose, facing)]
    if not start:
        keys = [Key(0.0, *site.edge(feet)), Key(9.0, *feet), Key(11.0, *feet, "sit", facing),
                Key(14.0, *feet, pose, facing), Key(FOREVER, *feet, pose, facing)]  # fmt: skip
    return _play(site, (someone(site, keys, fidget=0.8),))


def _parks(site: Site, kind: str = "car") -> Play:
    g = site.generator
    at = site.spot(3.0)
    angle = float(g.uniform(-30, 30)) + (180.0 if g.random() < 0.5 else 0.0)
    a = math.radians(angle)
    start = (at[0] - 26 * math.cos(a), at[1] - 26 * math.sin(a))
    car = Vehicle(kind, [(4.0, *start), (10.0, *at), (200.0, *at)], shade=shade(g))
    return _play(site, (car,), clear=quad(site, at, 12.0, 3.0, angle))


def _moved(site: Site, kind: str) -> Play:
    """Furniture that stood there and is pushed a metre or two by somebody."""
    g = site.generator
    at = site.spot(2.2, near=0.7)
    a, far = float(g.uniform(0, 2 * math.pi)), float(g.uniform(0.8, 2.2))
    to = (at[0] + far * math.cos(a), at[1] + far * math.sin(a))
    thing = Thing(
        kind, [Stay(-20.0, *at), Stay(14.0, *at), Stay(16.5, *to), Stay(FOREVER, *to)],
        shade=_unlike(site), heading=float(g.uniform(0, 3)),
    )  # fmt: skip
    side = (at[0] - 0.6 * math.cos(a), at[1] - 0.6 * math.sin(a))
    after = (to[0] - 0.6 * math.cos(a), to[1] - 0.6 * math.sin(a))
    comes, leaves = site.edge(at), site.edge(at)
    keys = [Key(4.0, *comes), Key(13.0, *side), Key(14.0, *side, "bend"), Key(16.5, *after),
            Key(17.2, *after), Key(26.0, *leaves)]  # fmt: skip
    return _play(site, (thing, someone(site, keys)), clear=_about(site, at, 2.5))


def _taken(site: Site, kind: str = "suitcase") -> Play:
    """Something that was there from the start and is taken away: what is left is bare ground."""
    at = site.spot(1.4, near=0.7)
    thing = Thing(kind, [Stay(-20.0, *at), Stay(20.0, *at)], shade=_unlike(site))
    keys = errand(site, (at[0] + 0.4, at[1]), [("bend", 1.4)], arrive=19.0)
    return _play(site, (thing, someone(site, keys)), clear=_about(site, at))


def _spot(site: Site, spot: Spot, **changes: object) -> Play:
    x, y = site.spot(1.4, near=0.7)
    placed = replace(spot, x=x, y=y, angle=float(site.generator.uniform(0, 180)), **changes)  # type: ignore[arg-type]
    return _play(site, (), effects=(placed,), clear=_about(site, (x, y)))


def _sign(site: Site) -> Play:
    """A neon sign that starts to blink, and its colour on wet ground."""
    x, y = site.spot(1.0)
    tint = (1.0, 0.15, 0.35)
    pulse = Pulse(9.0, period=1.6, duty=0.6)
    effects = (
        Glow((x - 1.0, y + 0.5, 2.6), (x + 1.0, y + 0.5, 2.6), 0.08, tint, 1.6, pulse=pulse),
        Spot("light", x, y, 3.0, 1.6, 0.0, 0.35, 0.9, pulse=pulse, tint=tint),
        Mirror(x, y + 0.5, 2.6, 0.3, tint=tint, pulse=pulse),
    )
    return _play(site, (), effects=effects)


def _headlights(site: Site) -> Play:
    """The spot of a standing car's headlights, the car itself outside the picture."""
    spot = Spot("light", 0, 0, 3.4, 1.5, amount=0.7, edge=0.8, pulse=Pulse(8.0, 44.0, 0.4, 0.4))
    return _spot(site, spot)


def _litter(site: Site) -> Play:
    g = site.generator
    things = tuple(
        Thing("litter", [Stay(7.0 + 3 * k, x, y), Stay(FOREVER, x, y)], shade=0.5)
        for k in range(3)
        for x, y in [site.spot(1.2)]
    )
    del g
    return _play(site, things)


def _crouch(site: Site) -> Play:
    at = site.spot(1.3, near=0.7)
    doing = [("crouch", 14.0), ("kneel", 12.0), ("shoe", 8.0)]
    return _play(site, (someone(site, errand(site, at, doing, arrive=7.0)),))


def _talk(site: Site) -> Play:
    """Two who meet and talk to the end."""
    at = site.spot(1.5, near=0.7)
    a = errand(site, at, [("stand", 90.0)], arrive=8.0, leave=False, facing=0.0)
    b = errand(site, (at[0] + 0.9, at[1]), [("phone", 90.0)], arrive=9.0, leave=False, facing=180.0)
    return _play(site, (someone(site, a), someone(site, b)))


def _waits(site: Site) -> Play:
    return _play(site, (waits(site, site.spot(1.3, near=0.7), "stand"),))


_PUDDLE = Spot("puddle", 0, 0, 1.3, 0.8, ragged=0.5, pulse=Pulse(8.0, rise=8.0))
_SHADE = Spot("shadow", 0, 0, 1.0, 0.7, amount=0.6, edge=0.3, pulse=Pulse(9.0, rise=1.0))
_GLINT = Spot(
    "glare", 0, 0, 1.0, 0.6, amount=0.35, edge=0.9, ragged=0.4, pulse=Pulse(9.0, rise=1.0)
)
_LAMP = Spot("light", 0, 0, 1.8, 1.5, amount=0.5, edge=0.6, pulse=Pulse(10.0))

_CARRIED = ("suitcase", "bag", "backpack", "box", "sports-bag")
POSITIVE = (
    *(Story(f"{kind}-left", partial(_left, kind=kind)) for kind in _CARRIED),
    Story("suitcase-fetched", _fetched),
)
NEGATIVE = (
    Story("stands", partial(_stays, pose="stand")),
    Story("sits-on-ground", partial(_stays, pose="sit-ground")),
    Story("sits-on-bench", partial(_stays, pose="sit", bench=True)),
    Story("sleeps-on-bench", sleeper),
    Story("parks", _parks, wide=True),
    Story("chair-moved", partial(_moved, kind="chair")),
    Story("table-moved", partial(_moved, kind="table")),
    Story("bin-moved", partial(_moved, kind="bin")),
    Story("shadow", partial(_spot, spot=_SHADE), light="sun"),
    Story("puddle", partial(_spot, spot=_PUDDLE), weather="rain"),
    Story("reflection", partial(_spot, spot=_GLINT), weather="rain"),
    Story("lamp-switched", partial(_spot, spot=_LAMP), light="night"),
    Story("headlights", _headlights, light="night"),
    Story("neon-sign", _sign, light="night"),
    Story("attended", _attended),
    Story("taken-away", _taken),
    Story("crouches", _crouch),
    Story("talks", _talk),
    Story("litter", _litter),
    Story("van-parks", partial(_parks, kind="van"), wide=True),
    Story("waits", _waits),
)
