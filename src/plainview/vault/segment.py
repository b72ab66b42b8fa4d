"""One recording's file: written chunk by chunk as it comes, read from any moment.

The file is the payload of an age file: a nonce and sealed chunks, all of one size. What ends
without a chunk that is sealed as the last one was cut, by a crash or by somebody.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from plainview.errors import VaultError
from plainview.vault.age import DATA_KEY, NONCE, SEALED_CHUNK, Payload, Random, Wrapped, wrap
from plainview.vault.stream import Chunker, Label, entry_of, label_of, messages, words

SUFFIX: Final = ".sealed"


class Key:
    """Owns a new data key until its file is written."""

    def __init__(self, public: bytes, label: Label, random: Random) -> None:
        """For `label`, wrapped to the day key's `public` half. Only `wrapped` is to be kept."""
        data_key = random(DATA_KEY)
        of = words(label.camera, label.hour, label.part)
        self.wrapped: Wrapped = wrap(data_key, public, of, random)
        self.payload = Payload(data_key, random(NONCE))


class Writer:
    """Owns the open file of one recording. What raises OSError wants `abandon` next."""

    def __init__(self, path: Path, label: Label, payload: Payload) -> None:
        """Make the file, which must not be there. Its name is not durable yet."""
        self.label = label
        self.path = path
        self._payload = payload
        self._chunker = Chunker(label)
        self._number = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o600)
        self.size = 0
        """Bytes that lie in whole chunks."""
        try:
            self._write(payload.nonce)
        except OSError:
            os.close(self._fd)
            path.unlink()
            raise

    def put(self, message: bytes, t: int | None, *, entry: bool) -> None:
        """Take one message; it is durable at the next `flush`."""
        for chunk in self._chunker.add(message, t, entry=entry):
            self._seal(chunk, final=False)

    def flush(self) -> None:
        """Seal what waits. When this returns, all that was taken is durable."""
        if self._chunker.waiting:
            self._seal(self._chunker.fill(), final=False)
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Seal the last chunk as the last, durably."""
        self._seal(self._chunker.fill(), final=True)
        os.fdatasync(self._fd)
        os.close(self._fd)

    def abandon(self) -> None:
        """Leave the file as it is, cut to whole chunks. Raises nothing."""
        try:
            os.ftruncate(self._fd, self.size)
        except OSError:
            pass  # what is too much is found at the next start
        finally:
            os.close(self._fd)

    def _seal(self, chunk: bytearray, *, final: bool) -> None:
        sealed = self._payload.seal(self._number, chunk, final=final)
        # A number is never sealed twice, also where the disk then refuses it.
        self._number += 1
        self._write(sealed)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]
        self.size += len(data)


class Reader:
    """Owns a recording's file, open to be read with its data key."""

    def __init__(self, path: Path, data_key: bytes, expected: Label | None = None) -> None:
        """Open it. Raises VaultError if the key is another's, or it is not the `expected`."""
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise VaultError(f"cannot be read ({error.strerror})", where=str(path)) from error
        try:
            size = os.fstat(self._fd).st_size
            self.chunks, over = divmod(max(size - NONCE, 0), SEALED_CHUNK)
            self._payload = Payload(data_key, os.pread(self._fd, NONCE, 0).ljust(NONCE, b"\0"))
            self.complete = False
            """Whether it ends as its recorder ended it; otherwise it was cut."""
            if self.chunks and not over:
                self.complete = self._final()
            self.label = expected
            if self.chunks:
                self.label = label_of(next(messages(self._from(0)), b""))
            _check(self.label, expected, path)
        except VaultError:
            os.close(self._fd)
            raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def chunk(self, number: int) -> bytes:
        """The plaintext of one chunk. Raises VaultError if it was changed."""
        final = self.complete and number == self.chunks - 1
        return self._payload.open(number, self._sealed(number), final=final)

    def since(self, t: int) -> Iterator[bytes]:
        """Messages from the last entry at or before `t` (microseconds UTC), to the end.

        Found by bisection: about a dozen chunks of an hour are opened.
        """
        low, high = 0, self.chunks
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if entry_of(self.chunk(middle))[0] <= t else (low, middle)
        while low and not entry_of(self.chunk(low))[1]:
            low -= 1
        if self.chunks:
            yield from messages(self._from(low), entry_of(self.chunk(low))[1] or 12)

    def messages(self) -> Iterator[bytes]:
        """Every message but the label."""
        whole = messages(self._from(0))
        next(whole, None)
        yield from whole

    def _from(self, number: int) -> Iterator[bytes]:
        return (self.chunk(k) for k in range(number, self.chunks))

    def _sealed(self, number: int) -> bytes:
        return os.pread(self._fd, SEALED_CHUNK, NONCE + number * SEALED_CHUNK)

    def _final(self) -> bool:
        last = self.chunks - 1
        try:
            self._payload.open(last, self._sealed(last), final=True)
        except VaultError:
            return False
        return True


def _check(label: Label | None, expected: Label | None, path: Path) -> None:
    if expected is not None and label != expected:
        raise VaultError("is of another camera or hour than its name says", where=str(path))


def whole(size: int) -> int:
    """The bytes of a file of `size` that lie in whole chunks."""
    return NONCE + max(size - NONCE, 0) // SEALED_CHUNK * SEALED_CHUNK if size >= NONCE else 0
