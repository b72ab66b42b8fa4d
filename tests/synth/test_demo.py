"""The demonstration: ready soon, played while it grows, kept while its code is the same."""

import json
from pathlib import Path

import av
import pytest

from plainview.errors import PlainviewError
from plainview.geometry import check_view
from plainview.synth import demo
from plainview.synth.demo import Demonstration, is_complete, mark_complete
from plainview.synth.demo_render import render


def _frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_it_can_be_played_while_it_grows_and_stops_when_closed(tmp_path: Path) -> None:
    """Once ready both files decode for LEAD seconds; closing ends the child, unfinished."""
    shares: list[float] = []
    with Demonstration(tmp_path / "demo", on_progress=shares.append) as site:
        site.ready(timeout=90)
        counts = [_frames(camera.source) for camera in site.cameras]
        for camera in site.cameras:
            check_view(camera.view)
    assert min(counts) >= demo.LEAD * demo.FRAME_RATE - 3
    assert shares == sorted(shares)
    assert 0 < site.done < 1
    assert site.failure == "closed"
    assert not is_complete(tmp_path / "demo")


def test_finished_files_are_used_again_until_something_changes(tmp_path: Path) -> None:
    """A finished folder needs no child; a changed file or other code makes it stale."""
    shares = list(render(tmp_path, seconds=0.4))
    assert shares[-1] == 1.0
    mark_complete(tmp_path)
    with Demonstration(tmp_path) as site:
        site.ready(timeout=0.0)
        assert site.done == 1.0
        assert [_frames(camera.source) for camera in site.cameras] == [3, 3]
    mark = tmp_path / "complete.json"
    told = json.loads(mark.read_text())
    mark.write_text(json.dumps({**told, "version": "other"}))
    assert not is_complete(tmp_path)
    mark.write_text("not JSON")
    assert not is_complete(tmp_path)
    mark_complete(tmp_path)
    (tmp_path / "south.ts").write_bytes(b"")
    assert not is_complete(tmp_path)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A file where the folder should be is one clear error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(PlainviewError, match="file"):
        Demonstration(tmp_path / "file")


def test_a_child_that_fails_is_told(tmp_path: Path) -> None:
    """When rendering dies before the site is ready, `ready` says why instead of waiting."""
    folder = tmp_path / "demo"
    with Demonstration(folder) as site:
        child = site._child
        assert child is not None
        child.kill()
        with pytest.raises(PlainviewError, match="ended"):
            site.ready(timeout=30)
