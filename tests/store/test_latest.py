"""The newest Reading of each camera, whatever batches they came in."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.clock import ManualClock
from plainview.record import Reading, encode
from plainview.store.pg.latest import Latest

MANY = 40
"""More batches than are held whole."""
batches = st.lists(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=6),
                   min_size=MANY, max_size=MANY + 8)  # fmt: skip


def reading(t: int, count: int) -> Reading:
    """A Reading that can be told from others of its time."""
    return Reading(t, 1000, 5, 0, count, 0, count, 0, 1, 1, (), (), (), ())


@given(batches)
@settings(max_examples=30, deadline=None)
def test_the_newest_is_what_came_last_of_the_latest_time(
    given: list[list[tuple[int, int]]],
) -> None:
    """However long ago its batch was; where it lies in the future, what comes counts as newer."""
    latest = Latest(ManualClock(utc=0.0))
    newest: dict[int, Reading] = {}
    number = 0
    for batch in given:
        said = []
        for camera, t in batch:
            number += 1
            one = reading(100_000 * (t == 9) + t, number)
            said.append((camera, one))
            known = newest.get(camera)
            if known is None or one.t >= known.t or known.t > 60_000:
                newest[camera] = one
        latest.see(
            np.array([camera for camera, _ in said], np.int64),
            np.array([one.t for _, one in said], np.int64),
            [encode(one) for _, one in said],
        )
    assert {camera: latest.get(camera) for camera in newest} == newest
    assert all(latest.get(camera) is None for camera in range(9) if camera not in newest)
    cameras, times = latest.times_of(np.arange(9))
    assert dict(zip(cameras.tolist(), times.tolist(), strict=True)) == {
        camera: one.t for camera, one in newest.items()
    }
