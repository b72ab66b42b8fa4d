"""Where measurements go: standard output, or a file that appears whole or not at all."""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import msgspec

from plainview.durable import beside
from plainview.errors import InputError, PlainviewError

if TYPE_CHECKING:
    import pyarrow as pa

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a full disk, a full quota and a file size limit are called."""

Line = Mapping[str, Any]


class ReaderGone(PlainviewError):
    """Nobody reads standard output any more (`| head`): a reason to stop, not a failure."""

    exit_code = 0


class Sink(Protocol):
    """Takes a header once, then intervals in order, as DESIGN.md section 5 writes them."""

    def header(self, header: Line) -> None:
        """Take the header line."""
        ...

    def interval(self, interval: Line) -> None:
        """Take one interval's line."""
        ...


class JsonLines:
    """JSON Lines to an open text file; every line is flushed, so that a reader sees it at once."""

    def __init__(self, file: TextIO) -> None:
        """Write to `file`, which its opener closes."""
        self._file = file

    def header(self, header: Line) -> None:
        """Write the first line."""
        self.interval(header)

    def interval(self, interval: Line) -> None:
        """Write one line. Raises ReaderGone when the other end of a pipe was closed."""
        try:
            self._file.write(msgspec.json.encode(interval).decode() + "\n")
            self._file.flush()
        except BrokenPipeError as error:
            raise ReaderGone("the reader has gone") from error


class Parquet:
    """A Parquet file with one row per interval; the header is the schema's metadata `plainview`.

    Columns: t, count, low, high; per line `NAME.forward` and `NAME.backward`; `health`; the cells
    as lists of equal length (ix, iy, density, vx, vy, speed_variance); `events` as structs.
    """

    _GROUP = 1024
    _CELL = ("ix", "iy", "density", "vx", "vy", "speed_variance")

    def __init__(self, path: Path, lines: Sequence[str]) -> None:
        """Write to `path`; `lines` are the names of the camera's lines."""
        self._path = path
        self._lines = tuple(lines)
        self._rows: list[dict[str, Any]] = []
        self._writer: Any = None

    def header(self, header: Line) -> None:
        """Open the file with the header as metadata."""
        import pyarrow.parquet as pq  # noqa: PLC0415 - 150 ms that JSON Lines need not pay

        schema = self._schema().with_metadata({"plainview": msgspec.json.encode(header)})
        self._writer = pq.ParquetWriter(self._path, schema, compression="zstd")

    def interval(self, interval: Line) -> None:
        """Add one row."""
        row = {key: interval[key] for key in ("t", "count", "low", "high", "health", "events")}
        for name in self._lines:
            # None, not zero, where the Reading says nothing of the line.
            forward, backward = interval["crossings"].get(name, (None, None))
            row |= {f"{name}.forward": forward, f"{name}.backward": backward}
        cells = interval["cells"]
        row |= {column: [cell[k] for cell in cells] for k, column in enumerate(self._CELL)}
        self._rows.append(row)
        if len(self._rows) >= self._GROUP:
            self._write()

    def close(self) -> None:
        """Write what is buffered and the file's end."""
        if self._writer is not None:
            self._write()
            self._writer.close()

    def discard(self) -> None:
        """Close the file without caring what is in it."""
        if self._writer is not None:
            with contextlib.suppress(OSError):
                self._writer.close()

    def _write(self) -> None:
        import pyarrow as pa  # noqa: PLC0415 - see header

        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._writer.schema))
            self._rows = []

    def _schema(self) -> "pa.Schema":
        import pyarrow as pa  # noqa: PLC0415 - see header

        event = pa.struct(
            [
                ("kind", pa.string()),
                ("phase", pa.string()),
                ("t", pa.float64()),
                ("at", pa.list_(pa.float64(), 2)),
                ("zone", pa.string()),
                ("confidence", pa.float64()),
            ]
        )
        fields = [(name, pa.float64()) for name in ("t", "count", "low", "high")]
        for name in self._lines:
            fields += [(f"{name}.forward", pa.float64()), (f"{name}.backward", pa.float64())]
        fields += [(name, pa.list_(pa.int32())) for name in self._CELL[:2]]
        fields += [(name, pa.list_(pa.float64())) for name in self._CELL[2:]]
        return pa.schema([*fields, ("health", pa.list_(pa.string())), ("events", pa.list_(event))])


@contextlib.contextmanager
def open_sink(out: Path | None, lines: Sequence[str]) -> Iterator[Sink]:
    """Standard output for None; else the file `out`, complete when this ends and never half there.

    A device or a pipe is written to directly. Raises InputError when `out` cannot be written at
    all, PlainviewError when the disk is full. `lines` are the names of the camera's lines.
    """
    if out is None:
        # Sinks flush line by line; what is not plain text of ours never goes to standard output.
        yield JsonLines(_standard_output())
        return
    target = Path(os.path.realpath(out))
    parquet = out.suffix.lower() == ".parquet"
    with _named(out):
        # Asked of `out`: of /dev/stdout the real path is a pipe's name, which nothing can open.
        special = out.exists() and not stat.S_ISREG(out.stat().st_mode)
        if target.is_dir():
            raise InputError("this is a folder", where=str(out), mend="Give a file's name")
        if special and parquet:
            raise InputError(
                "Parquet needs a file of its own", where=str(out), mend="Give a file's name"
            )
    if special:
        with _named(out), out.open("w", encoding="utf-8") as file:
            yield JsonLines(file)
        return
    with replaced(target, shown=out) as part:
        if parquet:
            sink = Parquet(part, lines)
            try:
                yield sink
                sink.close()
            except BaseException:
                sink.discard()
                raise
        else:
            with part.open("w", encoding="utf-8") as file:
                yield JsonLines(file)


@contextlib.contextmanager
def replaced(target: Path, *, shown: Path | None = None) -> Iterator[Path]:
    """A new file beside `target` to write to; it becomes `target` only if the block succeeds.

    When this returns, the content is durable. Raises InputError when nothing can be written there,
    or a folder or device stands there, PlainviewError when the disk is full; `target` is then as it
    was. `shown` is its name in errors.
    """
    shown = shown or target
    with _named(shown, started=True), contextlib.ExitStack() as stack:
        with _named(shown):
            if target.exists() and not target.is_file():
                # A file in place of /dev/null would be there for every program of the machine.
                what = "this is a folder" if target.is_dir() else "this is a device, not a file"
                raise InputError(what, where=str(shown), mend="Give a file's name")
            part = stack.enter_context(beside(target, mode=0o666))
        yield part


@contextlib.contextmanager
def _named(out: Path, *, started: bool = False) -> Iterator[None]:
    """Turn an error of the operating system about `out` into one line for a person."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in FULL:
            raise PlainviewError(
                "the disk is full; nothing half-written was left behind",
                where=str(out),
                mend="Free some space, or give --out on another disk",
            ) from error
        if started:
            raise PlainviewError(
                f"writing failed ({error.strerror or error})",
                where=str(out),
                mend="Check the disk, or write elsewhere",
            ) from error
        raise InputError(
            f"cannot be written ({error.strerror or error})",
            where=str(out),
            mend="Give a file in a folder that exists and that you may write to",
        ) from error


def _standard_output() -> TextIO:
    # Where it was closed before the command began it leads nowhere by now (cli/__init__.py).
    if sys.stdout is None or sys.__stdout__ is None:
        raise InputError("it is closed", where="standard output", mend="Give --out FILE")
    return sys.stdout
