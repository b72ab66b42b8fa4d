"""When each packet of a file that is played over and over is due. Pure: it is told the time."""

BURST = 1.0
"""Seconds of a file that are caught up with by a burst; what lies further back is passed over."""


class Playback:
    """Owns where in which round a played file stands. Times within a file are microseconds.

    Time goes on steadily, whatever happens: from one round to the next, while whoever still writes
    the file is slower than time, and where a player starts anew in the middle.
    """

    def __init__(self, begun: float) -> None:
        """The file's first packet was, or is, due at `begun` (monotonic seconds)."""
        self._begun = begun
        self._base = 0
        self._passing = True
        self._end = self._count = 0
        self._waited = 0.0

    def place(
        self, t: int | None, *, key: bool, waited: float, now: float
    ) -> tuple[int, float] | None:
        """The packet's time and the seconds until it is due; None where it is to be passed over.

        `t` is its time within the file, where it has one, and `waited` the seconds for which the
        file kept its reader waiting in this round. Playing begins with the first packet, or with a
        key frame.
        """
        self._end = max(self._end, self._end if t is None else t)
        self._count += 1
        wait = self._begun + (self._base + self._end) / 1e6 - now
        if waited > self._waited:
            # Whoever writes it may be slower than time, which went on meanwhile.
            self._waited = waited
            self._base += round(max(0.0, -wait) * 1e6)
            wait = max(0.0, wait)
        if self._passing:
            self._passing = wait < -BURST or not (key or self._count == 1)
        if self._passing:
            return None
        return self._base + (self._end if t is None else t), max(0.0, wait)

    def over(self, now: float) -> bool:
        """The round is over and the next begins; False if the file held nothing."""
        if not self._count:
            return False
        length = max(self._end + (self._end // (self._count - 1) if self._count > 1 else 10**6), 1)
        self._base += length
        if self._passing:
            # Whole rounds that were missed need not be read.
            self._base += length * max(0, int(((now - self._begun) * 1e6 - self._base) // length))
        self._end = self._count = 0
        self._waited = 0.0
        return True
