"""Sums of many cameras in arrays are the sums of each."""

from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.readings import columns_of
from plainview.record import Health, Reading
from plainview.store.rollup import Sums, sums
from plainview.store.sheets import Sheet, columns

readings = st.lists(
    st.tuples(
        st.integers(1, 9),
        st.builds(
            lambda frames, count, width, lines, health: Reading(
                1, 1, frames, 0, count, max(count - width, 0), count + width, 0, 1, 1, (), lines,
                health, (),
            ),
            st.integers(0, 2),
            st.integers(0, 1000),
            st.integers(0, 50),
            st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=3).map(tuple),
            st.lists(st.sampled_from(Health), max_size=2, unique=True).map(tuple),
        ),
    ),
    max_size=12,
)  # fmt: skip
Given = list[tuple[int, Reading]]


def sheet(given: Given) -> Sheet:
    """The sums of `given`."""
    made = Sheet()
    if given:
        cameras, found = zip(*given, strict=True)
        made.add(columns(cameras, columns_of(found)))
    return made


def by_camera(given: Given) -> dict[int, Sums]:
    """The same, by what a single camera's sums are."""
    parts: defaultdict[int, list[Reading]] = defaultdict(list)
    for camera, reading in given:
        parts[camera].append(reading)
    return {camera: sums(found) for camera, found in parts.items()}


def held(made: Sheet) -> dict[int, Sums]:
    """The sums in a sheet."""
    rows = made.held(made.cameras)
    found: dict[int, Sums] = {}
    for k, camera in enumerate(rows.cameras.tolist()):
        n, unhealthy, total, low, high = rows.sums[k].tolist()
        peak = None if rows.peaks[k] < 0 else int(rows.peaks[k])
        lines = tuple((f, b) for f, b in rows.crossings[k, : rows.lines[k]].tolist())
        found[camera] = Sums(n, unhealthy, total, low, high, peak, lines, int(rows.health[k]))
    return found


@given(readings, readings)
@settings(max_examples=40)
def test_a_sheet_is_the_sums_of_each_camera(first: Given, then: Given) -> None:
    """However Readings come, one camera's once or several times in a batch."""
    made = sheet(first)
    made.merge(sheet(then))
    assert held(made) == by_camera(first + then)
    again = Sheet()
    again.put(by_camera(first))
    if then:
        cameras, found = zip(*then, strict=True)
        again.add(columns(cameras, columns_of(found)))
    assert held(again) == by_camera(first + then)


@given(readings, readings, readings)
@settings(max_examples=40)
def test_a_part_is_taken_away_from_the_whole(before: Given, lost: Given, since: Given) -> None:
    """Sums found again, less what is written of them, added to what is written: all of it."""
    change = sheet(since)
    change.merge(sheet(before + lost))
    written = sheet(before)
    change.merge(written, -1)
    written.merge(change)
    assert held(written) == by_camera(before + lost + since)


def test_a_sheet_says_which_cameras_it_lacks() -> None:
    """Also those with numbers beyond all that it ever saw."""
    made = sheet([(3, Reading(1, 1, 1, 0, 0, 0, 0, 0, 1, 1, (), (), (), ()))])
    assert made.lacks(np.array([1, 3, 1000])).tolist() == [1, 1000]
