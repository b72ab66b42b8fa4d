"""A file that is still written is read to its real end, and no further wait than that."""

import fcntl
import os
import threading
from pathlib import Path

from plainview.vision.growing import GrowingFile, grows


def test_the_end_is_where_it_is_until_waiting_is_wished(tmp_path: Path) -> None:
    """Looking about never waits, even at the end of a locked file."""
    path = tmp_path / "clip"
    path.write_bytes(b"0123456789")
    with path.open("ab") as writer, path.open("rb") as reader:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert grows(reader.fileno())
        file = GrowingFile(reader.fileno(), threading.Event())
        assert file.seek(0, os.SEEK_END) == 10
        assert file.read(4) == b""
        assert file.seek(-3, os.SEEK_CUR) == 7
        assert file.read(9) == b"789"
        assert file.tell() == 10


def test_a_read_at_the_end_waits_for_more_and_ends_with_the_writer(tmp_path: Path) -> None:
    """All that the writer wrote is read; when it lets go of the file, that is the end."""
    path = tmp_path / "clip"
    path.write_bytes(b"")
    got: list[bytes] = []
    with path.open("ab", buffering=0) as writer, path.open("rb") as reader:
        fcntl.flock(writer, fcntl.LOCK_EX)
        file = GrowingFile(reader.fileno(), threading.Event())
        file.wait = True
        came = threading.Semaphore(0)

        def read() -> None:
            while data := file.read(100):
                got.append(data)
                came.release()

        thread = threading.Thread(target=read)
        thread.start()
        for part in (b"one", b"two"):
            writer.write(part)
            assert came.acquire(timeout=10)
        writer.close()
        thread.join(10)
        assert not thread.is_alive()
        assert b"".join(got) == b"onetwo"
        assert file.waited > 0
        assert not grows(reader.fileno())


def test_a_cancelled_read_waits_no_more(tmp_path: Path) -> None:
    """Whoever gives a growing file up is not held by it."""
    path = tmp_path / "clip"
    path.write_bytes(b"")
    with path.open("ab") as writer, path.open("rb") as reader:
        fcntl.flock(writer, fcntl.LOCK_EX)
        cancelled = threading.Event()
        cancelled.set()
        file = GrowingFile(reader.fileno(), cancelled)
        file.wait = True
        assert file.read(10) == b""
