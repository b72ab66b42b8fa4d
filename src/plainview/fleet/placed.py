"""A fleet of many nodes, with the manners of the one on this machine.

It places cameras, moves them when a node dies, drains or fills up, and takes back what they told.
Every placement has a token of its own; what is told under another is not passed on.
"""

import random
import threading
from collections.abc import Callable
from typing import Self

import msgspec
import structlog
from msgspec import structs

from plainview import record, redacted
from plainview.clock import Clock, SystemClock
from plainview.errors import UNDECODED, InputError, LensError, PlainviewError, ReadingRefused
from plainview.fleet.membership import SILENT, Cluster, Heard, Lost, Membership
from plainview.fleet.orders import PICTURE, READING, STATUS, Item, Orders
from plainview.fleet.permission import Permission
from plainview.fleet.roster import Roster, Task
from plainview.fleet.spread import Spread
from plainview.fleet.statuses import Statuses
from plainview.fleet.tokens import NextFence, Tokens
from plainview.governance.lapse import keys
from plainview.governance.permit import Grant
from plainview.record import CameraStatus, Stamped
from plainview.vision.spec import LensSpec, TapSpec
from plainview.vision.task import Trust

_TURN = 0.1
_CLOSE = 8.0
_LATEST = 60_000
"""Milliseconds back to which an interval counts as told before, and not as of a clock set back."""
_statuses = msgspec.msgpack.Decoder(CameraStatus)
_log = structlog.get_logger(__name__)

OnStamped = Callable[[Stamped], None]
OnStatus = Callable[[str, CameraStatus, int], None]
OnPlate = Callable[[str, bytes], None]
OnPicture = Callable[[str, redacted.Picture], None]


class PlacedFleet:
    """Owns the head's thread, which asks and hears all nodes. Callbacks as in `LocalFleet`."""

    def __init__(  # noqa: PLR0913 - one keyword for each callback and part that app joins
        self,
        cluster: Cluster,
        *,
        on_reading: OnStamped,
        on_status: OnStatus,
        on_plate: OnPlate,
        on_picture: OnPicture | None = None,
        trust: Trust,
        next_fence: NextFence,
        near: Callable[[str], tuple[str, ...]] = lambda _: (),
        clock: Clock | None = None,
        silent: float = SILENT,
    ) -> None:
        """Begin to open the nodes of `cluster`, which is closed with this.

        `near` tells the labels of nodes near a camera's data, the nearest first.
        Raises InputError if a key of `trust` is none.
        """
        self._keys = keys(trust.authority, trust.ledger)
        self._on_reading = on_reading
        self._on_status = on_status
        self._on_plate = on_plate
        self._on_picture = on_picture
        self._near = near
        self._clock: Clock = clock or SystemClock()
        self._silent = silent
        self._members = Membership(cluster, self._clock, silent=silent)
        self._tokens = Tokens(next_fence)
        self._roster = Roster(Spread(random.SystemRandom()))
        self._statuses = Statuses(self._clock)
        self._told: dict[str, int] = {}
        """End of the last interval that was passed on, UTC milliseconds."""
        self._processes: dict[str, dict[str, list[int]]] = {}
        self._counts: dict[str, dict[str, float]] = {}
        self._past: dict[str, float] = {}
        """What nodes that were lost had counted."""
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._closing = False
        self._fenced = self._doubled = self._garbled = self._failed = 0
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)
        self._thread.start()

    def start(
        self,
        camera_id: str,
        tap: TapSpec,
        lens: LensSpec,
        grant: Grant,
        plate: bytes | None = None,
        admitted: bytes | None = None,
        looks: bytes | None = None,
    ) -> None:
        """Run a camera on some node: as `LocalFleet.start`, which judges `grant` again there.

        Raises PermitRefused, LensError.
        """
        permission = Permission(camera_id, tap, lens, grant, self._keys)
        permission.check(int(self._clock.utc() * 1000))
        with self._lock:
            if self._closing:
                raise LensError("the fleet is closed", where="fleet")
            near = self._near(camera_id)
            self._roster.add(Task(camera_id, tap, lens, grant, plate, admitted, looks, near))

    def admit(self, camera_id: str, plate: bytes | None) -> None:
        """Draw the camera's view over `plate` from now on: it is placed anew, with the next token.

        Nothing happens where it has no view.
        """
        with self._lock:
            place = self._roster.places.get(camera_id)
            if place is not None and place.task.lens.picture and place.task.admitted != plate:
                self._roster.add(structs.replace(place.task, admitted=plate))

    def stop(self, camera_id: str) -> None:
        """End a camera's processes; when this returns they are gone, and no more Readings come.

        Where its node is not heard it has ended them by itself when this returns: its lease is
        shorter than the time after which it is given up.
        """
        with self._changed:
            known = camera_id in self._roster.places
            old = self._roster.remove(camera_id)
            if old is None:
                if known:
                    self._statuses.stopped(camera_id)
                return
            limit = 2 * self._silent + 10.0
            if not self._changed.wait_for(lambda: self._roster.ended(old), limit):
                _log.error("a node does not end a camera", camera=camera_id, node=old.node)

    def refused(self) -> dict[str, str]:
        """Cameras that a node has refused or ended since, and why: nothing of them runs."""
        with self._lock:
            places = self._roster.places.items()
            return {name: one.forbidden for name, one in places if one.forbidden}

    def processes(self) -> dict[str, list[int]]:
        """Process numbers by kind (zygote, lens, tap), each of its own machine."""
        with self._lock:
            told = list(self._processes.values())
        return {
            kind: [p for one in told for p in one.get(kind, ())]
            for kind in ("zygote", "lens", "tap")
        }

    def placed(self) -> dict[str, tuple[str, int]]:
        """Node and token of each camera that has a place."""
        with self._lock:
            places = self._roster.places.items()
            return {name: (one.node, one.fence) for name, one in places if one.node is not None}

    def stats(self) -> dict[str, float]:
        """What the fleet counts of itself."""
        with self._lock:
            counts: dict[str, float] = {
                "zygote_restarts": 0.0,
                "fleet_failed_callbacks": float(self._failed),
                "fleet_nodes": float(len(self._processes)),
                "fleet_nodes_lost": float(self._members.lost),
                "fleet_moves": float(self._roster.moves),
                "fleet_left_out": float(self._roster.left_out),
                "fleet_fenced": float(self._fenced),
                "fleet_doubled": float(self._doubled),
                "fleet_garbled": float(self._garbled),
                "fleet_tokens_refused": float(bool(self._tokens.trouble)),
            }
            for told in [self._past, *self._counts.values()]:
                for name, value in told.items():
                    counts[name] = counts.get(name, 0.0) + value
        return counts

    def close(self) -> None:
        """End every camera and let go of the nodes. May be called again."""
        with self._lock:
            self._closing = True
        self._thread.join()

    def __enter__(self) -> Self:
        """The fleet itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._closing:
                self._turn_safely()
            self._end_all()
        finally:
            self._tokens.close()
            self._members.close()
            with self._changed:
                for node in list(self._processes):
                    self._roster.lose(node)
                self._changed.notify_all()

    def _turn_safely(self) -> None:
        """One turn. An error that nobody foresaw is logged, and the next turn is tried."""
        try:
            self._turn()
        except PlainviewError as error:
            _log.error("the fleet's turn failed", why=error.line())
            self._clock.sleep(_TURN)

    def _turn(self) -> None:
        with self._lock:
            for node in self._roster.urgent():
                self._members.hurry(node)
        events = self._members.turn(self._orders_for, _TURN)
        items: list[Item] = []
        with self._changed:
            for event in events:
                if isinstance(event, Heard):
                    items += self._hear(event)
                else:
                    self._lose(event)
            self._roster.give(self._tokens.collect())
            self._tokens.ask(self._roster.without_token())
            if not self._members.gathering():
                self._roster.plan(self._members.usable(), self._clock.monotonic())
            statuses = self._statuses.due(self._roster.places)
        self._pass_on(items)
        for camera, status, fence in statuses:
            self._call(self._on_status, camera, status, fence)
        with self._changed:
            # Only now: whoever waits for an end hears nothing more of the camera.
            self._changed.notify_all()

    def _orders_for(self, node: str) -> Orders:
        with self._lock:
            return self._roster.orders_for(node, self._clock.monotonic())

    def _hear(self, event: Heard) -> list[Item]:
        node, news = event
        current = [item for item in news.items if self._roster.current(node, item)]
        self._fenced += len(news.items) - len(current)
        self._processes[node] = news.processes
        self._counts[node] = news.counts
        self._roster.take(node, news)
        return current

    def _lose(self, event: Lost) -> None:
        self._roster.lose(event.node)
        self._processes.pop(event.node, None)
        for name, value in self._counts.pop(event.node, {}).items():
            self._past[name] = self._past.get(name, 0.0) + value
        self._changed.notify_all()

    def _pass_on(self, items: list[Item]) -> None:
        """Call back with what was told: on this thread, and without the lock."""
        for item in items:
            if item.kind == READING:
                self._pass_reading(item)
            elif item.kind == STATUS:
                self._pass_status(item)
            elif item.kind == PICTURE:
                self._pass_picture(item)
            else:
                with self._lock:
                    place = self._roster.places.get(item.camera)
                    if place is not None:
                        place.task = _taught(place.task, item.data)
                self._call(self._on_plate, item.camera, item.data)

    def _pass_reading(self, item: Item) -> None:
        try:
            reading = record.decode(item.data)
        except ReadingRefused as error:
            self._garbled += 1
            _log.error("a node sent no Reading", camera=item.camera, why=error.what)
            return
        if 0 <= self._told.get(item.camera, -1) - reading.t < _LATEST:
            # Told by the lens before: of another node, whose clock differs, or of a lapsed lease.
            self._doubled += 1
            return
        self._told[item.camera] = reading.t
        self._call(self._on_reading, Stamped(item.camera, reading, item.fence, item.data))

    def _pass_picture(self, item: Item) -> None:
        try:
            picture = redacted.read_picture(item.data)
        except InputError:
            self._garbled += 1
            return
        if self._on_picture is not None:
            self._call(self._on_picture, item.camera, picture)

    def _pass_status(self, item: Item) -> None:
        try:
            status = _statuses.decode(item.data)
        except UNDECODED:
            self._garbled += 1
            return
        with self._lock:
            place = self._roster.places.get(item.camera)
            if place is None:
                self._statuses.forget(item.camera)
            else:
                status = self._statuses.take(place, status)
        self._call(self._on_status, item.camera, status, item.fence)

    def _call(self, callback: Callable[..., None], *told: object) -> None:
        try:
            callback(*told)
        except PlainviewError as error:
            self._failed += 1
            _log.error("not taken from the fleet", camera=str(told[0])[:64], why=error.line())

    def _end_all(self) -> None:
        """End every camera on every node that answers."""
        with self._lock:
            old = [self._roster.remove(name) for name in list(self._roster.places)]
        until = self._clock.monotonic() + _CLOSE
        while self._clock.monotonic() < until:
            if all(self._roster.ended(one) for one in old if one is not None):
                return
            self._turn_safely()


def _taught(task: Task, learned: bytes) -> Task:
    """`task` so that its next lens begins with what the last one `learned`."""
    if learned.startswith(redacted.LOOKS_TAG):
        return structs.replace(task, looks=learned.removeprefix(redacted.LOOKS_TAG))
    if learned.startswith(redacted.LEARNED_TAG):
        return task  # a person looks at it first
    return structs.replace(task, plate=learned)
