"""The privacy account: what each person-day has cost, folded from the ledger's own entries."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from plainview.civic.statistics.noise import epsilon_of
from plainview.errors import InputError
from plainview.governance.standing import StatisticsRelease

LIMIT: Final = 6.0
"""Epsilon that a person-day has, at DELTA, for the whole city. It is spent once."""
DELTA: Final = 1e-6
CROSSING_LIMIT: Final = 1.0
"""Epsilon that one crossing of one line has."""
MILLION: Final = 1_000_000
_DAY_MS: Final = 86_400_000


class Overspent(InputError):
    """The account does not have what a release would cost."""


def check(
    releases: Iterable[StatisticsRelease], begins: int, ends: int, *, epsilon: float,
    crossing: float,
) -> None:  # fmt: skip
    """Raise Overspent unless the hours [begins, ends) may be released for that much.

    An hour that was released once is spent, whatever it cost: two releases of the same data could
    be averaged. Days that only share their edge are two person-days.
    """
    for name, asked, most in (
        ("--epsilon", epsilon, LIMIT),
        ("--crossing-epsilon", crossing, CROSSING_LIMIT),
    ):
        if not 0 < asked <= most:
            raise Overspent(
                f"{asked:g} is not in the account",
                where=name,
                mend=f"Give more than 0, at most {most:g}",
            )
    for one in releases:
        if one.begins < ends and begins < one.ends:
            raise Overspent(
                f"hours of this day were released already, as {one.day}",
                where=f"ledger entry {one.index}",
                mend="What a person-day has is spent once: publish another day",
            )


class Spent(NamedTuple):
    """What somebody who was there all the time spent in a stretch of days."""

    days: int
    """That were released."""
    epsilon: float
    """At DELTA, of all of them together."""


def spent(releases: Iterable[StatisticsRelease], now: int, days: int) -> Spent:
    """Of the last `days` days before `now` (UTC milliseconds).

    Costs in rho add up (Bun & Steinke, TCC 2016, lemma 2.3); epsilons would add up to more.
    """
    found = [one for one in releases if one.ends > now - days * _DAY_MS]
    return Spent(len(found), epsilon_of(sum(one.rho for one in found) / MILLION, DELTA))
