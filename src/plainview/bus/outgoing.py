"""What waits to be sent: messages joined into batches, and batches until a server has them."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import takewhile

from msgspec import Struct

from plainview.bus import Sender, wire
from plainview.errors import BusFull
from plainview.record import CameraStatus, Stamped, encode

_ROOM = 950_000
"""Bytes of one batch, or a little more: it fits `wire.MAX_PACKED` even if nothing shrinks."""
_BESIDE = 200
"""Bytes of a message beside its camera, Reading or note, at most."""


class _Open:
    """A batch that still takes messages."""

    __slots__ = ("due", "said", "sender", "size", "statuses")

    def __init__(self, sender: Sender, due: float) -> None:
        self.sender, self.due = sender, due
        self.said: list[tuple[str, int, bytes]] = []
        """(camera, fence, a Reading's encoding)"""
        self.statuses: list[tuple[str, int, CameraStatus]] = []
        self.size = 0

    @property
    def messages(self) -> int:
        return len(self.said) + len(self.statuses)

    @property
    def full(self) -> bool:
        return self.size >= _ROOM or max(len(self.said), len(self.statuses)) >= wire.MAX_READINGS


class Sealed(Struct, gc=False):
    """A batch as it goes over the wire, however often."""

    number: int
    id: str
    subject: str
    packed: bytes
    messages: int
    sent: float = 0.0
    """Monotonic seconds of the last attempt; 0.0 before the first."""


class Outgoing:
    """Owns messages from `add` until `done`. Thread-safe; one thread seals and sends.

    Whatever happens, a batch keeps its number and so its id: who gets it twice can tell.
    """

    def __init__(self, bound: int, linger: float, publisher: int) -> None:
        """Room for `bound` messages. A batch is closed `linger` seconds after its first one."""
        self.bound, self._linger, self._publisher = bound, linger, publisher
        self._lock = threading.Lock()
        self._open: dict[Sender, _Open] = {}
        """In order of opening, so the first is due first."""
        self._closed: deque[_Open] = deque()
        self._flying: dict[int, Sealed] = {}
        self._number = 0
        self._ended = False
        self.published = self.refused = self.waiting = 0
        self.wire_bytes = 0

    def add(
        self,
        sender: Sender,
        camera: str,
        message: Stamped | CameraStatus,
        *,
        fence: int,
        now: float,
    ) -> bool:
        """Take `message`; whether the sending thread must be woken. Raises BusFull."""
        data = b"" if isinstance(message, CameraStatus) else message.data or encode(message.reading)
        with self._lock:
            self._make_room()
            batch = self._open.get(sender)
            wake = batch is None and not self._open
            if batch is None:
                batch = self._open[sender] = _Open(sender, now + self._linger)
            if isinstance(message, CameraStatus):
                batch.statuses.append((camera, fence, message))
                batch.size += len(camera) + 4 * len(message.note) + _BESIDE
            else:
                batch.said.append((camera, message.fence, data))
                batch.size += len(camera) + len(data) + _BESIDE
            if batch.full:
                self._closed.append(self._open.pop(sender))
                wake = True
            return wake

    def add_many(
        self,
        senders: Sequence[Sender],
        cameras: Sequence[str],
        data: Sequence[bytes],
        *,
        fence: int,
        now: float,
    ) -> tuple[int, bool]:
        """Take Readings by their encodings, as many as there is room for, from the first on.

        How many, and whether the sending thread must be woken.
        """
        with self._lock:
            room = 0 if self._ended else max(self.bound - self.waiting, 0)
            taken = min(room, len(data))
            self.refused += len(data) - taken
            self.published += taken
            self.waiting += taken
            opened, wake = self._open, taken > 0 and not self._open
            for sender, camera, one in zip(senders, cameras, data[:taken], strict=False):
                batch = opened.get(sender)
                if batch is None:
                    batch = opened[sender] = _Open(sender, now + self._linger)
                said = batch.said
                said.append((camera, fence, one))
                batch.size += len(camera) + len(one) + _BESIDE
                if batch.size >= _ROOM or len(said) >= wire.MAX_READINGS:
                    self._closed.append(opened.pop(sender))
                    wake = True
        return taken, wake

    def _make_room(self) -> None:
        if self._ended or self.waiting >= self.bound:
            self.refused += 1
            if self._ended:
                raise BusFull("the bus is closed", where="bus")
            raise BusFull(
                f"the bus holds its bound of {self.bound} messages",
                where="bus",
                mend="Look at why the NATS server does not take them: see docs/guide/nats.md",
            )
        self.published += 1
        self.waiting += 1

    def end(self) -> None:
        """Take nothing more; what is open is due at once."""
        with self._lock:
            self._ended = True

    @property
    def finished(self) -> bool:
        """Whether nothing more is taken, and everything is at a server."""
        with self._lock:
            return self._ended and not self.waiting

    def next_due(self) -> float | None:
        """When the next batch is to be sealed; None while nothing waits."""
        with self._lock:
            if self._closed:
                return 0.0
            return next((0.0 if self._ended else batch.due for batch in self._open.values()), None)

    def seal(self, now: float, most: int) -> list[Sealed]:
        """The batches that are due, packed; `most` of them at most."""
        with self._lock:
            due = [*takewhile(lambda b: self._ended or b.due <= now, self._open.values())]
            for batch in due:
                del self._open[batch.sender]
            self._closed.extend(due)
            taken = [self._closed.popleft() for _ in range(min(most, len(self._closed)))]
        return [self._sealed(batch) for batch in taken]

    def _sealed(self, batch: _Open) -> Sealed:
        self._number += 1
        cameras, fences, data = zip(*batch.said, strict=True) if batch.said else ((), (), ())
        whole = wire.Batch(
            version=1,
            publisher=self._publisher,
            number=self._number,
            cameras=cameras,
            fences=fences,
            data=data,
            statuses=tuple(batch.statuses),
        )
        sealed = Sealed(
            number=self._number,
            id=wire.message_id(whole),
            subject=wire.subject(*batch.sender),
            packed=wire.pack(whole),
            messages=batch.messages,
        )
        self._flying[sealed.number] = sealed
        return sealed

    def flying(self) -> Iterator[Sealed]:
        """What was sealed and is not done, oldest first."""
        return iter([*self._flying.values()])

    def one_flying(self, number: int) -> Sealed | None:
        """The batch of that number, unless it is done."""
        return self._flying.get(number)

    def in_flight(self) -> int:
        """How many batches were sealed and are not done."""
        return len(self._flying)

    def done(self, number: int) -> Sealed | None:
        """A server has the batch of that number for good: forget it. None if it was done."""
        sealed = self._flying.pop(number, None)
        if sealed is not None:
            with self._lock:
                self.waiting -= sealed.messages
                self.wire_bytes += len(sealed.packed)
        return sealed
