"""One-time links: kept as hashes, used once, for ten minutes."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from plainview.clock import ManualClock
from plainview.errors import InputError
from plainview.governance.person import Person, Role
from plainview.web.access.links import LIFE, MOST, Links

KIM = Person("Kim", Role.SUPERVISOR)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where links are kept."""
    return tmp_path / "access" / "links"


def test_only_a_hash_is_kept_and_only_for_its_owner(folder: Path) -> None:
    """Whoever reads the folder, or a backup of it, cannot sign in."""
    token = Links(folder, ManualClock()).make(KIM)
    assert len(token) == 43
    (path,) = folder.iterdir()
    assert token not in path.name
    assert token.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.parent.stat().st_mode & 0o777 == 0o700


def test_it_works_once(folder: Path) -> None:
    """Looking does not use it up; using does, and leaves no file."""
    links = Links(folder, ManualClock())
    token = links.make(KIM)
    assert links.look(token) == links.look(token)
    link = links.use(token)
    assert link is not None
    assert link.person == KIM
    assert links.use(token) is None
    assert links.look(token) is None
    assert list(folder.iterdir()) == []


def test_of_many_who_try_at_once_one_gets_it(folder: Path) -> None:
    """In several threads, over and over."""
    links = Links(folder, ManualClock())
    for _ in range(30):
        token = links.make(KIM)
        barrier = threading.Barrier(8)
        won: list[object] = []

        def take(token: str, barrier: threading.Barrier, won: list[object]) -> None:
            barrier.wait()
            if (link := links.use(token)) is not None:
                won.append(link)

        threads = [threading.Thread(target=take, args=(token, barrier, won)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1


def test_of_several_processes_one_gets_it(folder: Path) -> None:
    """They share nothing but the folder."""
    code = (
        "import sys, pathlib; from plainview.clock import SystemClock;"
        "from plainview.web.access.links import Links;"
        "sys.stdin.readline();"
        "print(Links(pathlib.Path(sys.argv[1]), SystemClock()).use(sys.argv[2]) is not None)"
    )
    from plainview.clock import SystemClock  # noqa: PLC0415 - the only test on the real clock

    token = Links(folder, SystemClock()).make(KIM)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(folder), token],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    answers = [child.communicate(timeout=60)[0].strip() for child in children]
    assert sorted(answers) == ["False", "False", "True"]


@pytest.mark.parametrize(("seconds", "works"), [(LIFE - 1, True), (LIFE, False), (-10, False)])
def test_it_lives_ten_minutes(folder: Path, seconds: float, works: bool) -> None:  # noqa: FBT001 - a parameter
    """And not longer because somebody set the clock back."""
    clock = ManualClock()
    links = Links(folder, clock)
    token = links.make(KIM)
    clock.step(seconds)
    assert (links.look(token) is not None) is works
    assert (links.use(token) is not None) is works


@pytest.mark.parametrize(
    "token",
    ["", "x", "../../etc/passwd", "A" * 43, "A" * 42 + "/", "é" * 43, "\0" * 43, "A" * 10_000],
)
def test_what_is_no_token_finds_nothing(folder: Path, token: str) -> None:
    """And touches no file, wherever it points."""
    links = Links(folder, ManualClock())
    links.make(KIM)
    assert links.look(token) is None
    assert links.use(token) is None
    assert len(list(folder.iterdir())) == 1


def test_a_damaged_file_signs_nobody_in(folder: Path) -> None:
    """Cut off, another role, no JSON at all."""
    links = Links(folder, ManualClock())
    for text in (b"", b"{", b'{"person": {"name": "Kim", "role": "king"}, "expires": 9e9}', b"1"):
        token = links.make(KIM)
        (path,) = folder.iterdir()
        path.write_bytes(text)
        assert links.use(token) is None
        assert list(folder.iterdir()) == []


def test_they_are_bounded_and_old_ones_are_swept(folder: Path) -> None:
    """A script gone wild fills no disk."""
    clock = ManualClock()
    links = Links(folder, clock)
    for _ in range(MOST):
        links.make(KIM)
    with pytest.raises(InputError, match="wait to be used"):
        links.make(KIM)
    clock.advance(LIFE)
    links.make(KIM)
    assert len(list(folder.iterdir())) == 1
    links.clear()
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """In one line with how to mend it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError) as caught:
        Links(tmp_path / "file" / "links", ManualClock()).make(KIM)
    assert "--state" in caught.value.mend
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - names only
