"""What `plainview evaluate events` says of a run that did not come to its end, and refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from plainview.app import events
from plainview.cli import execute
from plainview.evaluate.event_truth import EventTruth, SceneNote, Spell
from plainview.evaluate.events import judge
from plainview.record import EventKind


def test_a_run_that_was_stopped_tells_what_it_measured() -> None:
    """The tables are of the scenes that were measured, and say how many were wanted."""
    note = SceneNote("fire", "neon", "tune", positive=False)
    truth = EventTruth(40.0, (), (EventKind.FIRE,), (Spell(0.0, 40.0, "night"),), note)
    one = [judge((), truth, EventKind.FIRE)]
    report = events._report(events._Found([one], [], [], 30, 6), ("fire",))
    assert "1 of 30 scenes" in report
    assert "| fire | neon | 1 | - | 0 |" in report
    assert "Ordinary life" not in report
    whole = events._report(events._Found([one], [[*one]], [], 1, 6), ("fire",))
    assert "1 of 1 " not in whole
    assert "1 of 6 scenes" in whole


def written(folder: Path, **changes: object) -> Path:
    """A truth of the rendered clip of four seconds, in which nothing happens."""
    path = folder / "events.json"
    told: dict[str, Any] = {"seconds": 4.0, "judged": ["fire"], "events": []}
    path.write_text(json.dumps(told | changes), encoding="utf-8")
    return path


def judged_site(rendered: Path, truth: Path, *videos: Path) -> int:
    """The exit status of the command over `videos`, each with the same truth."""
    pairs = [word for one in videos for word in ("--video", str(one), "--truth", str(truth))]
    return execute(["evaluate", "events", "--camera", str(rendered / "camera.toml"), *pairs])


def test_hours_that_nobody_recorded_are_not_counted(
    rendered: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A truth that told of a day could validate every kind by a clip of seconds."""
    video = rendered / "video.mp4"
    assert judged_site(rendered, written(tmp_path, seconds=90_000), video) == 2
    assert "tells of 90000 s, and video.mp4 was measured for" in capfd.readouterr().err
    assert judged_site(rendered, written(tmp_path), video) == 0
    assert "experimental: 0.0 hours were watched" in capfd.readouterr().out


def test_a_recording_counts_once(
    rendered: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Under another name too."""
    copy = tmp_path / "again.mp4"
    copy.write_bytes((rendered / "video.mp4").read_bytes())
    assert judged_site(rendered, written(tmp_path), rendered / "video.mp4", copy) == 2
    assert "is the same film as" in capfd.readouterr().err


def test_a_zone_that_the_camera_has_not_is_named(
    rendered: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each such event would count as missed, and what was told of it as false."""
    event = {"kind": "fire", "start": 1.0, "at": [1, 2], "zone": "gaet"}
    truth = written(tmp_path, events=[event])
    assert judged_site(rendered, truth, rendered / "video.mp4") == 2
    assert "'gaet'" in capfd.readouterr().err
