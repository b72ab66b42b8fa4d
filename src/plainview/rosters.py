"""Names that come again: a site's batch names the same cameras, second after second.

Looking up each of a city's names in a table is mostly waiting for memory, half a microsecond for
each. A `Roster` is one object for the same names, so what was once found for all of them is found
by it alone the next time.
"""

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, repeat
from typing import Generic, TypeVar, overload
from weakref import WeakKeyDictionary

T = TypeVar("T")


class Roster:
    """Names, in the order in which one batch has them. Known by itself, not by what it holds."""

    __slots__ = ("__weakref__", "names")

    def __init__(self, names: tuple[str, ...]) -> None:
        """Of `names`."""
        self.names = names

    def __len__(self) -> int:
        """How many."""
        return len(self.names)


class Rosters(Sequence[str]):
    """Names of many, roster after roster."""

    __slots__ = ("ends", "parts")

    def __init__(self, parts: Sequence[Roster]) -> None:
        """Of all of `parts`; empty ones are left out."""
        self.parts = [part for part in parts if part.names]
        self.ends = [*accumulate(map(len, self.parts))]
        """Of each part, how many names there are up to its end."""

    def __len__(self) -> int:
        """How many names."""
        return self.ends[-1] if self.ends else 0

    def __iter__(self) -> Iterator[str]:
        """Each of them."""
        return chain.from_iterable(part.names for part in self.parts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> "Rosters": ...

    def __getitem__(self, index: int | slice) -> "str | Rosters":
        """One name; or a stretch, in steps of one, in which whole rosters stay what they are."""
        if isinstance(index, slice):
            first, end, _ = index.indices(len(self))
            return Rosters([*_cut(self.parts, self.ends, first, end)])
        at = range(len(self))[index]
        k = bisect_right(self.ends, at)
        return self.parts[k].names[at - self.ends[k]]


def _cut(parts: Sequence[Roster], ends: Sequence[int], first: int, end: int) -> Iterator[Roster]:
    for part, upto in zip(parts, ends, strict=True):
        start = upto - len(part)
        if first <= start and upto <= end:
            yield part
        elif start < end and first < upto:
            yield Roster(part.names[max(first - start, 0) : end - start])


class Repeated(Sequence[T]):
    """A few values, each so many times: the site of each name of some rosters."""

    __slots__ = ("counts", "ends", "values")

    def __init__(self, values: Sequence[T], counts: Sequence[int]) -> None:
        """Each of `values` as many times as `counts` says; those of no time are left out."""
        kept = [(value, n) for value, n in zip(values, counts, strict=True) if n > 0]
        self.values = [value for value, _ in kept]
        self.counts = [n for _, n in kept]
        self.ends = [*accumulate(self.counts)]

    def __len__(self) -> int:
        """How many, each as often as it is there."""
        return self.ends[-1] if self.ends else 0

    def __iter__(self) -> Iterator[T]:
        """Each of them."""
        return chain.from_iterable(map(repeat, self.values, self.counts))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> "Repeated[T]": ...

    def __getitem__(self, index: int | slice) -> "T | Repeated[T]":
        """One of them; or a stretch, in steps of one."""
        if isinstance(index, slice):
            first, last, _ = index.indices(len(self))
            starts = [0, *self.ends]
            counts = [min(b, last) - max(a, first) for a, b in zip(starts, self.ends, strict=False)]
            return Repeated(self.values, counts)
        at = range(len(self))[index]
        return self.values[bisect_right(self.ends, at)]


class Found(Generic[T]):
    """Owns what was found for each roster, for as long as there is that roster."""

    def __init__(self, find: Callable[[Sequence[str]], T]) -> None:
        """By `find`, which must find the same for the same names for good, or raise."""
        self._find = find
        self._found: WeakKeyDictionary[Roster, T] = WeakKeyDictionary()

    def of(self, roster: Roster) -> T:
        """What is found for the names of `roster`."""
        try:
            return self._found[roster]
        except KeyError:
            found = self._found[roster] = self._find(roster.names)
            return found


class Shelf:
    """Owns rosters by the bytes that they are read from. Thread-safe.

    Bounded by names, since whoever may send can send any: what was not asked for the longest goes.
    """

    def __init__(self, most: int) -> None:
        """With at most `most` names; and at least one roster."""
        self._most, self._names = most, 0
        self._kept: OrderedDict[bytes, Roster] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many rosters."""
        return len(self._kept)

    def get(self, data: bytes) -> Roster | None:
        """The roster that was read from `data`, if it is still there."""
        with self._lock:
            found = self._kept.get(data)
            if found is not None:
                self._kept.move_to_end(data)
            return found

    def put(self, data: bytes, names: tuple[str, ...]) -> Roster:
        """The roster of `names`, which were read from `data`."""
        with self._lock:
            found = self._kept.get(data)
            if found is None:
                found = self._kept[data] = Roster(names)
                self._names += len(names)
            while self._names > self._most and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._names -= len(oldest)
            return found
