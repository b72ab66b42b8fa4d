"""What waits to be sent: messages joined into batches, and batches until a server has them."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from msgspec import Struct

from plainview.bus import Sender, wire
from plainview.errors import BusFull
from plainview.record import CameraStatus, Stamped, encode

_ROOM = 950_000
"""Bytes of one batch, or a little more: it fits `wire.MAX_PACKED` even if nothing shrinks."""
_ROUND = 0.9
"""Share of its time after which a batch is closed before its first camera speaks again: its clock
and the cameras' differ by moments, and each batch is to hold one Reading of each."""
_BESIDE = 264
"""Bytes of a message beside its Reading or note, at most: its camera has 64."""


class Lane:
    """One sender's, known by itself: quicker to look up by than the names in it.

    Cameras say what they say at nearly the same moments, so now this one is first and now that.
    They are sent in the order of their names, so that who reads a site's batches finds the same
    names in all of them.
    """

    __slots__ = ("_came", "_order", "_sorted", "sender")

    def __init__(self, sender: Sender) -> None:
        """Of `sender`."""
        self.sender = sender
        self._came: list[str] = []
        self._order: list[int] = []
        self._sorted: tuple[str, ...] = ()

    def order(self, cameras: list[str]) -> tuple[list[int], tuple[str, ...]]:
        """The places of `cameras` in the order of their names, and those names in it.

        What one camera said stays in its order.
        """
        if cameras != self._came:
            self._came = cameras
            self._order = sorted(range(len(cameras)), key=cameras.__getitem__)
            self._sorted = tuple(map(cameras.__getitem__, self._order))
        return self._order, self._sorted


class _Open:
    """A batch that still takes messages."""

    __slots__ = ("cameras", "data", "due", "fences", "lane", "round", "size", "statuses")

    def __init__(self, lane: Lane, now: float, linger: float) -> None:
        self.lane, self.due = lane, now + linger
        self.round = now + _ROUND * linger
        # By columns, as it is sent: a tuple for each of 60,000 Readings a second would be made for
        # the garbage collector.
        self.cameras: list[str] = []
        self.fences: list[int] = []
        self.data: list[bytes] = []
        self.statuses: list[tuple[str, int, CameraStatus]] = []
        self.size = 0

    @property
    def messages(self) -> int:
        return len(self.data) + len(self.statuses)

    def is_whole(self, camera: str, now: float) -> bool:
        """Whether `camera` begins the next round: all have spoken, and it was the first."""
        return now >= self.round and self.cameras[:1] == [camera]

    @property
    def full(self) -> bool:
        return self.size >= _ROOM or max(len(self.data), len(self.statuses)) >= wire.MAX_READINGS


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
        self._lanes: dict[Sender, Lane] = {}
        self._open: dict[Lane, _Open] = {}
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
            lane = self._lane(sender)
            batch = self._open.get(lane)
            wake = batch is None and not self._open
            if batch is not None and batch.is_whole(camera, now):
                self._closed.append(self._open.pop(lane))
                batch, wake = None, True
            if batch is None:
                batch = self._open[lane] = _Open(lane, now, self._linger)
            if isinstance(message, CameraStatus):
                batch.statuses.append((camera, fence, message))
                batch.size += 4 * len(message.note) + _BESIDE
            else:
                batch.cameras.append(camera)
                batch.fences.append(message.fence)
                batch.data.append(data)
                batch.size += len(data) + _BESIDE
            if batch.full:
                self._closed.append(self._open.pop(lane))
                wake = True
            return wake

    def _lane(self, sender: Sender) -> Lane:
        found = self._lanes.get(sender)
        if found is None:
            found = self._lanes[sender] = Lane(sender)
        return found

    def lanes(self, senders: Iterable[Sender]) -> list[Lane]:
        """The lane of each of `senders`, for `add_many`."""
        with self._lock:
            return [*map(self._lane, senders)]

    def add_many(
        self,
        lanes: Sequence[Lane],
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
            for lane, camera, one in zip(lanes, cameras, data[:taken], strict=False):
                batch = opened.get(lane)
                # The time is looked at here too: no call for each of 60,000 a second.
                if batch is not None and now >= batch.round and batch.is_whole(camera, now):
                    self._closed.append(opened.pop(lane))
                    batch, wake = None, True
                if batch is None:
                    batch = opened[lane] = _Open(lane, now, self._linger)
                said = batch.data
                said.append(one)
                batch.cameras.append(camera)
                batch.fences.append(fence)
                batch.size += len(one) + _BESIDE
                if batch.size >= _ROOM or len(said) >= wire.MAX_READINGS:
                    self._closed.append(opened.pop(lane))
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
                del self._open[batch.lane]
            self._closed.extend(due)
            taken = [self._closed.popleft() for _ in range(min(most, len(self._closed)))]
        return [self._sealed(batch) for batch in taken]

    def _sealed(self, batch: _Open) -> Sealed:
        self._number += 1
        order, cameras = batch.lane.order(batch.cameras)
        whole = wire.Batch(
            version=1,
            publisher=self._publisher,
            number=self._number,
            cameras=cameras,
            fences=tuple(map(batch.fences.__getitem__, order)),
            data=tuple(map(batch.data.__getitem__, order)),
            statuses=tuple(batch.statuses),
        )
        sealed = Sealed(
            number=self._number,
            id=wire.message_id(whole),
            subject=wire.subject(*batch.lane.sender),
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
