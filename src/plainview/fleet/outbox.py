"""What a node's cameras told and the head has not: bounded, and given again until it arrived."""

from collections import deque

from plainview.fleet.orders import Item

MOST_BYTES = 16_000_000
"""What waits at most; beyond it the oldest are dropped, and counted."""
_AT_ONCE = 256_000
"""Bytes of one answer, unless a single item is larger."""
_EXTRA = 64
"""Bytes that an item is counted with besides its data."""


class Outbox:
    """Owns the items that wait. For use under its owner's lock."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        """At most `most` bytes wait."""
        self._most = most
        self._waiting: deque[Item] = deque()
        self._pictures: dict[str, Item] = {}
        self._given: tuple[Item, ...] = ()
        self._bytes = 0
        self.number = 0
        """Of the items that were given last."""
        self.dropped = 0
        """Items that found no room, or made room for newer ones."""

    def __len__(self) -> int:
        """Items that were not yet given."""
        return len(self._waiting) + len(self._pictures)

    def put(self, item: Item) -> None:
        """Let `item` wait."""
        self._waiting.append(item)
        self._bytes += len(item.data) + _EXTRA
        while self._bytes > self._most:
            self._bytes -= len(self._waiting.popleft().data) + _EXTRA
            self.dropped += 1

    def show(self, item: Item) -> None:
        """Let a picture wait, in the place of an older one of its camera: no Reading makes room."""
        self._pictures[item.camera] = item

    def give(self, acknowledged: int) -> tuple[Item, ...]:
        """The next items, under a new `number`; the last ones again if they did not arrive."""
        if acknowledged != self.number and self._given:
            return self._given
        given: list[Item] = []
        size = 0
        while self._waiting and (not given or size + len(self._waiting[0].data) < _AT_ONCE):
            item = self._waiting.popleft()
            size += len(item.data) + _EXTRA
            given.append(item)
        self._bytes -= size
        while self._pictures and size < _AT_ONCE:
            item = self._pictures.pop(next(iter(self._pictures)))
            size += len(item.data)
            given.append(item)
        self._given = tuple(given)
        self.number += 1
        return self._given
