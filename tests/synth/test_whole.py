"""A clip's folder gets all of its files, or none."""

from pathlib import Path

import pytest

from plainview.errors import PlainviewError
from plainview.synth.whole import HALF, whole


def _drawn(folder: Path, words: str) -> None:
    with whole(folder, "last.json") as part:
        (part / "last.json").write_text(words)
        (part / "video.mp4").write_text(words)
        assert not (folder / "last.json").exists() or words == "new"


def test_files_come_together_and_replace_what_was_there(tmp_path: Path) -> None:
    """And nothing else that lies in the folder is touched."""
    folder = tmp_path / "a" / "clip"
    _drawn(folder, "old")
    (folder / "notes.txt").write_text("mine")
    _drawn(folder, "new")
    assert sorted(one.name for one in folder.iterdir()) == ["last.json", "notes.txt", "video.mp4"]
    assert (folder / "video.mp4").read_text() == (folder / "last.json").read_text() == "new"


@pytest.mark.parametrize("end", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_half_drawn_stays(tmp_path: Path, end: BaseException) -> None:
    """Nor do folders that were made for it; a clip that was there before is as it was."""

    def broken(folder: Path) -> None:
        with whole(folder, "last.json") as part:
            (part / "video.mp4").write_text("half")
            raise end

    expected = PlainviewError if isinstance(end, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        broken(tmp_path / "a" / "clip")
    assert list(tmp_path.iterdir()) == []
    _drawn(tmp_path / "b", "old")
    with pytest.raises(expected):
        broken(tmp_path / "b")
    assert (tmp_path / "b" / "video.mp4").read_text() == "old"
    assert not (tmp_path / "b" / HALF).exists()


def test_what_a_kill_left_is_cleared(tmp_path: Path) -> None:
    """Nothing of it gets into the next clip."""
    (tmp_path / HALF).mkdir()
    (tmp_path / HALF / "truth.csv").write_text("half")
    _drawn(tmp_path, "new")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["last.json", "video.mp4"]
