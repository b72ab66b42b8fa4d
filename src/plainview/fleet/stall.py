"""Whether a lens hangs: judged by its processor time, so that a busy machine is no verdict."""

from plainview.fleet.meter import stat


class Stall:
    """Owns what one lens has done since it last took a packet."""

    def __init__(self, hang: float) -> None:
        """A verdict comes after `hang` seconds, of idleness or of processor time."""
        self._hang = hang
        self._idle = 0.0
        self._from: float | None = None
        self._used = -1.0

    def taken(self) -> None:
        """The lens took a packet: it does not hang."""
        self._idle = 0.0
        self._from = None

    def look(self, pid: int, waited: float) -> str:
        """Why the lens `pid` is taken to hang; empty while it is not.

        Call it while packets wait. `waited`: seconds since the last look, as far as they count.
        One that is ready to run and is given no processor is neither idle nor at work.
        """
        try:
            now = stat(pid)
        except OSError:
            return ""  # it has ended, which is told in another way
        if self._from is None:
            self._from = now.cpu
        elif now.cpu == self._used and not now.ready:
            self._idle += waited
        self._used = now.cpu
        if self._idle >= self._hang:
            return f"took no packet for {self._hang:g} s"
        if now.cpu - self._from >= self._hang:
            return f"took no packet for {self._hang:g} s of its processor time"
        return ""
