"""Measures one video file: a tap and a sealed lens over it, as fast as the machine goes."""

import contextlib
import selectors
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from plainview.errors import LensError, PermitRefused, SourceError
from plainview.fleet.endings import how_it_ended
from plainview.fleet.pipeline import Item, Pipeline
from plainview.fleet.stall import Stall
from plainview.fleet.zygote import Zygote
from plainview.record import Reading
from plainview.vision.seal import SealReport
from plainview.vision.spec import LensSpec, NetworkState, TapSpec, TapStatus
from plainview.vision.task import Exit, LensTask, networks_stopped

MOST_RESTARTS = 5
"""Restarts of the lens in one clip before it is given up."""
HANG = 60.0
"""Seconds of idleness, or of processor time, in which a lens that has packets must take one. Half a
minute of a clip is measured between two packets, once its plate is learned."""
LEASH = 60
"""Seconds of processor time that a lens may use beyond the last sign of progress."""
_MOST_HELD = 64
"""Items that wait for the seal's report."""
_POLL = 0.25
_BEAT = 2.0
"""Seconds between looks at the lens's progress while everything flows."""

Progress = Callable[[float, float | None], None]
"""Called with seconds of the clip done, and its length where known."""


class ClipStarted(NamedTuple):
    """First, before any Reading: how well the lens is sealed."""

    sealed: bool
    missing: tuple[str, ...]
    """What the kernel lacks for the seal; empty when sealed."""
    networks: tuple[NetworkState, ...] = ()
    """How each network of the site's own was found, in their order."""


class ClipEnded(NamedTuple):
    """Last, after every Reading."""

    tap: TapStatus
    restarts: int
    """Of the lens: each flags its interval as lost, and costs the frames to the next key frame."""
    refused: int
    """Messages of the lens that were not Readings, or too large or too many."""
    plate: bytes | None
    """The last plate that the lens offered."""
    stopped: int = 0
    """One bit for each network of the site's that stopped on the way, the lowest for the first."""


def measure_clip(
    tap: TapSpec,
    lens: LensSpec,
    *,
    plate: bytes | None = None,
    on_progress: Progress | None = None,
    on_restart: Callable[[str], None] | None = None,
    zygote: Zygote | None = None,
    hang: float = HANG,
) -> Iterator[ClipStarted | Reading | ClipEnded]:
    """One ClipStarted, then the clip's Readings as they come, then one ClipEnded.

    Nothing is lost while the caller is slow: the pipes fill and tap and lens wait. Closing the
    iterator ends every process. A lens that crashes, hangs (`hang` seconds) or breaks its contract
    is restarted behind the packet that it had last, and `on_restart` told why. `zygote` shares a
    running one.
    Raises SourceError if the clip cannot be read, LensError after more than MOST_RESTARTS restarts,
    PermitRefused for anything but a recording: this needs no permit, and so measures nothing live.
    """
    if tap.live or tap.loop or lens.live:
        raise PermitRefused(
            "only a recording can be measured unassessed",
            where="clip",
            mend="Live cameras are started by 'plainview run', from an approved assessment",
        )
    with contextlib.ExitStack() as stack:
        if zygote is None:
            zygote = Zygote()
            stack.callback(zygote.close)
        clip = _Clip(zygote, tap, lens, plate, hang)
        clip.on_progress = on_progress
        clip.on_restart = on_restart
        yield from clip.run()


class _Clip:
    """Owns the measurement of one clip: the running pipeline and what it has told so far."""

    def __init__(
        self,
        zygote: Zygote,
        tap: TapSpec,
        lens: LensSpec,
        plate: bytes | None,
        hang: float,
    ) -> None:
        self._zygote = zygote
        self._tap = tap
        self._lens = lens
        self._plate = plate
        self.on_progress: Progress | None = None
        self.on_restart: Callable[[str], None] | None = None
        self._hang = hang
        self._restarts = 0
        self._refused = 0
        self._last: int | None = None
        self._skip = 0
        self._done = 0.0
        self._started = False

    def run(self) -> Iterator[ClipStarted | Reading | ClipEnded]:
        while True:
            task = LensTask(
                self._lens, self._plate, skip=self._skip, since=self._last, cpu_seconds=LEASH
            )
            pipeline = Pipeline(self._zygote, self._tap, task, now=time.monotonic())
            run = _Run(self._zygote, pipeline, self._hang)
            try:
                for item in run.items():
                    yield from self._told(item)
            finally:
                run.close()
            self._refused += pipeline.readings.refused + pipeline.plates.refused
            self._skip = max(self._skip, pipeline.taken)
            status = pipeline.status
            stopped = networks_stopped(run.lens_code or 0)
            over = stopped or run.lens_code == Exit.ENDED
            if over and not run.verdict and status is not None:
                yield ClipEnded(status, self._restarts, self._refused, self._plate, stopped)
                return
            if status is not None and status.failed:
                raise SourceError(status.note or "the clip cannot be read")
            if run.lens_code == Exit.TAP_GONE and not run.verdict:
                raise SourceError(
                    f"the process that reads the clip {how_it_ended(run.tap_code or 0)}",
                    mend="The file is damaged in a way that its reader does not survive",
                )
            self._again(run.verdict or how_it_ended(run.lens_code or 0))

    def _again(self, why: str) -> None:
        if self.on_restart is not None:
            self.on_restart(f"the lens {why}")
        if self._restarts == MOST_RESTARTS:
            raise LensError(
                f"the lens {why}, after {MOST_RESTARTS} restarts",
                mend="The video holds something that its decoder does not survive",
            )
        self._restarts += 1

    def _told(self, item: Item) -> Iterator[ClipStarted | Reading]:
        if isinstance(item, Reading):
            self._last = item.t
            yield item
        elif isinstance(item, SealReport):
            if not self._started:
                self._started = True
                yield ClipStarted(item.sealed, item.missing, item.networks)
        elif isinstance(item, TapStatus):
            self._done = max(self._done, item.t)
            if self.on_progress is not None:
                self.on_progress(self._done, item.duration)
        elif isinstance(item, bytes):
            self._plate = item


class _Run:
    """Owns one pipeline from its start to its end, and the watch over its lens."""

    def __init__(self, zygote: Zygote, pipeline: Pipeline, hang: float) -> None:
        self._zygote = zygote
        self._pipeline = pipeline
        self._stall = Stall(hang)
        self._held: list[Item] = []
        self.lens_code: int | None = None
        self.tap_code: int | None = None
        self.verdict = ""
        """Why the lens was killed; empty when it ended by itself."""

    def items(self) -> Iterator[Item]:
        """All that comes up, until the lens has ended and its pipes are empty."""
        pipeline = self._pipeline
        with selectors.DefaultSelector() as selector:
            selector.register(self._zygote, selectors.EVENT_READ)
            for fd in pipeline.sources():
                selector.register(fd, selectors.EVENT_READ)
            looked = time.monotonic()
            while self.lens_code is None or pipeline.sources():
                before = time.monotonic()
                events = selector.select(_POLL)
                now = time.monotonic()
                for key, _ in events:
                    if key.fileobj is self._zygote:
                        continue
                    # Read before it is told of: what the caller does with it may take long.
                    items = list(pipeline.receive(key.fd, now))
                    if key.fd not in pipeline.sources():
                        selector.unregister(key.fd)
                    yield from self._in_order(items)
                self._hear()
                self._judge()
                if not events or now - looked >= _BEAT:
                    looked = now
                    self._watch(now - before)

    def _in_order(self, items: list[Item]) -> list[Item]:
        """`items` as they are to be told: how the lens is sealed comes before what it measured.

        It is said first, but through a pipe of its own, and two pipes that are readable at once
        have no order. What overtakes it waits, up to a bound.
        """
        self._held += items
        if self._pipeline.unreported and len(self._held) < _MOST_HELD:
            return []
        held, self._held = self._held, []
        return sorted(held, key=lambda item: not isinstance(item, SealReport))

    def _judge(self) -> None:
        pipeline = self._pipeline
        if self.verdict or self.lens_code is not None:
            return
        if not pipeline.readings.trusted:
            self._end(f"sent {pipeline.readings.why}")
        elif not pipeline.plates.trusted:
            self._end("sent a plate that is too large")

    def _watch(self, waited: float) -> None:
        # Only time spent waiting here counts: a slow caller does not make a lens hang.
        pipeline = self._pipeline
        if self.lens_code is not None:
            return
        if pipeline.beat():
            self._stall.taken()
            pipeline.leash(LEASH)
        elif (pipeline.waiting() or self.tap_code is not None) and not self.verdict:
            why = self._stall.look(pipeline.lens, waited)
            if why:
                self._end(why)

    def _end(self, why: str) -> None:
        self.verdict = why
        self._pipeline.kill()

    def _hear(self) -> None:
        # Not only when the socket is readable: a fork's answer may have come behind an exit.
        for exited in self._zygote.exits():
            if exited.pid == self._pipeline.lens:
                self.lens_code = exited.code
                self._pipeline.release_packets()
                self._pipeline.beat()
                over = exited.code == Exit.ENDED or networks_stopped(exited.code)
                if not over and self.tap_code is None:
                    self._zygote.kill(self._pipeline.tap)
            elif exited.pid == self._pipeline.tap:
                self.tap_code = exited.code

    def close(self) -> None:
        """End both processes and wait for them."""
        pipeline = self._pipeline
        try:
            pipeline.kill()
            with selectors.DefaultSelector() as selector:
                selector.register(self._zygote, selectors.EVENT_READ)
                self._hear()
                while self.lens_code is None or self.tap_code is None:
                    selector.select()
                    self._hear()
        finally:
            pipeline.close()
