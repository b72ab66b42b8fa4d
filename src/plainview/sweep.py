"""What is due for deletion is deleted: sealed recordings, by a clock that is not believed blindly.

One pass at a time on a vault, from whatever process. The dead man's check that stops recording when
this fails is the recorder's own (`vault.lateness`).
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from plainview.errors import VaultError
from plainview.vault import release_keys
from plainview.vault.expiry import Expiry, Record, Swept
from plainview.vault.layout import Layout, alone
from plainview.vault.watch import Watch

EVERY: Final = 60.0
"""Seconds between two passes."""
CONFIRMED: Final = "clock-confirmed"
"""A file in the vault by which a person says that the clock is right."""


class Pass(NamedTuple):
    """How a pass went."""

    swept: Swept | None
    """None where it could not be made."""
    trouble: str
    """What a person must know; empty where all is well."""


class Sweeper:
    """Owns the clock's watch and the passes over one vault."""

    def __init__(
        self,
        layout: Layout,
        watch: Watch,
        record: Record,
        terms: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        """`record` tells the ledger; `terms`: seconds by camera that hold now."""
        self._layout = layout
        self._watch = watch
        self._terms = terms
        self._expiry = Expiry(layout, record)

    def turn(self) -> Pass:
        """Make one pass. Raises nothing that a disk or a vault causes."""
        confirmed = self._layout.root / CONFIRMED
        try:
            if confirmed.exists():
                self._watch.confirm()
                confirmed.unlink(missing_ok=True)
            times = self._watch.look()
            with alone(self._layout.root / "sweeper.lock", "sweeper"):
                release_keys.sweep(self._layout, times.earliest)
                swept = self._expiry.sweep(times.earliest, self._terms())
        except VaultError as error:
            return Pass(None, error.line())
        except OSError as error:
            return Pass(None, f"deletion is refused by the disk ({error.strerror})")
        troubles = [times.trouble, *swept.unreadable]
        if swept.unrecorded:
            troubles.append(f"{swept.unrecorded} deletions are not in the ledger yet")
        return Pass(swept, "; ".join(text for text in troubles if text))
