"""Short numbers of names, which only the writer gives out."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from sqlalchemy import Connection, Table, select

from plainview.readings import Ints
from plainview.rosters import Found, Rosters
from plainview.store.pg import copying

_NONE: Final[Mapping[str, int]] = MappingProxyType({})


class _Known(NamedTuple):
    """Numbers of names, and the highest: together, whoever changes them."""

    numbers: dict[str, int]
    last: int

    def more(self, added: Mapping[str, int]) -> "_Known":
        """These and `added`."""
        return _Known({**self.numbers, **added}, max(self.last, *added.values()))


class Names:
    """Owns what is known of the numbers in `table`: columns id and name. Only ever added to."""

    def __init__(self, table: Table) -> None:
        """Of none."""
        self._table = table
        self._known = _Known({}, 0)
        self._found = Found(lambda names: _looked_up(names, self.numbers))

    @property
    def numbers(self) -> dict[str, int]:
        """Replaced, never changed: whoever has it may go on reading."""
        return self._known.numbers

    def load(self, connection: Connection) -> None:
        """Learn those that are not known yet."""
        known, columns = self._known, self._table.c
        fresh = select(columns.name, columns.id).where(columns.id > known.last)
        rows = connection.execute(fresh).all()
        if rows:
            # Of two threads that load at once, either one's is whole: the other's comes again.
            self._known = known.more({row.name: row.id for row in rows})

    def of(self, names: Sequence[str], added: Mapping[str, int] = _NONE) -> Ints:
        """(n,) the numbers of `names`, here or in `added`. Raises KeyError where one has none."""
        if added:
            return _looked_up(names, {**self.numbers, **added})
        if isinstance(names, Rosters):
            parts = [*map(self._found.of, names.parts)]
            return np.concatenate(parts) if parts else np.zeros(0, np.int64)
        return _looked_up(names, self.numbers)

    def add(
        self,
        connection: Connection,
        names: set[str],
        given: Mapping[str, int] = _NONE,
    ) -> dict[str, int]:
        """Numbers for those of `names` that have none, here or in `given`, which were given out in
        the same transaction; to be kept once they are durable.
        """  # noqa: D205 - one sentence
        known = self.numbers  # asked name by name: taking all of a city's away would look at each
        new = sorted(name for name in names if name not in known and name not in given)
        last = max(self._known.last, *given.values(), 0) if new else 0
        added = dict(zip(new, range(last + 1, last + 1 + len(new)), strict=True))
        if added:
            # A city's first second names all of its cameras.
            copying.add_names(connection, self._table.name, added)
        return added

    def keep(self, added: dict[str, int]) -> None:
        """What `add` gave out is durable."""
        if added:
            self._known = self._known.more(added)


def _looked_up(names: Sequence[str], numbers: Mapping[str, int]) -> Ints:
    return np.fromiter(map(numbers.__getitem__, names), np.int64, len(names))
