"""Places that cannot be written, disks that are full, readers that go, and being stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Plainview = Callable[..., subprocess.CompletedProcess[str]]

_MEASURE = (sys.executable, "-m", "plainview", "measure")


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
def test_a_full_disk_leaves_nothing_half_written(
    name: str, good_clip: Path, tmp_path: Path, camera: Path, plainview: Plainview
) -> None:
    """One line, exit code 1, and the file that was there before is still there, whole."""
    out = tmp_path / name
    out.write_text("the older measurements")
    done = plainview(
        "measure",
        good_clip,
        "--camera",
        camera,
        "--every",
        "0.1",
        "--rate",
        "10",
        "--out",
        out,
        file_bytes=1024,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"plainview: {out}: the disk is full")
    assert done.stderr.count("\n") == 1
    assert out.read_text() == "the older measurements"
    assert _names(tmp_path) == ["camera.toml", name]


def test_a_full_standard_output(good_clip: Path, camera: Path) -> None:
    """Redirected to a full disk, measure says so and fails."""
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device for a child
        done = subprocess.run(
            [*_MEASURE, good_clip, "--camera", camera],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert "the disk is full" in done.stderr
    assert done.stderr.count("\n") == 1


def test_places_that_cannot_be_written(
    good_clip: Path, tmp_path: Path, camera: Path, plainview: Plainview
) -> None:
    """A folder that is not there, or below a file: wrong input, before the video is opened."""
    (tmp_path / "file").touch()
    for option in ("--out", "--save-plate"):
        for place in (tmp_path / "none" / "x", tmp_path / "file" / "x"):
            done = plainview("measure", good_clip, "--camera", camera, option, place)
            assert done.returncode == 2
            assert str(place) in done.stderr
            assert done.stderr.count("\n") == 1
            assert done.stdout == ""


def test_a_reader_that_goes_is_no_failure(good_clip: Path, camera: Path) -> None:
    """`plainview measure … | head -1` ends quietly."""
    with subprocess.Popen(
        [*_MEASURE, good_clip, "--camera", camera, "--every", "0.1", "--rate", "10"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith('{"plainview"')
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_stopped_leaves_nothing(
    number: signal.Signals, good_clip: Path, tmp_path: Path, camera: Path
) -> None:
    """Interrupted in the middle: no part of a file, no process left, no traceback."""
    out = tmp_path / "out.jsonl"
    with subprocess.Popen(
        [*_MEASURE, good_clip, "--camera", camera, "--out", out],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while not [name for name in _names(tmp_path) if name.endswith(".new")]:
            assert process.poll() is None, "it ended before it could be stopped"
            time.sleep(0.01)  # it needs the processor that would be taken by asking
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert _names(tmp_path) == ["camera.toml"]


def test_a_port_in_use(city: Path, tmp_path: Path, plainview: Plainview) -> None:
    """`run` names the port and how to choose another, and leaves nothing running."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = plainview("run", city, "--port", str(port), "--state", tmp_path / "state")
    assert done.returncode == 2
    assert f"127.0.0.1:{port}: the port is in use" in done.stderr
    assert "--port" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_state_folder_that_cannot_be_written(
    city: Path, tmp_path: Path, plainview: Plainview
) -> None:
    """Below a file there can be no state: wrong input, named with --state."""
    (tmp_path / "file").touch()
    done = plainview("run", city, "--port", "0", "--state", tmp_path / "file" / "state")
    assert done.returncode == 2
    assert "the state folder cannot be written" in done.stderr
    assert "--state" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_full_disk_under_the_state_folder(
    city: Path, tmp_path: Path, plainview: Plainview
) -> None:
    """The store cannot be made: one line, exit code 1."""
    done = plainview("run", city, "--port", "0", "--state", tmp_path / "state", file_bytes=4096)
    assert done.returncode == 1
    assert done.stderr.startswith("plainview: ")
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_measurements_are_not_written_to_nowhere(good_clip: Path, camera: Path) -> None:
    """Started without standard output (`>&-`): it says so before it measures, with what to give."""
    done = subprocess.run(
        [*_MEASURE, good_clip, "--camera", camera],
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
        preexec_fn=lambda: os.close(1),
    )
    assert done.returncode == 2
    assert done.stderr == (b"plainview: standard output: it is closed. Give --out FILE\n")
