import os
from pathlib import Path

import pytest

from plainview.durable import put


def test_a_file_is_put_whole_with_its_mode_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    """What was there is replaced; others than the owner may read it only where that is said."""
    os.umask(0o022)
    path = tmp_path / "list"
    put(path, b"first")
    put(path, b"second")
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o600
    put(path, b"third", mode=0o666)
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_put_leaves_the_old(tmp_path: Path) -> None:
    """A failure says so, removes what was begun and changes nothing."""
    path = tmp_path / "list"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        put(path, b"data")
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileNotFoundError):
        put(tmp_path / "nowhere" / "list", b"data")


def test_a_long_name_can_be_put(tmp_path: Path) -> None:
    """The name used meanwhile fits where the name itself does."""
    path = tmp_path / ("n" * 255)
    put(path, b"data")
    assert path.read_bytes() == b"data"
