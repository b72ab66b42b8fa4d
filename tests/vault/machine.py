"""A machine that records: a vault, its clock, its recorder and its sweeper, in one process."""

from collections.abc import Callable
from pathlib import Path

from plainview.clock import ManualClock
from plainview.sweep import Sweeper
from plainview.vault import daykey
from plainview.vault.expiry import Batch
from plainview.vault.layout import HOUR, Layout, day_of
from plainview.vault.recorder import Recorder
from plainview.vault.recover import Recovered, recover
from plainview.vault.ring import Ring
from plainview.vault.watch import Watch

DAYS = 86_400
PACKET = b"p" * 5_000


class Machine:
    """Owns all of it. `frames` records, `sweep` deletes, `pass_time` does neither."""

    def __init__(
        self,
        layout: Layout,
        recipients: tuple[tuple[str, ...], tuple[str, ...]],
        begin: float,
        bound: int = 10**12,
    ) -> None:
        """Begin at the UTC second `begin`."""
        self.layout = layout
        self.clock = ManualClock(begin)
        self.synchronised = True
        self.recorded: list[Batch] = []
        self.record: Callable[[Batch], object] = self.recorded.append
        self.terms: dict[str, float] = {}
        self._recipients = recipients
        self.bound = bound
        self.recorder = self._recorder()
        self.sweeper = self._sweeper()

    def _recorder(self) -> Recorder:
        return Recorder(self.layout, self.clock, bound=self.bound, reserve=0)

    def _sweeper(self) -> Sweeper:
        watch = Watch(
            self.clock, self.layout.root / "clock", synchronised=lambda: self.synchronised
        )
        return Sweeper(self.layout, watch, self._record, lambda: self.terms)

    def _record(self, batch: Batch) -> None:
        self.record(batch)

    def restart(self) -> Recovered:
        """As after a kill -9: what was open is left as it is."""
        self.recorder = self._recorder()
        self.sweeper = self._sweeper()
        return recover(self.layout)

    def ring(self) -> None:
        """Have today's ring made."""
        folder = self.layout.keys / day_of(self.clock.utc())
        if not folder.exists():
            daykey.make(daykey.Task(str(folder), *self._recipients))

    def frames(self, camera: str, term: float, seconds: float = 10.0, step: float = 1.0) -> None:
        """Record `seconds` of `camera`: an entry and a packet each `step` seconds."""
        self.ring()
        self.recorder.expect(camera, term)
        passed = 0.0
        while passed < seconds:
            t = round(self.clock.utc() * 1e6)
            self.recorder.put(camera, b"start", t, entry=True)
            self.recorder.put(camera, PACKET, t, entry=False)
            self.recorder.turn()
            self.clock.advance(step)
            passed += step

    def files(self) -> list[Path]:
        """Every recording's file."""
        return sorted(self.layout.data.rglob("*.sealed"))

    def keys(self) -> int:
        """Data keys that are there."""
        count = 0
        for folder in self.layout.rings():
            ring = Ring(folder)
            count += len(list(ring.live()))
            ring.close()
        return count

    def why(self, camera: str) -> str:
        """Why `camera` does not record."""
        return self.recorder.reports()[camera].why

    def hours(self, count: float) -> None:
        """Let `count` hours pass."""
        self.clock.advance(count * HOUR)
