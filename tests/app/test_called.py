"""What a hint prints: the command as this program was called."""

import sys
from pathlib import Path

import pytest

from plainview.app.called import called


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of this name in a folder of a clone, which a shell in the clone calls."""
    file = tmp_path / ".venv" / "bin" / "plainview"
    file.parent.mkdir(parents=True)
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", [".venv/bin/plainview", "calibrate"])
    return file


@pytest.mark.usefixtures("program")
def test_a_program_that_is_on_no_path_is_named_as_it_was_typed() -> None:
    """Its bare name would be found by no shell."""
    assert called("measure", Path("a b.mp4")) == ".venv/bin/plainview measure 'a b.mp4'"


def test_the_bare_name_is_said_where_it_leads_here(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By PATH, or by a link there; not where it leads to another one."""
    monkeypatch.setenv("PATH", str(program.parent))
    assert called() == "plainview"
    linked = tmp_path / "bin"
    linked.mkdir()
    (linked / "plainview").symlink_to(program)
    monkeypatch.setenv("PATH", str(linked))
    assert called("run") == "plainview run"
    (linked / "plainview").unlink()
    (linked / "plainview").write_text("#!/bin/sh\n")
    (linked / "plainview").chmod(0o755)
    assert called("run") == ".venv/bin/plainview run"


def test_a_module_is_named_with_its_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever uses the package from a program of their own is told the command's name."""
    monkeypatch.setattr(sys, "argv", ["/somewhere/plainview/__main__.py"])
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    assert called("run") == "/usr/bin/python3 -m plainview run"
    monkeypatch.setattr(sys, "argv", ["/usr/bin/other"])
    assert called("run") == "plainview run"
