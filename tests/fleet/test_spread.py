"""Starts behind one switch are spread; others do not wait for them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.fleet.spread import Spread, block_of


@pytest.mark.parametrize(
    ("source", "block"),
    [
        ("rtsp://user:pw@192.0.2.17:554/a?channel=2", "192.0.2.0/24"),
        ("RTSPS://192.0.2.200/b", "192.0.2.0/24"),
        ("http://[2001:db8:1:2::9]/x", "2001:db8:1::/48"),
        ("rtsp://Recorder.example/1", "recorder.example"),
        ("/videos/a.mp4", ""),
        ("/dev/video0", ""),
        ("file:/videos/a.mp4", ""),
        ("rtsp://[broken/1", "?"),
    ],
)
def test_block_of(source: str, block: str) -> None:
    """Neighbours by address share a block; files and devices have none; no credentials in it."""
    assert block_of(source) == block


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 3)), max_size=120),
    st.integers(1, 8),
    st.floats(0.5, 20),
    st.randoms(use_true_random=False),
)
def test_no_window_holds_more_than_the_bucket(
    asked: list[tuple[str, float]], burst: int, rate: float, drawn: random.Random
) -> None:
    """In any window of w seconds at most burst + rate w + 1 starts of one block; none is early."""
    spread = Spread(drawn, rate=rate, burst=burst)
    due: dict[str, list[float]] = {"a": [], "b": []}
    now = 0.0
    for block, wait in asked:
        now += wait if wait > 1 else 0.0
        at = spread.due(block, now)
        assert at >= now
        due[block].append(at)
    for times in due.values():
        times.sort()
        for k, first in enumerate(times):
            for n in range(k, len(times)):
                assert n - k + 1 <= burst + rate * (times[n] - first) + 1 + 1e-6


def test_a_thousand_of_one_block_take_their_time() -> None:
    """1,000 cameras of one /24 come at 20 a second; one of another block does not wait."""
    spread = Spread(random.Random(7))  # noqa: S311 - drawn again the same
    due = [spread.due("192.0.2.0/24", 0.0) for _ in range(1000)]
    assert due[:20] == [0.0] * 20
    assert 48 < max(due) < 50
    assert max(sum(k <= t < k + 1 for t in due) for k in range(1, 50)) <= 21
    assert spread.due("198.51.100.0/24", 0.0) == 0.0
    assert spread.due("", 0.0) == 0.0
    spread.forget(100.0)
    assert spread.due("192.0.2.0/24", 100.0) == 100.0
