"""The parent's end of a lens's pictures: a channel of its own, counted, bounded, strictly decoded.

It exists for a lens that is permitted to draw, and for no other. At most `MAX_PICTURE` bytes each
and `MOST_RATE` a second; what comes beyond is counted and thrown away, and a lens that goes on so
is restarted.
"""

from plainview.errors import InputError
from plainview.fleet.channel import Frames
from plainview.redacted import MAX_PICTURE, MOST_RATE, Picture, read_picture

_BURST = 6.0
"""Pictures that may come at once, after a pause of the machine."""
_MOST_EXCESS = 20
"""Pictures beyond the rate after which a lens is no longer trusted."""


class PictureChannel:
    """Owns one lens's picture channel, seen from the parent. Never raises for what a lens says."""

    def __init__(self, *, now: float) -> None:
        """`now` is monotonic seconds, as in `feed`."""
        self._frames = Frames(MAX_PICTURE)
        self._tokens = _BURST
        self._filled = now
        self.refused = 0
        """Messages that were no picture, or too large, or too many."""
        self.bytes = 0
        """Bytes taken in all, with their lengths."""
        self.why = ""
        """Why the lens is no longer trusted; for the operator. Empty while it is."""
        self._excess = 0

    def feed(self, data: bytes, now: float) -> list[Picture]:
        """The pictures that `data` completes, at most up to the first that is refused."""
        self.bytes += len(data)
        pictures = []
        for body in self._frames.feed(data) if not self.why else ():
            if not self._afford(now):
                continue
            try:
                pictures.append(read_picture(body))
            except InputError as error:
                self._refuse(error.what)
                break
        if self._frames.broken and not self.why:
            self._refuse(f"a picture of more than {MAX_PICTURE} bytes")
        return pictures

    def _refuse(self, why: str) -> None:
        self.refused += 1
        self.why = why

    def _afford(self, now: float) -> bool:
        self._tokens = min(self._tokens + max(now - self._filled, 0.0) * MOST_RATE, _BURST)
        self._filled = max(now, self._filled)
        if self._tokens >= 1:
            self._tokens -= 1
            self._excess = 0
            return True
        self.refused += 1
        self._excess += 1
        if self._excess >= _MOST_EXCESS:
            self.why = f"more than {MOST_RATE:g} pictures a second"
        return False
