"""The parent's end of the zygote: start it, ask it to fork, hear who ended."""

import contextlib
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

import msgspec

from plainview.errors import LensError, PermitRefused
from plainview.vision.spec import TapSpec
from plainview.vision.task import (
    MESSAGE_BYTES,
    Claim,
    Exited,
    Extend,
    Forked,
    Kill,
    LensTask,
    NotForked,
    Ready,
    Refused,
    Reply,
    Request,
    Start,
    Trust,
    encoder,
    replies,
)

COMMAND = (sys.executable, "-P", "-m", "plainview.vision.zygote")
"""-P: nothing is imported from the folder that the user happens to be in."""
_KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "HOME")
_SINGLE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_START = 60.0
"""Seconds for the zygote's imports, on a cold disk and a busy machine."""
_ANSWER = 20.0
"""Seconds for one fork."""
_LEAVE = 5.0


class ZygoteGone(LensError):
    """The zygote ended or does not answer; its children end with it."""


class Zygote:
    """Owns the zygote process and the socket to it. For use by one thread."""

    def __init__(self, command: Sequence[str] = COMMAND, *, trust: Trust | None = None) -> None:
        """Start it and wait until it has imported everything. Raises LensError if it does not.

        It judges live cameras by `trust`; without, it starts recordings only.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel = ours
        self._exited: list[Exited] = []
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= dict.fromkeys(_SINGLE, "1")
        keys = () if trust is None else (msgspec.json.encode(trust).decode(),)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*command, str(theirs.fileno()), *keys],
                pass_fds=(theirs.fileno(),),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the parent, which ends it in order
            )
        try:
            self._wait(Ready, _START)
        except LensError:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The zygote's process."""
        return self._process.pid

    def fileno(self) -> int:
        """Readable when a child ended or the zygote did: see `exits`."""
        return self._channel.fileno()

    def start(
        self,
        claim: Claim | None,
        tap: TapSpec,
        lens: LensTask,
        descriptors: tuple[Sequence[int], Sequence[int]],
        pictures: Sequence[int] = (),
    ) -> Forked:
        """The process numbers of a new tap and lens: both are started, or neither is.

        `claim` is what a live camera's start is permitted by, None for a recording. `descriptors`
        are the tap's and the lens's (see `task.Start`), the tap's third, if any, to the recorder;
        they are copied and stay open here, as is the pipe for `pictures` of a lens that may draw.

        Raises PermitRefused if the zygote does not admit it, LensError if the kernel refuses a
        process, ZygoteGone if there is none to ask.
        """
        with contextlib.ExitStack() as stack:
            tasks = []
            for told in (claim, tap, lens):
                file = stack.enter_context(
                    os.fdopen(os.memfd_create("task", os.MFD_CLOEXEC), "wb", 0)
                )
                file.write(encoder.encode(told))
                tasks.append(file.fileno())
            of_tap, of_lens = descriptors
            first = [tasks[0], tasks[1], *of_tap[:2], tasks[2], *of_lens]
            self._send(Start(), [*first, *of_tap[2:], *pictures])
        reply = self._wait((Forked, NotForked, Refused), _ANSWER)
        if isinstance(reply, Refused):
            raise PermitRefused(reply.what, where=reply.where, mend=reply.mend)
        if isinstance(reply, NotForked):
            raise LensError(
                f"no further process: {os.strerror(reply.errno)}",
                where="zygote",
                mend="Raise the limit on processes, or run fewer cameras",
            )
        assert isinstance(reply, Forked)  # noqa: S101 - the wait admits no other
        return reply

    def kill(self, pid: int) -> None:
        """End the child `pid`; it is told of by `exits` like any other end."""
        self._send(Kill(pid), [])

    def extend(self, pid: int, cpu_seconds: int) -> None:
        """Let the lens `pid` use `cpu_seconds` more processor time than it has used."""
        self._send(Extend(pid, cpu_seconds), [])

    def exits(self) -> list[Exited]:
        """Children that ended since the last call. Raises ZygoteGone."""
        while select.select([self._channel], [], [], 0)[0]:
            self._receive()
        ended, self._exited = self._exited, []
        return ended

    def close(self) -> None:
        """End the zygote and all its children, and wait for it."""
        self._channel.close()
        try:
            self._process.wait(_LEAVE)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its children die with it
            self._process.wait()

    def kill_hard(self) -> None:
        """End the zygote, and by the kernel its children, from any thread; `kill_all` comes after.

        Whoever waits for it is told at once that it is gone.
        """
        self._process.kill()

    def kill_all(self) -> None:
        """End a zygote that does not answer; the kernel ends its children with it."""
        self._channel.close()
        self._process.kill()
        self._process.wait()

    def _gone(self) -> ZygoteGone:
        return ZygoteGone(
            "the process that starts lenses ended by itself",
            where="zygote",
            mend="Its last words are above, if it had any; memory is the usual cause",
        )

    def _send(self, request: Request, descriptors: Sequence[int]) -> None:
        try:
            socket.send_fds(self._channel, [encoder.encode(request)], descriptors)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise self._gone() from error

    def _receive(self) -> Reply:
        try:
            data = self._channel.recv(MESSAGE_BYTES)
        except ConnectionResetError:
            data = b""
        if not data:
            raise self._gone()
        reply = replies.decode(data)
        if isinstance(reply, Exited):
            self._exited.append(reply)
        return reply

    def _wait(self, kinds: type[Reply] | tuple[type[Reply], ...], seconds: float) -> Reply:
        until = time.monotonic() + seconds
        while True:
            left = max(until - time.monotonic(), 0)
            if not select.select([self._channel], [], [], left)[0]:
                raise ZygoteGone(f"no answer within {seconds:g} s", where="zygote")
            reply = self._receive()
            if isinstance(reply, kinds):
                return reply
