"""Short numbers of names: asked for one by one, by rosters, or with those just given out."""

import pytest

from plainview.rosters import Roster, Rosters
from plainview.store import schema
from plainview.store.pg.names import Names


def test_the_numbers_of_rosters_are_those_of_their_names() -> None:
    """Also of one that had a name without a number when it was asked for first."""
    names = Names(schema.camera)
    names.keep({"a": 1, "b": 2})
    one, other = Roster(("b", "a")), Roster(("c",))
    for _ in range(2):
        assert names.of(Rosters([one, one])).tolist() == [2, 1, 2, 1]
        assert names.of(["a"]).tolist() == [1]
        with pytest.raises(KeyError, match="c"):
            names.of(Rosters([one, other]))
        assert names.of(Rosters([one, other]), {"c": 7}).tolist() == [2, 1, 7]
    names.keep({"c": 3})
    assert names.of(Rosters([one, other])).tolist() == [2, 1, 3]
    assert names.of(Rosters([])).tolist() == []
