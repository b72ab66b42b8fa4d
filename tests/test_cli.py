"""The command line: help, exit codes, one line for every error, and nothing loaded in vain."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
import typer

from plainview import __version__
from plainview.cli import _only, app, execute
from plainview.cli.refusal import from_system

MODULES = """
import sys
from plainview.cli import execute
code = execute(sys.argv[1:])
print(sorted(sys.modules), file=sys.stderr)
sys.exit(code)
"""
HEAVY = (
    "litestar",
    "uvicorn",
    "httpx",
    "asyncio",
    "structlog",
    "sqlalchemy",
    "alembic",
    "jupedsim",
    "pyarrow",
    "matplotlib",
    "cv2",
    "plainview.config.city",
    "plainview.alerts",
)


def _commands() -> Iterator[tuple[str, ...]]:
    """Every command, as the words after `plainview`."""

    def walk(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        below = getattr(command, "commands", None)
        if below is None:
            yield path
            return
        for name, inner in below.items():
            yield from walk(inner, (*path, name))

    yield from walk(typer.main.get_command(app), ())


def _plainview(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "plainview", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("command", list(_commands()), ids=" ".join)
def test_every_command_has_help_with_an_example(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A person who reads --help can copy a line that works."""
    assert execute([*command, "--help"]) == 0
    assert f"Example: plainview {' '.join(command)}" in capsys.readouterr().out


def test_the_promised_commands_are_there() -> None:
    """DESIGN.md section 5, as far as it is built; nothing that is only planned is listed."""
    names = {command[0] for command in _commands()}
    promised = {"run", "measure", "calibrate", "camera", "simulate", "assessment", "ledger"}
    assert names >= {*promised, "vault"}


def test_version_and_bare_call(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` says it; `plainview` alone shows the help; both are no errors."""
    assert execute(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"plainview {__version__}"
    assert execute([]) == 0
    assert "plainview run" in capsys.readouterr().out


WRONG = [
    (["mesure"], "Did you mean 'measure'"),
    (["measure"], "Missing argument"),
    (["measure", "a.mp4"], "--camera"),
    (["vault", "check"], "See 'plainview vault check --help'"),
    (["measure", "a.mp4", "--camera", "b.toml", "--evry", "2"], "--every"),
    (
        ["measure", "a.mp4", "--camera", "b.toml", "--every", "x"],
        "'--every': it is not a number. See",
    ),
    (["measure", "a.mp4", "--camera", "b.toml", "--every", "nan"], "--every"),
    (
        ["measure", "a.mp4", "--camera", "b.toml", "--rate", "0"],
        "'--rate': it must be at least 0.1.",
    ),
    (["measure", "a.mp4", "--camera", "/none.toml"], "/none.toml: there is no such file"),
    (["run", "/none.toml"], "/none.toml: there is no such file"),
    (["run", "--port", "99999"], "'--port': it must be at most 65535."),
    (["run", "--port", "x"], "'--port': it is not a whole number. See"),
    (["login", "--role", "boss"], "'--role': 'boss' is not one of"),
    (["camera", "plate", "list", "--state", "/none"], "no state folder"),
    (["simulate", "atlantis"], "there is no scene"),
    (["simulate", "plaza-suny"], "Did you mean 'plaza-sunny'?"),
    (["simulate", "plaza-sunny", "--seconds", "1", "--out", __file__], "Name another folder"),
    (["calibrate"], "nothing to mark"),
    (["calibrate", "x.mp4", "--out", "nowhere/x.toml"], "its folder is not there"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_wrong_input_is_one_line_and_exit_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error, nothing on standard output, exit code 2."""
    assert execute(arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.startswith("plainview: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["measure", "a.mp4", "--faces"],
        ["measure", "a.mp4", "--re-id=true"],
        ["run", "--watch-list", "x.csv"],
        ["anpr"],
        ["recognise", "a.mp4"],
    ],
)
def test_wishes_beyond_the_boundary_are_refused_by_name(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no such option, and the answer says why."""
    assert execute(arguments) == 2
    assert "DESIGN.md section 1" in capsys.readouterr().err


def test_measure_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """No web server, database, simulation, plotting or image library in the command's process."""
    camera = tmp_path / "camera.toml"
    camera.write_text("id = 1", encoding="utf-8")
    for arguments in (["--version"], ["measure", "none.mp4", "--camera", str(camera)]):
        done = subprocess.run(
            [sys.executable, "-c", MODULES, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        loaded = done.stderr.splitlines()[-1]
        assert "'plainview.cli'" in loaded
        assert not [name for name in HEAVY if f"'{name}'" in loaded]
    assert "'plainview.fleet.clip'" in loaded
    assert "'av'" not in loaded


@pytest.mark.parametrize("first", ["measure", "login", "vault"])
def test_only_what_is_named_is_made(first: str) -> None:
    """No other command's options are looked at; who names none is shown all."""
    made = typer.main.get_command(_only([first, "--help"]))
    assert list(getattr(made, "commands", {})) == [first]
    for arguments in ([], ["--help"], ["vaults"]):
        assert _only(arguments) is app


def test_an_unforeseen_error_is_one_line_with_the_details_in_a_file(tmp_path: Path) -> None:
    """A defect of ours shows no traceback, names the file that has it, and exits 1."""
    code = (
        "import sys, plainview.app.camera as c\n"
        "def broken(*a, **k): raise RuntimeError('rtsp://u:secret@cam')\n"
        "c.check = broken\n"
        "from plainview.cli import main\n"
        "sys.argv[1:] = ['camera', 'check', 'x.toml']\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"TMPDIR": str(tmp_path), "PATH": ""},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("plainview: a defect in Plainview (RuntimeError)")
    assert done.stderr.count("\n") == 1
    (details,) = tmp_path.glob("plainview-defect-*.txt")
    assert str(details) in done.stderr
    text = details.read_text()
    assert "Traceback" in text
    assert "secret" not in text


def test_full_standard_output_is_one_line() -> None:
    """Help into a full disk fails by name, with no traceback from the interpreter's last flush."""
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device for a child
        done = subprocess.run(
            [sys.executable, "-m", "plainview", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr == "plainview: the disk is full. Free some space and run it again\n"


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("plan", "rollout", "--example"), ("assess", "recognition", "--example")],
)
def test_who_reads_no_further_is_told_of_no_failure(arguments: tuple[str, ...]) -> None:
    """`plainview ... | head -1` is done, whether or not the rest was written by then."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as closed:  # noqa: PTH123 - a descriptor
        ended = subprocess.run(
            [sys.executable, "-m", "plainview", *arguments],
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("number", "mend"),
    [
        (errno.EACCES, "whose it is"),
        (errno.EROFS, "another place"),
        (errno.ENAMETOOLONG, "shorter name"),
        (errno.ENOSPC, "Free some space"),
    ],
)
def test_what_the_system_refuses_is_told_with_what_to_do(number: int, mend: str) -> None:
    """Where no part of the program has words for it: which file, what, and how to mend it."""
    told = from_system(OSError(number, os.strerror(number), "locked/out.jsonl"))
    assert mend in told
    assert number == errno.ENOSPC or told.startswith(f"locked/out.jsonl: {os.strerror(number)}. ")


def test_camera_check_says_what_is_seen(tmp_path: Path) -> None:
    """Ground, scale and the height of people near and far, in plain lines."""
    camera = tmp_path / "camera.toml"
    camera.write_text(CAMERA, encoding="utf-8")
    done = _plainview("camera", "check", camera)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "429 m² in 33 x 24 cells of 1 m" in done.stdout
    assert "stands    7.1 m high" in done.stdout
    assert "a person is 32 pixels tall" in done.stdout


CAMERA = """\
id = "plaza"
[calibration]
image_size = [480, 360]
projection = [
  [16.288503236408854, -13.824256163102453, -2.5412711789517433, 219.91750790089145],
  [-1.5264807257596984, 0.19061266080179512, -21.29036760489315, 110.23023540636851],
  [0.022333645764138335, 0.015339661641563165, -0.007464170447424424, 1.0],
]
[area]
polygon = [
  [-8.07, 6.33], [-21.08, -8.95], [-16.78, -16.67], [9.59, -9.71], [10.38, -4.02], [1.84, 2.47],
]
"""


def test_plates_are_listed_approved_and_forgotten(tmp_path: Path) -> None:
    """A learned plate becomes approved by a person's word only, and can be forgotten."""
    plates = tmp_path / "plates"
    plates.mkdir()
    (plates / "north.learned").write_bytes(b"a plate")
    listed = _plainview("camera", "plate", "list", "--state", tmp_path)
    assert listed.stdout.startswith("north: learned ")
    assert _plainview("camera", "plate", "approve", "north", "--state", tmp_path).returncode == 0
    assert (plates / "north.approved").read_bytes() == b"a plate"
    (plates / "north.learned").write_bytes(b"a newer plate")
    listed = _plainview("camera", "plate", "list", "--state", tmp_path)
    assert listed.stdout.startswith("north: approved ")
    assert "has learned another one since" in listed.stdout
    shown = _plainview("camera", "plate", "show", "north", "--state", tmp_path)
    assert shown.returncode == 2
    assert "not a plate" in shown.stderr
    assert _plainview("camera", "plate", "forget", "north", "--state", tmp_path).returncode == 0
    assert list(plates.iterdir()) == []
    listed = _plainview("camera", "plate", "list", "--state", tmp_path)
    assert listed.stdout == "no camera has learned a plate yet\n"
    again = _plainview("camera", "plate", "forget", "north", "--state", tmp_path)
    assert again.returncode == 2
    outside = _plainview("camera", "plate", "forget", "../x", "--state", tmp_path)
    assert outside.returncode == 2
    assert "not a camera's id" in outside.stderr


def _begin(recording: Path, to: Path, *, seconds: float) -> None:
    """The first `seconds` of a recording, packets as they are."""
    with av.open(str(recording)) as whole, av.open(str(to), "w") as part:
        stream = part.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.pts is None or packet.pts * packet.time_base >= seconds:
                break
            packet.stream = stream
            part.mux(packet)


def test_a_measured_plate_can_be_shown(tmp_path: Path) -> None:
    """The plate that a lens learned is drawn as a PNG of the scene's shape."""
    recording = Path("../shared/data/pets2009-s2l1/video.mp4")
    if not recording.exists():
        pytest.skip(f"no {recording}")
    video = tmp_path / "video.mp4"
    _begin(recording, video, seconds=40.0)
    camera = tmp_path / "camera.toml"
    camera.write_text(CAMERA, encoding="utf-8")
    (tmp_path / "plates").mkdir()
    plate = tmp_path / "plates" / "plaza.learned"
    out = tmp_path / "out.jsonl"
    done = _plainview(
        "measure", video, "--camera", camera, "--rate", "2", "--save-plate", plate, "--out", out
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    header, *intervals = [json.loads(line) for line in out.read_text().splitlines()]
    assert header["grid"] == {"origin": [-22.0, -17.0], "cell": 1.0, "shape": [33, 24]}
    assert header["plainview"] == __version__
    assert len(intervals) == pytest.approx(40, abs=1)  # the container says 10 frames/s
    assert all(line["low"] <= line["count"] <= line["high"] for line in intervals)
    png = tmp_path / "plate.png"
    shown = _plainview("camera", "plate", "show", "plaza", "--state", tmp_path, "--out", png)
    assert shown.returncode == 0, shown.stderr
    assert png.read_bytes().startswith(b"\x89PNG")


def test_what_is_read_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--out` that is the video or the camera's file is refused, through links too."""
    video, camera, link = tmp_path / "v.mp4", tmp_path / "c.toml", tmp_path / "link"
    video.write_bytes(b"a video")
    camera.write_text(CAMERA, encoding="utf-8")
    link.symlink_to(video)
    for option in ("--out", "--save-plate"):
        for place in (video, camera, link):
            wrong = ["measure", str(video), "--camera", str(camera), option, str(place)]
            assert execute(wrong) == 2
            assert "would be overwritten" in capsys.readouterr().err
    assert video.read_bytes() == b"a video"


def test_an_error_does_not_steer_the_terminal_or_tell_a_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control signs in names are not passed on, and credentials are taken out."""
    assert execute(["run", str(tmp_path / "\x1b[2Jx\nrtsp://user:secret@cam")]) == 2
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "secret" not in said
    assert said.count("\n") == 1
