"""What of a running Plainview is in trouble, and why: for whoever looks at the console."""

from collections.abc import Iterable

from plainview.intake.stats import IntakeStats
from plainview.web.edge import Part, Trouble


def troubles(
    intake: IntakeStats, *, stores: bool, others: Iterable[tuple[Part, str]]
) -> tuple[Trouble, ...]:
    """The parts that are in trouble: those of `intake`, then `others` by their reason ("": none).

    Where this process does not store (`stores`), a site's, what goes wrong in storing is not its.
    """
    told: list[tuple[Part, str]] = [("bus", intake.bus.trouble)]
    if stores:
        told.append(("store", intake.trouble))
    return tuple(Trouble(part, why) for part, why in (*told, *others) if why)
