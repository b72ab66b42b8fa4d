"""Sightings become events that start, last and end, each once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.record import Event, EventKind, Phase
from plainview.vision.events.detector import LIKELY, Patience, Sighting
from plainview.vision.events.episodes import MOST, Episodes

PATIENCE = Patience(rise=1.0, fall=2.0, reach=2.0)
HERE = Sighting(1.0, 2.0, 0.8, zone=3)


def told(sightings: list[list[Sighting]], patience: Patience = PATIENCE) -> list[Event]:
    """All events of five frames a second."""
    episodes = Episodes(EventKind.FIRE, patience)
    return [event for k, seen in enumerate(sightings) for event in episodes.step(k / 5, seen)]


def test_an_event_starts_once_and_ends_once_at_its_place() -> None:
    """After its rise, and after its fall; both tell the same place, zone and kind."""
    start, end = told([[HERE]] * 20 + [[]] * 20)
    assert (start.phase, end.phase) == (Phase.START, Phase.END)
    assert 1000 <= start.t <= 1200
    assert 5700 <= end.t <= 6000
    assert (start.x, start.y, start.zone) == (end.x, end.y, end.zone) == (10, 20, 3)
    assert start.confidence == 80


def test_what_is_brief_or_unsure_is_no_event() -> None:
    """A flash of sightings, or many that say little, raise nothing."""
    assert told([[HERE]] * 4 + [[]] * 20) == []
    assert told([[HERE._replace(confidence=0.3)]] * 40) == []


def test_what_is_rather_not_there_is_told_only_where_that_is_no_news() -> None:
    """What hardly stands out is less sure; some kinds tell of it once it is as likely as not."""
    dim = HERE._replace(clear=0.6)
    assert [event.confidence for event in told([[dim]] * 10)] == [48]
    likely = PATIENCE._replace(likely=LIKELY)
    assert told([[dim]] * 40 + [[]] * 20, likely) == []
    clearer = [[dim]] * 20 + [[HERE._replace(clear=0.8)]] * 10
    assert [event.confidence for event in told(clearer, likely)] == [50]


def test_what_moves_is_one_event_and_what_is_apart_are_two() -> None:
    """It is met where it was last; another zone is another event."""
    walk = [[HERE._replace(x=0.3 * k)] for k in range(40)]
    assert [event.phase for event in told(walk)] == [Phase.START]
    assert len(told([[HERE, HERE._replace(x=9.0)]] * 10)) == 2
    assert len(told([[HERE, HERE._replace(zone=1)]] * 10)) == 2


def test_a_second_beside_the_first_is_told_of_where_that_matters() -> None:
    """Not at once, for it may be a part of the first; nor where it is as near as parts are."""
    beside = PATIENCE._replace(rise=0.4, apart=1.5)
    second = HERE._replace(x=HERE.x + 1.8)
    both = [[HERE]] * 5 + [[HERE, second]] * 10
    assert [round(event.t / 1000, 1) for event in told(both, beside)] == [0.4, 2.2]
    assert len(told(both)) == 1
    assert len(told([[HERE, HERE._replace(x=HERE.x + 1.2)]] * 15, beside)) == 1
    assert len(told([[HERE._replace(spread=5.0), second]] * 15, beside)) == 1


def test_what_is_long_is_met_again_farther_away() -> None:
    """Each part of a van is the van: two metres farther than its length is another thing."""
    van = HERE._replace(spread=5.0)
    for gap, events in ((6.5, 1), (7.5, 2)):
        assert _starts(told([[van]] * 8 + [[van._replace(x=van.x + gap)]] * 8)) == events


def test_another_is_never_taken_for_the_one_before() -> None:
    """Wherever he is sighted first, and for how long the first is not sighted any more."""
    patience = PATIENCE._replace(rise=0.4, reach=4.0, apart=1.5)
    near = HERE._replace(x=HERE.x + 1.0)
    first, then = [[HERE]] * 5, [[near]] * 10
    others = [[near._replace(another=True)]] * 10
    assert _starts(told(first + then, patience)) == 1
    assert _starts(told(first + others, patience)) == 2


def _starts(events: list[Event]) -> int:
    return sum(event.phase is Phase.START for event in events)


def test_the_end_of_the_stream_ends_what_is_open() -> None:
    """Started events alone are told of."""
    episodes = Episodes(EventKind.FIRE, PATIENCE)
    for k in range(10):
        episodes.step(k / 5, [HERE] if k < 9 else [HERE, HERE._replace(x=50.0)])
    assert [event.phase for event in episodes.finish(2.0)] == [Phase.END]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.floats(-1e7, 1e7), st.floats(0, 1)), max_size=40), max_size=30)
)
def test_however_much_is_sighted_it_is_bounded_and_balanced(
    frames: list[list[tuple[float, float]]],
) -> None:
    """At most so many at once; every end has had its start."""
    episodes = Episodes(EventKind.FIRE, Patience(0.2, 0.4, 1.0))
    events = []
    for k, frame in enumerate(frames):
        events += episodes.step(k / 5, [Sighting(x, 0.0, c) for x, c in frame])
        assert len(episodes._open) <= MOST
    events += episodes.finish(len(frames) / 5)
    starts = [event for event in events if event.phase is Phase.START]
    assert 2 * len(starts) == len(events)
