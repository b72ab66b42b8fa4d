"""Runs any number of live cameras on this machine, and keeps each one's trouble its own."""

import contextlib
import os
import queue
import selectors
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

import structlog
from msgspec import structs

from plainview.clock import Clock, SystemClock
from plainview.errors import LensError, PlainviewError
from plainview.fleet.camera import TICK, Camera
from plainview.fleet.permission import Permission
from plainview.fleet.recording import Recording
from plainview.fleet.zygote import COMMAND, Zygote, ZygoteGone
from plainview.governance.lapse import keys
from plainview.governance.permit import Grant
from plainview.record import CameraStatus, Reading
from plainview.redacted import Picture
from plainview.vision.spec import LensSpec, TapSpec
from plainview.vision.task import Trust

HANG = 10.0
"""Seconds in which a lens that has packets must take one."""
_STOP = 10.0
_STOP_HARD = 2.0
"""Seconds after which a stop no longer waits for the zygote, but ends it and all its children."""
_log = structlog.get_logger(__name__)

OnReading = Callable[[str, Reading], None]
OnStatus = Callable[[str, CameraStatus], None]
OnPlate = Callable[[str, bytes], None]
OnPicture = Callable[[str, Picture], None]


class _Start(NamedTuple):
    camera: Camera
    admitted: bytes | None


class _Admit(NamedTuple):
    camera_id: str
    plate: bytes | None


class _Stop(NamedTuple):
    camera_id: str
    done: threading.Event


class LocalFleet:
    """Owns the zygote, every camera's processes, and the one thread that watches them all.

    The callbacks are called on that thread: they must be quick, and may call `start` but not
    `stop` or `close`. A PlainviewError that one raises is logged and counted (`failed_callbacks`).
    """

    def __init__(  # noqa: PLR0913 - one keyword for each callback and part that app joins
        self,
        *,
        on_reading: OnReading,
        on_status: OnStatus,
        on_plate: OnPlate,
        on_picture: OnPicture | None = None,
        trust: Trust,
        clock: Clock | None = None,
        hang: float = HANG,
        command: Sequence[str] = COMMAND,
        recording: Recording | None = None,
    ) -> None:
        """Start the zygote and the watching thread.

        Taps that are told to record hand their packets to `recording` too; without it, none does.

        What may start is judged by `trust`, here and in the zygote. Raises LensError if that cannot
        be started, InputError if a key of `trust` is none.
        """
        self._trust = trust
        self._keys = keys(trust.authority, trust.ledger)
        self._on_reading = on_reading
        self._on_status = on_status
        self._on_plate = on_plate
        self._on_picture = on_picture
        self._clock: Clock = clock or SystemClock()
        self._hang = hang
        self._command = tuple(command)
        self._recording = recording
        self._zygote: Zygote | None = Zygote(self._command, trust=self._trust)
        self._zygote_again = 0.0
        self._cameras: dict[str, Camera] = {}
        self._leaving: list[tuple[set[int], threading.Event]] = []
        self._orders: queue.SimpleQueue[_Start | _Stop | _Admit] = queue.SimpleQueue()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._closing = False
        self.zygote_restarts = 0
        """Times that the zygote itself had to be started anew."""
        self.failed_callbacks = 0
        """Errors that a callback raised; the message it was about is not repeated."""
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
        """Run a camera, from `plate` where one is given. One of the same name is replaced.

        Its redacted view, where `lens` has one, is drawn over the `admitted` plate, and its next
        plate is learned from the `looks` that are there.

        Raises PermitRefused unless `grant` permits this camera, source and view now; then nothing
        is changed. It runs no longer than the grant holds: when that ends, or its hours do, or the
        zygote does not admit it, it is stopped, its status says why, and only another `start` with
        a grant that holds makes it run again.
        """
        if self._recording is None:
            tap = structs.replace(tap, record=False)
        permission = Permission(camera_id, tap, lens, grant, self._keys)
        permission.check(int(self._clock.utc() * 1000))
        camera = Camera(
            camera_id,
            tap,
            lens,
            plate,
            permission=permission,
            clock=self._clock,
            hang=self._hang,
            recording=self._recording,
        )
        camera.looks = looks
        self._order(_Start(camera, admitted))

    def admit(self, camera_id: str, plate: bytes | None) -> None:
        """Draw the camera's view over `plate` from now on; nothing happens where it has none.

        Its processes are started anew, which costs a second or two of measurement.
        """
        self._order(_Admit(camera_id, plate))

    def stop(self, camera_id: str) -> None:
        """End a camera's processes; when this returns they are gone, and no more Readings come.

        Where that does not happen in the usual way (the zygote hangs, or the thread here waits for
        it), the zygote is killed: the kernel ends every camera's processes, and all but this one
        are started anew.
        """
        done = threading.Event()
        self._order(_Stop(camera_id, done))
        if done.wait(_STOP_HARD):
            return
        zygote = self._zygote
        if zygote is not None:
            _log.error("zygote does not end a camera, so it is ended", camera=camera_id)
            zygote.kill_hard()
        done.wait(_STOP)

    def refused(self) -> dict[str, str]:
        """Cameras that were started and then refused, and why: by the zygote, or in the meantime.

        They do not run, nor will they, until they are stopped or started anew.
        """
        cameras = list(self._cameras.values())
        return {camera.name: camera.forbidden for camera in cameras if camera.forbidden}

    def processes(self) -> dict[str, list[int]]:
        """Process numbers by kind (zygote, lens, tap), for measuring; they may end any time."""
        pairs = self.running().values()
        zygote = self._zygote
        return {
            "zygote": [zygote.pid] if zygote is not None else [],
            "lens": [lens for lens, _ in pairs],
            "tap": [tap for _, tap in pairs],
        }

    def running(self) -> dict[str, tuple[int, int]]:
        """The (lens, tap) process numbers of each camera that runs; they may end any time."""
        pairs = {camera.name: camera.processes() for camera in list(self._cameras.values())}
        return {name: pair for name, pair in pairs.items() if pair is not None}

    def stats(self) -> dict[str, float]:
        """What the fleet counts of itself."""
        return {
            "zygote_restarts": float(self.zygote_restarts),
            "fleet_failed_callbacks": float(self.failed_callbacks),
        }

    def close(self) -> None:
        """End every camera, the zygote and the thread. May be called again."""
        if self._closing:
            return
        self._closing = True
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        os.close(self._wake)

    def __enter__(self) -> Self:
        """The fleet itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _order(self, order: _Start | _Stop | _Admit) -> None:
        if self._closing or not self._thread.is_alive():
            raise LensError("the fleet is closed", where="fleet")
        self._orders.put(order)
        os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            try:
                while not self._closing:
                    self._turn(selector)
            finally:
                for camera in self._cameras.values():
                    camera.stop(selector)
                    self._tell(camera, force=True)
                if self._zygote is not None:
                    self._zygote.close()
                self._let_go()

    def _turn(self, selector: selectors.BaseSelector) -> None:
        try:
            self._keep_zygote(selector)
            for key, _ in selector.select(TICK):
                if key.fd == self._wake:
                    with contextlib.suppress(BlockingIOError):
                        os.eventfd_read(self._wake)
                elif isinstance(key.data, Camera):
                    self._receive(key.data, key.fd, selector)
            self._obey(selector)
            if self._zygote is not None:
                self._watch(self._zygote, selector)
        except ZygoteGone as error:
            self._lose_zygote(error, selector)
        for camera in self._cameras.values():
            self._tell(camera)

    def _receive(self, camera: Camera, fd: int, selector: selectors.BaseSelector) -> None:
        for item in camera.receive(fd, selector):
            if isinstance(item, Reading):
                self._call(self._on_reading, camera.name, item)
            elif isinstance(item, Picture):
                if self._on_picture is not None:
                    self._call(self._on_picture, camera.name, item)
            else:
                self._call(self._on_plate, camera.name, item)

    def _obey(self, selector: selectors.BaseSelector) -> None:
        while True:
            try:
                order = self._orders.get_nowait()
            except queue.Empty:
                return
            if isinstance(order, _Admit):
                if order.camera_id in self._cameras:
                    self._cameras[order.camera_id].admit(order.plate, selector)
                continue
            name = order.camera.name if isinstance(order, _Start) else order.camera_id
            old = self._cameras.pop(name, None)
            left: set[int] = set()
            if old is not None:
                left = set(old.processes() or ())
                old.stop(selector)
                if isinstance(order, _Stop):
                    self._tell(old, force=True)
            if isinstance(order, _Start):
                order.camera.admit(order.admitted, selector)
                self._cameras[name] = order.camera
            elif left and self._zygote is not None:
                self._leaving.append((left, order.done))
            else:
                order.done.set()

    def _watch(self, zygote: Zygote, selector: selectors.BaseSelector) -> None:
        ended = {exited.pid: exited.code for exited in zygote.exits()}
        for left, done in self._leaving:
            left.difference_update(ended)
            if not left:
                done.set()
        self._leaving = [(left, done) for left, done in self._leaving if left]
        for camera in self._cameras.values():
            camera.watch(zygote, ended, selector)

    def _keep_zygote(self, selector: selectors.BaseSelector) -> None:
        now = self._clock.monotonic()
        if self._zygote is None:
            if now < self._zygote_again:
                return
            self._zygote_again = now + 5.0
            self.zygote_restarts += 1
            try:
                self._zygote = Zygote(self._command, trust=self._trust)
            except LensError as error:
                _log.error("zygote not started", why=error.line())
                return
        if self._zygote.fileno() not in selector.get_map():
            selector.register(self._zygote, selectors.EVENT_READ)

    def _lose_zygote(self, error: ZygoteGone, selector: selectors.BaseSelector) -> None:
        _log.error("zygote lost", why=error.line())
        assert self._zygote is not None  # noqa: S101 - it was the one that raised
        if self._zygote.fileno() in selector.get_map():
            selector.unregister(self._zygote)
        self._zygote.kill_all()
        self._zygote = None
        self._let_go()
        for camera in self._cameras.values():
            camera.lose(selector)

    def _let_go(self) -> None:
        """The zygote has ended, and with it the processes whose ends were waited for."""
        for _, done in self._leaving:
            done.set()
        self._leaving.clear()

    def _tell(self, camera: Camera, *, force: bool = False) -> None:
        status = camera.news(force=force)
        if status is not None:
            self._call(self._on_status, camera.name, status)

    def _call(self, callback: Callable[..., None], camera_id: str, item: object) -> None:
        try:
            callback(camera_id, item)
        except PlainviewError as error:
            self.failed_callbacks += 1
            _log.error("not taken from the fleet", camera=camera_id, why=error.line())
