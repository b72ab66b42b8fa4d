"""Scenes about person-down: who falls or lies on the ground and stays, and who does not."""

from functools import partial

from plainview.synth.events.actor import Actor, Effect
from plainview.synth.events.ground import Spot
from plainview.synth.events.left_object import brought, sleeper
from plainview.synth.events.person import Key, Person
from plainview.synth.events.poses import DOWN
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
    watched,
    zone_name,
)  # fmt: skip
from plainview.synth.events.things import Stay, Thing
from plainview.synth.events.truth import Happening

KIND = "person-down"
SECONDS = 40.0


def _play(
    site: Site,
    actors: tuple[Actor, ...],
    *,
    down: tuple[tuple[Person, float, float | None], ...] = (),
    effects: tuple[Effect, ...] = (),
) -> Play:
    """`down`: who lies from when to when."""
    zones = watched(site, KIND)
    happenings = []
    for person, start, end in down:
        at = person.middle(start + 0.1)
        if at is not None:
            place = (round(at[0], 2), round(at[1], 2))
            happenings.append(Happening(KIND, start, end, place, zone_name(zones)))
    spots = [person.middle(start + 0.1) for person, start, _ in down]
    place_of = site
    for spot in spots:
        if spot is not None:
            place_of = cleared(place_of, quad(site, spot, 3.0, 3.0, 0.0))
    walks = site.passers(int(site.generator.integers(0, 3)), SECONDS)
    return Play(SECONDS, actors, effects, zones, tuple(happenings), walks, place_of)


def _fall(
    site: Site, *, stands: float, lasts: float, help_comes: bool = False, rises: float = 0.0
) -> Play:
    """One who walks in, stops for `stands` seconds, falls within `lasts` seconds and stays."""
    g = site.generator
    at = site.spot(1.8, near=0.7)
    pose, facing = str(g.choice(DOWN)), float(g.uniform(0, 360))
    arrive = float(g.uniform(7, 11))
    start = site.edge(at)
    fall = arrive + max(stands, 0.1)
    end = FOREVER if not rises else fall + lasts + rises
    keys = [Key(arrive - 7.0, *start), Key(arrive, *at), Key(fall, *at, "stand", facing),
            Key(fall + lasts, *at, pose, facing), Key(end, *at, pose, facing)]  # fmt: skip
    if rises:
        keys += [Key(end + 2.0, *at, "crouch", facing), Key(end + 3.5, *at, "stand", facing),
                 Key(end + 12.0, *site.edge(at))]  # fmt: skip
    person = someone(site, keys, fidget=0.6)
    actors: list[Actor] = [person]
    if help_comes:
        near = person.middle(fall + lasts + 0.1) or at
        beside = (near[0] + 0.9, near[1] + 0.4)
        doing = [("stand", 2.0), ("kneel", 60.0)]
        keys = errand(site, beside, doing, arrive=fall + 14.0, leave=False)
        actors.append(someone(site, keys))
    return _play(
        site, tuple(actors), down=((person, fall + lasts, None if not rises else end),)
    )  # fmt: skip


def _lies_down(site: Site) -> Play:
    """One who sits down on the ground and then lies down."""
    g = site.generator
    at, facing = site.spot(1.8, near=0.7), float(g.uniform(0, 360))
    keys = [Key(0.5, *site.edge(at)), Key(8.0, *at), Key(9.5, *at, "crouch", facing),
            Key(11.0, *at, "sit-ground", facing), Key(14.0, *at, "sit-ground", facing),
            Key(16.0, *at, "back", facing), Key(FOREVER, *at, "back", facing)]  # fmt: skip
    person = someone(site, keys, fidget=0.6)
    return _play(site, (person,), down=((person, 16.0, None),))


def _does(site: Site, doing: tuple[tuple[str, float], ...], *, leave: bool = True) -> Play:
    at = site.spot(1.4, near=0.7)
    keys = errand(
        site, at, doing, arrive=7.0, leave=leave, facing=float(site.generator.uniform(0, 360))
    )
    return _play(site, (someone(site, keys),))


def _bench(site: Site) -> Play:
    at, facing = (site.bench.x, site.bench.y), site.bench.angle - 90
    keys = [Key(-4.0, *site.edge(at)), Key(8.0, *at), Key(9.4, *at, "sit", facing),
            Key(22.0, *at, "sit-forward", facing), Key(FOREVER, *at, "sit", facing)]  # fmt: skip
    return _play(site, (someone(site, keys),))


def _coat(site: Site) -> Play:
    """A coat that slips from somebody's arm and stays where it fell."""
    g = site.generator
    at = site.spot(1.4, near=0.7)
    comes, goes = site.edge(at), site.edge(at)
    person = someone(site, [Key(2.0, *comes), Key(9.0, *at), Key(17.0, *goes)])
    coat = Thing(
        "coat", [Stay(9.0, *at, 0.9), Stay(9.4, *at), Stay(FOREVER, *at)], shade=shade(g),
        heading=float(g.uniform(0, 6)),
    )  # fmt: skip
    return _play(site, (person, coat))


def _bag(site: Site) -> Play:
    at = site.spot(1.4, near=0.7)
    return _play(site, brought(site, "sports-bag", at, down=9.0))


def _stumbles(site: Site) -> Play:
    """One who falls and is up again within two seconds."""
    g = site.generator
    at, facing = site.spot(1.8, near=0.7), float(g.uniform(0, 360))
    keys = [Key(0.0, *site.edge(at)), Key(8.0, *at), Key(8.7, *at, "front", facing),
            Key(9.6, *at, "front", facing), Key(10.8, *at, "crouch", facing),
            Key(11.8, *at, "stand", facing), Key(20.0, *site.edge(at))]  # fmt: skip
    return _play(site, (someone(site, keys),))


def _spot(site: Site, spot: Spot) -> Play:
    x, y = site.spot(1.4, near=0.7)
    placed = Spot(
        spot.kind, x, y, spot.length, spot.width, float(site.generator.uniform(0, 180)),
        spot.amount, spot.edge, spot.ragged, spot.pulse,
    )  # fmt: skip
    return _play(site, (), effects=(placed,))


def _picnic(site: Site) -> Play:
    at = site.spot(1.6, near=0.7)
    people = tuple(
        someone(
            site,
            errand(site, (at[0] + dx, at[1] + dy), [(pose, 90.0)], arrive=7.0 + k, leave=False),
        )
        for k, (dx, dy, pose) in enumerate(
            ((0, 0, "sit-ground"), (0.9, 0.3, "sit-legs"), (0.3, 0.9, "sit-ground"))
        )
    )
    return _play(site, people)


_STAIN = Spot("puddle", 0, 0, 1.7, 0.5, ragged=0.3, pulse=Pulse(8.0, rise=6.0))
_SHADE = Spot("shadow", 0, 0, 1.8, 0.5, amount=0.6, edge=0.3, pulse=Pulse(9.0, rise=0.8))

POSITIVE = (
    Story("falls-walking", partial(_fall, stands=0.0, lasts=0.7)),
    Story("collapses", partial(_fall, stands=4.0, lasts=1.0)),
    Story("falls-and-is-helped", partial(_fall, stands=1.0, lasts=0.6, help_comes=True)),
    Story("lies-down", _lies_down),
    Story("gets-up-later", partial(_fall, stands=0.0, lasts=0.8, rises=17.0)),
)
NEGATIVE = (
    Story("sits-on-bench", _bench),
    Story("sits-on-ground", partial(_does, doing=(("sit-ground", 90.0),), leave=False)),
    Story("sits-legs-out", partial(_does, doing=(("sit-legs", 90.0),), leave=False)),
    Story("crouches", partial(_does, doing=(("crouch", 16.0),))),
    Story("ties-shoe", partial(_does, doing=(("shoe", 9.0),))),
    Story("kneels", partial(_does, doing=(("kneel", 18.0),))),
    Story("bends", partial(_does, doing=(("bend", 3.0), ("stand", 2.0), ("bend", 4.0)))),
    Story("coat-dropped", _coat),
    Story("bag-left", _bag),
    Story("sleeps-on-bench", sleeper),
    Story("stumbles", _stumbles),
    Story("stands", partial(_does, doing=(("phone", 90.0),), leave=False)),
    Story("shadow", partial(_spot, spot=_SHADE), light="sun"),
    Story("puddle", partial(_spot, spot=_STAIN), weather="rain"),
    Story("picnic", _picnic),
    Story("shake", partial(_does, doing=(("crouch", 6.0),)), weather="wind"),
)
