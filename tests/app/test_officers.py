"""People and the stop switch from the command line, beside a ledger that another process writes."""

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.governance.offices import SEEN

from plainview.app import enrolling, officers
from plainview.app.state import DEFAULT, usual
from plainview.cli import execute
from plainview.clock import SystemClock
from plainview.errors import InputError, LedgerError
from plainview.governance import cameras
from plainview.governance.office import Office
from plainview.ledger.note import Signer


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with two registered cameras."""
    folder = tmp_path / "state"
    folder.mkdir()
    with Office(folder, SystemClock()) as office:
        cameras.register(office, SEEN, configuration="c" * 64)
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """One command: exit code, standard output, standard error."""
    code = execute([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def enrol(capsys: pytest.CaptureFixture[str], state: Path, name: str, role: str, out: Path) -> None:
    """Enrol somebody."""
    code, said, wrong = run(
        capsys, "officer", "enrol", name, "--role", role, "--out", out, "--state", state
    )
    assert (code, wrong) == (0, "")
    assert name in said


def test_one_stops_and_two_start_again(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By name and by key; the list tells how many have agreed."""
    ada, ben = tmp_path / "ada.key", tmp_path / "ben.key"
    enrol(capsys, state, "Ada Wong", "supervisor", ada)
    enrol(capsys, state, "Ben Li", "privacy-officer", ben)
    assert ada.stat().st_mode & 0o777 == 0o600
    stop = ("stop", "camera:north", "--why", "aimed at a window", "--state", state)
    code, _, wrong = run(capsys, *stop)
    assert code == 2
    assert "nobody is named who stops it. Give your name" in wrong
    assert run(capsys, *stop, "--name", "Cyd")[0] == 0
    again = ("resume", "camera:north", "--why", "aimed at the square", "--state", state)
    code, said, _ = run(capsys, *again, "--key", ada)
    assert code == 0
    assert "A second person must agree" in said
    code, _, wrong = run(capsys, *again, "--key", ada)
    assert code == 2
    assert "the same person" in wrong
    assert "1 of 2" in run(capsys, "stop", "--state", state)[1]
    code, said, _ = run(capsys, *again, "--key", ben)
    assert (code, "two people have agreed" in said) == (0, True)
    assert "no stop switch is pressed" in run(capsys, "stop", "--state", state)[1]


def test_where_only_the_demonstration_was_run_it_is_what_is_stopped(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No second, empty ledger is begun beside it, in which nothing is stopped."""
    monkeypatch.chdir(tmp_path)
    demo = tmp_path / ".state" / "demo"
    demo.parent.mkdir()
    state.rename(demo)
    assert run(capsys, "stop", "city", "--why", "tried", "--name", "Cyd")[0] == 0
    assert "city: tried" in run(capsys, "stop", "--state", demo)[1]
    assert "city: tried" in run(capsys, "stop")[1]
    assert [one.name for one in demo.parent.iterdir()] == ["demo"]
    enrol(capsys, demo.parent, "Ada Wong", "supervisor", tmp_path / "ada.key")
    assert run(capsys, "stop")[1] == "no stop switch is pressed\n"


def test_a_removed_officer_decides_nothing(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their key counts no more from its entry on."""
    ada = tmp_path / "ada.key"
    enrol(capsys, state, "Ada Wong", "supervisor", ada)
    found = re.search(r"^(\S+): Ada Wong", run(capsys, "officer", "list", "--state", state)[1])
    assert found is not None
    removed = run(capsys, "officer", "remove", found[1], "--why", "left", "--state", state)
    assert removed[0] == 0
    code, _, wrong = run(
        capsys, "stop", "city", "--why", "to try it", "--key", ada, "--state", state
    )
    assert code == 1
    assert "belongs to no officer" in wrong


def test_one_person_is_enrolled_once(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise one person could be the two that are needed."""
    enrol(capsys, state, "Ada Wong", "supervisor", tmp_path / "one.key")
    code, _, wrong = run(
        capsys,
        *("officer", "enrol", "ada  WONG", "--role", "privacy-officer"),
        *("--out", tmp_path / "two.key", "--state", state),
    )
    assert code == 2
    assert "enrolled already" in wrong
    assert not (tmp_path / "two.key").exists()


def test_who_has_no_key_is_no_officer(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that cannot be written, or only in part, was never enrolled; it can be tried again."""
    arguments = ("officer", "enrol", "Ada Wong", "--role", "controller", "--state", state, "--out")
    code, _, wrong = run(capsys, *arguments, tmp_path / "none" / "ada.key")
    assert (code, "Nobody was enrolled" in wrong) == (2, True)

    real = os.fsync

    def full(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").resolve() == tmp_path / "ada.key":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        assert run(capsys, *arguments, tmp_path / "ada.key")[0] == 2
    assert not (tmp_path / "ada.key").exists()
    assert "no officer is enrolled" in run(capsys, "officer", "list", "--state", state)[1]
    assert run(capsys, *arguments, tmp_path / "ada.key")[0] == 0


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"\xff\xfe\x00", b"PRIVATE+KEY+x+00000000+AAAA", b"a" * 100_000]
)
def test_a_file_that_is_no_key_is_one_line(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    """And what is in it is not repeated."""
    path = tmp_path / "odd.key"
    path.write_bytes(content)
    code, _, wrong = run(
        capsys, "stop", "city", "--why", "to try it", "--key", path, "--state", state
    )
    assert code == 2
    assert wrong.count("\n") == 1
    assert "officer enrol" in wrong
    assert "AAAA" not in wrong


@pytest.mark.parametrize(
    "command",
    [("assessment", "list"), ("officer", "list"), ("stop", "city", "--why", "x y z", "--name", "A"),
     ("publish", "--account"), ("register", "export", "json")],
)  # fmt: skip
def test_a_folder_in_which_no_city_was_begun_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    """A wrong --state is said to be wrong; it is given no keys and no ledger of its own."""
    code, told, wrong = run(capsys, *command, "--state", tmp_path)
    assert (code, told) == (InputError.exit_code, "")
    assert "no city was begun in this folder" in wrong
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_replaced(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that exists may be the only copy."""
    path = tmp_path / "ada.key"
    path.write_text("mine")
    code, _, wrong = run(
        capsys,
        *("officer", "enrol", "Ada", "--role", "operator", "--out", path, "--state", state),
    )
    assert (code, path.read_text()) == (2, "mine")
    assert "there is a file already" in wrong


def test_the_state_folder_is_that_of_the_city_that_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who is enrolled beside `city.toml` is enrolled where `plainview run city.toml` looks."""
    monkeypatch.chdir(tmp_path)
    assert usual() == DEFAULT
    (tmp_path / "city.toml").write_text('name = "A"\nstate = "kept"\n[[sites]]\nid = "a"\n')
    code, _, wrong = run(
        capsys, "officer", "enrol", "Ada", "--role", "controller", "--out", "ada.key"
    )
    assert (code, wrong) == (0, "")
    assert (tmp_path / "kept" / "ledger").is_dir()
    assert not (tmp_path / DEFAULT).exists()
    assert "Ada" in run(capsys, "officer", "list")[1]
    (tmp_path / "city.toml").write_text("state = 5\n")
    code, _, wrong = run(capsys, "officer", "list")
    assert code == InputError.exit_code
    assert "city.toml" in wrong
    assert "state" in wrong


CUT = """
import os, signal, sys
from plainview.app import enrolling, officers
from plainview.governance.office import Office

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

moment = sys.argv.pop(1)
record = Office.record
if moment == "before the key":
    officers.write_key = die
elif moment == "with an empty key":
    officers.write_key = lambda path, signer: (path.touch(), die())
elif moment == "after the key":
    Office.record = die
else:
    Office.record = lambda *given: (record(*given), die())
from plainview.cli import execute
execute(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("before the key", "Nobody was enrolled, no key was written"),
        ("with an empty key", "Nobody was enrolled, its key was deleted"),
        ("after the key", "Nobody was enrolled, its key was deleted"),
        ("after the entry", "this key counts"),
    ],
)
def test_an_enrolment_that_is_killed_is_finished_or_undone(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], moment: str, told: str
) -> None:
    """Whoever enrols next, wherever to, is told; no key is left that nobody knows."""
    ada, ben = tmp_path / "ada.key", tmp_path / "ben.key"
    asked = ("officer", "enrol", "Ada Wong", "--role", "supervisor", "--state", str(state))
    command = [sys.executable, "-c", CUT, moment, *asked, "--out", str(ada)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    code, said, _ = run(
        capsys, "officer", "enrol", "Ben Li", "--role", "supervisor", "--out", ben, "--state", state
    )
    assert code == 0
    first, second = said.splitlines()
    assert first.startswith(f"{ada}: ")
    assert told in first
    assert second.startswith(f"{ben}: the key of Ben Li")
    counts = moment == "after the entry"
    assert ada.exists() == counts
    assert ("Ada Wong" in run(capsys, "officer", "list", "--state", state)[1]) == counts
    if counts:
        stop = ("stop", "city", "--why", "a drill", "--key", ada, "--state", state)
        assert run(capsys, *stop)[0] == 0
    else:
        enrol(capsys, state, "Ada Wong", "supervisor", ada)


def test_a_start_settles_an_enrolment_that_was_killed(state: Path, tmp_path: Path) -> None:
    """Nor does it wait for one that goes on, or touch a file that is another's."""
    out = tmp_path / "ada.key"
    with Office(state, SystemClock()) as office:
        assert enrolling.settled(office.keys, office) == ""
        with enrolling.alone(office.keys) as note:
            signer = Signer.generate("here/officer/9")
            enrolling.begin(note, out, signer)
            officers.write_key(out, signer)
            assert enrolling.settled(office.keys, office) == ""
            assert out.exists()
        assert "Nobody was enrolled" in enrolling.settled(office.keys, office)
        assert not out.exists()
        with enrolling.alone(office.keys) as note:
            enrolling.begin(note, out, signer)
        officers.write_key(out, Signer.generate("here/officer/9"))
        assert "no key was written" in enrolling.settled(office.keys, office)
        assert out.exists()
        (office.keys / enrolling.NOTE).write_bytes(b'{"out":')
        assert enrolling.settled(office.keys, office) == ""


def test_where_the_ledger_takes_nothing_no_key_is_left(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key whose owner is no officer would look like one that counts."""
    out = tmp_path / "ada.key"

    def full(*_: object) -> None:
        raise LedgerError("the disk is full")

    monkeypatch.setattr(Office, "record", full)
    asked = ("officer", "enrol", "Ada", "--role", "supervisor", "--out", out, "--state", state)
    code, _, wrong = run(capsys, *asked)
    assert code == 1
    assert "the disk is full" in wrong
    assert not out.exists()
