"""Files that a person names: read to a bound, never endlessly, never waited on for ever."""

import os
import threading
from pathlib import Path

import pytest

from plainview.document.given import read_given


def test_a_file_is_read_to_its_bound(tmp_path: Path) -> None:
    """All of a small one, the beginning of a large one."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3_000_000)
    assert read_given(path, 2_500_000) == b"x" * 2_500_000
    assert len(read_given(path, 9_000_000)) == 3_000_000


def test_a_key_may_come_through_a_pipe(tmp_path: Path) -> None:
    """Whoever writes to it may come later, and write it piece by piece."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb", buffering=0) as file:
            file.write(b"one ")
            file.write(b"two")

    writer = threading.Timer(0.1, write)
    writer.start()
    assert read_given(pipe, 100) == b"one two"
    writer.join()


def test_a_pipe_through_which_nothing_comes_is_told(tmp_path: Path) -> None:
    """Whether or not somebody has it open."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="nothing comes through this pipe"):
        read_given(pipe, 100, patience=0.01)
    held = os.open(pipe, os.O_RDWR)
    with pytest.raises(OSError, match="nothing comes through this pipe"):
        read_given(pipe, 100, patience=0.01)
    os.close(held)


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/full", "."])
def test_what_never_ends_is_no_file(place: str) -> None:
    """A device would fill the memory; a folder is none either."""
    with pytest.raises(OSError, match="not a file"):
        read_given(Path(place), 100)
