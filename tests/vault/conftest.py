"""Two custodians, and rings of theirs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyrage
import pytest
from tests.vault.machine import Machine

from plainview.vault import daykey
from plainview.vault.layout import PARTIES, Layout, day_of
from plainview.vault.ring import Ring

NOW = 1_795_000_000.0
"""2026-11-18 in UTC."""
HOUR = int(NOW) // 3600 * 3600


class Custodians(NamedTuple):
    """Both parties' age identities."""

    operator: Any
    commissioner: Any

    def recipients(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """As they stand in a city's file."""
        one, other = (str(identity.to_public()) for identity in self)
        return (one,), (other,)

    def private(self, ring: Ring) -> bytes:
        """The ring's private half, by both shares."""
        shares = (
            daykey.open_share(ring.folder, party, [identity])
            for party, identity in zip(PARTIES, self, strict=True)
        )
        return daykey.joined(*shares)


@pytest.fixture(scope="session")
def custodians() -> Custodians:
    """An operator and a commissioner."""
    return Custodians(pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate())


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An empty vault."""
    found = Layout(tmp_path / "vault")
    found.make()
    return found


MakeRing = Callable[..., Ring]


@pytest.fixture
def make_ring(layout: Layout, custodians: Custodians) -> MakeRing:
    """Make and open the ring of a day."""

    def make(t: float = NOW) -> Ring:
        folder = layout.keys / day_of(t)
        operator, commissioner = custodians.recipients()
        daykey.make(daykey.Task(str(folder), operator, commissioner))
        return Ring(folder)

    return make


@pytest.fixture
def machine(layout: Layout, custodians: Custodians) -> Machine:
    """A machine that records into `layout`, from a full hour on."""
    return Machine(layout, custodians.recipients(), HOUR)
