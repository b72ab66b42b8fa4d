"""Where a log's files are read from: a folder, or an HTTP address. Either may be hostile."""

import os
import stat
import time
import zlib
from pathlib import Path
from typing import Protocol

import httpx

from plainview.errors import InputError, LedgerError
from plainview.ledger.layout import is_served, most_bytes


class TileSource(Protocol):
    """Where a log's files are read from."""

    def read(self, path: str) -> bytes:
        """All of the file at `path` (`checkpoint`, `tile/...`). Raises LedgerError."""
        ...


class DirectorySource:
    """A log's files in a folder."""

    def __init__(self, folder: Path) -> None:
        """Read below `folder`."""
        self._folder = folder

    def read(self, path: str) -> bytes:
        """All of the file. Raises LedgerError if it is not there, not a file, or too large."""
        most = _bound(path)
        place = self._folder / path
        try:
            # Not blocking: a pipe in its place must not hold us up.
            opened = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
            try:
                data = _read_file(opened, most + 1)
            finally:
                os.close(opened)
        except OSError as error:
            raise LedgerError(f"cannot be read: {error.strerror}", where=str(place)) from error
        if data is None:
            raise LedgerError("not a file", where=str(place))
        if len(data) > most:
            raise LedgerError(f"larger than the {most} bytes it may have", where=str(place))
        return data


class HttpSource:
    """A log's files over HTTP or HTTPS, from one address and nowhere else."""

    def __init__(
        self, url: str, *, seconds: float = 30.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Read below `url`, each file within `seconds`; `transport` is for tests.

        Raises InputError if `url` is not an HTTP address.
        """
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, ValueError) as error:
            raise InputError(f"not an address: {error}", where=url) from error
        if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.query:
            raise InputError(
                "not the HTTP address of a log", where=url, mend="Give https://HOST/PATH"
            )
        self._prefix = url.split("#", maxsplit=1)[0].rstrip("/")
        self._seconds = seconds
        # No redirects: a log stands where it says. No proxies or credentials of the environment.
        self._client = httpx.Client(
            timeout=seconds,
            follow_redirects=False,
            trust_env=False,
            transport=transport,
            headers={"Accept-Encoding": "gzip, identity"},
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def read(self, path: str) -> bytes:
        """All of the file. Raises LedgerError if it cannot be had, in time and within its bound."""
        most = _bound(path)
        where = f"{self._prefix}/{path}"
        latest = time.monotonic() + self._seconds
        try:
            with self._client.stream("GET", where) as answer:
                if answer.status_code != 200:
                    raise LedgerError(f"answered {answer.status_code}", where=where)
                encoding = answer.headers.get("Content-Encoding", "identity")
                if encoding not in {"identity", "gzip"}:
                    raise LedgerError("answered in an encoding not asked for", where=where)
                data = bytearray()
                for chunk in answer.iter_raw():
                    data += chunk
                    if len(data) > most:
                        raise LedgerError(f"larger than its {most} bytes", where=where)
                    if time.monotonic() > latest:
                        raise LedgerError(f"not read in {self._seconds:g} s", where=where)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise LedgerError(f"cannot be read: {error}", where=where) from error
        return _gunzip(bytes(data), most, where) if encoding == "gzip" else bytes(data)


def _bound(path: str) -> int:
    if not is_served(path):
        raise LedgerError("no file of a log", where=path[:80])
    return most_bytes(path)


def _read_file(opened: int, most: int) -> bytes | None:
    """At most `most` bytes of an open file; None of what is no file."""
    found = os.fstat(opened)
    if not stat.S_ISREG(found.st_mode):
        return None
    data = b""
    while len(data) < most and (
        part := os.read(opened, min(most - len(data), max(found.st_size - len(data), 0) + 1))
    ):
        data += part
    return data


def _gunzip(data: bytes, most: int, where: str) -> bytes:
    """Unpacked within its bound: a kilobyte can unpack to a gigabyte."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(data, most + 1)
    except zlib.error as error:
        raise LedgerError(f"not in the encoding it says: {error}", where=where) from error
    if len(unpacked) > most or not unpacker.eof or unpacker.unused_data:
        raise LedgerError(f"not one file of at most {most} bytes", where=where)
    return unpacked
