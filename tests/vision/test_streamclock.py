import random
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.vision import streamclock
from plainview.vision.streamclock import StreamClock, Wall, lower_edge

OFFSET = 1_700_000_000.0
TICK = 1 / 90_000


def play(
    clock: StreamClock, packets: Sequence[tuple[int | None, int | None, float]]
) -> list[streamclock.Stamp]:
    """Stamp (pts, dts, arrival) one after the other."""
    return [clock.stamp(pts, dts, arrival, OFFSET) for pts, dts, arrival in packets]


def camera(
    seconds: float, *, ppm: float = 0.0, rate: float = 10.0, jitter: float = 0.03, seed: int = 1
) -> list[tuple[int, int, float]]:
    """A camera whose clock is off by `ppm`, over a path with a long-tailed delay of at least 0."""
    generator = random.Random(seed)  # noqa: S311 - not a secret
    packets = []
    arrived = 0.0
    for k in range(int(seconds * rate)):
        taken = k / rate
        ticks = round(taken * (1 + ppm * 1e-6) / TICK)
        arrived = max(arrived, taken + generator.expovariate(1 / jitter) if jitter else taken)
        packets.append((ticks, ticks, arrived))
    return packets


@settings(deadline=None)
@given(
    packets=st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-(2**62), 2**62), st.integers(0, 10**7)),
            st.one_of(st.none(), st.integers(-(2**62), 2**62), st.integers(0, 10**7)),
            st.floats(0, 30),
        ),
        max_size=60,
    ),
    own=st.booleans(),
    base=st.sampled_from([TICK, 1e-6, 1.0, 1 / 25]),
)
def test_whatever_comes_is_stamped_not_after_it_came(
    packets: list[tuple[int | None, int | None, float]],
    own: bool,  # noqa: FBT001 - drawn
    base: float,
) -> None:
    """Any time stamps at all.

    No `t` lies after its packet's arrival, none before the stream's start, and no packet counts
    as early.
    """
    clock = StreamClock(base, own=own, not_before=int(OFFSET * 1e6))
    arrival = 0.0
    for pts, dts, wait in packets:
        arrival += wait
        stamp = clock.stamp(pts, dts, arrival, OFFSET)
        assert int(OFFSET * 1e6) <= stamp.t <= round((arrival + OFFSET) * 1e6)
        assert stamp.behind >= 0


@settings(deadline=None)
@given(
    order=st.lists(st.integers(0, 7), min_size=4, max_size=120),
    delays=st.lists(st.floats(0, 3), min_size=120, max_size=120),
)
def test_later_pictures_never_get_earlier_times(order: list[int], delays: list[float]) -> None:
    """Within a stream, however pictures are reordered and delayed, time follows presentation."""
    clock = StreamClock(TICK)
    arrival = 0.0
    stamped = []
    for k, (early, delay) in enumerate(zip(order, delays, strict=False)):
        arrival = max(arrival, k * 0.1 + delay)
        pts = round((k + early) * 0.1 / TICK)
        stamped.append((pts, clock.stamp(pts, round(k * 0.1 / TICK), arrival, OFFSET).t))
    if clock._jumps:
        return  # a delay of more than a second that stays is a jump, with its own rules
    stamped.sort(key=lambda pair: pair[0])
    times = [t for _, t in stamped]
    assert times == sorted(times)


@settings(deadline=None, max_examples=12)
@given(ppm=st.floats(-300, 300), seed=st.integers(0, 99))
def test_drift_is_measured_and_taken_out(ppm: float, seed: int) -> None:
    """After ten minutes the drift is known to 30 ppm, and the time is right to 20 ms.

    Although the two clocks are far apart by then.
    """
    clock = StreamClock(TICK)
    packets = camera(600, ppm=ppm, jitter=0.02, seed=seed)
    stamps = play(clock, packets)
    assert abs(clock.drift_ppm - ppm) < 30
    for k in range(len(stamps) - 300, len(stamps)):
        taken = k / 10 + OFFSET
        assert abs(stamps[k].t / 1e6 - taken) < 0.02


def test_a_wrap_of_33_bits_is_no_jump() -> None:
    """MPEG-TS time stamps that wrap go on as if they had not, reordered ones at the seam too."""
    clock = StreamClock(TICK)
    times = []
    for k in range(40):
        shown = k + (1 if k % 2 == 0 else -1)
        pts = (2**33 - 180_000 + shown * 9000) % 2**33
        dts = (2**33 - 180_000 + (k - 1) * 9000) % 2**33
        times.append((shown, clock.stamp(pts, dts, k * 0.1 + 0.2, OFFSET).t))
    ordered = [t for _, t in sorted(times)]
    assert not clock._jumps
    assert ordered == sorted(ordered)
    steps = [b - a for a, b in pairwise(ordered[4:])]
    assert all(abs(step - 100_000) < 1_000 for step in steps)


def test_a_camera_that_restarts_its_time_goes_on_at_once() -> None:
    """Time stamps that begin again at 0 keep the time right, and nothing becomes late by it."""
    clock = StreamClock(TICK)
    before = camera(30, jitter=0)
    after = [(pts, dts, arrival + 30) for pts, dts, arrival in camera(30, jitter=0)]
    stamps = play(clock, before + after)
    assert all(
        abs(stamp.t / 1e6 - OFFSET - k / 10) < 0.001 and stamp.behind < 0.001
        for k, stamp in enumerate(stamps)
    )


def test_a_leap_of_the_camera_time_is_followed() -> None:
    """Time stamps that leap an hour ahead or a packet later leave the time where it was."""
    clock = StreamClock(TICK)
    packets = camera(60, jitter=0)
    hour = round(3600 / TICK)
    leapt = [
        (pts + hour, dts + hour, arrival) if k > 300 else (pts, dts, arrival)
        for k, (pts, dts, arrival) in enumerate(packets)
    ]
    for k, stamp in enumerate(play(clock, leapt)):
        assert abs(stamp.t / 1e6 - OFFSET - k / 10) < 0.001


def test_a_burst_at_the_start_is_not_late_and_not_lasting() -> None:
    """A server's store of older packets comes at once.

    None is late, and when the store is through the time is right.
    """
    clock = StreamClock(TICK)
    packets = [(p, d, max(a, 3.0)) for p, d, a in camera(20, jitter=0)]
    stamps = play(clock, packets)
    assert all(stamp.behind == 0 for stamp in stamps[:31])
    assert all(abs(s.t / 1e6 - OFFSET - k / 10) < 0.001 for k, s in enumerate(stamps) if k > 31)


def test_a_stall_makes_packets_late_and_a_longer_way_does_not_for_ever() -> None:
    """Packets held up for 4 s are behind by up to 4 s.

    Where the way stays longer, it is the new least delay after some seconds.
    """
    clock = StreamClock(TICK)
    held = [
        (p, d, a if k < 100 else max(a, 14.0)) for k, (p, d, a) in enumerate(camera(60, jitter=0))
    ]
    stamps = play(clock, held)
    assert stamps[101].behind > 3.5
    assert stamps[-1].behind < 0.001
    clock = StreamClock(TICK)
    longer = [(p, d, a if k < 100 else a + 4.0) for k, (p, d, a) in enumerate(camera(60, jitter=0))]
    stamps = play(clock, longer)
    assert stamps[110].behind > 3.5
    assert stamps[-1].behind < 0.001


def test_an_absurd_clock_is_not_used() -> None:
    """A camera whose time runs at three times ours, or at random, is timed by arrival."""
    generator = random.Random(3)  # noqa: S311 - not a secret
    for ticks in (lambda k: k * 27_000, lambda _: generator.randrange(2**33)):
        clock = StreamClock(TICK)
        stamps = [clock.stamp(t, t, k / 10, OFFSET) for k in range(1200) if (t := ticks(k)) >= 0]
        assert not clock.trusted
        assert clock.drift_ppm == 0
        assert abs(stamps[-1].t / 1e6 - OFFSET - 119.9) < 0.001


def test_a_believable_report_tells_the_delay() -> None:
    """A camera that reports its own UTC moves the time by the path's delay.

    One whose clock is off by a day does not.
    """
    for off, moved in ((0.0, 0.3), (86_400.0, 0.0), (-86_400.0, 0.0)):
        clock = StreamClock(TICK)
        packets = [(p, d, a + 0.3) for p, d, a in camera(10, jitter=0)]
        play(clock, packets[:50])
        clock.report(round((OFFSET + off) * 1e6), OFFSET)
        stamps = play(clock, packets[50:])
        assert abs(stamps[-1].t / 1e6 - (OFFSET + 9.9 + 0.3 - moved)) < 0.001


def test_missing_times_are_times_of_arrival() -> None:
    """Without any time stamp a packet is stamped when it came."""
    clock = StreamClock(TICK)
    assert clock.stamp(None, None, 5.0, OFFSET).t == round((5 + OFFSET) * 1e6)
    assert clock.stamp(None, 90_000, 6.0, OFFSET).t == round((6 + OFFSET) * 1e6)


def test_utc_is_followed_at_once_when_far_and_slowly_when_near() -> None:
    """A step of an hour is taken at once, and told when it goes back.

    Half a second is made up for without ever running backwards.
    """
    wall = Wall(0.0, OFFSET)
    assert not wall.update(1.0, OFFSET + 3601)
    assert wall.at(1.0) == round((OFFSET + 3601) * 1e6)
    assert wall.update(2.0, OFFSET + 2)
    assert wall.at(2.0) == round((OFFSET + 2) * 1e6)
    last = wall.at(2.0)
    for k in range(1, 600):
        now = 2 + k * 0.1
        assert not wall.update(now, OFFSET + now - 0.5)
        assert wall.at(now) > last
        last = wall.at(now)
    assert abs(last / 1e6 - (OFFSET + 61.9 - 0.5)) < 0.001


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 300), st.floats(-5, 5)),
        min_size=1,
        max_size=80,
        unique_by=lambda p: p[0],
    )
)
def test_the_edge_lies_under_every_point(points: list[tuple[float, float]]) -> None:
    """No packet can have come faster than the least delay."""
    level, slope = lower_edge(points)
    assert all(delay >= level + slope * moment - 1e-6 for moment, delay in points)
