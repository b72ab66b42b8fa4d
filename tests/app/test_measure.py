"""What `measure` says beside its lines: the seal, what was lost, how far it is."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs

from plainview.app import measure as job
from plainview.errors import InputError, LensError, SourceError
from plainview.fleet.clip import ClipEnded, ClipStarted
from plainview.record import Health, Reading
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


ENDED = ClipEnded(_status(), 0, 0, None)


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
    assert "7 packets left out: broken" in captured.err
    assert "restarted 2 times" in captured.err
    assert "3 messages of the lens were refused" in captured.err
    assert len(captured.out.splitlines()) == 2


def test_what_could_not_be_decoded_is_said_too(
    city: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the lens left out for being broken is counted, though the tap found nothing amiss."""
    lost = structs.replace(READING, t=2000, frames=0, dropped=6, health=(Health.LOST,))
    monkeypatch.setattr(job, "measure_clip", _clip(SEALED, READING, lost, ENDED))
    job.measure(city.parent / "yard.mp4", city.parent / "yard.toml")
    assert "6 packets left out: broken, or built on what was lost" in capsys.readouterr().err


@pytest.mark.parametrize(("pictured", "said"), [(9.9, False), (8.8, True)])
def test_a_video_that_was_cut_is_named(
    pictured: float,
    said: bool,  # noqa: FBT001 - a case of the test
    city: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of a copy that was broken off nobody takes the part that is there for the whole."""
    ended = ClipEnded(_status(duration=10.0, t=pictured), 0, 0, None)
    monkeypatch.setattr(job, "measure_clip", _clip(SEALED, READING, ended))
    job.measure(city.parent / "yard.mp4", city.parent / "yard.toml")
    assert ("pictures for 8.8 s of the 10 s" in capsys.readouterr().err) is said


def test_an_interval_without_a_frame_is_never_an_empty_scene(
    city: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where none was due, its line says `lost`: it has no other way to say that nobody looked."""
    unseen = structs.replace(READING, t=2000, frames=0, count=0, low=0, high=999)
    monkeypatch.setattr(job, "measure_clip", _clip(SEALED, READING, unseen, ENDED))
    job.measure(city.parent / "yard.mp4", city.parent / "yard.toml", every=0.5, rate=1.0)
    said = capsys.readouterr()
    assert [json.loads(text)["health"] for text in said.out.splitlines()[1:]] == [[], ["lost"]]
    assert "intervals of 0.5 s, but 1 s from one analysed frame to the next" in said.err


def test_lines_and_zones_out_of_sight_are_named(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is ever told of them, which looks as if nothing happened: a mistake in units."""
    text = (city.parent / "yard.toml").read_text(encoding="utf-8")
    far = "[[500, 500], [510, 500], [510, 510]]"
    names = [f"z{k}" for k in range(6)]
    zones = [f'[[zones]]\nname = "{name}"\nkind = "fire"\npolygon = {far}' for name in names]
    line = '[[lines]]\nname = "far"\nfrom = [500, 500]\nto = [600, 600]'
    camera = tmp_path / "far.toml"
    camera.write_text("\n".join((text, line, *zones)), encoding="utf-8")
    monkeypatch.setattr(job, "measure_clip", _clip(SEALED, READING, ENDED))
    job.measure(city.parent / "yard.mp4", camera)
    said = capsys.readouterr().err
    assert "line 'far', zone 'z0', zone 'z1', zone 'z2', zone 'z3', 2 more: outside the" in said
    assert len(said.splitlines()) == 1


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


def test_measurements_and_plate_do_not_go_into_one_file(city: Path, tmp_path: Path) -> None:
    """One would take the other's place: told before anything is measured."""
    out = tmp_path / "o"
    with pytest.raises(InputError, match="one file"):
        job.measure(
            city.parent / "yard.mp4",
            city.parent / "yard.toml",
            out=out,
            save_plate=tmp_path / "./o",
        )
    assert not out.exists()


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
