"""The Makefile: what it gives uv."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_launcher_in_place_of_python_is_followed(tmp_path: Path) -> None:
    """With its name, each call took .venv for another Python's and removed it under what ran."""
    launcher = tmp_path / "python3.11"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    launcher.chmod(0o755)
    told = subprocess.run(
        ["make", "--eval", "told: ; @echo $$UV_PYTHON", "told", f"PYTHON={launcher}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == os.path.realpath(sys.executable)
