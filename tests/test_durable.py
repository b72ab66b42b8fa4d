import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plainview.durable import beside, folder_beside, put, sweep
from plainview.governance.documents import Documents


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


def test_no_file_is_put_in_place_of_a_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor of a pipe, by a link either, nor beside devices: a command run by root would do it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    link = tmp_path / "link"
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(FileExistsError, match="this is a device, not a file"):
            put(path, b"data")
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == [link, pipe]
    monkeypatch.setattr("plainview.durable._DEVICES", str(tmp_path))
    with pytest.raises(FileExistsError, match="this is a device"):
        put(tmp_path / "stdout", b"data")


def test_a_long_name_can_be_put(tmp_path: Path) -> None:
    """The name used meanwhile fits where the name itself does."""
    for name in ("n" * 255, "\u5bb6" * 85):
        path = tmp_path / name
        put(path, b"data")
        assert path.read_bytes() == b"data"


def test_nothing_is_replaced_where_that_is_said(tmp_path: Path) -> None:
    """Who makes a key must not put it over one that is there."""
    path = tmp_path / "key"
    put(path, b"first", over=False)
    with pytest.raises(FileExistsError):
        put(path, b"second", over=False)
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


_KILLED = """
import os, signal, sys
from pathlib import Path
from plainview.durable import beside
with beside(Path(sys.argv[1])) as fresh:
    fresh.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(path: Path) -> Path:
    """A process dies while it writes `path`: what it leaves."""
    run = subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False)
    assert run.returncode == -signal.SIGKILL
    (left,) = path.parent.glob(f".{path.name}.*.new")
    return left


def test_what_a_killed_writer_left_goes_with_the_next(tmp_path: Path) -> None:
    """The old content stands meanwhile; what somebody is writing just now is left alone."""
    path = tmp_path / "list"
    put(path, b"old")
    left, other = killed(path), killed(tmp_path / "other")
    assert path.read_bytes() == b"old"
    with beside(path) as mine:
        assert not left.exists()
        sweep(tmp_path)
        assert mine.exists()
        mine.write_bytes(b"new")
        put(path, b"meanwhile")
    assert path.read_bytes() == b"new"
    assert not other.exists()
    assert list(tmp_path.iterdir()) == [path]


_KILLED_IN_A_FOLDER = """
import os, signal, sys
from pathlib import Path
from plainview.durable import folder_beside
with folder_beside(Path(sys.argv[1])) as fresh:
    (fresh / "one").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """With its files and mode; a failure leaves nothing, and what is there is not replaced."""
    path = tmp_path / "day"
    with contextlib.suppress(FileNotFoundError), folder_beside(path) as fresh:
        (fresh / "one").write_bytes(b"half")
        (fresh / "nowhere" / "two").write_bytes(b"half")
    assert list(tmp_path.iterdir()) == []
    with folder_beside(path, mode=0o700) as fresh:
        (fresh / "one").write_bytes(b"whole")
        assert not path.exists()
    assert (path / "one").read_bytes() == b"whole"
    assert path.stat().st_mode & 0o777 == 0o700
    with pytest.raises(OSError, match="not empty"), folder_beside(path):
        pass
    assert (path / "one").read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_a_killed_writer_left_goes_with_the_next(tmp_path: Path) -> None:
    """What somebody is filling just now is left alone."""
    path = tmp_path / "day"
    run = subprocess.run([sys.executable, "-c", _KILLED_IN_A_FOLDER, str(path)], check=False)
    assert run.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    with folder_beside(path) as fresh:
        assert not left.exists()
        sweep(tmp_path)
        assert fresh.is_dir()
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_and_its_files_are_durable_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day of statistics was renamed with files that a power cut could leave empty."""
    path = tmp_path / "day"
    synced: list[tuple[str, bool]] = []

    def sync(opened: int) -> None:
        synced.append((Path(f"/proc/self/fd/{opened}").readlink().name, path.exists()))

    monkeypatch.setattr(os, "fsync", sync)
    with folder_beside(path) as fresh:
        name = fresh.name
        (fresh / "one").write_bytes(b"data")
    assert synced == [("one", False), (name, False), (tmp_path.name, True)]


def test_names_of_others_are_never_swept(tmp_path: Path) -> None:
    """Only files that a writer of ours would name so, and of the name that is written."""
    kept = [".list.new", ".other.20240101.new", "list.20240101.new", ".list.2024-101.new"]
    for name in kept:
        (tmp_path / name).touch()
    put(tmp_path / "list", b"data")
    assert {path.name for path in tmp_path.iterdir()} == {"list", *kept}


def test_documents_are_rid_of_halves_at_the_start(tmp_path: Path) -> None:
    """They are written once under their digest: no later write would find what was left."""
    documents = Documents(tmp_path)
    digest = documents.put(b"whole")
    left = killed(tmp_path / ("a" * 64))
    assert Documents(tmp_path).get(digest) == b"whole"
    assert not left.exists()
