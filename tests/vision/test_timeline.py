"""A stream's time: steady, thinned and cut, whatever the container says."""

import itertools
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from plainview.vision.timeline import Intervals, Pace, Timeline

TIMES = st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**11)), min_size=1, max_size=60)


@given(TIMES)
def test_clip_time_never_runs_back(times: list[int | None]) -> None:
    """Whatever presentation times a container gives, a clip's time is steady and starts near 0."""
    timeline = Timeline(live=False)
    placed = [timeline.place(t) for t in times]
    assert all(a <= b for a, b in itertools.pairwise(placed))
    assert all(b - a <= 600 for a, b in itertools.pairwise(placed))
    assert 0 <= placed[0] <= 600


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60, unique=True))
def test_good_times_are_kept(steps: list[int]) -> None:
    """Times that grow by less than a leap are not touched."""
    times = sorted(steps)
    timeline = Timeline(live=False)
    assert [timeline.place(t) for t in times] == [t / 1e6 for t in times]


def test_missing_times_follow_the_stream_s_own_step() -> None:
    """Frames without a time follow at the distance that the stream has shown."""
    timeline = Timeline(live=False)
    assert [timeline.place(t) for t in (0, 100_000, None, None)] == [0, 0.1, 0.2, 0.1 * 3]


def test_live_time_is_the_tap_s() -> None:
    """Live, the tap keeps the clock: its times pass even when the clock is set back."""
    timeline = Timeline(live=True)
    assert [timeline.place(t) for t in (10**15, 10**15 - 10**9)] == [1e9, 1e9 - 1000]


@given(st.lists(st.integers(0, 600_000), min_size=1, max_size=40), st.sampled_from([0.1, 1.0, 7.5]))
def test_clip_intervals_are_told_once_and_in_order(times: list[int], every: float) -> None:
    """Every interval of a clip is told exactly once, whatever the steps between frames are."""
    intervals = Intervals(every, live=False)
    ends = [end for t in sorted(times) for end in intervals.until(t / 1000)]
    span = round(every * 1000)
    assert ends == list(range(span, max(times) + 1, span))


@given(st.integers(0, 20_000))
def test_clip_s_rest_is_told_from_half_an_interval(length: int) -> None:
    """The last, partial interval counts only if it is at least half an interval long."""
    intervals = Intervals(1.0, live=False)
    list(intervals.until(length / 1000))
    partial = length % 1000
    assert intervals.rest(length / 1000) == ((length, partial) if partial >= 500 else None)


@given(st.lists(st.floats(1e9, 1e9 + 1e6), min_size=1, max_size=40))
def test_live_intervals_are_utc_and_bounded(times: list[float]) -> None:
    """Live intervals end on multiples of their length; silence or a step never floods."""
    intervals = Intervals(1.0, live=True)
    for t in times:
        ends = list(intervals.until(t))
        assert len(ends) <= Intervals.MOST_AT_ONCE
        assert all(end % 1000 == 0 and end <= t * 1000 + 1 for end in ends)


def test_live_intervals_go_on_behind_those_told_before() -> None:
    """A restarted lens does not tell an interval again that the one before it told."""
    intervals = Intervals(1.0, live=True, since=1_000_005_000)
    assert list(intervals.until(1_000_004.2)) == []
    assert list(intervals.until(1_000_006.1)) == [1_000_006_000]
    old = Intervals(1.0, live=True, since=900_000_000)
    assert list(old.until(1_000_004.2)) == []
    assert list(old.until(1_000_005.1)) == [1_000_005_000]


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=80, unique=True),
    st.randoms(use_true_random=False),
    st.sampled_from([1.0, 5.0, 12.5]),
)
def test_pace_drops_only_what_it_would_not_want(
    times: list[int], random: Random, rate: float
) -> None:
    """Whatever packets are told unneeded, in any decoding order, about the first frame is left."""
    decoding = [t / 25 for t in times]
    random.shuffle(decoding)
    planned, full = Pace(rate), Pace(rate)
    dropped = {t for t in decoding if not planned.may_want(t)}
    presented = sorted(decoding)
    wanted = [t for t in presented if full.wants(t)]
    kept = [t for t in presented if t not in dropped and planned.wants(t)]
    assert len(kept) == len(wanted)
    assert all(0 <= b - a < 0.25 / rate for a, b in zip(wanted, kept, strict=True))
    if decoding == presented:
        assert kept == wanted


def test_pace_leaves_out_what_leans_on_a_frame_that_comes_soon() -> None:
    """A B-frame just before the frame that it leans on is not needed; one well before it is."""
    pace = Pace(5)
    assert [pace.may_want(t) for t in (0.24, 0.20)] == [True, False]
    assert [pace.may_want(t) for t in (0.52, 0.44, 0.40, 0.48)] == [True, True, False, False]
    assert pace.may_want(0.44), "two fields of one frame"


def test_pace_keeps_the_rate() -> None:
    """Five of 25 frames a second are wanted, evenly; after a clock that is set back, again."""
    pace = Pace(5)
    wanted = [k for k in range(100) if pace.wants(1000 + k / 25)]
    assert wanted == list(range(0, 100, 5))
    assert pace.wants(10.0)
    assert not pace.wants(10.04)
