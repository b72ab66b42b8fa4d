import doctest
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview import record
from plainview.errors import ReadingRefused
from plainview.geometry import MAX_CELLS, Grid
from plainview.record import Cell, Event, EventKind, Health, Phase, Reading


def reading(**changes: object) -> Reading:
    """A healthy Reading of an empty scene, with `changes`."""
    fields: dict[str, Any] = {
        "t": 1_700_000_000_000,
        "span": 1000,
        "frames": 5,
        "dropped": 0,
        "count": 0,
        "low": 0,
        "high": 16,
        "noise": 8,
        "coarse": 1,
        "nx": 10,
        "cells": (),
        "crossings": (),
        "health": (),
        "events": (),
    }
    return Reading(**(fields | changes))


WORST_EVENT = Event(
    EventKind.CROWD_MOVEMENT, Phase.START, 10_000_000_000_000, -1_000_000, -1_000_000, 254, 100
)
"""No event takes more bytes."""

worst_head = {
    "t": 10_000_000_000_000,
    "span": 3_600_000,
    "frames": 1_000_000,
    "dropped": 1_000_000,
    "count": 16_000_000,
    "low": 16_000_000,
    "high": 16_000_000,
    "noise": 65_535,
    "crossings": ((6_400_000, 6_400_000),) * 32,
    "health": tuple(Health),
    "events": (WORST_EVENT,) * 32,
}

velocity = st.floats(-70, 70)
density = st.floats(0, 45)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[tuple[int, int], list[Cell]]:
    """A grid's shape and non-empty cells of it, row-major: sparse to brim-full."""
    nx = draw(st.integers(1, 60))
    ny = draw(st.integers(1, 60))
    share = draw(st.sampled_from((0.01, 0.2, 1.0)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    top = draw(st.sampled_from((0.05, 1.0, 8.0, 40.0)))
    places = np.flatnonzero(rng.random(nx * ny) < share)
    values = rng.random((len(places), 4))
    return (nx, ny), [
        Cell(int(p % nx), int(p // nx), d * top, (vx - 0.5) * 6, (vy - 0.5) * 6, s * 4)
        for p, (d, vx, vy, s) in zip(places, values.tolist(), strict=True)
    ]


def people(cells: list[Cell], cell_area: float = 1.0) -> float:
    """People in `cells` of `cell_area` m²."""
    return sum(cell.density for cell in cells) * cell_area


@given(scenes())
@settings(max_examples=60, deadline=None)
def test_any_scene_fits_in_4096_bytes(scene: tuple[tuple[int, int], list[Cell]]) -> None:
    """Whatever the scene holds, its Reading is at most 4,096 bytes, is one, and keeps the people.

    With 32 lines, 32 events and every flag raised beside it.
    """
    shape, cells = scene
    data = record.fit_cells(reading(**worst_head), cells, shape)
    assert len(data) <= record.MAX_BYTES_PER_SECOND
    sent = record.decode(data, shape=shape)
    joined = record.coarsen(cells, shape, sent.coarse)
    area = float(sent.coarse**2)
    half_a_step = record.DENSITY_STEP / 2 * area
    assert people(record.unpack_cells(sent), area) == pytest.approx(
        people(joined, area), abs=half_a_step + 1e-6
    )


def test_the_longest_strip_fits_when_full() -> None:
    """The largest grid that geometry allows, joined least by coarsening, fits when all is full."""
    shape = nx, ny = MAX_CELLS, 1
    cells = [
        Cell(ix, iy, 40.0, -63.9, 63.9, 1000.0 + (ix + iy) % 20)
        for iy in range(ny)
        for ix in range(nx)
    ]
    data = record.fit_cells(reading(**worst_head), cells, shape)
    assert len(data) <= record.MAX_BYTES_PER_SECOND
    assert record.decode(data, shape=shape).coarse > 1


@pytest.mark.parametrize("places", [(0,), (MAX_CELLS - 1,), (0, MAX_CELLS - 1)])
def test_far_apart_cells_of_a_large_grid(places: tuple[int, ...]) -> None:
    """Two people at opposite ends of the largest grid are sent and read back at their places."""
    cells = [Cell(p % 500, p // 500, 1.0, 0.0, 0.0, 0.0) for p in places]
    sent = record.decode(record.fit_cells(reading(), cells, (500, 400)), shape=(500, 400))
    assert record.unpack_cells(sent) == cells


@given(scenes())
@settings(max_examples=60, deadline=None)
def test_packing_keeps_every_number_within_its_step(
    scene: tuple[tuple[int, int], list[Cell]],
) -> None:
    """Velocity and variance come back within half a step, density within one (it is diffused)."""
    shape, cells = scene
    packed = reading(nx=shape[0], cells=record.pack_cells(cells, shape[0]))
    given_cells = {(cell.ix, cell.iy): cell for cell in cells}
    for cell in record.unpack_cells(packed):
        truth = given_cells[cell.ix, cell.iy]
        assert abs(cell.density - truth.density) <= record.DENSITY_STEP + 1e-9
        assert abs(cell.vx - truth.vx) <= record.VELOCITY_STEP / 2 + 1e-9
        assert abs(cell.vy - truth.vy) <= record.VELOCITY_STEP / 2 + 1e-9
        assert abs(cell.variance - truth.variance) <= record.VARIANCE_STEP / 2 + 1e-9
    assert people(record.unpack_cells(packed)) == pytest.approx(
        people(cells), abs=record.DENSITY_STEP / 2 + 1e-6
    )


def test_json_of_an_interval_without_a_frame_is_lost() -> None:
    """A line has no number of frames: without a flag it would read as an empty scene."""
    names: tuple[list[str], list[str]] = ([], [])
    for frames, health, said in (
        (0, (), ["lost"]),
        (0, (Health.DARK,), ["dark"]),
        (1, (), []),
    ):
        one = reading(frames=frames, health=health)
        assert record.interval_json(one, GRID, *names)["health"] == said


@given(scenes(), st.integers(1, 70))
@settings(max_examples=60, deadline=None)
def test_coarsening_keeps_people_and_momentum(
    scene: tuple[tuple[int, int], list[Cell]], factor: int
) -> None:
    """Joined cells hold the same people with the same mean velocity, inside the coarse grid."""
    shape, cells = scene
    joined = record.coarsen(cells, shape, factor)
    area = factor**2
    assert people(joined, area) == pytest.approx(people(cells))
    for k in (3, 4):
        assert sum(c.density * c[k] for c in joined) * area == pytest.approx(
            sum(c.density * c[k] for c in cells), abs=1e-6
        )
    nx, ny = record.coarse_shape(shape, factor)
    assert all(0 <= c.ix < nx and 0 <= c.iy < ny for c in joined)
    assert [(c.iy, c.ix) for c in joined] == sorted({(c.iy, c.ix) for c in joined})


def test_coarsening_pools_variance() -> None:
    """Two equal crowds at 1 and 3 m/s, 0.5 m²/s² each: mean 2 m/s, variance 0.5 within + 1 between.

    Law of total variance; worked by hand.
    """
    cells = [Cell(0, 0, 2.0, 1.0, 0.0, 0.5), Cell(1, 0, 2.0, 3.0, 0.0, 0.5)]
    assert record.coarsen(cells, (2, 2), 2) == [Cell(0, 0, 1.0, 2.0, 0.0, 1.5)]


def test_packing_refuses_what_cannot_be_said() -> None:
    """Cells out of order, twice, outside their row or not finite are the caller's error."""
    one = Cell(1, 0, 1.0, 0.0, 0.0, 0.0)
    for cells in (
        [one, one],
        [one, one._replace(ix=0)],
        [one._replace(ix=9)],
        [one._replace(ix=-1)],
        [one._replace(density=math.nan)],
        [one._replace(vx=math.inf)],
    ):
        with pytest.raises(ValueError, match="cell"):
            record.pack_cells(cells, 4)
    with pytest.raises(ValueError, match="outside"):
        record.coarsen([one], (1, 1), 2)


def raw() -> list[Any]:
    """A full Reading as plain values, to be spoilt."""
    event = Event(EventKind.DENSITY, Phase.START, 1000, 5, -5, 0, 50)
    full = reading(
        count=20,
        low=16,
        high=24,
        cells=(3, 16, 8, -8, 0, 0, 4, 0, 0, 1),
        crossings=((64, 0),),
        health=(Health.DARK,),
        events=(event,),
    )
    plain: list[Any] = msgspec.msgpack.decode(record.encode(full))
    return plain


def put(index: int, value: object) -> Callable[[list[Any]], Any]:
    """Spoil one field."""

    def spoil(plain: list[Any]) -> list[Any]:
        plain[index] = value
        return plain

    return spoil


REFUSED: dict[str, Callable[[list[Any]], Any]] = {
    "an extra element": lambda plain: [*plain, 0],
    "text as an extra element": lambda plain: [*plain, "blue coat"],
    "a missing element": lambda plain: plain[:-1],
    "a map with an unknown field": lambda plain: {"reading": plain, "face": 1},
    "text for a number": put(4, "20"),
    "bytes for a number": put(4, b"\x14"),
    "a float for a number": put(4, 20.0),
    "NaN": put(4, math.nan),
    "a bool": lambda plain: [*plain[:3], False, *plain[4:]],
    "nothing": put(4, None),
    "a negative time": put(0, -1),
    "a time past the year 2286": put(0, 10_000_000_000_001),
    "a span of nothing": put(1, 0),
    "a negative count": put(5, -1),
    "low above count": put(5, 21),
    "high below count": put(6, 19),
    "no coarseness": put(8, 0),
    "a row past the bound": put(9, 4097),
    "bytes for cells": put(10, b"\x00" * 100),
    "text for cells": put(10, "0" * 100),
    "too many cells": put(10, [0, 1, 0, 0, 0] * 820),
    "half a cell": put(10, [0, 1, 0]),
    "nested cells": put(10, [[0, 1, 0, 0, 0]]),
    "a cell before the grid": put(10, [-1, 1, 0, 0, 0]),
    "a cell past any grid": put(10, [200_000, 1, 0, 0, 0]),
    "cells that sum past any grid": put(10, [150_000, 1, 0, 0, 0] * 2),
    "an empty cell": put(10, [0, 0, 0, 0, 0]),
    "a negative density": put(10, [0, -1, 0, 0, 0]),
    "an impossible density": put(10, [0, 641, 0, 0, 0]),
    "an impossible velocity": put(10, [0, 1, 0, 1024, 0]),
    "an impossible backward velocity": put(10, [0, 1, -1024, 0, 0]),
    "a negative variance": put(10, [0, 1, 0, 0, -1]),
    "an impossible variance": put(10, [0, 1, 0, 0, 65_536]),
    "a crossing of three": put(11, [[1, 2, 3]]),
    "a negative crossing": put(11, [[-1, 0]]),
    "too many lines": put(11, [[0, 0]] * 33),
    "an unknown flag": put(12, ["sunny"]),
    "a flag twice": put(12, ["dark", "dark"]),
    "an unknown event": put(13, [["face", "start", 1, 1, 1, 0, 50]]),
    "an event with a word more": put(13, [["density", "start", 1, 1, 1, 0, 50, "who"]]),
    "a confidence past one": put(13, [["density", "start", 1, 1, 1, 0, 101]]),
    "too many events": put(13, [["density", "start", 1, 1, 1, 0, 50]] * 33),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_a_reading_is_refused(what: str) -> None:
    """The schema is a wall: anything but the numbers it knows is refused."""
    data = msgspec.msgpack.encode(REFUSED[what](raw()))
    with pytest.raises(ReadingRefused):
        record.decode(data, limit=100_000)


def test_the_unspoilt_reading_passes() -> None:
    """The Reading that the refusals spoil is a good one, so each is refused for its own fault."""
    data = msgspec.msgpack.encode(raw())
    assert record.encode(record.decode(data)) == data


def test_there_is_one_encoding() -> None:
    """The same numbers written in wider integers are refused: no room for a hidden message."""
    data = record.encode(reading(frames=5))
    at = data.index(bytes((0xCD,)) + (1000).to_bytes(2, "big")) + 3
    assert data[at] == 5
    wide = data[:at] + b"\xcc\x05" + data[at + 1 :]
    with pytest.raises(ReadingRefused, match="one way"):
        record.decode(wide)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_noise_is_refused(data: bytes) -> None:
    """Random bytes never pass and never raise anything but ReadingRefused."""
    with pytest.raises(ReadingRefused):
        record.decode(data)


def test_a_cut_or_prolonged_reading_is_refused() -> None:
    """Every cut of a Reading is refused, and so is one with anything after its end."""
    data = msgspec.msgpack.encode(raw())
    for end in range(len(data)):
        with pytest.raises(ReadingRefused):
            record.decode(data[:end])
    with pytest.raises(ReadingRefused):
        record.decode(data + b"\x00")


def test_the_byte_bound_is_enforced() -> None:
    """More bytes than the limit are refused unread."""
    data = record.encode(reading())
    assert record.decode(memoryview(data), limit=len(data)) == reading()
    with pytest.raises(ReadingRefused, match="more than"):
        record.decode(data, limit=len(data) - 1)


def test_cells_outside_the_cameras_grid_are_refused() -> None:
    """Who knows the camera's grid is sure that every cell lies in it, coarse or not."""
    shape = (5, 3)
    last = record.encode(reading(nx=5, cells=(14, 1, 0, 0, 0)))
    assert record.unpack_cells(record.decode(last, shape=shape))[0][:2] == (4, 2)
    past = record.encode(reading(nx=5, cells=(15, 1, 0, 0, 0)))
    with pytest.raises(ReadingRefused, match="outside"):
        record.decode(past, shape=shape)
    with pytest.raises(ReadingRefused, match="rows of"):
        record.decode(record.encode(reading(nx=4)), shape=shape)
    assert record.decode(record.encode(reading(coarse=2, nx=3)), shape=shape).nx == 3


def test_fit_passes_over_versions_that_are_no_reading() -> None:
    """A version with too many cells or too long a row is never sent; none at all is an error."""
    too_many = reading(cells=(0, 1, 0, 0, 0) * 820)
    too_long = reading(nx=5000)
    assert record.fit([too_many, too_long, reading()], 10_000) == record.encode(reading())
    with pytest.raises(ReadingRefused, match="no version"):
        record.fit([reading()], 10)


GRID = Grid((0.0, 0.0), 1.0, (10, 4))


def test_json_is_the_documented_line() -> None:
    """One line of `measure`, field by field, as DESIGN.md section 5 has it."""
    event = Event(EventKind.ZONE_INTRUSION, Phase.END, 4500, 123, -45, 1, 87)
    one = reading(
        t=5000,
        count=24,
        low=16,
        high=40,
        cells=record.pack_cells([Cell(3, 2, 1.5, -0.5, 0.25, 0.125)], 10),
        crossings=((96, 0), (0, 32)),
        health=(Health.BLURRED, Health.DARK),
        events=(event, msgspec.structs.replace(event, zone=-1)),
    )
    line = record.interval_json(one, GRID, ["gate"], ["square", "tramway"], 1000)
    seen = {"kind": "zone-intrusion", "phase": "end", "t": 3.5, "at": [12.3, -4.5]}
    assert json.loads(json.dumps(line)) == {
        "t": 4.0,
        "count": 1.5,
        "low": 1.0,
        "high": 2.5,
        "cells": [[3, 2, 1.5, -0.5, 0.25, 0.125]],
        "crossings": {"gate": [1.5, 0.0], "#2": [0.0, 0.5]},
        "health": ["blurred", "dark"],
        "events": [
            {**seen, "zone": "tramway", "confidence": 0.87},
            {**seen, "zone": None, "confidence": 0.87},
        ],
    }


@given(scenes(), st.integers(2, 9), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_coarse_reading_is_spread_over_the_area(
    scene: tuple[tuple[int, int], list[Cell]], factor: int, seed: int
) -> None:
    """In JSON a coarse Reading fills fine cells of the area only, and still sums to its people."""
    shape, cells = scene
    inside = np.random.default_rng(seed).random((shape[1], shape[0])) < 0.5
    cells = [cell for cell in cells if inside[cell.iy, cell.ix]]
    nx, _ = record.coarse_shape(shape, factor)
    joined = record.coarsen(cells, shape, factor)
    sent = reading(coarse=factor, nx=nx, cells=record.pack_cells(joined, nx))
    grid = Grid((0.0, 0.0), 1.0, shape)
    line = record.interval_json(sent, grid, [], [], inside=inside)
    assert line["coarse"] == factor
    assert all(inside[iy, ix] for ix, iy, *_ in line["cells"])
    assert sum(row[2] for row in line["cells"]) == pytest.approx(
        people(record.unpack_cells(sent), factor**2), abs=1e-6 * max(len(line["cells"]), 1)
    )
    places = [(row[1], row[0]) for row in line["cells"]]
    assert places == sorted(set(places))


def test_a_coarse_cell_without_measured_ground_keeps_its_people() -> None:
    """If the area was changed under old Readings, their people are shown, not lost."""
    sent = reading(coarse=2, nx=5, cells=(0, 16, 0, 0, 0))
    nowhere = np.zeros((4, 10), dtype=bool)
    line = record.interval_json(sent, GRID, [], [], inside=nowhere)
    assert sum(row[2] for row in line["cells"]) == 4.0


def test_the_documented_examples_are_true() -> None:
    """Every example in docs/reference/reading.md gives what the page says."""
    page = Path(__file__).parents[1] / "docs" / "reference" / "reading.md"
    options = doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=options)
    assert tried >= 10
    assert failed == 0
