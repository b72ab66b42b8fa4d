"""One node of a fleet: the same supervised, sealed processes as on one machine, at a head's orders.

The head is heard in exchanges. Where it is not heard for a *lease*, everything here ends by itself,
so that a node that was cut off does not go on beside the one that took its cameras over.
"""

import contextlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog
from msgspec import structs

from plainview import __version__, record, redacted
from plainview.clock import Clock, SystemClock
from plainview.errors import LensError, PermitRefused
from plainview.fleet.local import HANG, LocalFleet
from plainview.fleet.meter import Meter
from plainview.fleet.orders import (
    PICTURE,
    PLATE,
    READING,
    STATUS,
    Begin,
    Item,
    News,
    Orders,
    encoder,
)
from plainview.fleet.outbox import Outbox
from plainview.fleet.zygote import COMMAND
from plainview.record import CameraStatus, Reading
from plainview.vision.task import Trust

LEASE = 2.5
"""Seconds without an exchange after which a node ends its lenses."""
_LOOK = 0.25
_AGAIN = 5.0
"""Seconds after which a zygote that did not start is tried again."""
_log = structlog.get_logger(__name__)


class Node:
    """Owns a LocalFleet, what its cameras told, and the lease by which they run."""

    def __init__(
        self,
        trust: Trust,
        *,
        clock: Clock | None = None,
        lease: float = LEASE,
        hang: float = HANG,
        command: Sequence[str] = COMMAND,
    ) -> None:
        """Begin to start the zygote; `trust` is what it judges by, as in `LocalFleet`."""
        self._trust = trust
        self._clock: Clock = clock or SystemClock()
        self._lease = lease
        self._hang = hang
        self._command = tuple(command)
        self._changed = threading.Condition()
        self._outbox = Outbox()
        self._meter = Meter()
        self._holds: dict[str, int] = {}
        self._ending: set[str] = set()
        self._ended = False
        self._refused: dict[str, tuple[int, str]] = {}
        self._fleet: LocalFleet | None = None
        self._heard = self._clock.monotonic()
        self._open_at = self._heard
        self._trouble = "its forking process is being started"
        self._lapses = 0
        self._closing = threading.Event()
        self._workers = ThreadPoolExecutor(16, thread_name_prefix="node")
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
        self._thread.start()

    def exchange(self, asked: Orders) -> News:
        """Do what is asked, wait for something to tell, and tell it. By one caller at a time."""
        with self._changed:
            self._heard = self._clock.monotonic()
            for camera, fence in asked.end:
                self._end(camera, fence)
        for begin in asked.begin:
            self._begin(begin)
        found = tuple(path for path in asked.look if Path(path).exists())
        with self._changed:
            if not found and not asked.begin and not asked.end:
                self._changed.wait_for(self._has_news, asked.wait)
            self._ended = False
            return self._news(asked.acknowledged, found)

    def close(self) -> None:
        """End everything. May be called twice."""
        self._closing.set()
        self._thread.join()
        self._workers.shutdown()

    def _has_news(self) -> bool:
        return self._ended or len(self._outbox) > 0

    def _news(self, acknowledged: int, found: tuple[str, ...]) -> News:
        fleet = self._fleet
        items = self._outbox.give(acknowledged)
        refused = {} if fleet is None else fleet.refused()
        known = {
            name: (self._holds[name], why) for name, why in refused.items() if name in self._holds
        }
        running = {} if fleet is None else fleet.running()
        counts = {} if fleet is None else fleet.stats()
        return News(
            number=self._outbox.number,
            version=__version__,
            items=items,
            holds=dict(self._holds),
            refused=self._refused | known,
            found=found,
            used=self._meter.used(running, self._clock.monotonic()),
            processes={} if fleet is None else fleet.processes(),
            counts={
                **counts,
                "fleet_dropped": float(self._outbox.dropped),
                "fleet_lapses": float(self._lapses),
            },
            trouble=self._trouble,
        )

    def _begin(self, begin: Begin) -> None:
        """Start a camera, unless it runs under this token or a later one, or is being ended."""
        name = begin.camera
        with self._changed:
            fleet = self._fleet
            if fleet is None or name in self._ending or self._holds.get(name, -1) >= begin.fence:
                return
            self._holds[name] = begin.fence
            self._refused.pop(name, None)
        tap = begin.tap
        if begin.age is not None:
            tap = structs.replace(tap, began=self._clock.monotonic() - begin.age)
        try:
            fleet.start(
                name, tap, begin.lens, begin.grant, begin.plate, begin.admitted, begin.looks
            )
        except PermitRefused as error:
            with self._changed:
                self._refused[name] = begin.fence, error.line()
        except LensError:
            # It was closed in between, for want of the head: it is asked again.
            with self._changed:
                self._holds.pop(name, None)

    def _end(self, name: str, fence: int) -> None:
        """Begin to end a camera; it is held until its processes are gone."""
        held = self._holds.get(name)
        if held is None or held > fence or name in self._ending:
            return
        self._ending.add(name)
        self._workers.submit(self._stop, name)

    def _stop(self, name: str) -> None:
        fleet = self._fleet
        with contextlib.suppress(LensError):  # closed meanwhile: all have ended
            if fleet is not None:
                fleet.stop(name)
        with self._changed:
            self._ending.discard(name)
            self._ended = True
            self._holds.pop(name, None)
            self._refused.pop(name, None)
            self._changed.notify_all()

    def _run(self) -> None:
        while not self._closing.wait(_LOOK):
            now = self._clock.monotonic()
            if now - self._heard > self._lease:
                self._lapse()
            elif self._fleet is None and now >= self._open_at:
                self._open()
        self._shut()

    def _open(self) -> None:
        try:
            fleet = LocalFleet(
                on_reading=self._on_reading,
                on_status=self._on_status,
                on_plate=self._on_plate,
                on_picture=self._on_picture,
                trust=self._trust,
                clock=self._clock,
                hang=self._hang,
                command=self._command,
            )
        except LensError as error:
            self._trouble = error.line()
            self._open_at = self._clock.monotonic() + _AGAIN
            _log.error("zygote not started", why=error.line())
            return
        with self._changed:
            self._fleet = fleet
            self._trouble = ""

    def _lapse(self) -> None:
        """The head is not heard: nothing may run on."""
        if self._fleet is None:
            return
        _log.error("the head of the fleet is not heard, so every lens ends", lease=self._lease)
        self._lapses += 1
        self._shut()

    def _shut(self) -> None:
        fleet = self._fleet
        if fleet is not None:
            fleet.close()
        with self._changed:
            self._fleet = None
            self._trouble = "its forking process is being started"
            self._holds.clear()
            self._refused.clear()

    def _on_reading(self, camera: str, reading: Reading) -> None:
        self._put(camera, READING, record.encode(reading))

    def _on_status(self, camera: str, status: CameraStatus) -> None:
        self._put(camera, STATUS, encoder.encode(status))

    def _on_plate(self, camera: str, plate: bytes) -> None:
        self._put(camera, PLATE, plate)

    def _on_picture(self, camera: str, picture: redacted.Picture) -> None:
        self._put(camera, PICTURE, redacted.encode(picture))

    def _put(self, camera: str, kind: int, data: bytes) -> None:
        with self._changed:
            fence = self._holds.get(camera)
            if fence is None:
                return
            item = Item(camera, fence, kind, data)
            if kind == PICTURE:
                self._outbox.show(item)
            else:
                self._outbox.put(item)
            self._changed.notify_all()
