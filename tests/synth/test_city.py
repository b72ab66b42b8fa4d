import statistics
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.bus.local import LocalBus
from plainview.clock import ManualClock
from plainview.errors import BusFull
from plainview.record import CameraStatus, EventKind, Phase, Stamped, decode, encode
from plainview.synth.city.measured import SHARES, courses
from plainview.synth.city.pace import Speaker
from plainview.synth.city.shape import City
from plainview.synth.city.voice import DENSE_FOR, EVENT_LASTS, MINUTE, SELDOM, Voice

CITY = City(700, per_site=60, seed=5)
BASE = 1_700_000_000_000
VOICE = Voice(CITY, BASE)


@given(st.integers(0, CITY.cameras - 1), st.integers(0, 10_000))
def test_what_a_camera_says_is_a_reading_in_its_one_encoding(camera: int, second: int) -> None:
    """Read strictly from its bytes it is the Reading itself, of that camera's own moment."""
    reading, data = VOICE.speak(camera, second)
    assert decode(data) == reading
    assert encode(reading) == data
    assert 0 <= reading.t - BASE - 1000 * second < 1000


def test_the_same_city_says_the_same_whenever_it_is_asked() -> None:
    """Names, moments and words are functions of the seed and of time; of another seed, others."""
    asked = [(camera, second) for second in (70, 3, 69, 4) for camera in range(0, 700, 7)]
    first = [VOICE.speak(*one) for one in asked]
    other = Voice(CITY, BASE)
    assert [other.speak(*one) for one in reversed(asked)] == first[::-1]
    assert [Voice(City(700, per_site=60, seed=6), BASE).speak(*one) for one in asked] != first


def test_a_city_is_drawn_from_all_that_was_measured() -> None:
    """Every scene is there, sparse and full, healthy and not, and a Reading is small."""
    assert set(courses()) == set(SHARES)
    said = [VOICE.speak(camera, camera % 50) for camera in range(CITY.cameras)]
    assert statistics.median(len(data) for _, data in said) <= 128
    assert max(len(data) for _, data in said) <= 4096
    counts = [reading.count / 16 for reading, _ in said]
    assert min(counts) == 0
    assert max(counts) > 10
    assert any(reading.health for reading, _ in said)


def test_every_camera_has_one_site_and_every_site_one_district() -> None:
    """The last site is smaller; whom intake asks, knows all of them."""
    sites = dict(CITY.districts())
    assert len(sites) == CITY.sites == 12
    assert set(CITY.site_of().values()) == set(sites)
    assert list(CITY.site_of()) == VOICE.names


def test_a_watched_square_fills_once_a_minute_and_somebody_lies_there() -> None:
    """Each for so long as it says, and from a second of its own on."""
    for number, camera in enumerate(CITY.probes()):
        said = [VOICE.speak(camera, second)[0] for second in range(2 * MINUTE)]
        full = [k for k, reading in enumerate(said) if reading.count > 5000]
        fills = VOICE.fills(number, 2 * MINUTE)
        assert [k for k in full if k - 1 not in full] == fills
        assert full[:DENSE_FOR] == list(range(fills[0], fills[0] + DENSE_FOR))
        told = [(k, e.kind, e.phase) for k, reading in enumerate(said) for e in reading.events]
        assert told[:2] == [
            (fills[0], EventKind.PERSON_DOWN, Phase.START),
            (fills[0] + EVENT_LASTS, EventKind.PERSON_DOWN, Phase.END),
        ]


def test_events_are_seldom_and_end() -> None:
    """At the other cameras, one in so many seconds; each that started ends."""
    watched = set(CITY.probes())
    events = [
        (camera, second, event.phase)
        for second in range(200)
        for camera in range(CITY.cameras)
        if camera not in watched
        for event in VOICE.speak(camera, second)[0].events
    ]
    started = {(camera, second) for camera, second, phase in events if phase is Phase.START}
    assert 0.2 < len(started) / (200 * CITY.cameras / SELDOM) < 5
    ended = {(camera, second) for camera, second, phase in events if phase is Phase.END}
    assert {(c, s + EVENT_LASTS) for c, s in started if s < 195} == {
        (c, s) for c, s in ended if s >= EVENT_LASTS
    }


class Cramped:
    """A bus with room for seven messages, from which somebody takes five when it has refused."""

    def __init__(self, clock: ManualClock) -> None:
        """Empty."""
        self.bus = LocalBus(7, clock=clock)
        self.heard: list[Stamped] = []

    def publish(self, camera: str, message: Stamped | CameraStatus) -> None:
        """As the bus does."""
        try:
            self.bus.publish(camera, message)
        except BusFull:
            self.take(5)
            raise

    def publish_many(self, cameras: Sequence[str], data: Sequence[bytes]) -> int:
        """As the bus does."""
        taken = self.bus.publish_many(cameras, data)
        if taken < len(data):
            self.take(5)
        return taken

    def take(self, most: int) -> None:
        """Hear what there is."""
        got = self.bus.take(most, 0.0)
        self.heard += [d.message for d in got if isinstance(d.message, Stamped)]
        self.bus.acknowledge(got)


@pytest.mark.parametrize("encoded", [True, False])
def test_where_the_bus_is_full_the_city_waits_and_loses_nothing(*, encoded: bool) -> None:
    """Every camera speaks once a second, in its own moment, also through a bus that is small."""
    city = City(50, per_site=10)
    clock = ManualClock(BASE / 1000)
    mouth = Cramped(clock)
    speaker = Speaker(Voice(city, BASE), mouth, clock, encoded=encoded)
    speaker.run(3, threading.Event())
    mouth.take(100)
    heard = mouth.heard
    assert 0 < speaker.held_back <= mouth.bus.stats().refused
    assert speaker.offered == len(heard) == 150
    voice = Voice(city, BASE)
    said = {voice.speak(camera, second)[1] for camera in range(50) for second in range(3)}
    assert {encode(one.reading) for one in heard} == said
    assert len({(one.camera, one.reading.t) for one in heard}) == 150
    assert {one.data for one in heard} == (said if encoded else {b""})


def test_many_cameras_say_what_each_would_say() -> None:
    """Those that are watched, and those at which something happens, among them."""
    for second in (0, 3, 7):
        each = [VOICE.speak(camera, second)[1] for camera in range(CITY.cameras)]
        assert VOICE.speak_many(range(CITY.cameras), second) == each
