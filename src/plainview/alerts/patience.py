"""How long an alert may wait: for somebody to acknowledge it, and for what it is about to be seen.

By site, and by zone where the city's file says so.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

ESCALATE: Final = 120.0
UNSEEN: Final = 1800.0


class Patience(Struct, frozen=True):
    """Of one site, or of one zone of it."""

    escalate: float = ESCALATE
    """Seconds after which an alert that nobody acknowledged escalates by itself."""
    unseen: float = UNSEEN
    """Seconds after it was last seen at which an alert that nobody saw end is cleared by the
    program. They begin anew with each decision of a person."""


Patiences = Mapping[tuple[str, str | None], Patience]
"""By site and zone; the zone None is for all that have none of their own."""


def patience_of(known: Patiences, site: str, zone: str | None) -> Patience:
    """What holds in `zone` of `site`: its own, else the site's, else the default."""
    return known.get((site, zone)) or known.get((site, None)) or Patience()
