"""Has a released film made: messages of a recording into a sealed process, a bounded film out."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from typing import IO, Final, NamedTuple

import msgspec

from plainview.errors import LensError
from plainview.fleet.endings import how_it_ended
from plainview.vision.packets import HEADER
from plainview.vision.redact_job import Job, Key, Told

__all__ = ["Filmed", "Job", "Key", "film"]

_KEPT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "HOME")
_SINGLE: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_BASE: Final = 20_000_000
_RATE: Final = 2_500_000
"""Bytes of a film at most: so many, and so many for each second of it."""
_CPU: Final = 60
_CPU_RATE: Final = 10
"""Seconds of processor time: so many, and so many for each second of the film."""
_PIECE: Final = 1 << 16
_MOST_SAID: Final = 4096


class Filmed(NamedTuple):
    """A film that was made."""

    told: Told
    bytes: int


def film(job: Job, messages: Iterable[bytes], out: Callable[[bytes], object]) -> Filmed:
    """Make the film of `job` from a recording's `messages`; its bytes go to `out` as they come.

    Raises LensError where the sealed process fails, or makes more than a film can have. What
    `messages` raises is raised here, with the process ended.
    """
    seconds = (job.until - job.since) / 1e6
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= dict.fromkeys(_SINGLE, "1")
    command = [sys.executable, "-P", "-m", "plainview.vision.redact"]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [*command, str(_CPU + int(_CPU_RATE * seconds))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    assert process.stdin is not None  # noqa: S101 - all three were asked for
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    feeder = _Feeder(process.stdin, job, messages)
    try:
        feeder.start()
        count = _drain(process.stdout, out, _BASE + int(_RATE * seconds))
        said = process.stderr.read(_MOST_SAID)
        code = process.wait()
    finally:
        process.kill()
        process.wait()
        feeder.join()
        for pipe in (process.stdout, process.stderr):
            pipe.close()
    if feeder.error is not None:
        raise feeder.error
    if code:
        line = said.decode(errors="replace").strip()
        raise LensError(line or f"the film's process {how_it_ended(code)}", where=job.camera)
    return Filmed(msgspec.json.decode(said, type=Told), count)


def _drain(pipe: IO[bytes], out: Callable[[bytes], object], most: int) -> int:
    count = 0
    while data := os.read(pipe.fileno(), _PIECE):
        count += len(data)
        if count > most:
            raise LensError("the film's process makes more than a film can have", where="film")
        out(data)
    return count


class _Feeder(threading.Thread):
    """Owns the way into the process: writes the job and the messages, and ends."""

    def __init__(self, pipe: IO[bytes], job: Job, messages: Iterable[bytes]) -> None:
        super().__init__(name="film", daemon=True)
        self._pipe = pipe
        self._job = job
        self._messages = messages
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with self._pipe:
                self._put(msgspec.json.encode(self._job))
                for message in self._messages:
                    self._put(message)
        except BrokenPipeError:
            return  # it has all that it needs, or its end is told
        except BaseException as error:  # noqa: BLE001 - raised again by who waits for the film
            self.error = error

    def _put(self, body: bytes) -> None:
        self._pipe.write(HEADER.pack(len(body)))
        self._pipe.write(body)
