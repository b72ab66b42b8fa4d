"""From the bus into the store: the only writer of Readings."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog
from msgspec import Struct, structs

from plainview.bus import Bus, BusStats, Delivery
from plainview.clock import Clock
from plainview.errors import PlainviewError, ReadingRefused, StoreError, StoreFull
from plainview.record import CameraStatus, Event, Stamped, decode, encode
from plainview.store import DiskUse, Store
from plainview.store.search import Mark

log = structlog.get_logger(__name__)

Admit = Callable[[str, Event], Mark | None]
"""(camera, event) -> what is kept of it; None: its kind is not permitted there, or it is off."""

Written = Callable[[Sequence[Stamped], int, float], None]
"""(Readings, events with them, UTC seconds at which they were taken) that are durable now."""

_BATCH = 4096
"""Messages of one transaction, at most."""
_WAIT = 0.25
"""Seconds to wait for the first message: how soon a stop is noticed."""
_RETRY = 1.0
"""Seconds between attempts while the store does not take anything."""
_COMPLAIN = 60.0
"""Seconds between two lines in the log about the same trouble."""
_ROLL_UP = 20.0
_PRUNE = 60.0
"""Seconds between roll-ups, and between deletions of what is past its term."""
_STEP = 60.0
"""Seconds that UTC may move against the steady clock before it counts as a step."""
_AFTER_STEP = 900.0
"""Seconds without deletion after a step: a clock that is wrong for a moment must not delete."""


class IntakeStats(Struct, frozen=True):
    """Counts since intake was made, and what is wrong now."""

    stored: int
    duplicates: int
    refused: int
    """Messages that were not a Reading or not of the camera that they came from: not stored."""
    events: int
    """Starts and ends of events, stored with their Readings."""
    events_refused: int
    """Those that were not permitted, or are off: not stored, and taken out of their Readings."""
    statuses: int
    batches: int
    failed: int
    """Attempts to write that failed; they are repeated, nothing of them is lost."""
    clock_steps: int
    rate: float
    """Readings stored per second, over the last ten seconds or so."""
    trouble: str
    """Why nothing can be written at the moment; empty when all is well."""
    bus: BusStats
    disk: DiskUse | None
    """As of the last deletion; None before it."""

    def numbers(self) -> dict[str, float]:
        """The counts by name, for Prometheus and the console's line."""
        numbers = {
            "readings_per_second": self.rate,
            "readings_stored": self.stored,
            "readings_duplicate": self.duplicates,
            "messages_refused": self.refused,
            "events_stored": self.events,
            "events_refused": self.events_refused,
            "statuses": self.statuses,
            "batches": self.batches,
            "writes_failed": self.failed,
            "clock_steps": self.clock_steps,
            "store_in_trouble": float(bool(self.trouble)),
            "bus_published": self.bus.published,
            "bus_refused": self.bus.refused,
            "bus_waiting": self.bus.waiting,
            "bus_bound": self.bus.bound,
        }
        if self.disk is not None:
            numbers |= {
                "disk_used_bytes": self.disk.used,
                "disk_bound_bytes": self.disk.bound,
                "disk_free_bytes": self.disk.free,
            }
        return numbers


class Stop(Protocol):
    """What tells the loop to end; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether to end."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for it, `timeout` seconds at most."""
        ...


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
    ) -> None:
        """Take from `bus`, write to `store`; periods are by `clock`.

        `admit` decides about each event; without it no event is kept.
        `written` is told what was written, and must not wait. `before_deletion` is told, with the
        UTC milliseconds, each time before what is past its term is deleted.
        """
        self._before_deletion = before_deletion
        self._admit, self._written = admit, written
        self._bus = bus
        self._store = store
        self._clock = clock
        self._pending: Sequence[Delivery] = ()
        self._most = _BATCH
        self._lock = threading.Lock()
        self._stored = self._duplicates = self._refused = self._statuses = 0
        self._batches = self._failed = self._steps = 0
        self._events = self._events_refused = 0
        self._trouble = ""
        self._complained: dict[str, float] = {}
        now = clock.monotonic()
        self._roll_up_due = now + _ROLL_UP
        self._prune_due = now
        self._offset = clock.utc() - now
        self._rate_since = now
        self._rate_stored = 0
        self._rate = 0.0
        self._disk: DiskUse | None = None

    def run(self, stop: Stop) -> None:
        """Take and write until `stop` is set, or the bus is closed and empty.

        This is the one place where errors of the store end up: logged at most once a minute,
        counted, shown in `stats().trouble`, and tried again.
        """
        while not stop.is_set():
            try:
                took = self.step(_WAIT)
                self.upkeep()
            except StoreError as error:
                self._fail(error)
                stop.wait(_RETRY)
                continue
            if not took and self._bus.stats().closed:
                break
        # What was taken and can be written is written; the rest stays on the bus.
        try:
            for _ in range(1 + self._bus.stats().waiting // _BATCH):
                self.step(0.0)
            self._store.roll_up(self._now())
        except StoreError as error:
            self._fail(error)

    def step(self, timeout: float) -> int:
        """Take a batch (waiting up to `timeout` seconds), write and acknowledge it; its size.

        Raises StoreFull or StoreError when it cannot be written. It is then kept for the next call,
        in smaller pieces, and nothing else is taken before.
        """
        if not self._pending:
            self._pending = self._bus.take(_BATCH, timeout)
        taken = len(self._pending)
        while self._pending:
            part = self._pending[: self._most]
            self._write(part)
            self._bus.acknowledge(part)
            self._pending = self._pending[len(part) :]
        self._measure_rate()
        return taken

    def _write(self, part: Sequence[Delivery]) -> None:
        readings: list[Stamped] = []
        marks: list[Mark] = []
        refused = statuses = said = 0
        taken = self._clock.utc()
        for delivery in part:
            message = delivery.message
            try:
                if isinstance(message, CameraStatus):
                    self._store.put_status(delivery.camera, message)
                    statuses += 1
                else:
                    one = checked(delivery.camera, message)
                    said += len(one.reading.events)
                    readings.append(self._admitted(one, marks))
            except ReadingRefused as error:
                refused += 1
                self._complain("refused", "message refused", camera=delivery.camera, why=str(error))
        try:
            stored, duplicates = self._store.append(readings, marks)
        except StoreError:
            self._most = max(len(part) // 2, 1)
            raise
        self._most = min(self._most + 1 + self._most // 8, _BATCH)
        if readings:
            self._written(readings, len(marks), taken)
        with self._lock:
            self._stored += stored
            self._duplicates += duplicates
            self._refused += refused
            self._events += len(marks)
            self._events_refused += said - len(marks)
            self._statuses += statuses
            self._batches += 1
            self._trouble = ""

    def _admitted(self, one: Stamped, marks: list[Mark]) -> Stamped:
        """`one` with those of its events only that are kept; they are added to `marks`."""
        if not one.reading.events:
            return one
        found = [mark for e in one.reading.events if (mark := self._admit(one.camera, e))]
        marks += found
        if len(found) == len(one.reading.events):
            return one
        events = tuple(mark.event for mark in found)
        return structs.replace(one, reading=structs.replace(one.reading, events=events))

    def upkeep(self) -> None:
        """Roll up, and delete what is past its term, when due. Raises StoreError."""
        now = self._clock.monotonic()
        self._watch_clock(now)
        if now >= self._roll_up_due:
            self._roll_up_due = now + _ROLL_UP
            self._store.roll_up(self._now())
        if now >= self._prune_due:
            self._prune_due = now + _PRUNE
            self._before_deletion(self._now())
            deleted = self._store.prune(self._now())
            disk = self._store.disk()
            with self._lock:
                self._disk = disk
            if deleted:
                log.debug("deleted what was past its term", rows=deleted, used=disk.used)

    def _watch_clock(self, now: float) -> None:
        offset = self._clock.utc() - now
        moved = offset - self._offset
        self._offset = offset
        if abs(moved) > _STEP:
            self._prune_due = now + _AFTER_STEP
            with self._lock:
                self._steps += 1
            log.warning("the clock was set; deletion waits", by_seconds=round(moved, 1))

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
                refused=self._refused,
                events=self._events,
                events_refused=self._events_refused,
                statuses=self._statuses,
                batches=self._batches,
                failed=self._failed,
                clock_steps=self._steps,
                rate=self._rate,
                trouble=self._trouble,
                bus=bus,
                disk=self._disk,
            )


def checked(camera: str, message: Stamped) -> Stamped:
    """`message` if it is a Reading of `camera`, checked as if it had come as bytes.

    Types do not bind at run time, and another bus may hand over what another program made.
    Raises ReadingRefused.
    """
    if message.camera != camera:
        raise ReadingRefused(f"{camera!r} sent a Reading in the name of {message.camera!r}")
    try:
        data = encode(message.reading)
    except (TypeError, ValueError, OverflowError) as error:
        raise ReadingRefused(f"not a Reading: {error}") from error
    decode(data)
    return message
