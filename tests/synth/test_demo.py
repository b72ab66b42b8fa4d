"""The demonstration: ready soon, played while it grows, kept while its code is the same."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from plainview.errors import PlainviewError
from plainview.geometry import check_view
from plainview.redacted import read_view_plate
from plainview.synth import demo, demo_render
from plainview.synth.demo import Demonstration, mark, written
from plainview.synth.demo_render import GOP, render
from plainview.vision.growing import grows


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
            with camera.source.open("rb") as file:
                assert grows(file.fileno())
    assert min(counts) >= demo.LEAD * demo.FRAME_RATE
    assert shares == sorted(shares)
    assert 0 < site.done < 1
    assert site.failure == "closed"
    assert written(tmp_path / "demo").share < 1
    with camera.source.open("rb") as file:
        assert not grows(file.fileno())


def test_an_interrupted_rendering_goes_on_where_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was noted as written is kept, what lies beyond is made anew, no frame is lost."""
    chapter = GOP
    monkeypatch.setattr(demo_render, "CHAPTER", chapter)
    seconds = (chapter + 6) / demo.FRAME_RATE
    first = render(tmp_path, seconds=seconds)
    for _ in range(chapter + 3):
        next(first)
    first.close()
    noted = written(tmp_path)
    assert noted.share == pytest.approx(chapter / (chapter + 6))
    whole = {name: (tmp_path / name).read_bytes()[:size] for name, size in noted.sizes.items()}
    shares = list(render(tmp_path, seconds=seconds))
    assert len(shares) == 1 + 6
    assert shares[0] == pytest.approx(noted.share)
    assert written(tmp_path).share == 1.0
    for name, data in whole.items():
        assert (tmp_path / name).read_bytes().startswith(data)
        assert _frames(tmp_path / name) == chapter + 6


def test_finished_files_are_used_again_until_something_changes(tmp_path: Path) -> None:
    """A finished folder needs no child; a changed file or other code makes it stale."""
    shares = list(render(tmp_path, seconds=0.4))
    assert shares[-1] == 1.0
    with Demonstration(tmp_path) as site:
        site.ready(timeout=0.0)
        assert site.done == 1.0
        assert [_frames(camera.source) for camera in site.cameras] == [3, 3]
        scenes = site.scenes()
        assert sorted(scenes) == sorted(camera.camera_id for camera in site.cameras)
        for camera in site.cameras:
            _is_empty(scenes[camera.camera_id], camera.source)
    note = tmp_path / "written.json"
    told = json.loads(note.read_text())
    wrongs: list[object] = [
        {**told, "version": "other"},
        {**told, "bytes": {}},
        {**told, "share": 7},
        [],
    ]
    for wrong in wrongs:
        note.write_text(json.dumps(wrong))
        assert written(tmp_path).share == 0.0
    note.write_text("not JSON")
    assert written(tmp_path).share == 0.0
    mark(tmp_path, 1.0)
    assert written(tmp_path).share == 1.0
    (tmp_path / "south.ts").write_bytes(b"")
    assert written(tmp_path).share == 0.0


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


def _is_empty(plate: bytes, clip: Path) -> None:
    """The plate of a view is of the clip's scene, to within its noise, but for its people."""
    png = np.frombuffer(read_view_plate(plate).png, np.uint8)
    empty = np.asarray(cv2.imdecode(png, cv2.IMREAD_GRAYSCALE), dtype=np.int16)
    with av.open(str(clip)) as container:
        frame = next(iter(container.decode(video=0)))
    away = np.abs(np.asarray(frame.to_ndarray(format="gray"), dtype=np.int16) - empty)
    assert np.median(away) <= 8
    assert 0.0005 < float((away > 40).mean()) < 0.2
