"""Hours read beside whoever writes: the same as the writer sees, and never what is not final."""

from pathlib import Path

import pytest
from tests.app.published import HOUR, START, reading

from plainview.errors import ConfigError, StoreError
from plainview.record import COUNT_STEP, CROSSING_STEP
from plainview.store import RollUp, open_store
from plainview.store.hours import hour_sums
from plainview.store.rollup import Sums


def shown(camera: str, start: int, part: Sums) -> RollUp:
    """The healthy hour that adds up to `part`, in people, as the store shows it."""
    sums = (part.low, part.total, part.high)
    low, mean, high = (whole * COUNT_STEP / part.readings for whole in sums)
    assert part.peak is not None
    crossings = tuple((f * CROSSING_STEP, b * CROSSING_STEP) for f, b in part.crossings)
    peak = part.peak * COUNT_STEP
    return RollUp(
        camera, start, part.readings, part.unhealthy, mean, low, high, peak, crossings, ()
    )


def test_hours_are_read_while_another_writes_and_only_when_they_are_final(tmp_path: Path) -> None:
    """Beside an open store; late Readings make an hour wait, and only that one."""
    url = f"sqlite:{tmp_path / 'plainview.db'}"
    with pytest.raises(StoreError, match="no store here"):
        hour_sums(url, ["north"], 0, 1)
    with pytest.raises(ConfigError, match="Use sqlite:PATH"):
        hour_sums("mysql://example", ["north"], 0, 1)
    store = open_store(url)
    try:
        store.append([reading("north", hour, k, 3.0) for hour in range(2) for k in range(6)])
        with pytest.raises(StoreError, match="not summed up yet"):
            hour_sums(url, ["north"], START, START + 2 * HOUR)
        store.roll_up(START + 2 * HOUR)
        found = hour_sums(url, ["north", "nobody"], START, START + HOUR)
        assert list(found) == ["north"]
        assert [shown("north", start, part) for start, part in found["north"].items()] == (
            store.roll_ups("north", "hour", START, START + HOUR)
        )
        store.append([reading("north", 3, 0, 3.0)])
        assert hour_sums(url, ["north"], START, START + 2 * HOUR)["north"].keys() == {
            START,
            START + HOUR,
        }
        with pytest.raises(StoreError, match="not summed up yet"):
            hour_sums(url, ["north"], START, START + 4 * HOUR)
    finally:
        store.close()
