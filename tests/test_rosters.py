"""Names that come again: what is found for them once is found at once the next time."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.rosters import Found, Repeated, Roster, Rosters, Shelf

names = st.lists(st.lists(st.sampled_from("abcdef"), max_size=4).map(tuple), max_size=5)


@given(names, st.integers(-25, 25), st.integers(-25, 25))
def test_rosters_are_their_names_one_after_the_other(
    parts: list[tuple[str, ...]], first: int, end: int
) -> None:
    """As a list of them, however it is asked; a roster that is whole in a stretch stays itself."""
    rosters = [*map(Roster, parts)]
    plain = [name for part in parts for name in part]
    joined = Rosters(rosters)
    assert [*joined] == plain
    assert [joined[k] for k in range(-len(plain), len(plain))] == plain * 2
    assert [*joined[first:end]] == plain[first:end]
    assert len(joined[first:end]) == len(plain[first:end])
    assert [*joined[:].parts] == [part for part in rosters if part.names]
    with pytest.raises(IndexError):
        joined[len(plain)]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), max_size=5),
       st.integers(-15, 15), st.integers(-15, 15))  # fmt: skip
def test_what_is_repeated_is_there_so_often(
    given: list[tuple[str, int]], first: int, end: int
) -> None:
    """As a list with each value so many times."""
    plain = [value for value, many in given for _ in range(many)]
    repeated = Repeated([value for value, _ in given], [many for _, many in given])
    assert [*repeated] == plain
    assert [repeated[k] for k in range(len(plain))] == plain
    assert [*repeated[first:end]] == plain[first:end]


def test_what_is_found_is_looked_for_once_and_forgotten_with_its_roster() -> None:
    """What cannot be found is looked for again."""
    asked: list[tuple[str, ...]] = []
    numbers = {"a": 1}

    def find(sought: tuple[str, ...]) -> list[int]:
        asked.append(sought)
        return [numbers[name] for name in sought]

    found: Found[list[int]] = Found(find)  # type: ignore[arg-type]  # a roster's names are a tuple
    known, unknown = Roster(("a",)), Roster(("a", "b"))
    assert found.of(known) == found.of(known) == [1]
    assert asked == [("a",)]
    with pytest.raises(KeyError):
        found.of(unknown)
    numbers["b"] = 2
    assert found.of(unknown) == [1, 2]
    del known, unknown
    gc.collect()
    assert not found._found


def test_a_shelf_holds_so_many_names_whatever_is_put_on_it() -> None:
    """What was not asked for the longest goes; what is asked for stays."""
    shelf = Shelf(most=10)
    kept = shelf.put(b"kept", ("a", "b", "c"))
    for k in range(1000):
        assert shelf.get(b"kept") is kept
        shelf.put(b"%d" % k, ("x",) * 3)
        assert len(shelf) <= 3
    assert shelf.put(b"kept", ("other",)) is kept
    assert shelf.get(b"0") is None
    assert shelf.put(b"huge", ("y",) * 50) is shelf.get(b"huge")
    assert shelf.get(b"kept") is None
