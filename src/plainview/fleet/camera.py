"""One live camera in a fleet: its processes, their restarts, and what is told of it."""

import contextlib
import selectors
from collections.abc import Iterator, Mapping

import structlog

from plainview.clock import Clock
from plainview.errors import LensError, PermitRefused
from plainview.fleet.endings import how_it_ended
from plainview.fleet.permission import Permission
from plainview.fleet.pipeline import Pipeline
from plainview.fleet.recording import Recording
from plainview.fleet.stall import Stall
from plainview.fleet.zygote import Zygote, ZygoteGone
from plainview.record import CameraStatus, LensState, Reading
from plainview.redacted import LEARNED_TAG, LOOKS_TAG, Picture
from plainview.vision.seal import SealReport
from plainview.vision.spec import NETWORK_FAULTS, LensSpec, TapSpec, TapStatus
from plainview.vision.task import LensTask, networks_stopped

TICK = 0.25
"""Seconds between looks at a camera at which nothing happens."""
LEASH = 20
"""Seconds of processor time that a lens may use beyond the last sign of progress."""
_BEAT = 2.0
"""Seconds between looks at a lens's progress."""
_STATUS_EVERY = 1.0 - 2 * TICK
"""Seconds between statuses, so that one comes each second even when a turn takes long."""
_FIRST_RETRY = 0.5
_LAST_RETRY = 5.0
_SETTLED = 30.0
"""Seconds of running after which a restart counts as the first again."""
_OVER = "its video is over"
"""Of a clip; a live camera is waited for."""
_TAP_SILENCE = 12.0
"""Seconds in which a tap must tell its status."""
_log = structlog.get_logger(__name__)


class Camera:
    """Owns one camera's pipeline across restarts. Used by the fleet's thread only."""

    def __init__(
        self,
        name: str,
        tap: TapSpec,
        lens: LensSpec,
        plate: bytes | None,
        *,
        permission: Permission,
        clock: Clock,
        hang: float,
        recording: Recording | None = None,
    ) -> None:
        """Not started yet: `watch` does. `recording` is where its tap's packets go too."""
        self.name = name
        self._permission = permission
        self._tap = tap
        self._lens = lens
        self._plate = plate
        self._plate_state = "learning" if plate is None else "approved"
        self._clock = clock
        self._hang = hang
        self._stall = Stall(hang)
        self._recording = recording if tap.record else None
        self._admitted: bytes | None = None
        self.looks: bytes | None = None
        """What was seen for the next plate of its redacted view; its next lens begins with it."""
        self._pipeline: Pipeline | None = None
        self._state = LensState.STARTING
        self._sealed = False
        self._connected = False
        self._note = ""
        self._ended: str | None = None
        self._without = 0
        """Bits of its networks that have stopped; none is tried again before this program's end."""
        self._last: int | None = None
        self._restarts = self._reconnects = self._late = self._refused = 0
        self._failures = 0
        self._retry_at: float | None = clock.monotonic()
        self._since = 0.0
        self._looked = self._mute = 0.0
        self._tap_heard = 0.0
        self._told: CameraStatus | None = None
        self._told_at = float("-inf")
        self.forbidden = ""
        """Why it may not run, found out after its start; empty while it may."""

    def processes(self) -> tuple[int, int] | None:
        """The (lens, tap) process numbers while it runs."""
        pipeline = self._pipeline
        return None if pipeline is None else (pipeline.lens, pipeline.tap)

    def receive(
        self, fd: int, selector: selectors.BaseSelector
    ) -> Iterator[Reading | Picture | bytes]:
        """The Readings, pictures and plates that came through `fd`."""
        pipeline = self._pipeline
        if pipeline is None or fd not in pipeline.sources():
            return
        now = self._clock.monotonic()
        items = list(pipeline.receive(fd, now))
        if fd not in pipeline.sources():
            selector.unregister(fd)
        for item in items:
            if isinstance(item, SealReport):
                self._sealed = item.sealed
                self._state = LensState.RUNNING
                self._note = _noted(item)
            elif isinstance(item, TapStatus):
                self._tap_heard = now
                self._connected = item.connected
            else:
                if isinstance(item, Reading):
                    self._mute = 0.0
                    self._last = item.t
                elif isinstance(item, bytes) and item.startswith(LOOKS_TAG):
                    self.looks = item.removeprefix(LOOKS_TAG)
                elif isinstance(item, bytes) and not item.startswith(LEARNED_TAG):
                    self._plate, self._plate_state = item, "learned"
                yield item
        self._hold(pipeline, selector)

    def _hold(self, pipeline: Pipeline, selector: selectors.BaseSelector) -> None:
        """Start anew what has broken its contract."""
        if not pipeline.readings.trusted:
            self._fail(f"the lens sent {pipeline.readings.why}", selector)
        elif not pipeline.plates.trusted:
            self._fail("the lens sent a plate that is too large", selector)
        elif pipeline.pictures.why:
            self._fail(f"the lens sent {pipeline.pictures.why}", selector)
        elif pipeline.garbled:
            self._fail("the tap sent something that is not its status", selector)

    def watch(
        self, zygote: Zygote, ended: Mapping[int, int], selector: selectors.BaseSelector
    ) -> None:
        """Start or restart what is due, and judge what runs. Raises ZygoteGone.

        `ended` holds the exit codes of processes that have ended since the last call. What is no
        longer permitted is ended for good: a new start needs a new grant.
        """
        now = self._clock.monotonic()
        try:
            # First, so that a process that its permit's end has killed is not taken for a crash.
            if self._state is not LensState.STOPPED:
                self._permission.keep(self._utc())
            self._go_on(zygote, ended, now, selector)
        except PermitRefused as error:
            self._forbid(error, selector)

    def _go_on(
        self,
        zygote: Zygote,
        ended: Mapping[int, int],
        now: float,
        selector: selectors.BaseSelector,
    ) -> None:
        if self._pipeline is not None:
            self._judge(self._pipeline, ended, now, selector)
        if self._pipeline is None and self._retry_at is not None and now >= self._retry_at:
            self._launch(zygote, now, selector)

    def _launch(self, zygote: Zygote, now: float, selector: selectors.BaseSelector) -> None:
        task = LensTask(
            self._lens,
            self._plate,
            self._admitted,
            self.looks if self._lens.picture else None,
            since=self._last,
            cpu_seconds=LEASH,
            without=self._without,
        )
        try:
            self._permission.check(self._utc())
            socket = None
            if self._recording is not None:
                socket = self._recording.attach(self.name, self._permission.term)
            pipeline = Pipeline(
                zygote,
                self._tap,
                task,
                now=now,
                claim=self._permission.claim,
                recording=socket,
            )
        except ZygoteGone:
            raise
        except LensError as error:
            self._later(error.line(), now)
            return
        self._pipeline = pipeline
        self._retry_at = None
        self._since = self._looked = self._tap_heard = now
        self._stall = Stall(self._hang)
        self._mute = 0.0
        for fd in pipeline.sources():
            selector.register(fd, selectors.EVENT_READ, self)

    def _judge(
        self,
        pipeline: Pipeline,
        ended: Mapping[int, int],
        now: float,
        selector: selectors.BaseSelector,
    ) -> None:
        status = pipeline.status
        over = pipeline.tap in ended or pipeline.lens in ended
        if over and status is not None and status.ended:
            self._finish(status, selector)
        elif pipeline.lens in ended:
            self._without |= networks_stopped(ended[pipeline.lens])
            self._fail(f"the lens {how_it_ended(ended[pipeline.lens])}", selector)
        elif pipeline.tap in ended:
            self._fail(f"the tap {how_it_ended(ended[pipeline.tap])}", selector)
        elif now - self._tap_heard > max(_TAP_SILENCE, self._hang):
            self._fail("the tap does not answer", selector)
        elif now - self._looked >= min(_BEAT, self._hang / 4):
            # At most one look's worth is counted at a time: a machine that slept is no hang.
            waited = min(now - self._looked, _BEAT)
            self._looked = now
            self._look(pipeline, waited, selector)

    def _look(self, pipeline: Pipeline, waited: float, selector: selectors.BaseSelector) -> None:
        why = ""
        if pipeline.beat():
            self._stall.taken()
            self._mute += waited
            pipeline.leash(LEASH)
        elif pipeline.waiting():
            why = self._stall.look(pipeline.lens, waited)
        if why:
            self._fail(f"the lens {why}", selector)
        elif self._mute >= 3 * self._lens.every + 3 * self._hang:
            self._fail("the lens tells nothing", selector)

    def _finish(self, status: TapStatus, selector: selectors.BaseSelector) -> None:
        """The source has ended, or cannot work: a restart helps only where a file comes back."""
        self._detach(selector)
        if self._tap.live and status.failed:
            self._retry_at = self._clock.monotonic() + _LAST_RETRY
        self._state = LensState.ENDED
        self._note = status.note or _OVER
        if self._ended != self._note:
            self._ended = self._note
            _log.warning("camera ended", camera=self.name, why=self._note)
        self._connected = False

    def _fail(self, why: str, selector: selectors.BaseSelector) -> None:
        now = self._clock.monotonic()
        self._detach(selector)
        if now - self._since >= _SETTLED:
            self._failures = 0
        self._later(why, now)

    def _later(self, why: str, now: float) -> None:
        self._restarts += 1
        self._retry_at = now + min(_FIRST_RETRY * 2**self._failures, _LAST_RETRY)
        self._failures = min(self._failures + 1, 16)
        self._state = LensState.RESTARTING
        self._connected = False
        self._note = f"{why}; restarting"[:200]
        _log.warning("camera restarts", camera=self.name, why=why, restarts=self._restarts)

    def admit(self, plate: bytes | None, selector: selectors.BaseSelector) -> None:
        """Draw its view over `plate` from now on: its lens is started anew, by the same permit."""
        if not self._lens.picture or plate == self._admitted:
            return
        self._admitted = plate
        if self._pipeline is not None:
            self._detach(selector)
            # Told like any other: whoever waits for an event's end must know that none will come.
            self._restarts += 1
            self._retry_at = self._clock.monotonic()
            self._state = LensState.STARTING

    def lose(self, selector: selectors.BaseSelector) -> None:
        """The zygote is gone, and this camera's processes with it: start anew with the next."""
        if self._pipeline is not None:
            self._detach(selector, kill=False)
            self._later("the process that starts lenses ended", self._clock.monotonic())
            self._failures = 0

    def stop(self, selector: selectors.BaseSelector) -> None:
        """End it for good."""
        self._detach(selector)
        if self._recording is not None:
            self._recording.detach(self.name)
        self._state = LensState.STOPPED
        self._connected = False
        self._retry_at = None

    def _forbid(self, why: PermitRefused, selector: selectors.BaseSelector) -> None:
        self.stop(selector)
        self._note = why.line()[:200]
        self.forbidden = why.line()
        _log.warning("camera not permitted", camera=self.name, why=why.line())

    def _utc(self) -> int:
        return int(self._clock.utc() * 1000)

    def _detach(self, selector: selectors.BaseSelector, *, kill: bool = True) -> None:
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is None:
            return
        for fd in pipeline.sources():
            selector.unregister(fd)
        status = pipeline.status
        if status is not None:
            self._reconnects += status.reconnects
            self._late += status.late
        self._refused += _refused(pipeline)
        self._sealed = False
        # If the zygote is gone they ended with it; the fleet notices at its next turn.
        with contextlib.suppress(ZygoteGone):
            if kill:
                pipeline.kill()
        pipeline.close()

    def _unrecorded(self) -> str:
        """Why its footage is not recorded though it should be; empty where it is."""
        if self._recording is None or self._state is not LensState.RUNNING:
            return ""
        why = self._recording.why(self.name)
        return f"not recorded: {why}"[:200] if why else ""

    def news(self, *, force: bool = False) -> CameraStatus | None:
        """The camera's status, when it changed or was not told for a second."""
        pipeline = self._pipeline
        status = pipeline.status if pipeline is not None else None
        refused = _refused(pipeline) if pipeline else 0
        now = self._clock.monotonic()
        news = CameraStatus(
            t=round(self._clock.utc() * 1000),
            state=self._state,
            sealed=self._sealed,
            connected=self._connected and self._state is LensState.RUNNING,
            restarts=self._restarts,
            reconnects=self._reconnects + (status.reconnects if status else 0),
            late=self._late + (status.late if status else 0),
            refused=self._refused + refused,
            plate=self._plate_state,
            note=self._note or (status.note if status else "") or self._unrecorded(),
        )
        told = self._told
        same = told is not None and _marks(told) == _marks(news)
        if same and not force and now - self._told_at < _STATUS_EVERY:
            return None
        self._told, self._told_at = news, now
        return news


def _refused(pipeline: Pipeline) -> int:
    """Messages of its lens that were not taken."""
    return pipeline.readings.refused + pipeline.plates.refused + pipeline.pictures.refused


def _noted(report: SealReport) -> str:
    """What an operator must know of a lens that has just been sealed; empty when all is well."""
    notes = [] if report.sealed else [f"unsealed: lacks {', '.join(report.missing)}"]
    notes += [
        f"network {k + 1} is off: {NETWORK_FAULTS[state][0]}"
        for k, state in enumerate(report.networks)
        if state in NETWORK_FAULTS
    ]
    return "; ".join(notes)[:200]


def _marks(status: CameraStatus) -> tuple[object, ...]:
    """What of a status is told of at once when it changes; counters can wait a second."""
    return (
        status.state,
        status.sealed,
        status.connected,
        status.restarts,
        status.refused,
        status.plate,
        status.note,
    )
