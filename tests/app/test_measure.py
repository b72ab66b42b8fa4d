"""What `measure` says beside its lines: the seal, what was lost, how far it is."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plainview.app import measure as job
from plainview.errors import InputError, LensError, SourceError
from plainview.fleet.clip import ClipEnded, ClipStarted
from plainview.record import Reading
from plainview.vision.spec import TapStatus

_MEASURE = (sys.executable, "-m", "plainview", "measure")
Items = Iterator[ClipStarted | Reading | ClipEnded]
READING = Reading(
    t=1000, span=1000, frames=5, dropped=0, count=16, low=8, high=24, noise=1, coarse=1, nx=6,
    cells=(), crossings=(), health=(), events=(),
)  # fmt: skip


SEALED = ClipStarted(sealed=True, missing=())


def _status(**changes: object) -> TapStatus:
    fields: dict[str, object] = {"packets": 10, "late": 0, "broken": 0, "connected": False}
    return TapStatus(**{**fields, "reconnects": 0, **changes})  # type: ignore[arg-type]


def _clip(*items: object) -> Callable[..., Items]:
    """A stand-in for the fleet that tells `items`; an error among them is raised."""

    def measure_clip(*_: object, **__: object) -> Items:
        for item in items:
            if isinstance(item, Exception):
                raise item
            yield item  # type: ignore[misc]

    return measure_clip


def test_an_unsealed_lens_is_named_everywhere(
    city: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The header says so, and so does standard error, with what the kernel lacks."""
    ended = ClipEnded(_status(), 0, 0, None)
    monkeypatch.setattr(
        job, "measure_clip", _clip(ClipStarted(sealed=False, missing=("Landlock",)), READING, ended)
    )
    job.measure(city.parent / "yard.mp4", city.parent / "yard.toml", out=tmp_path / "o.jsonl")
    header, line = [json.loads(text) for text in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert header["sealed"] is False
    assert line["count"] == 1.0
    said = capsys.readouterr().err
    assert "not sealed" in said
    assert "Landlock" in said


def test_what_was_lost_is_said(
    city: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Broken packets, restarts and refused messages are counted on standard error."""
    ended = ClipEnded(_status(broken=7), 2, 3, None)
    monkeypatch.setattr(job, "measure_clip", _clip(SEALED, READING, ended))
    job.measure(city.parent / "yard.mp4", city.parent / "yard.toml")
    captured = capsys.readouterr()
    assert "7 packets were broken" in captured.err
    assert "restarted 2 times" in captured.err
    assert "3 messages of the lens were refused" in captured.err
    assert len(captured.out.splitlines()) == 2


@pytest.mark.parametrize(
    ("items", "kind"),
    [
        ([SourceError("is no video")], InputError),
        ([SEALED, READING, SourceError("ended badly")], SourceError),
        ([SEALED, READING, LensError("ended six times")], LensError),
        ([SEALED, ClipEnded(_status(), 4, 0, None)], LensError),
        ([SEALED, ClipEnded(_status(packets=0), 0, 0, None)], InputError),
        ([SEALED, ClipEnded(_status(t=0.2), 0, 0, None)], InputError),
    ],
)
def test_a_failure_leaves_no_file(
    items: list[object],
    kind: type[Exception],
    city: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Wrong input before the first measurement, a failure after it; no half-written file."""
    monkeypatch.setattr(job, "measure_clip", _clip(*items))
    out = tmp_path / "o.jsonl"
    with pytest.raises(kind) as caught:
        job.measure(city.parent / "yard.mp4", city.parent / "yard.toml", out=out)
    assert type(caught.value) is kind
    assert not out.exists()
    assert not list(tmp_path.glob(".*"))


def test_a_plate_that_was_not_learned_is_an_error_after_the_measurements(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines are there; that no plate could be saved is said, and fails the command."""
    ended = ClipEnded(_status(), 0, 0, None)
    monkeypatch.setattr(job, "measure_clip", _clip(SEALED, READING, ended))
    out, plate = tmp_path / "o.jsonl", tmp_path / "p.plate"
    with pytest.raises(Exception, match="no plate was learned"):
        job.measure(city.parent / "yard.mp4", city.parent / "yard.toml", out=out, save_plate=plate)
    assert len(out.read_text().splitlines()) == 2
    assert not plate.exists()


def test_a_terminal_gets_a_bar_and_standard_output_only_lines(city: Path, tmp_path: Path) -> None:
    """Progress goes to the terminal's standard error; what is redirected stays pure JSON Lines."""
    master, terminal = pty.openpty()
    out = tmp_path / "lines"
    with out.open("w", encoding="utf-8") as file:
        done = subprocess.Popen(
            [*_MEASURE, city.parent / "yard.mp4", "--camera", city.parent / "yard.toml"],
            stdout=file,
            stderr=terminal,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
        )
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = os.read(master, 4096)
            except OSError:  # EIO: the other end was closed
                break
            if not part:
                break
            shown += part
        os.close(master)
        assert done.wait(60) == 0
    assert b"yard.mp4" in shown
    assert b"left" in shown
    assert all(json.loads(line) for line in out.read_text().splitlines())
