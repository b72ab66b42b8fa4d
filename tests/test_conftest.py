"""The rule of CI that nothing may be skipped."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")


def _run(folder: Path, body: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(CONFTEST, folder / "conftest.py")
    (folder / "test_it.py").write_text(f"import pytest\n\ndef test_it():\n    {body}\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, f"--rootdir={folder}", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
        cwd=folder,
    )


@pytest.mark.parametrize(
    ("body", "arguments", "expected"),
    [
        ("pytest.skip('no data')", (), 0),
        ("pytest.skip('no data')", ("--fail-on-skip",), 1),
        ("pytest.skip('hardware: no camera')", ("--fail-on-skip",), 0),
        ("pass", ("--fail-on-skip",), 0),
    ],
)
def test_a_skip_fails_the_run_only_where_told(
    tmp_path: Path, body: str, arguments: tuple[str, ...], expected: int
) -> None:
    """A skipped test fails the run under --fail-on-skip, unless a device is what is missing."""
    done = _run(tmp_path, body, *arguments)
    assert done.returncode == expected, done.stdout + done.stderr
    assert ("nothing may be" in done.stdout) == (expected == 1)
