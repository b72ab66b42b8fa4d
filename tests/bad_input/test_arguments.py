"""Arguments that are no text, files that are none, and output that lacks a sign."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plainview.app.deploy import deploy_nats
from plainview.app.officers import read_key
from plainview.app.simulate import simulate
from plainview.app.vault import identities_in
from plainview.errors import InputError

_PLAINVIEW = (sys.executable, "-m", "plainview")


def test_a_name_that_is_no_text_is_printed_as_it_is(tmp_path: Path) -> None:
    """Byte for byte, so that what a script reads is the file's name."""
    out = os.fsencode(tmp_path) + b"/no text \xff.toml"
    done = subprocess.run(
        [*_PLAINVIEW, "assessment", "new", "--pack", "eu", "--out", out],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert out in done.stdout
    assert Path(os.fsdecode(out)).is_file()


def test_a_terminal_that_lacks_a_sign_gets_it_spelt_out(tmp_path: Path) -> None:
    """A file's name, where the encoding has no such letter."""
    done = subprocess.run(
        [*_PLAINVIEW, "assessment", "new", "--pack", "eu", "--out", tmp_path / "\u2265.toml"],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
    )
    assert done.returncode == 0, done.stderr
    assert b"\\u2265.toml: " in done.stdout


def test_a_folder_with_a_colon_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No protocol of FFmpeg: a scene is drawn into it, and it is told as it was given."""
    monkeypatch.chdir(tmp_path)
    (told,) = simulate("corridor-overhead", Path("http:"), seconds=0.2)
    assert told == "http:: camera.toml, scene.json, truth.csv, video.mp4"
    assert (tmp_path / "http:" / "video.mp4").stat().st_size


@pytest.mark.parametrize("closed", [(1,), (0, 1, 2)])
def test_streams_that_are_closed_lead_nowhere(closed: tuple[int, ...]) -> None:
    """Started without them (`>&-`), it works as ever, and no file that it opens is one of them."""

    def close() -> None:
        for number in closed:
            os.close(number)

    done = subprocess.run(
        [*_PLAINVIEW, "simulate", "--cameras", "5", "--seconds", "1"],
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
        preexec_fn=close,
    )
    assert done.returncode == 0, done.stderr
    assert b"defect" not in done.stderr


@pytest.mark.parametrize("option", [b"--id", b"--language"])
def test_what_has_to_be_text_is_refused(option: bytes, tmp_path: Path) -> None:
    """In one line, and nothing is written."""
    done = subprocess.run(
        [*_PLAINVIEW, "assessment", "new", "--pack", "eu", "--out", "x.toml", option, b"a\xff"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"plainview: command line: 'a?' is not UTF-8 text")
    assert done.stderr.count(b"\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/dev/zero", "missing", "folder"])
def test_a_key_that_is_no_file(place: str, city: Path, tmp_path: Path) -> None:
    """A device is not read until the memory is full; what is wrong is said of the file."""
    (tmp_path / "folder").mkdir()
    path = tmp_path / place

    def deploy(path: Path) -> object:
        return deploy_nats(city, tmp_path / "out", ca=path)

    for read in (read_key, identities_in, deploy):
        with pytest.raises(InputError, match="cannot be read") as caught:
            read(path)
        assert caught.value.where == str(path)
