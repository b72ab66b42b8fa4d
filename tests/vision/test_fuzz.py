"""Mutated streams through real sealed lenses (by bench/fuzz.py): contained, none escapes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[2] / "bench" / "fuzz.py"
EACH = 100


@pytest.mark.timeout(600)
def test_mutated_streams_escape_nowhere() -> None:
    """Of 200 mutated streams none gets past its lens; provoked crashes and hangs are contained."""
    runs = [
        subprocess.Popen(
            [sys.executable, FUZZ, "--json", "--streams", str(EACH), "--seed", str(seed)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for seed in (1, 2)
    ]
    hangs = 0
    for run in runs:
        said, complained = run.communicate()
        assert run.returncode == 0, complained.decode()
        counts = json.loads(said)
        assert counts["streams"] == EACH
        assert counts["escaped"] == 0
        assert counts["refused"] == 0, "the real measurement broke its contract"
        assert counts["crashes"] >= 3
        assert counts["readings"] > EACH
        hangs += counts.get("hangs", 0)
    assert hangs >= 1
