"""Uptime of a day, from hours where they are over and from minutes where they are not."""

import random
from pathlib import Path

import pytest

from plainview.app.uptime import uptimes
from plainview.record import Reading, Stamped
from plainview.store import Retention, open_store
from plainview.store.rollup import HOUR, MINUTE

DAY = 20_000 * 24 * HOUR
END = DAY + 3 * HOUR + 20 * MINUTE
EVERY = 20.0
BEGINS = {
    "since-midnight": DAY,
    "within-an-hour": DAY + HOUR + 17 * MINUTE + 7_000,
    "on-the-hour": DAY + 2 * HOUR,
    "this-hour": DAY + 3 * HOUR + 4 * MINUTE,
    "silent": DAY,
    "just-now": END - MINUTE,
}


def test_a_camera_was_up_for_as_long_as_it_measured(tmp_path: Path) -> None:
    """Its healthy Readings since it is there, wherever they were added up; nobody else's."""
    chance = random.Random(1)  # noqa: S311 - which Readings are missing
    store = open_store(f"sqlite:{tmp_path}/store.db", Retention(1e9, 1e9, 1e9))
    times = {
        name: [t for t in range(DAY - HOUR + 1000, END - MINUTE, 20_000) if chance.random() < 0.8]
        for name in BEGINS
        if name != "silent"
    }
    said = sorted((t, name) for name, spoken in times.items() for t in spoken)
    readings = [
        Stamped(name, Reading(t, 20_000, 5, 0, 16, 16, 16, 8, 1, 40, (), (), (), ()))
        for t, name in said
    ]
    store.append(readings)
    store.roll_up(END)
    found = uptimes(store, BEGINS, dict.fromkeys(BEGINS, EVERY), END)
    store.close()
    assert found.pop("silent") == 0.0
    assert found.keys() == BEGINS.keys() - {"silent", "just-now"}
    for name, share in found.items():
        since = BEGINS[name] // MINUTE * MINUTE
        many = sum(t > since for t in times[name])
        assert share == pytest.approx(many * EVERY * 1000 / (END - BEGINS[name] - MINUTE)), name
        assert 0.7 < share < 0.95
