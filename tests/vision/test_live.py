import random
from fractions import Fraction
from itertools import pairwise

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.vision.feed import Pace
from plainview.vision.live import GROWTH, LONGEST_RETRY, Backoff


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_retries_begin_within_a_second_and_go_on_for_ever(seed: int) -> None:
    """The first attempt comes within 1 s, each later one within 5 s, and none in a tight loop."""
    backoff = Backoff(random.Random(seed))  # noqa: S311 - not a secret
    waits = [backoff.wait() for _ in range(50)]
    assert waits[0] <= 1.0
    assert all(0.3 <= wait <= LONGEST_RETRY for wait in waits)
    assert all(wait >= LONGEST_RETRY * 0.8 for wait in waits[20:])
    assert all(b <= a * GROWTH / 0.8 for a, b in pairwise(waits))
    backoff.reset()
    assert backoff.wait() <= 1.0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.floats(0, 60)), max_size=40))
def test_a_pace_never_waits_long(packets: list[tuple[int, float]]) -> None:
    """Whatever time stamps pieces of a stream carry, no packet is held for more than 30 s."""
    pace = Pace()
    now = 0.0
    for dts, pause in packets:
        now += pause
        packet = av.Packet(b"x")
        packet.dts, packet.time_base = dts, Fraction(1, 90)
        assert 0.0 <= pace.wait(packet, now) <= Pace.MOST


def test_a_piece_of_six_seconds_is_spread_over_six_seconds() -> None:
    """Packets that come at once are let go as their time stamps say."""
    pace = Pace()
    waits = []
    for number in range(60):
        packet = av.Packet(b"x")
        packet.dts, packet.time_base = number * 9000, Fraction(1, 90_000)
        waits.append(pace.wait(packet, 100.0))
    assert waits == pytest.approx([number / 10 for number in range(60)])
