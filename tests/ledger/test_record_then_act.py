"""Record, then act, under kill -9 and broken disks: a small run, and that its checker can fail."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from plainview.clock import SystemClock
from plainview.ledger.entry import Entry, EntryKind
from plainview.ledger.log import PUBLIC, Ledger
from plainview.ledger.tiles import DirectorySource

BENCH = Path(__file__).parents[2] / "bench" / "record_then_act.py"
TRIALS = 120


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("record_then_act", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_no_act_without_its_entry(bench: ModuleType) -> None:
    """Of 120 trials, with kills and faults of every kind, none breaks a promise."""
    done = subprocess.run(
        [sys.executable, BENCH, "--json", "--trials", str(TRIALS), "--seed", "7"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    counts = json.loads(done.stdout)
    assert counts["trials"] == TRIALS
    assert counts["kills"] > TRIALS / 10
    assert counts["faults"] > TRIALS / 20
    assert counts["acts"] > TRIALS
    assert {promise: counts[promise] for promise in bench.PROMISES} == dict.fromkeys(
        bench.PROMISES, 0
    )


def grown(state: Path, *names: str) -> None:
    """Record an entry for each name."""
    with Ledger(state, clock=SystemClock()) as ledger:
        for name in names:
            ledger.append([Entry(t=1, kind=EntryKind.CAMERA_STARTED, subject=name)])


def test_the_checker_sees_an_act_without_its_entry(bench: ModuleType, tmp_path: Path) -> None:
    """An act whose entry is another's, or beyond the checkpoint, is counted."""
    log = bench.begin(tmp_path)
    grown(tmp_path, "camera:a")
    source = DirectorySource(tmp_path / PUBLIC)
    log.acts.append(("camera:a", 1))
    bench.look(log, source)
    for act in (("camera:b", 1), ("camera:b", 2)):
        log.acts[:] = [act]
        with pytest.raises(bench.Bug, match="without their entry"):
            bench.look(log, source)


def test_the_checker_sees_what_was_refused_and_recorded(bench: ModuleType, tmp_path: Path) -> None:
    """An entry of which the ledger said that it was not recorded may not turn up."""
    log = bench.begin(tmp_path)
    grown(tmp_path, "camera:a")
    log.refused.add("camera:a")
    with pytest.raises(bench.Bug, match="refused, yet recorded"):
        bench.look(log, DirectorySource(tmp_path / PUBLIC))


def test_the_checker_sees_a_ledger_rolled_back(bench: ModuleType, tmp_path: Path) -> None:
    """A state folder from before, put in place of the present one, contradicts what was seen."""
    log = bench.begin(tmp_path / "now")
    shutil.copytree(tmp_path / "now", tmp_path / "before")
    grown(tmp_path / "now", "camera:a", "camera:b")
    bench.look(log, DirectorySource(tmp_path / "now" / PUBLIC))
    with pytest.raises(bench.Bug, match="rolled back"):
        bench.look(log, DirectorySource(tmp_path / "before" / PUBLIC))
    grown(tmp_path / "before", "camera:c", "camera:d")
    with pytest.raises(bench.Bug, match="contradict"):
        bench.look(log, DirectorySource(tmp_path / "before" / PUBLIC))


def test_the_checker_sees_two_trees_of_one_size(bench: ModuleType, tmp_path: Path) -> None:
    """Two roots for one size are a fork, whoever saw them."""
    log = bench.begin(tmp_path)
    with pytest.raises(bench.Bug, match="fork"):
        log.seen(1, bytes(32))
