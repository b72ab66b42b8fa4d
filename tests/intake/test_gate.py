from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from plainview.bus import Deliveries, Delivery
from plainview.clock import ManualClock
from plainview.intake.gate import AHEAD, Gate, Refusal, Rules
from plainview.intake.steps import DOUBT, ClockWatch
from plainview.readings import gathered
from plainview.record import (
    CameraStatus,
    Event,
    EventKind,
    LensState,
    Phase,
    Reading,
    Stamped,
    encode,
)
from plainview.rosters import Repeated, Roster, Rosters

KEEPS = 3600.0
SITES = {"a1": "a", "a2": "a", "b1": "b"}


def at(t: float, camera: str = "a1", *, fence: int = 0, site: str | None = None) -> Delivery:
    """A Reading of `camera` at `t`, UTC seconds, as a bus of the city brings it."""
    reading = Reading(int(t * 1000), 1000, 5, 0, 16, 0, 32, 8, 1, 10, (), (), (), ())
    return Delivery(1, camera, Stamped(camera, reading, fence, encode(reading)), site)


def said(t: float, camera: str = "a1", *, fence: int = 0, site: str | None = None) -> Delivery:
    """A status, likewise."""
    status = CameraStatus(int(t * 1000), LensState.RUNNING, True, True, 0, 0, 0, 0)  # noqa: FBT003 - positional record
    return Delivery(1, camera, status, site, fence)


def refused(gate: Gate, *deliveries: Delivery) -> list[Refusal]:
    """Why each one of them is, in their order of reasons."""
    return sorted(gate.sift(deliveries).refused.elements())


@pytest.fixture
def clock() -> ManualClock:
    """Time that the test moves."""
    return ManualClock()


@pytest.fixture
def gate(clock: ManualClock) -> Gate:
    """A gate for two sites; camera b1 is at its third placement."""
    return Gate(ClockWatch(clock), Rules(SITES.get, {"b1": 3}, lambda: KEEPS))


def test_a_site_speaks_for_its_own_cameras_only(gate: Gate, clock: ManualClock) -> None:
    """Whatever a stolen key signs, no other site's camera is touched by it: nor is its fence."""
    now = clock.utc()
    forged = [
        at(now, "b1", site="a", fence=9),
        at(now, "nowhere", site="a"),
        said(now, "b1", site="a", fence=9),
    ]
    assert refused(gate, *forged) == [Refusal.FOREIGN] * 3
    own = [at(now, "a1", site="a"), at(now, "b1", site="b", fence=3), at(now, "a2")]
    sifted = gate.sift(own)
    assert [one.camera for one in sifted.readings] == ["a1", "b1", "a2"]
    assert not sifted.refused


def test_whole_batches_are_judged_by_their_rosters(gate: Gate, clock: ManualClock) -> None:
    """As their Readings one by one would be: a batch of another site's is refused, each time."""
    now = clock.utc()
    own, other, mixed = Roster(("a1", "a2")), Roster(("b1",)), Roster(("a1", "b1"))
    for _ in range(2):
        for rosters, sites, wrong in [
            ([own], ["a"], []),
            ([own, own], ["a", "a"], []),
            ([own, other], ["a", "b"], []),
            ([own, other], ["a", "a"], ["b1"]),
            ([own], ["b"], ["a1", "a2"]),
            ([mixed], ["a"], ["b1"]),
            ([mixed], ["b"], ["a1"]),
            ([own, mixed], ["a", "a"], ["b1"]),
            ([Roster(("nowhere",))], ["a"], ["nowhere"]),
        ]:
            names = Rosters(rosters)
            given = [at(now, name, fence=3 if name == "b1" else 0) for name in names]
            readings = gathered([cast("Stamped", one.message) for one in given])
            readings.cameras = names
            counts = [*map(len, rosters)]
            sifted = gate.sift(Deliveries(np.arange(len(names)), readings, Repeated(sites, counts)))
            assert sifted.refused == ({Refusal.FOREIGN: len(wrong)} if wrong else {})
            passed = [one.camera for one in sifted.readings]
            assert passed == [name for name in names if name not in wrong]


def test_a_lens_that_was_replaced_is_not_heard(gate: Gate, clock: ManualClock) -> None:
    """Under a lower token than was granted or seen nothing is stored: no Reading and no status."""
    now = clock.utc()
    assert refused(gate, at(now, "b1", fence=2), said(now, "b1", fence=2)) == [Refusal.FENCED] * 2
    sifted = gate.sift([at(now, "b1", fence=5), at(now, "b1", fence=4), at(now, "b1", fence=5)])
    assert [one.fence for one in sifted.readings] == [5, 5]
    assert sifted.examples == {Refusal.FENCED: ("b1", "placement 4, but 5 is in force")}


def test_a_time_that_cannot_be_is_refused(gate: Gate, clock: ManualClock) -> None:
    """From the future or past its term, by its own time or an event's: counted, by its camera."""
    now = clock.utc()
    event = Event(EventKind.FIRE, Phase.START, int((now + 90) * 1000), 0, 0, -1, 90)
    told = at(now).message
    assert isinstance(told, Stamped)
    happening = structs.replace(told.reading, events=(event,))
    ahead = structs.replace(told, reading=happening, data=encode(happening))
    wrong = [at(now + AHEAD + 1), said(now + 90), Delivery(1, "a1", ahead), at(now - KEEPS)]
    assert refused(gate, *wrong) == [Refusal.AHEAD] * 3 + [Refusal.EXPIRED]
    right = [at(now + AHEAD), at(now - KEEPS + 0.001), said(now - 10 * KEEPS)]
    assert refused(gate, *right) == []


@pytest.mark.parametrize("step", [86_400.0, -86_400.0])
def test_our_own_clock_that_was_set_refuses_nothing_for_a_while(
    gate: Gate, clock: ManualClock, step: float
) -> None:
    """Whether it was right before or is right now: what either calls the present is stored."""
    before = clock.utc()
    clock.step(step)
    assert refused(gate, at(before), at(before + step)) == []
    clock.advance(DOUBT)
    gate.sift(())
    now = clock.utc()
    assert refused(gate, at(now), at(now - step)) == [
        Refusal.AHEAD if step < 0 else Refusal.EXPIRED
    ]


def test_what_comes_without_its_encoding_is_read_as_strictly_as_bytes(
    gate: Gate, clock: ManualClock
) -> None:
    """The good ones get theirs; those that are none, or of another camera, are refused."""
    good = at(clock.utc()).message
    assert isinstance(good, Stamped)
    bare = structs.replace(good, data=b"")
    spoilt = structs.replace(bare, reading=structs.replace(bare.reading, noise=b"a face"))
    sifted = gate.sift(
        [Delivery(1, "a1", bare), Delivery(2, "a1", spoilt), Delivery(3, "b1", bare)]
    )
    assert sifted.readings == [good]
    assert sifted.refused == {Refusal.MALFORMED: 2}


@given(st.lists(st.integers(0, 5), max_size=30))
def test_a_camera_never_goes_back_to_an_older_lens(tokens: list[int]) -> None:
    """However the messages of several lenses mix, what is let through never falls in its token."""
    clock = ManualClock()
    gate = Gate(ClockWatch(clock), Rules())
    let = gate.sift([at(clock.utc(), fence=token) for token in tokens])
    passed = [one.fence for one in let.readings]
    assert passed == sorted(passed)
    assert len(passed) + let.refused[Refusal.FENCED] == len(tokens)
