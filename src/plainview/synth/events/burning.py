"""Scenes about fire: flame and smoke, and the lights, mists and vests that are taken for them."""

import math
from functools import partial

from plainview.geometry import Point
from plainview.synth.events.actor import Actor, Effect
from plainview.synth.events.glow import Glare, Glow, Sunset
from plainview.synth.events.ground import Mirror, Spot
from plainview.synth.events.pulse import Pulse
from plainview.synth.events.site import Site
from plainview.synth.events.story import (
    FOREVER,
    Play,
    Story,
    cleared,
    crosses,
    errand,
    lights_of,
    quad,
    shade,
    someone,
    through,
    watched,
    zone_name,
)  # fmt: skip
from plainview.synth.events.things import Stay, Thing
from plainview.synth.events.truth import Happening
from plainview.synth.events.vehicles import Vehicle, straight
from plainview.synth.events.weather import Fog, Steam
from plainview.synth.flame import Flame
from plainview.synth.smoke import Smoke

KIND = "fire"
SECONDS = 36.0
_NEON = ((1.0, 0.1, 0.25), (0.2, 0.5, 1.0), (1.0, 0.45, 0.05), (0.2, 1.0, 0.35))


def _play(
    site: Site,
    actors: tuple[Actor, ...] = (),
    effects: tuple[Effect, ...] = (),
    *,
    burns: tuple[tuple[float, float | None, Point], ...] = (),
    passers: int | None = None,
) -> Play:
    zones = watched(site, KIND)
    happenings = tuple(Happening(KIND, a, b, at, zone_name(zones)) for a, b, at in burns)
    count = int(site.generator.integers(0, 4)) if passers is None else passers
    place = site
    for _, _, at in burns:
        place = cleared(place, quad(site, at, 2.0, 2.0, 0.0))
    walks = site.passers(count, SECONDS)
    return Play(SECONDS, actors, effects, zones, happenings, walks, place)


def _fire(site: Site, *, metres: tuple[float, float], flame: bool, smoke: bool,
          of: str | None = None) -> Play:  # fmt: skip
    g = site.generator
    at = site.spot(1.4, near=0.8)
    began, across = float(g.uniform(7, 12)), float(g.uniform(*metres))
    seed = int(g.integers(1 << 16))
    actors: list[Actor] = []
    effects: list[Effect] = []
    if of is not None:
        # It burns on the side that the camera sees.
        behind = (at[0], at[1] + 0.5)
        actors.append(Thing(of, [Stay(-20.0, *behind), Stay(FOREVER, *behind)], shade=0.08))
    night = site.conditions.light == "night"
    if flame:
        effects.append(Flame(at, across, began, FOREVER, seed, 0.9 if night else 1.4))
        glow = Pulse(began, rise=3.0)
        tint = (1.0, 0.5, 0.15)
        effects.append(
            Spot("light", *at, 7 * across, 5 * across, 0.0, 0.6 if night else 0.12, 0.95,
                 pulse=glow, tint=tint)
        )  # fmt: skip
    if smoke:
        wind = (float(g.uniform(-0.6, 0.6)), float(g.uniform(-0.3, 0.3)))
        effects.append(
            Smoke(at, across, began, FOREVER, seed + 1, float(g.uniform(0.06, 0.35)),
                  float(g.uniform(1.0, 2.0)), float(g.uniform(0.8, 1.5)), wind)
        )  # fmt: skip
    return _play(site, tuple(actors), tuple(effects), burns=((began, None, at),))


def _car_burns(site: Site) -> Play:
    at = site.spot(3.0, near=0.7)
    g = site.generator
    angle = float(g.uniform(-40, 40))
    car = Vehicle("car", [(-9.0, *at), (200.0, *at)], shade=shade(g), facing=angle)
    a = math.radians(angle)
    # At the hood, on the side that the camera sees.
    hood = (at[0] + 1.3 * math.cos(a), at[1] + 1.3 * math.sin(a) - 1.3)
    effects = (Flame(hood, 1.1, 9.0, FOREVER, 5), Smoke(hood, 1.2, 9.0, FOREVER, 6, 0.06, 2.0))
    return _play(site, (car,), effects, burns=((9.0, None, hood),))


def _headlights(site: Site) -> Play:
    g = site.generator
    vehicles = []
    for k in range(3):
        start, end = through(site, site.spot(2.0), float(g.uniform(0, 360)))
        way = straight(start, end, begin=9.0 * k, speed=float(g.uniform(4, 8)))
        vehicles.append(Vehicle("car", way, shade=shade(g)))
    effects = tuple(effect for one in vehicles for effect in lights_of(one))
    return _play(site, tuple(vehicles), effects, passers=0)


def _brake_lights(site: Site) -> Play:
    """A car that stands with its hazard lights blinking."""
    at = site.spot(3.0)
    car = Vehicle("car", [(-9.0, *at), (200.0, *at)], facing=90.0, shade=0.2)
    pulse, amber = Pulse(6.0, period=0.75), (1.0, 0.45, 0.02)
    effects = tuple(
        Glow(place, place, 0.08, amber, 1.6, pulse=pulse)
        for side in (-0.7, 0.7)
        for place in [(at[0] + side, at[1] - 2.1, 0.7)]
    )
    return _play(site, (car,), effects)


def _signs(site: Site, *, blinking: bool) -> Play:
    g = site.generator
    effects: list[Effect] = []
    for _ in range(3):
        x, y = site.spot(0.8)
        z, half = float(g.uniform(1.8, 3.2)), float(g.uniform(0.4, 1.1))
        tint = _NEON[int(g.integers(len(_NEON)))]
        on = Pulse(float(g.uniform(4, 12)), period=float(g.uniform(0.6, 2.5))) if blinking else (
            Pulse(float(g.uniform(5, 12)))
        )  # fmt: skip
        effects.append(Glow((x - half, y, z), (x + half, y, z), 0.07, tint, 1.5, pulse=on))
        effects.append(Mirror(x, y, z, 0.2, tint=tint, pulse=on))
    return _play(site, (), tuple(effects))


def _beacon(site: Site) -> Play:
    """A works vehicle or an ambulance with its rotating light, standing there."""
    g = site.generator
    at = site.spot(3.2)
    tint = (1.0, 0.5, 0.02) if g.random() < 0.6 else (0.1, 0.25, 1.0)
    van = Vehicle("van", [(-9.0, *at), (200.0, *at)], shade=0.5, facing=float(g.uniform(0, 360)))
    pulse = Pulse(6.0, period=float(g.uniform(0.45, 0.9)), soft=True)
    top = (*at, 2.35)
    effects = (
        Glow(top, top, 0.13, tint, 2.2, 0.12, pulse=pulse),
        Spot("light", *at, 9.0, 7.0, 0.0, 0.25, 0.95, pulse=pulse, tint=tint),
    )
    return _play(site, (van,), effects)


def _sunset(site: Site) -> Play:
    g = site.generator
    effect = Sunset(90.0 + float(g.uniform(-18, 18)), float(g.uniform(2, 9)),
                    float(g.uniform(1.5, 3.0)), Pulse(-20.0, rise=60.0))  # fmt: skip
    return _play(site, (), (effect,))


def _steam(site: Site) -> Play:
    g = site.generator
    x, y = site.spot(1.4, near=0.8)
    wind = (float(g.uniform(-0.5, 0.5)), float(g.uniform(-0.2, 0.2)))
    effects = (
        Steam(x, y, size=float(g.uniform(0.3, 0.6)), wind=wind, seed=int(g.integers(1000)),
              pulse=Pulse(6.0, period=float(g.choice((0.0, 6.0))), duty=0.6)),
    )  # fmt: skip
    return _play(site, (), effects)


def _fog(site: Site) -> Play:
    bank = Fog(float(site.generator.uniform(40, 80)), 0.5, Pulse(5.0, rise=12.0), (0.8, 0.3))
    return _play(site, (), (bank,))


def _vests(site: Site) -> Play:
    """Workers in safety vests who walk about and bend to their work."""
    people = []
    for k in range(3):
        at = site.spot(1.2, near=0.8)
        doing = [("bend", 5.0), ("stand", 4.0), ("crouch", 6.0)]
        people.append(someone(site, errand(site, at, doing, arrive=5.0 + 2 * k), vest=True))
    return _play(site, tuple(people))


def _coloured(site: Site, kind: str) -> Play:
    """A red or orange car or bus that drives through."""
    g = site.generator
    start, end = through(site, site.spot(2.0), float(g.uniform(-30, 30)))
    tint = (1.6, 0.4, 0.06) if g.random() < 0.5 else (1.5, 0.15, 0.1)
    way = straight(start, end, begin=3.0, speed=float(g.uniform(3, 6)))
    return _play(site, (Vehicle(kind, way, shade=0.5, tint=tint),), passers=1)


def _lamp(site: Site) -> Play:
    """A warm lamp that is switched on, with its light on the ground."""
    x, y = site.spot(1.2)
    on, tint = Pulse(9.0, rise=0.6), (1.0, 0.62, 0.25)
    effects = (
        Glow((x, y, 3.4), (x, y, 3.4), 0.14, tint, 3.0, 0.1, on),
        Spot("light", x, y - 0.5, 4.0, 3.2, 0.0, 0.5, 0.95, pulse=on, tint=tint),
    )
    return _play(site, (), effects)


def _screen(site: Site) -> Play:
    """A wall of light that shows changing pictures."""
    g = site.generator
    x, y = site.spot(1.5)
    effects = tuple(
        Glow(
            (x - 1.2 + 0.4 * i, y, 1.6 + 0.35 * j), (x - 0.85 + 0.4 * i, y, 1.6 + 0.35 * j), 0.17,
            tuple(g.uniform(0.1, 1.0, 3)), 0.9, 0.01,
            Pulse(5.0, period=float(g.uniform(0.5, 3.0)), duty=float(g.uniform(0.4, 0.9))),
        )
        for i in range(6)
        for j in range(4)
    )  # fmt: skip
    return _play(site, (), effects)


def _glitter(site: Site) -> Play:
    """Low light that glitters on wet ground."""
    g = site.generator
    spots = []
    for _ in range(14):
        x, y = site.spot(0.8)
        pulse = Pulse(4.0, period=float(g.uniform(0.3, 1.4)), duty=float(g.uniform(0.2, 0.6)))
        spots.append(Spot("glare", x, y, 0.5, 0.2, amount=0.8, pulse=pulse, tint=(1.0, 0.75, 0.4)))
    return _play(site, (), tuple(spots))


def _glare(site: Site) -> Play:
    veil = Glare(0.6, 0.1, 0.4, 0.5, (1.0, 0.8, 0.5), Pulse(8.0, 26.0, 4.0, 4.0))
    return _play(site, (), (veil,))


def _leaf_shadow(site: Site) -> Play:
    x, y = site.spot(1.4)
    return _play(site, (), (Spot("shadow", x, y, 4.0, 3.0, amount=0.5, ragged=0.7, sway=0.5),))


def _smoker(site: Site) -> Play:
    """People who walk through with nothing that burns: red coats, and rain."""
    start, end = through(site, site.spot(1.5), float(site.generator.uniform(0, 360)))
    keys = crosses(site, [start, end], begin=2.0, speed=1.2)
    return _play(site, (someone(site, keys, vest=True),))


POSITIVE = (
    Story("bin-burns", partial(_fire, metres=(0.4, 0.6), flame=True, smoke=True, of="bin")),
    Story("flame", partial(_fire, metres=(0.5, 1.0), flame=True, smoke=False)),
    Story("smoke", partial(_fire, metres=(0.6, 1.2), flame=False, smoke=True)),
    Story("flame-and-smoke", partial(_fire, metres=(0.7, 1.3), flame=True, smoke=True)),
    Story("car-burns", _car_burns, wide=True),
)
NEGATIVE = (
    Story("headlights", _headlights, light="night", wide=True),
    Story("neon", partial(_signs, blinking=False), light="night"),
    Story("blinking-sign", partial(_signs, blinking=True), light="night"),
    Story("beacon", _beacon, wide=True),
    Story("sunset", _sunset, light="dusk"),
    Story("steam", _steam),
    Story("fog", _fog, light="overcast"),
    Story("vests", _vests),
    Story("lamp-switched", _lamp, light="night"),
    Story("screen", _screen, light="night"),
    Story("glitter", _glitter, light="dusk"),
    Story("red-car", partial(_coloured, kind="car"), wide=True),
    Story("red-bus", partial(_coloured, kind="bus"), wide=True),
    Story("hazard-lights", _brake_lights, wide=True),
    Story("glare", _glare, light="sun"),
    Story("leaves-shadow", _leaf_shadow, light="sun"),
    Story("vest-in-rain", _smoker, weather="rain"),
)
