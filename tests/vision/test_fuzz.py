"""Mutated streams through real sealed lenses (by bench/fuzz.py): contained, none escapes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "bench" / "fuzz.py"
STREAMS = 60
"""The bench takes as many as it is told: the same ones for the same seed."""


@pytest.mark.timeout(600)
def test_mutated_streams_escape_nowhere() -> None:
    """Of 60 mutated streams none gets past its lens; provoked crashes and hangs are contained."""
    done = subprocess.run(
        [sys.executable, FUZZ, "--json", "--streams", str(STREAMS), "--seed", "1"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    counts = json.loads(done.stdout)
    assert counts["streams"] == STREAMS
    assert counts["escaped"] == 0
    assert counts["refused"] == 0, "the real measurement broke its contract"
    assert counts["crashes"] >= 2
    assert counts["hangs"] >= 1
    assert counts["readings"] > STREAMS
