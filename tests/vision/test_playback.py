"""A played file's time goes on steadily, whatever happens to its player or its writer."""

from hypothesis import given
from hypothesis import strategies as st

from plainview.vision.playback import BURST, Playback

STEP = 125_000
"""Microseconds from one packet to the next, all through: eight frames a second."""


def _round(playback: Playback, now: float, frames: int) -> list[tuple[int, float]]:
    """All that one round gives when it is read at `now`, with a key frame a second."""
    found = [playback.place(k * STEP, key=k % 8 == 0, waited=0.0, now=now) for k in range(frames)]
    return [item for item in found if item is not None]


def test_rounds_follow_each_other_without_a_seam() -> None:
    """From the last packet of one round to the first of the next is one step."""
    playback = Playback(100.0)
    times = []
    for _ in range(3):
        times += _round(playback, 100.0, 16)
        assert playback.over(100.0)
    assert [t for t, _ in times] == [k * STEP for k in range(48)]
    assert [wait for _, wait in times] == [k / 8 for k in range(48)]


@given(late=st.floats(0, 100_000), frames=st.integers(9, 200))
def test_a_player_that_starts_late_is_where_it_would_be(late: float, frames: int) -> None:
    """It begins less than BURST behind, with a key frame or a round's start, within two rounds."""
    playback = Playback(0.0)
    for _ in range(3):
        found = _round(playback, late, frames)
        if found:
            break
        assert playback.over(late)
    first, wait = found[0]
    assert first / 1e6 >= late - BURST - 1e-6
    assert abs(max(0.0, first / 1e6 - late) - wait) < 1e-6
    assert first // STEP % frames % 8 == 0
    assert wait <= frames / 8 + 1


def test_time_goes_on_while_the_writer_is_slower() -> None:
    """A packet that was waited for is due when it came, and those after it a step later each."""
    playback = Playback(0.0)
    assert playback.place(0, key=True, waited=0.0, now=0.0) == (0, 0.0)
    assert playback.place(STEP, key=False, waited=3.0, now=3.125) == (3_125_000, 0.0)
    t, wait = playback.place(2 * STEP, key=False, waited=3.0, now=3.125) or (0, 0.0)
    assert (t, wait) == (3_250_000, 0.125)
    playback.place(3 * STEP, key=False, waited=3.1, now=3.3)
    t, _ = playback.place(4 * STEP, key=False, waited=3.1, now=3.3) or (0, 0.0)
    assert t == 3_500_000


def test_packets_without_a_time_and_files_without_packets() -> None:
    """A packet that has no time keeps the last one's; a round of nothing is told."""
    playback = Playback(0.0)
    assert not playback.over(0.0)
    assert playback.place(None, key=False, waited=0.0, now=0.5) == (0, 0.0)
    assert playback.over(0.5)
    assert playback.place(None, key=False, waited=0.0, now=0.5) == (1_000_000, 0.5)
