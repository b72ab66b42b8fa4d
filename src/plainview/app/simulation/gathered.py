"""What the processes of a simulation have said so far, and the processes themselves."""

import contextlib
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import IO

import msgspec

from plainview.app.simulation.lines import Kept, Line, Ready, Spoken, Task
from plainview.errors import UNDECODED, PlainviewError

RECOVERED = 2.5
"""Seconds within which a Reading is stored when all is well again: a second of it is waiting for
its site's batch."""
_DRAIN = 60.0


class Gathered:
    """Owns the sums over all lines. Thread-safe."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._changed = threading.Condition()
        self.spoken = Spoken()
        self.stored = self.duplicates = 0
        self.refused: Counter[str] = Counter()
        self.latencies: Counter[int] = Counter()
        self.alerts: list[tuple[str, float]] = []
        self.last = Kept(0.0)
        self.quiet = 0
        """Lines in a row that told of nothing stored, nothing behind and nothing to sum up."""
        self._recent: list[Kept] = []

    def take(self, line: Line) -> None:
        """Add what a process said."""
        with self._changed:
            if isinstance(line, Spoken):
                self.spoken = line
            elif isinstance(line, Kept):
                self._add(line)
            self._changed.notify_all()

    def _add(self, line: Kept) -> None:
        self.stored += line.stored
        self.duplicates += line.duplicates
        self.refused.update(line.refused)
        self.latencies.update(line.latencies)
        self.alerts += line.alerts
        self.last = line
        busy = line.stored or line.duplicates or line.behind or line.unsummed
        self.quiet = 0 if busy else self.quiet + 1
        if line.newest:
            self._recent = [*self._recent[-100:], line]

    def well_since(self, end: float) -> float | None:
        """UTC seconds of the first line in which only fresh Readings of after `end` were stored."""
        with self._changed:
            return next(
                (
                    line.at
                    for line in self._recent
                    if line.newest >= end + 1.0 and line.worst <= RECOVERED
                ),
                None,
            )

    def wait(self, timeout: float) -> None:
        """Until something is said, or so many seconds."""
        with self._changed:
            self._changed.wait(timeout)


class Child:
    """Owns one process of the simulation and the thread that hears it."""

    def __init__(self, task: Task, gathered: Gathered, log: Path) -> None:
        """Start it; what it says goes to `gathered`, what it complains of to the file `log`."""
        self._gathered, self._log = gathered, log
        self.ready = threading.Event()
        with log.open("ab") as file:
            self._process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "plainview.app.simulation.child",
                 msgspec.json.encode(task).decode()],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True,
            )  # fmt: skip
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def _hear(self) -> None:
        decode = msgspec.json.Decoder(Line).decode
        for text in _pipe(self._process.stdout):
            # A process that is killed may leave half a line.
            with contextlib.suppress(*UNDECODED):
                line = decode(text)
                if isinstance(line, Ready):
                    self.ready.set()
                self._gathered.take(line)
        self.ready.set()

    def wait_ready(self, timeout: float) -> None:
        """Raise PlainviewError unless it is ready in time."""
        if not self.ready.wait(timeout) or self._process.poll() is not None:
            lines = self._log.read_text(errors="replace").strip().splitlines()
            self.kill()
            why = lines[-1] if lines else "it said nothing"
            raise PlainviewError(f"a process of the simulation failed: {why}")

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def tell(self, line: str) -> None:
        """Write a line to it; one that has ended hears nothing."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            pipe = _pipe(self._process.stdin)
            pipe.write(f"{line}\n")
            pipe.flush()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        self._thread.join()
        # What it was still to be told, nobody hears.
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._process.stdin).close()
        _pipe(self._process.stdout).close()

    def end(self) -> None:
        """Let it finish; kill it where that takes too long."""
        self.tell("stop")
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(_DRAIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        message = "the process was started without pipes"
        raise ValueError(message)
    return pipe
