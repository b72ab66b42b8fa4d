"""What SQLite's writer adds up in memory is what the file would say."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.test_store import MINUTE, NOON, one

from plainview.store import Retention, lately
from plainview.store.sqlite import SqliteStore

FOREVER = Retention(readings=1e9, minutes=1e9, hours=1e9)
readings = st.tuples(st.sampled_from("abcd"), st.integers(1, 9), st.integers(0, 5))
steps = st.lists(
    st.one_of(st.lists(readings, min_size=1, max_size=12), st.sampled_from(["roll", "open"])),
    max_size=10,
)


def sums(store: SqliteStore) -> list[object]:
    """Every roll-up there is."""
    return [
        part
        for camera in "abcd"
        for resolution in ("minute", "hour")
        for part in store.roll_ups(camera, resolution, 0, NOON * 2)
    ]


@given(steps, st.sampled_from([2, 5000]))
@settings(max_examples=20, deadline=None)
def test_sums_in_memory_are_those_of_the_readings(
    tmp_path_factory: pytest.TempPathFactory, steps: list[list[tuple[str, int, int]] | str],
    large: int,
) -> None:  # fmt: skip
    """Whatever comes late, twice, or before a new start."""
    path = tmp_path_factory.mktemp("store") / "readings.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lately, "LARGE", large)
        store = SqliteStore(path, FOREVER)
        try:
            for step in steps:
                if step == "roll":
                    store.roll_up(NOON + 3 * MINUTE)
                elif step == "open":
                    store.close()
                    store = SqliteStore(path, FOREVER)
                elif not isinstance(step, str):
                    store.append([one(c, NOON + 30_000 * t, n) for c, t, n in step])
            store.roll_up(NOON + 60 * MINUTE)
            found = sums(store)
            store.recompute()
            assert found == sums(store)
        finally:
            store.close()


def test_a_large_minute_is_written_when_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not three times while it runs; a small one is."""
    monkeypatch.setattr(lately, "LARGE", 2)
    with closing(SqliteStore(tmp_path / "readings.db", FOREVER)) as store:
        store.append([one("a", NOON + 1000), one("b", NOON + 1000)])
        assert store.roll_up(NOON + 30_000) == 0
        store.append([one("a", NOON + MINUTE + 1000)])
        assert store.roll_up(NOON + MINUTE + 1500) == 6
        assert store.roll_up(NOON + 2 * MINUTE) == 0


def test_a_large_minute_that_still_runs_is_written_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever closes the store leaves no Readings that no minute tells of."""
    monkeypatch.setattr(lately, "LARGE", 2)
    path = tmp_path / "readings.db"
    with closing(SqliteStore(path, FOREVER)) as store:
        store.append([one(camera, NOON + 1000, 2) for camera in "abcd"])
        store.roll_up(NOON + 2000)
        assert sums(store) == []
    with closing(SqliteStore(path, FOREVER)) as store:
        assert len(sums(store)) == 8
