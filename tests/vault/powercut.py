"""What a power cut may leave: changes to the files below a folder, and images of any moment.

Traced are the calls of `os` that change files, and Python's own `io` is put in their place, which
goes through them. An image has all that was synced by then (a file's bytes by fsync or fdatasync of
it, names by fsync of their folder) and any part of the rest: names one by one, bytes by sectors.
What POSIX does not promise is not relied on: a file's sync does not keep its name. A rename is
whole or not at all. (The method is ALICE's: Pillai et al., OSDI 2014.)
"""

import _pyio  # type: ignore[import-not-found]  # the standard library's own
import io
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

SECTOR = 512
ROOT = 0
_CALLS = (
    "open", "close", "write", "pwrite", "ftruncate", "fsync", "fdatasync", "rename", "replace",
    "unlink", "remove", "mkdir", "rmdir", "link",
)  # fmt: skip
AnyPath = Any
"""What `os` takes for one: text, or something that gives it."""


class Change(NamedTuple):
    """A change that is durable once `owner` was synced."""

    owner: int
    """Number of a file or a folder."""
    names: tuple[tuple[int, str, int | None], ...] = ()
    """(folder, name, number of what is there from now on, None for nothing), all at once."""
    at: int = 0
    data: bytes | None = None
    """Bytes that the file `owner` has at `at` from now on."""
    size: int | None = None
    """What the file `owner` is cut to."""


class Sync(NamedTuple):
    """Every change of `owner` is durable from now on."""

    owner: int


class Mark(NamedTuple):
    """What was acknowledged at this moment."""

    what: Any


class Trace:
    """Owns the record of what was done below one folder, from its being empty on."""

    def __init__(self, root: Path) -> None:
        """Of the empty folder `root`."""
        self.steps: list[Change | Sync | Mark] = []
        self._root = str(root)
        self.folders: dict[int, dict[str, int]] = {ROOT: {}}
        """What each folder that ever was has now, by number."""
        self._count = ROOT
        self._files: dict[int, int] = {}
        self._real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in _CALLS}

    def mark(self, what: object) -> None:
        """Note that `what` is acknowledged."""
        self.steps.append(Mark(what))

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """Trace while the block runs. Not for several threads."""
        before = io.open
        for name in _CALLS:
            setattr(os, name, getattr(self, f"_{name}"))
        io.open = _pyio.open  # the same in Python
        try:
            yield
        finally:
            io.open = before
            for name, call in self._real.items():
                setattr(os, name, call)

    def _place(self, path: AnyPath, dir_fd: int | None = None) -> tuple[int, str] | None:
        """(folder, name) of `path`; None where it is not below the root."""
        text = os.fspath(path)
        if dir_fd is not None:
            return (self._files[dir_fd], text) if dir_fd in self._files else None
        if not isinstance(text, str) or not text.startswith(f"{self._root}/"):
            return None
        *above, name = text.removeprefix(f"{self._root}/").split("/")
        folder = ROOT
        for part in above:
            folder = self.folders[folder][part]
        return folder, name

    def _named(self, *names: tuple[int, str, int | None]) -> None:
        for folder, name, what in names:
            if what is None:
                del self.folders[folder][name]
            else:
                self.folders[folder][name] = what
        self.steps.append(Change(names[-1][0], names))

    def _rename(self, source: AnyPath, target: AnyPath) -> None:
        here, there = self._place(source), self._place(target)
        self._real["rename"](source, target)
        if here is not None and there is not None:
            self._named((*here, None), (*there, self.folders[here[0]][here[1]]))

    _replace = _rename

    def _link(self, source: AnyPath, target: AnyPath, **more: Any) -> None:  # noqa: ANN401 - os.link's
        here, there = self._place(source), self._place(target)
        self._real["link"](source, target, **more)
        if here is not None and there is not None:
            self._named((*there, self.folders[here[0]][here[1]]))

    def _unlink(self, path: AnyPath, *, dir_fd: int | None = None) -> None:
        self._gone("unlink", path, dir_fd)

    _remove = _unlink

    def _rmdir(self, path: AnyPath, *, dir_fd: int | None = None) -> None:
        self._gone("rmdir", path, dir_fd)

    def _gone(self, call: str, path: AnyPath, dir_fd: int | None) -> None:
        self._real[call](path, dir_fd=dir_fd)
        if (place := self._place(path, dir_fd)) is not None:
            self._named((*place, None))

    def _mkdir(self, path: AnyPath, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        self._real["mkdir"](path, mode, dir_fd=dir_fd)
        if (place := self._place(path, dir_fd)) is not None:
            self._count += 1
            self.folders[self._count] = {}
            self._named((*place, self._count))

    def _open(
        self, path: AnyPath, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
    ) -> int:
        fd = int(self._real["open"](path, flags, mode, dir_fd=dir_fd))
        if os.fspath(path) == self._root:
            self._files[fd] = ROOT
        elif (place := self._place(path, dir_fd)) is not None:
            folder, name = place
            if name not in self.folders[folder]:
                self._count += 1
                self._named((folder, name, self._count))
            elif flags & os.O_TRUNC:
                self.steps.append(Change(self.folders[folder][name], size=0))
            self._files[fd] = self.folders[folder][name]
        return fd

    def _close(self, fd: int) -> None:
        self._files.pop(fd, None)
        self._real["close"](fd)

    def _write(self, fd: int, data: Any) -> int:  # noqa: ANN401 - any buffer
        before = os.lseek(fd, 0, os.SEEK_CUR) if fd in self._files else 0
        done = int(self._real["write"](fd, data))
        if fd in self._files:
            # What is appended lands at the end, wherever the file's position was.
            at = max(os.lseek(fd, 0, os.SEEK_CUR) - done, before)
            self.steps.append(Change(self._files[fd], at=at, data=bytes(data)[:done]))
        return done

    def _pwrite(self, fd: int, data: Any, at: int) -> int:  # noqa: ANN401 - any buffer
        done = int(self._real["pwrite"](fd, data, at))
        if fd in self._files:
            self.steps.append(Change(self._files[fd], at=at, data=bytes(data)[:done]))
        return done

    def _ftruncate(self, fd: int, size: int) -> None:
        self._real["ftruncate"](fd, size)
        if fd in self._files:
            self.steps.append(Change(self._files[fd], size=size))

    def _fsync(self, fd: int) -> None:
        self._real["fsync"](fd)
        if fd in self._files:
            self.steps.append(Sync(self._files[fd]))

    _fdatasync = _fsync


def marks(trace: Trace, until: int) -> Iterator[Any]:
    """What was acknowledged before step number `until`."""
    return (step.what for step in trace.steps[:until] if isinstance(step, Mark))


def image(trace: Trace, until: int, survives: Callable[[], bool], folder: Path) -> None:
    """Put into the new `folder` what may be there when the power fails before step `until`.

    `survives` is asked of each part that was not synced.
    """
    synced: set[int] = set()
    kept: list[tuple[Change, bool]] = []
    for step in reversed(trace.steps[:until]):
        if isinstance(step, Sync):
            synced.add(step.owner)
        elif isinstance(step, Change):
            kept.append((step, step.owner in synced))
    names: dict[int, dict[str, int]] = {ROOT: {}}
    data: dict[int, bytearray] = {}
    for change, surely in reversed(kept):
        if change.data is not None:
            for at, part in _sectors(change.at, change.data):
                if surely or survives():
                    _lay(data.setdefault(change.owner, bytearray()), at, part)
        elif surely or survives():
            _change(change, names, data)
    _put(_Image(names, data, trace.folders), ROOT, folder)


def _change(change: Change, names: dict[int, dict[str, int]], data: dict[int, bytearray]) -> None:
    if change.size is not None:
        del data.setdefault(change.owner, bytearray())[change.size :]
    for folder, name, what in change.names:
        there = names.setdefault(folder, {})
        if what is None:
            there.pop(name, None)
        else:
            there[name] = what


def _sectors(at: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    done = 0
    while done < len(data):
        size = SECTOR - (at + done) % SECTOR
        yield at + done, data[done : done + size]
        done += size


def _lay(file: bytearray, at: int, part: bytes) -> None:
    file.extend(bytes(max(at - len(file), 0)))
    file[at : at + len(part)] = part


def _put(image: "_Image", number: int, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for name, what in image.names.get(number, {}).items():
        if what in image.folders:
            _put(image, what, folder / name)
        else:
            (folder / name).write_bytes(image.data.get(what, b""))


class _Image(NamedTuple):
    names: dict[int, dict[str, int]]
    data: dict[int, bytearray]
    folders: Collection[int]
