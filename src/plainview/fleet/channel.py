"""The parent's end of what a lens writes: counted, bounded, strictly decoded."""

from collections.abc import Collection

from plainview import record
from plainview.errors import ReadingRefused
from plainview.record import MAX_BYTES_PER_SECOND, EventKind, Reading
from plainview.vision.packets import HEADER

_JITTER = 8
"""Seconds' worth of bytes that may come at once when live, after a pause of the machine."""


class Frames:
    """Cuts a byte stream into frames: 4-byte big-endian length, then that many bytes."""

    def __init__(self, most: int) -> None:
        """Frames of at most `most` bytes; a larger one breaks the stream for good."""
        self._most = most
        self._buffer = bytearray()
        self.broken = False

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that `data` completes. After a frame too large: none, and `broken` is set."""
        if self.broken:
            return []
        self._buffer += data
        whole = []
        while len(self._buffer) >= HEADER.size:
            (size,) = HEADER.unpack_from(self._buffer)
            if size > self._most:
                self.broken = True
                self._buffer.clear()
                break
            end = HEADER.size + size
            if len(self._buffer) < end:
                break
            whole.append(bytes(self._buffer[HEADER.size : end]))
            del self._buffer[:end]
        return whole


class ReadingChannel:
    """Owns one lens's data channel, seen from the parent. Never raises for what a lens says.

    Bound: the Readings of any one second of the stream take at most `MAX_BYTES_PER_SECOND`; a
    live lens is held to the same by the wall clock, on average (a token bucket of `_JITTER` s).
    """

    def __init__(self, *, live: bool, now: float, kinds: Collection[EventKind] = ()) -> None:
        """`now` is monotonic seconds, as in `feed`; `kinds` of event are what may be told of."""
        self._live = live
        self._kinds = frozenset(kinds)
        self._frames = Frames(MAX_BYTES_PER_SECOND)
        self._recent: list[tuple[int, int]] = []
        self._tokens = float(_JITTER * MAX_BYTES_PER_SECOND)
        self._filled = now
        self.refused = 0
        """Messages that were not a Reading, or too large, or too many."""
        self.why = ""
        """What the last refusal was for; for the operator."""
        self.bytes = 0
        """Bytes taken in all, with their lengths."""

    @property
    def trusted(self) -> bool:
        """Whether the lens has kept its contract so far. One that has not is to be restarted."""
        return self.refused == 0

    def feed(self, data: bytes, now: float) -> list[Reading]:
        """The Readings that `data` completes, at most up to the first that is refused."""
        self.bytes += len(data)
        if self._live and not self._afford(len(data), now):
            self._refuse(f"more than {MAX_BYTES_PER_SECOND} bytes a second")
        readings = []
        for body in self._frames.feed(data) if self.trusted else ():
            try:
                reading = record.decode(body)
            except ReadingRefused as error:
                self._refuse(error.what)
                break
            if not self._in_bounds(reading, len(body)) or not self._of_its_kinds(reading):
                break
            readings.append(reading)
        if self._frames.broken and self.trusted:
            self._refuse(f"a message of more than {MAX_BYTES_PER_SECOND} bytes")
        return readings

    def _refuse(self, why: str) -> None:
        self.refused += 1
        self.why = why

    def _afford(self, size: int, now: float) -> bool:
        rate = MAX_BYTES_PER_SECOND + 10 * HEADER.size  # ten intervals a second at most
        self._tokens = min(self._tokens + (now - self._filled) * rate, float(_JITTER * rate))
        self._filled = now
        self._tokens -= size
        return self._tokens >= 0

    def _of_its_kinds(self, reading: Reading) -> bool:
        """Whether it tells only of events that the lens is to look for."""
        other = sorted({event.kind.value for event in reading.events} - self._kinds)
        if other:
            self._refuse(f"an event that it is not to look for ({', '.join(other)})")
        return not other

    def _in_bounds(self, reading: Reading, size: int) -> bool:
        last = self._recent[-1][0] if self._recent else None
        if last is not None and reading.t <= last:
            if not self._live:
                self._refuse("an interval that does not follow the one before")
                return False
            self._recent.clear()  # the clock was set back; the wall clock's bound holds on
        self._recent = [(t, n) for t, n in self._recent if t > reading.t - 1000]
        self._recent.append((reading.t, size))
        if sum(n for _, n in self._recent) > MAX_BYTES_PER_SECOND:
            self._refuse(f"more than {MAX_BYTES_PER_SECOND} bytes in one second of the stream")
            return False
        return True


class PlateChannel:
    """Owns a lens's plate channel, seen from the parent: one plate a minute, of bounded size.

    Up to four at once: what it measures by, its view's, and the looks that one is to come of.
    """

    _PERIOD = 60.0
    _BURST = 4

    def __init__(self, most: int, *, now: float) -> None:
        """Plates of at most `most` bytes; `now` in seconds of the time that `feed` gets."""
        self._frames = Frames(most)
        self._tokens = float(self._BURST)
        self._filled = now
        self.refused = 0

    @property
    def trusted(self) -> bool:
        """Whether the channel can still be read."""
        return not self._frames.broken

    def feed(self, data: bytes, now: float) -> list[bytes]:
        """The plates that `data` completes and that are not too many; the others are counted."""
        plates = []
        broken = self._frames.broken
        for plate in self._frames.feed(data):
            grown = self._tokens + max(now - self._filled, 0) / self._PERIOD
            self._tokens = min(grown, float(self._BURST))
            self._filled = max(now, self._filled)
            if self._tokens >= 1:
                self._tokens -= 1
                plates.append(plate)
            else:
                self.refused += 1
        self.refused += self._frames.broken and not broken
        return plates
