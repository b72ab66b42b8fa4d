"""Ledgers of known entries, and a child process to be killed at a step of our choice."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.clock import ManualClock
from plainview.errors import LedgerError
from plainview.ledger.entry import Entry, EntryKind
from plainview.ledger.log import Ledger

NAME = "ledger.example/test"

MakeEntries = Callable[..., list[Entry]]
OpenLedger = Callable[..., Ledger]
Killed = Callable[[Callable[[], object]], bool]


@pytest.fixture(scope="session")
def entries() -> MakeEntries:
    """`entries(3)` are three entries, `entries(3, "b")` three others."""

    def make(count: int, tag: str = "a") -> list[Entry]:
        return [
            Entry(1_700_000_000_000 + i, EntryKind.CAMERA_REGISTERED, f"camera:{tag}-{i}")
            for i in range(count)
        ]

    return make


@pytest.fixture
def open_ledger(tmp_path: Path) -> OpenLedger:
    """`open_ledger()` opens the ledger of the test's own state folder."""

    def open_one(state: Path = tmp_path / "state", **options: object) -> Ledger:
        return Ledger(state, clock=ManualClock(), origin=NAME, **options)  # type: ignore[arg-type]

    return open_one


@pytest.fixture
def killed() -> Killed:
    """`killed(work)` does `work` in a child; whether the child died of SIGKILL while at it."""

    def run(work: Callable[[], object]) -> bool:
        child = os.fork()
        if child == 0:
            code = 3
            try:
                work()
                code = 0
            except LedgerError:
                code = 1
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            return True
        assert os.WEXITSTATUS(status) == 0, "the child failed instead of dying"
        return False

    return run
