"""Many Readings read at once: as strictly as one by one, whatever is among them."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.test_record import REFUSED, raw, reading, scenes

from plainview import readings, record
from plainview.errors import ReadingRefused
from plainview.readings import Readings
from plainview.record import Cell, Event, EventKind, Health, Phase, Reading, Stamped

MANY = readings._FEW
"""As many as are not read one by one."""
EVENT = Event(EventKind.FIRE, Phase.START, 5, -3, 4, -1, 90)


def read(data: list[bytes]) -> tuple[Readings, dict[int, str]]:
    """Read `data`, of cameras named by their places."""
    return readings.read([f"c{k}" for k in range(len(data))], [*range(len(data))], data)


def padded(data: list[bytes]) -> list[bytes]:
    """`data`, and so many good ones after it that they are not read one by one."""
    return data + [record.encode(reading(t=1000 + k)) for k in range(MANY)]


def same(data: list[bytes]) -> Readings:
    """What is read of `data`; it must be what `record.decode` reads of each."""
    alone: dict[int, Reading] = {}
    whys: dict[int, str] = {}
    for k, one in enumerate(data):
        try:
            alone[k] = record.decode(one)
        except ReadingRefused as error:
            whys[k] = error.what
    found, refused = read(data)
    assert refused == whys
    stamped = [Stamped(f"c{k}", one, k, data[k]) for k, one in alone.items()]
    assert found == stamped
    made = readings.gathered(stamped)
    lines = int(made.columns.lines.max(initial=0))
    columns = found.columns._replace(crossings=found.columns.crossings[:, :lines])
    for column, wanted in zip(columns, made.columns, strict=True):
        assert np.array_equal(column, wanted)
    return found


numbers = st.sampled_from([0, 1, 31, 32, 127, 128, 255, 256, 640, 65_535, 65_536, 199_999, -1,
                           -32, -33, -128, -129, -1023])  # fmt: skip
cells = st.lists(st.tuples(*[numbers] * 5), max_size=5).map(lambda rows: sum(rows, ()))
flux = st.sampled_from([0, 5, 127, 128, 300, 70_000, 6_400_000, 6_400_001])
plains = st.tuples(
    st.sampled_from([0, 127, 128, 65_536, 1_790_000_000_000, 10_000_000_000_000, -1]),
    st.sampled_from([0, 1, 1000, 3_600_000, 3_600_001]),
    st.sampled_from([0, 5, 1_000_000]),
    st.just(0),
    st.sampled_from([0, 16, 300]),
    st.sampled_from([0, 16, 17]),
    st.sampled_from([16, 300, 16_000_000]),
    st.sampled_from([0, 65_535, 65_536]),
    st.sampled_from([0, 1, 4096, 4097]),
    st.sampled_from([1, 20]),
    cells,
    st.lists(st.tuples(flux, flux), max_size=3) | st.just([(0, 7)] * 20),
    st.lists(st.sampled_from(["dark", "blind", "sunny"]), max_size=3),
    st.just([]) | st.just([EVENT]),
)


@given(st.lists(plains, max_size=12))
@settings(deadline=None, max_examples=40)
def test_whatever_is_said_is_read_alike(said: list[object]) -> None:
    """Of every field each size that it can have, and those just past its bounds."""
    same(padded([msgspec.msgpack.encode(one) for one in said]))


@given(st.lists(st.tuples(st.integers(0, MANY - 1), st.integers(0, 60), st.integers(0, 255)),
                max_size=40))  # fmt: skip
@settings(deadline=None, max_examples=40)
def test_whatever_byte_is_changed_it_is_read_alike(changes: list[tuple[int, int, int]]) -> None:
    """A byte that is another, in any of them, is as good or bad here as alone."""
    walk = reading(cells=(3, 16, -2, 7, 0) * 4, nx=40, crossings=((1, 300), (0, 0)),
                   health=(Health.DARK,))  # fmt: skip
    data = [bytearray(record.encode(walk)) for _ in range(MANY)]
    for k, place, value in changes:
        data[k][place % len(data[k])] = value
    same([bytes(one) for one in data])


def test_many_are_read_as_strictly_as_one() -> None:
    """Each stands for itself: the good are read, the others refused, cut and joined ones too."""
    good = [record.encode(reading(frames=5, t=1000 + k)) for k in range(4)]
    good.append(msgspec.msgpack.encode(raw()))
    wide = good[0].replace(b"\x05", b"\xcc\x05", 1)
    long = good[0].replace(b"\x90\x90\x90\x90", b"\xdc\x00\x00\x90\x90\x90", 1)
    split = [(good[0] + good[1])[:-5], good[1][-5:]]
    spoilt = [msgspec.msgpack.encode(spoil(raw())) for spoil in REFUSED.values()]
    data = [wide, long, *split, *good, *spoilt, b"", good[0] + b"\0", b"\0" * 4097, b"\xdc\xff"]
    assert len(same(data)) < len(data)
    assert len(same(padded(data))) == len(good) + MANY


@given(st.lists(scenes(), max_size=4))
@settings(deadline=None, max_examples=25)
def test_many_scenes_are_read_alike(many: list[tuple[tuple[int, int], list[Cell]]]) -> None:
    """Whatever lens sends whatever scene: it is read."""
    data = [record.fit_cells(reading(), cells, shape) for shape, cells in many]
    assert len(same(padded(data))) == len(data) + MANY


def test_nearly_all_of_a_city_is_read_by_columns() -> None:
    """The fast way is the usual one: flags, lines and cells do not leave it; events do."""
    usual = [
        reading(cells=(3, 16, -2, 7, 0) * 40, nx=40),
        reading(crossings=((0, 5), (300, 0))),
        reading(health=(Health.DARK, Health.BLURRED)),
        reading(count=300, low=128, high=70_000, t=1_790_000_000_000),
    ]
    data = padded([record.encode(one) for one in [*usual, reading(events=(EVENT,))]])
    _, plain = readings._read_fast(data, readings._sizes_of(data))
    assert plain == [len(usual)]
    assert np.flatnonzero(same(data).columns.happening).tolist() == [len(usual)]


def stamped(k: int, lines: int = 0) -> Stamped:
    """The Reading of a camera that has so many lines."""
    one = reading(t=1000 + k, crossings=((k, 0),) * lines)
    return Stamped(f"c{k}", one, k, record.encode(one))


def test_readings_are_a_sequence() -> None:
    """They are cut, joined, picked and replaced as a list is, whatever lines their cameras have."""
    made = [stamped(k, k % 3) for k in range(7)]
    whole = readings.gathered(made)
    assert [*whole] == made
    assert whole == made
    assert whole[-1] == made[-1]
    assert whole[2:4] == made[2:4]
    parts = [readings.gathered(made[:1]), readings.gathered(made[1:5]), whole[5:]]
    again = readings.joined(parts)
    assert again == whole
    assert again.columns.crossings.tolist() == whole.columns.crossings.tolist()
    assert whole.of(np.array([3, 0])) == [made[3], made[0]]
    assert whole.of(np.array([True] * 7)) is whole
    assert whole.replaced({2: stamped(9, 5), 0: stamped(8)}) == [
        stamped(8), made[1], stamped(9, 5), *made[3:]
    ]  # fmt: skip
    assert readings.joined([]) == []
    with pytest.raises(IndexError):
        whole[7]
