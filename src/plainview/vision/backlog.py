"""What waits for a slow lens: bounded, and dropped only in ways that a decoder survives. Pure.

Dropping one packet breaks all that refer to it, so what is dropped reaches to the next key frame.
"""

from collections import deque

from plainview.vision.packets import Gap, Message, Packet, StreamStart

LIMIT = 16_000_000
"""Bytes that wait at most; one packet may be half of it."""
KEY_WAIT = 10.0
"""Seconds without a key frame after which a stream is taken to have none (periodic intra refresh):
it is passed on as it is."""
GAP_EVERY = 0.5
"""Seconds between two gaps told while nothing else is."""


class Backlog:
    """Owns the messages that wait; told the time, monotonic seconds and UTC microseconds."""

    def __init__(self, late: float) -> None:
        """Packets wait `late` seconds at most."""
        self.dropped = 0
        """Packets dropped since the start."""
        self._late = late
        self._waiting: deque[tuple[float, Message]] = deque()
        self.bytes = 0
        """Bytes of packets that wait."""
        self._told = float("-inf")
        self._keyless: float | None = None
        self._beginning = False

    def __len__(self) -> int:
        """Messages that wait."""
        return len(self._waiting)

    def begin(self, start: StreamStart, now: float) -> None:
        """Queue the start of a stream.

        Its packets before the first key frame have no picture to lose: they are left out and not
        counted.
        """
        self._waiting.append((now, start))
        self._keyless, self._beginning = now, True

    def tell(self, message: Message, now: float) -> None:
        """Queue what is no packet."""
        self._waiting.append((now, message))

    def add(self, packet: Packet, now: float, t: int, *, late: bool = False) -> None:
        """Queue `packet`; or drop it, being `late` or referring to one that was dropped."""
        if self._keyless is not None and (packet.key or now - self._keyless > KEY_WAIT):
            self._keyless = now if late else None
            self._beginning = self._beginning and late
        if late and self._keyless is None:
            self._keyless = now
        if self._keyless is None:
            self._waiting.append((now, packet))
            self.bytes += len(packet.data)
        elif not self._beginning:
            self._gap_behind(now, t)

    def shed(self, now: float, t: int) -> None:
        """Drop what has waited too long, or is too much, up to a key frame that has not."""
        old = bool(self._waiting) and now - self._waiting[0][0] > self._late
        if not old and self.bytes <= LIMIT:
            return
        waiting, keep, size = self._waiting, len(self._waiting), 0
        for place in range(len(waiting) - 1, -1, -1):
            moment, message = waiting[place]
            if isinstance(message, Packet):
                size += len(message.data)
                if now - moment > self._late or size > LIMIT:
                    break
                keep = place if message.key else keep
        gone = [waiting.popleft()[1] for _ in range(keep)]
        packets = [message for message in gone if isinstance(message, Packet)]
        starts = [message for message in gone if isinstance(message, StreamStart)]
        gaps = [message for message in gone if isinstance(message, Gap)]
        told = sum(gap.dropped for gap in gaps)
        reason = "lost" if any(gap.reason == "lost" for gap in gaps) else "late"
        self.bytes -= sum(len(packet.data) for packet in packets)
        self.dropped += len(packets)
        if packets and not waiting:
            self._keyless, self._beginning = now, False
        oldest = waiting[0][0] if waiting else now
        if packets or gaps:
            gap = Gap(dropped=told + len(packets), t=t, reason=reason)
            waiting.appendleft((oldest, gap))
        if starts:
            waiting.appendleft((oldest, starts[-1]))

    def take(self, now: float) -> Message | None:
        """The next message, if it is time for one."""
        if not self._waiting:
            return None
        message = self._waiting[0][1]
        if isinstance(message, Gap):
            if len(self._waiting) == 1 and now - self._told < GAP_EVERY:
                return None  # more packets may be dropped: one gap tells of them all
            self._told = now
        elif isinstance(message, Packet):
            self.bytes -= len(message.data)
        self._waiting.popleft()
        return message

    def _gap_behind(self, now: float, t: int) -> None:
        self.dropped += 1
        dropped = 1
        if (
            self._waiting
            and isinstance(last := self._waiting[-1][1], Gap)
            and last.reason == "late"
        ):
            self._waiting.pop()
            dropped += last.dropped
        self._waiting.append((now, Gap(dropped=dropped, t=t)))
