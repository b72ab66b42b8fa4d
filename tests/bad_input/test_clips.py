"""Videos that are wrong in one way each: one clear line, the right exit code, nothing half-done."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.cli import execute

Plainview = Callable[..., subprocess.CompletedProcess[str]]
MakeClip = Callable[..., Path]


def _intervals(text: str) -> list[dict[str, object]]:
    """The intervals after the header."""
    header, *intervals = [json.loads(line) for line in text.splitlines()]
    assert header["camera"] == "yard"
    return intervals


def _one_line(text: str) -> bool:
    return text.startswith("plainview: ") and text.count("\n") == 1 and "Traceback" not in text


def _below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "video.mp4"


def _empty(folder: Path) -> Path:
    (folder / "empty.mp4").touch()
    return folder / "empty.mp4"


def _folder(folder: Path) -> Path:
    return folder


def _missing(folder: Path) -> Path:
    return folder / "none.mp4"


def _odd_name(folder: Path) -> Path:
    return folder / ("x" * 300)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_missing, "there is no such file"),
        (_below_a_file, "video.mp4: "),
        (_empty, "the file is empty"),
        (_folder, "this is not a file"),
        (_odd_name, "name too long"),
    ],
)
def test_a_video_that_cannot_be_opened(
    make: Callable[[Path], Path],
    said: str,
    tmp_path: Path,
    camera: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Missing, below a file, empty, a folder: wrong input, found before anything starts."""
    out = tmp_path / "out.jsonl"
    video = make(tmp_path)
    assert execute(["measure", str(video), "--camera", str(camera), "--out", str(out)]) == 2
    captured = capsys.readouterr()
    assert _one_line(captured.err)
    assert said.lower() in captured.err.lower()
    assert not out.exists()


def test_a_pipe_that_nobody_writes_to_does_not_hang(
    pipe: Path, camera: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A named pipe is refused, not waited for."""
    assert execute(["measure", str(pipe), "--camera", str(camera)]) == 2
    assert "this is not a file" in capsys.readouterr().err


def _text(folder: Path, _encode: MakeClip) -> Path:
    path = folder / "notes.mp4"
    path.write_text("This is no video.\n" * 100, encoding="utf-8")
    return path


def _random(folder: Path, _encode: MakeClip) -> Path:
    path = folder / "noise.mp4"
    path.write_bytes(bytes(k * 7919 % 251 for k in range(100_000)))
    return path


def _head_only(folder: Path, encode: MakeClip) -> Path:
    """A container whose header is there and whose frames are not."""
    whole = encode(folder / "whole.mkv", times=[k / 10 for k in range(10)])
    data = whole.read_bytes()
    path = folder / "head.mkv"
    path.write_bytes(data[: data.index(b"\x1f\x43\xb6\x75")])  # up to the first Cluster
    whole.unlink()
    return path


@pytest.mark.parametrize("make", [_text, _random, _head_only])
def test_a_file_without_a_picture(
    make: Callable[[Path, MakeClip], Path],
    make_clip: MakeClip,
    tmp_path: Path,
    camera: Path,
    plainview: Plainview,
) -> None:
    """Not a video, or zero frames: wrong input, and no output file is left."""
    video = make(tmp_path, make_clip)
    before = sorted(path.name for path in tmp_path.iterdir())
    done = plainview("measure", video, "--camera", camera, "--out", tmp_path / "out.jsonl")
    assert done.returncode == 2
    assert _one_line(done.stderr), done.stderr
    assert video.name in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_sound_only(sound: Path, camera: Path, plainview: Plainview) -> None:
    """A file that holds sound only is named as such."""
    done = plainview("measure", sound, "--camera", camera)
    assert done.returncode == 2
    assert _one_line(done.stderr), done.stderr
    assert "sound" in done.stderr
    assert done.stdout == ""


def test_an_absurdly_slow_frame_rate_is_taken_at_its_word(
    good_clip: Path, camera: Path, plainview: Plainview
) -> None:
    """`frame_rate` overrides the clock: forty frames of 20 s each last 800 s."""
    camera.write_text(f"frame_rate = 0.05\n{camera.read_text()}", encoding="utf-8")
    done = plainview("measure", good_clip, "--camera", camera, "--every", "100")
    assert done.returncode == 0, done.stderr
    assert [line["t"] for line in _intervals(done.stdout)] == [100.0 * k for k in range(1, 9)]


def test_an_absurdly_fast_frame_rate_is_named(
    good_clip: Path, camera: Path, plainview: Plainview
) -> None:
    """At 1000 frames/s the clip is shorter than an interval: said so, with how to mend it."""
    camera.write_text(f"frame_rate = 1000\n{camera.read_text()}", encoding="utf-8")
    done = plainview("measure", good_clip, "--camera", camera)
    assert done.returncode == 2
    assert _one_line(done.stderr)
    assert "lasts 0.04 s, less than half of one interval of 1 s" in done.stderr
    assert "frame_rate" in done.stderr


def test_a_container_with_an_absurd_frame_rate(
    make_clip: MakeClip, tmp_path: Path, camera: Path, plainview: Plainview
) -> None:
    """A clock that runs 1,000 frames in a second gives as many intervals as it says."""
    video = make_clip(tmp_path / "fast.mp4", times=[k / 1000 for k in range(200)], rate=1000)
    done = plainview("measure", video, "--camera", camera, "--every", "0.1")
    assert done.returncode == 0, done.stderr
    assert [line["t"] for line in _intervals(done.stdout)] == [0.1, 0.2]


@pytest.mark.parametrize("size", [(16, 16), (4096, 16), (16, 2048)])
def test_absurd_sizes(
    size: tuple[int, int], make_clip: MakeClip, tmp_path: Path, camera: Path, plainview: Plainview
) -> None:
    """Tiny and needle-shaped pictures are measured or refused in one line; nothing crashes."""
    video = make_clip(tmp_path / "odd.mp4", times=[k / 5 for k in range(10)], size=size)
    done = plainview("measure", video, "--camera", camera)
    assert done.returncode in {0, 2}, done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode == 0:
        assert _intervals(done.stdout)
    else:
        assert _one_line(done.stderr), done.stderr


def test_a_variable_frame_rate_keeps_the_times(
    make_clip: MakeClip, tmp_path: Path, camera: Path, plainview: Plainview
) -> None:
    """Intervals follow the container's times, whatever lies between the frames."""
    times = [0.0, 0.04, 0.5, 0.54, 0.6, 1.9, 2.0, 2.01, 3.5, 3.52, 3.9, 5.2, 5.9]
    video = make_clip(tmp_path / "variable.mp4", times=times, rate=25)
    done = plainview("measure", video, "--camera", camera)
    assert done.returncode == 0, done.stderr
    *ends, last = [line["t"] for line in _intervals(done.stdout)]
    assert ends == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert last == pytest.approx(5.95, abs=0.06)  # the last interval ends with the clip


def test_a_corrupt_middle_loses_the_middle_only(
    make_clip: MakeClip, tmp_path: Path, camera: Path, plainview: Plainview
) -> None:
    """The intervals before and after the damage are there, and the times are right."""
    video = make_clip(tmp_path / "long.ts", times=[k / 10 for k in range(100)], container="mpegts")
    data = bytearray(video.read_bytes())
    third = len(data) // 3
    data[third : third + third // 2] = bytes(k * 31 % 256 for k in range(third // 2))
    video.write_bytes(bytes(data))
    done = plainview("measure", video, "--camera", camera)
    assert done.returncode == 0, done.stderr
    intervals = _intervals(done.stdout)
    times = [line["t"] for line in intervals]
    assert times == sorted(set(map(float, times)))  # type: ignore[arg-type]
    assert len(intervals) in {9, 10, 11, 12}
    assert intervals[0]["health"] == []
    assert any(line["health"] for line in intervals), "the damage must show"
    assert "Traceback" not in done.stderr


def test_a_video_that_ends_in_the_middle_of_a_packet(
    good_clip: Path, tmp_path: Path, camera: Path, plainview: Plainview
) -> None:
    """What can be read of a cut recording is measured, or it is refused in one line."""
    video = tmp_path / "cut.mp4"
    video.write_bytes(good_clip.read_bytes()[:-1000])
    done = plainview("measure", video, "--camera", camera)
    assert done.returncode in {0, 2}
    assert "Traceback" not in done.stderr
    if done.returncode == 2:
        assert _one_line(done.stderr)
