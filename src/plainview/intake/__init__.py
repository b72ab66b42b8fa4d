"""From the bus into the store: the only writer of Readings."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import NamedTuple, Protocol

import numpy as np
import structlog
from msgspec import structs

from plainview.bus import Bus, Delivery
from plainview.clock import Clock
from plainview.errors import PlainviewError, StoreError, StoreFull
from plainview.intake.gate import ANY, Gate, Refusal, Rules, Sifted
from plainview.intake.stats import IntakeStats
from plainview.intake.steps import ClockWatch
from plainview.readings import Readings
from plainview.record import CameraStatus, Event, Stamped
from plainview.store import DiskUse, Store
from plainview.store.search import Mark

log = structlog.get_logger(__name__)

Admit = Callable[[str, Event], Mark | None]
"""(camera, event) -> what is kept of it; None: its kind is not permitted there, or it is off."""

Written = Callable[[Readings, int, float], None]
"""(Readings, events with them, UTC seconds at which they were taken) that are durable now."""

Said = Callable[[str, CameraStatus], None]
"""(camera, the state of its pipeline) that is kept now."""

_BATCH = 16_384
"""Messages of one transaction, at most."""
_WAIT = 0.25
"""Seconds to wait for the first message: how soon a stop is noticed."""
_MANY = 256
_PAUSE = 0.2
"""Where at least so many messages come at once, seconds between two takings: a transaction costs
much the same for few as for many, so a city's come in five a second and not in hundreds."""
_LONG = 1.0
"""Seconds of one transaction after which the next is to be half as large: what is not acknowledged
in time comes again, and a store that is slow would be given everything twice."""
_RETRY = 1.0
"""Seconds between attempts while the store does not take anything."""
_COMPLAIN = 60.0
"""Seconds between two lines in the log about the same trouble."""
_ROLL_UP = 20.0
_PRUNE = 60.0
"""Seconds between roll-ups, and between deletions of what is past its term."""
_ROLL_MORE = 1.0
"""Seconds until the rest of roll-ups that are written piece by piece."""


class Stop(Protocol):
    """What tells the loop to end; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether to end."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for it, `timeout` seconds at most."""
        ...


class _Work(NamedTuple):
    """What was taken at once."""

    part: Sequence[Delivery]
    at: float
    """UTC seconds at which it was taken."""
    sifted: Sifted


class Intake:
    """Owns the way from `bus` to `store`. One thread runs `run`; any thread may ask for `stats`.

    A message is acknowledged only after it is durable. While the store is full, nothing more is
    taken: the bus fills up, refuses, and that is seen where the Readings come from.
    """

    def __init__(
        self,
        bus: Bus,
        store: Store,
        clock: Clock,
        before_deletion: Callable[[int], None] = lambda _now: None,
        *,
        admit: Admit = lambda _camera, _event: None,
        written: Written = lambda _readings, _events, _taken: None,
        said: Said = lambda _camera, _status: None,
        rules: Rules = ANY,
    ) -> None:
        """Take from `bus`, write to `store`; periods are by `clock`.

        `admit` decides about each event; without it no event is kept.
        `written` is told what was written and `said` each status; neither must wait.
        `before_deletion` is told, with the UTC milliseconds, each time before what is past its term
        is deleted. What else must hold of a message is said by `rules`.
        """
        self._before_deletion = before_deletion
        self._admit, self._written, self._said = admit, written, said
        self._bus = bus
        self._store = store
        self._clock = clock
        self._work: _Work | None = None
        self._done = 0
        """How many of its Readings are written."""
        self._ahead: Future[_Work | None] | None = None
        self._pool: Executor | None = None
        self._most = _BATCH
        self._lock = threading.Lock()
        self._refused: Counter[Refusal] = Counter()
        self._stored = self._duplicates = self._statuses = self._batches = self._failed = 0
        self._events = self._events_refused = 0
        self._trouble = ""
        self._complained: dict[str, float] = {}
        now = clock.monotonic()
        self._roll_up_due = now + _ROLL_UP
        self._prune_due = now
        self._watch = ClockWatch(clock)
        self._gate = Gate(self._watch, rules)
        self._rate_since = now
        self._rate_stored = 0
        self._rate = 0.0
        self._disk: DiskUse | None = None

    def run(self, stop: Stop) -> None:
        """Take and write until `stop` is set, or the bus is closed and empty.

        This is the one place where errors of the store end up: logged at most once a minute,
        counted, shown in `stats().trouble`, and tried again.
        """
        with ThreadPoolExecutor(1, "intake ahead") as pool:
            self._pool = pool
            self._go_on(stop)
            self._pool = None
            self._finish()

    def _go_on(self, stop: Stop) -> None:
        while not stop.is_set():
            began = self._clock.monotonic()
            try:
                took = self.step(_WAIT)
                self.upkeep()
            except StoreError as error:
                self._fail(error)
                stop.wait(_RETRY)
                continue
            waiting = self._bus.stats()
            if not took and waiting.closed:
                break
            # A bus that is filling is emptied at once.
            if _MANY <= took < min(_BATCH, waiting.bound // 8) and not waiting.closed:
                stop.wait(max(_PAUSE - (self._clock.monotonic() - began), 0.0))

    def _finish(self) -> None:
        """Write what was taken and can be written; the rest stays on the bus."""
        try:
            for _ in range(1 + self._bus.stats().waiting // _MANY):
                if not self.step(0.0):
                    break
            self._store.roll_up(self._now())
        except StoreError as error:
            self._fail(error)

    def step(self, timeout: float) -> int:
        """Take a batch (waiting up to `timeout` seconds), write and acknowledge it; its size.

        Raises StoreFull or StoreError when it cannot be written. It is then kept for the next call,
        in smaller pieces, and nothing else is written before.
        """
        if self._work is None:
            self._work, self._done = self._next(timeout), 0
        work = self._work
        if work is not None:
            self._look_ahead(len(work.part))
            self._write(work)
            self._bus.acknowledge(work.part)
            self._work = None
        self._measure_rate()
        return 0 if work is None else len(work.part)

    def _next(self, timeout: float) -> "_Work | None":
        ahead, self._ahead = self._ahead, None
        found = None if ahead is None else ahead.result()
        return self._taken(timeout) if found is None else found

    def _taken(self, timeout: float) -> "_Work | None":
        part = self._bus.take(self._most, timeout)
        return _Work(part, self._clock.utc(), self._gate.sift(part)) if part else None

    def _look_ahead(self, taken: int) -> None:
        """Where much waits beyond what was `taken`, take and sift it while that is written.

        A thread waits for its store for half of the time. What is taken so is written next, and
        nothing is taken beyond it.
        """
        if self._pool is None or self._ahead is not None:
            return
        if self._bus.stats().waiting - taken >= self._most // 2:
            self._ahead = self._pool.submit(self._taken, 0.0)

    def _write(self, work: "_Work") -> None:
        if not self._done:
            for camera, status in work.sifted.statuses:
                self._store.put_status(camera, status)
                self._said(camera, status)
        readings = work.sifted.readings
        while True:  # once, even if it is of statuses only
            part = readings[self._done : self._done + self._most]
            self._append(part, work.at)
            self._done += len(part)
            if self._done >= len(readings):
                break
        self._complain_of(work.sifted)
        with self._lock:
            self._refused += work.sifted.refused
            self._statuses += len(work.sifted.statuses)
            self._trouble = ""

    def _append(self, part: Readings, taken: float) -> None:
        began = self._clock.monotonic()
        marks: list[Mark] = []
        readings, said = self._admitted(part, marks)
        try:
            stored, duplicates = self._store.append(readings, marks)
        except StoreError:
            self._most = max(len(part) // 2, 1)
            raise
        if self._clock.monotonic() - began > _LONG:
            self._most = max(self._most // 2, _MANY)
        else:
            self._most = min(self._most + 1 + self._most // 8, _BATCH)
        if readings:
            self._written(readings, len(marks), taken)
        with self._lock:
            self._stored += stored
            self._duplicates += duplicates
            self._events += len(marks)
            self._events_refused += said - len(marks)
            self._batches += 1

    def _complain_of(self, sifted: Sifted) -> None:
        for reason, (camera, why) in sifted.examples.items():
            many = sifted.refused[reason]
            self._complain(
                reason, "message refused", reason=reason.value, camera=camera, why=why, many=many
            )

    def _admitted(self, readings: Readings, marks: list[Mark]) -> tuple[Readings, int]:
        """`readings` with those of their events only that are kept; and how many were told of.

        Those that are kept are added to `marks`.
        """
        said = 0
        changed: dict[int, Stamped] = {}
        for k in np.flatnonzero(readings.columns.happening).tolist():
            one = readings[k]
            found = [mark for e in one.reading.events if (mark := self._admit(one.camera, e))]
            marks += found
            said += len(one.reading.events)
            if len(found) < len(one.reading.events):
                events = tuple(mark.event for mark in found)
                reading = structs.replace(one.reading, events=events)
                changed[k] = structs.replace(one, reading=reading, data=b"")
        return readings.replaced(changed), said

    def upkeep(self) -> None:
        """Roll up, and delete what is past its term, when due. Raises StoreError."""
        now = self._watch.look()
        if now >= self._roll_up_due:
            self._roll_up_due = now + _ROLL_UP
            if self._store.roll_some(self._now()):
                self._roll_up_due = now + _ROLL_MORE
        # A clock that is wrong for a moment must not delete.
        if now >= max(self._prune_due, self._watch.trusted_from):
            self._prune_due = now + _PRUNE
            self._before_deletion(self._now())
            deleted = self._store.prune(self._now())
            disk = self._store.disk()
            with self._lock:
                self._disk = disk
            if deleted:
                log.debug("deleted what was past its term", rows=deleted, used=disk.used)

    def _now(self) -> int:
        return int(self._clock.utc() * 1000)

    def _measure_rate(self) -> None:
        now = self._clock.monotonic()
        seconds = now - self._rate_since
        if seconds >= 5:
            with self._lock:
                self._rate = (self._stored - self._rate_stored) / seconds
                self._rate_stored = self._stored
            self._rate_since = now

    def _fail(self, error: PlainviewError) -> None:
        with self._lock:
            self._failed += 1
            self._trouble = error.line()
        kind = "the store is full" if isinstance(error, StoreFull) else "the store failed"
        self._complain(kind, kind, why=error.line(), waiting=self._bus.stats().waiting)

    def _complain(self, kind: str, text: str, **facts: object) -> None:
        now = self._clock.monotonic()
        if now >= self._complained.get(kind, now):
            self._complained[kind] = now + _COMPLAIN
            log.error(text, **facts)

    def stats(self) -> IntakeStats:
        """Counts, for the console and Prometheus."""
        bus = self._bus.stats()
        with self._lock:
            return IntakeStats(
                stored=self._stored,
                duplicates=self._duplicates,
                refused=self._refused[Refusal.MALFORMED],
                foreign=self._refused[Refusal.FOREIGN],
                fenced=self._refused[Refusal.FENCED],
                ahead=self._refused[Refusal.AHEAD],
                expired=self._refused[Refusal.EXPIRED],
                events=self._events,
                events_refused=self._events_refused,
                statuses=self._statuses,
                batches=self._batches,
                failed=self._failed,
                unsummed=self._store.unsummed(),
                clock_steps=self._watch.steps,
                rate=self._rate,
                trouble=self._trouble,
                bus=bus,
                disk=self._disk,
            )
