"""From a tap to the recorder: packets as they came, beside those for the lens, never waited for.

A SEQPACKET socket whose both ends the parent keeps, so that a recorder can be started anew without
the tap. A message is cut into datagrams: one byte (bit 0: its first; bit 1: its last), then a
piece of the MessagePack that `packets` names. What the recorder does not take in time is dropped
up to a key frame, as for a late lens, and the gap is told in the stream.
"""

import os
from collections import deque
from typing import Final

from plainview.vision import packets
from plainview.vision.backlog import KEY_WAIT, Backlog
from plainview.vision.packets import HEADER, Gap, Packet, StreamStart

PIECE: Final = 65_000
"""Bytes of one datagram, its first byte left out."""
FIRST, LAST = 1, 2
WAIT: Final = 6.0
"""Seconds that a packet waits for a recorder that is busy or being started."""


class Branch:
    """Owns what waits for the recorder and its end of the socket, which it makes non-blocking."""

    def __init__(self, fd: int) -> None:
        """Write to the socket `fd`."""
        os.set_blocking(fd, False)
        self._fd = fd
        self._backlog = Backlog(WAIT)
        self._pieces: deque[bytes] = deque()
        self._start: StreamStart | None = None
        self._begun = float("-inf")
        self.broken = False
        """Whether the socket is gone: nothing more is recorded by this tap."""

    @property
    def dropped(self) -> int:
        """Packets that were not recorded since the start."""
        return self._backlog.dropped

    def begin(self, start: StreamStart, now: float) -> None:
        """The stream begins, or goes on in another form."""
        self._backlog.begin(start, now)

    def add(self, packet: Packet, now: float, t: int) -> None:
        """Take a packet at `now` (monotonic seconds) and `t` (microseconds UTC)."""
        if not self.broken:
            self._backlog.add(packet, now, t)

    def tell(self, gap: Gap, now: float) -> None:
        """Take a gap."""
        if not self.broken:
            self._backlog.tell(gap, now)

    def speak(self, now: float, t: int) -> None:
        """Write what the socket takes now, and drop what has waited too long. Never raises."""
        self._backlog.shed(now, t)
        while not self.broken:
            if not self._pieces:
                message = self._backlog.take(now)
                if message is None:
                    return
                self._cut(message, now)
                continue
            try:
                os.write(self._fd, self._pieces[0])
            except BlockingIOError:
                return
            except OSError:
                self.broken = True
                self._pieces.clear()
                return
            self._pieces.popleft()

    def _cut(self, message: packets.Message, now: float) -> None:
        if isinstance(message, StreamStart):
            self._start = message  # told with the packet that it is for
            self._begun = float("-inf")
            return
        wants_start = isinstance(message, Packet) and (message.key or now - self._begun > KEY_WAIT)
        if wants_start and self._start is not None:
            self._begun = now
            self._pieces += pieces(packets.frame(self._start)[HEADER.size :])
        self._pieces += pieces(packets.frame(message)[HEADER.size :])


def pieces(body: bytes) -> list[bytes]:
    """`body` as datagrams."""
    places = range(0, len(body), PIECE)
    last = places[-1]
    return [bytes([FIRST * (k == 0) + LAST * (k == last)]) + body[k : k + PIECE] for k in places]
