"""What would help instead of a camera: by the measured flow against what a width carries."""

import math
from typing import Final

from msgspec import Struct

from plainview.civic.siting.scheme import Kind, Need, Scheme

CAPACITY: Final = 1.33
"""People a metre and second that a level way or a door carries: 80 a minute, the usual figure of
design; 1.3 in IMO MSC.1/Circ.1533 (2016), annex 1, table 1.2; 1.2 to 1.3 in Nelson & Mowrer, SFPE
Handbook of Fire Protection Engineering, 3rd edition, 2002."""
TWO_WAY: Final = 0.75
"""Share of that which is left where people go both ways: 1.5 of 2.0 /(m s) at most. J. Zhang, W.
Klingsch, A. Schadschneider & A. Seyfried, J. Stat. Mech. P02002 (2012)."""
COUNTERFLOW: Final = 0.1
"""Share of the lesser way from which a place counts as two-way."""
RARE: Final = 400.0
"""Hours a year up to which stewards are thought of: one day a week, 8 hours."""


class Instead(Struct, frozen=True):
    """One thing that needs no camera."""

    kind: str
    """one-way, wider-gate or stewards."""
    text: str
    enough: bool
    """Whether it takes the cause away by the measured numbers, rather than easing it."""
    cost: float | None = None
    """A year, where it can be told."""


def alternatives(need: Need, scheme: Scheme) -> tuple[Instead, ...]:
    """What would help at `need` without a camera; none where nothing was measured that tells.

    The flow is compared with `CAPACITY * width`, of which `TWO_WAY` is left where the lesser way
    has a share of COUNTERFLOW or more.
    """
    found = []
    if need.flow is not None and need.width is not None:
        found += _of_flow(need, need.flow, need.width)
    if need.kind is not Kind.BOTTLENECK and 0 < need.measured <= RARE and need.people:
        found.append(_stewards(need, need.people, scheme))
    return tuple(found)


def _of_flow(need: Need, flow: float, width: float) -> list[Instead]:
    found = []
    both_ways = (need.counterflow or 0.0) >= COUNTERFLOW
    carries = CAPACITY * width * (TWO_WAY if both_ways else 1.0)
    if flow <= carries:
        return []
    if both_ways:
        lesser = need.counterflow or 0.0
        main = flow * (1 - lesser)
        enough = main <= CAPACITY * width
        found.append(
            Instead(
                "one-way",
                f"one way only: {main:.2f} people/s would go it, and {width:g} m carry "
                f"{CAPACITY * width:.2f}; both ways they carry {carries:.2f} of {flow:.2f}. "
                f"{flow * lesser:.2f} people/s need another way",
                enough=enough,
            )
        )
    needed = flow / (CAPACITY * (TWO_WAY if both_ways else 1.0))
    found.append(
        Instead(
            "wider-gate",
            f"{needed - width:.1f} m wider: {flow:.2f} people/s need {needed:.1f} m, and "
            f"{width:g} m carry {carries:.2f}",
            enough=True,
        )
    )
    return found


def _stewards(need: Need, people: float, scheme: Scheme) -> Instead:
    number = max(math.ceil(people / scheme.people_per_steward), 1)
    # An alarm is taken as one hour in which somebody must be there.
    hours = need.measured * number
    return Instead(
        "stewards",
        f"{number} at a time for {need.measured:,.0f} hours a year: {hours:,.0f} hours of work",
        enough=False,
        cost=None if scheme.steward_hour is None else round(hours * scheme.steward_hour, 2),
    )
