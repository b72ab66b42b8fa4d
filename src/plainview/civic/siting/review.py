"""Which running cameras no longer earn their place, for the review that an assessment demands.

A list for people, with its reasons; it stops nothing. What a camera measured and helped to prevent
stands against what it exposes.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np
from msgspec import Struct
from scipy.sparse import csr_array

from plainview.civic.siting.alternatives import Instead, alternatives
from plainview.civic.siting.plan import problem_of
from plainview.civic.siting.scheme import Scheme

LEAST_DAYS: Final = 90.0
"""Healthy days below which nothing is said: one season of the week's rhythm and its holidays."""


class Record(Struct, frozen=True):
    """What one running camera did in the period."""

    id: str
    days: float | None
    """Days in which it measured in health; None where that is not known."""
    exposure: float
    """Person-hours a day in its view."""
    alerts: int | None
    """Alerts to which it contributed; None where that is not known."""
    acted_on: int | None
    """Those that a person acknowledged or escalated."""


class Finding(Struct, frozen=True):
    """What the review says of one camera."""

    record: Record
    earns: bool | None
    """Whether it earns its place; None where that cannot be told yet."""
    reasons: tuple[str, ...]
    only: tuple[str, ...] = ()
    """Measured needs that no other camera covers that stays."""
    shared: tuple[str, ...] = ()
    """Measured needs that others cover too."""
    instead: dict[str, tuple[Instead, ...]] = {}
    """By need among `only`: what would help without a camera."""


class Review(Struct, frozen=True):
    """All running cameras, those that no longer earn their place first, the most exposing first."""

    name: str
    findings: tuple[Finding, ...]
    v: str = "plainview.review/v1"

    @property
    def due(self) -> tuple[Finding, ...]:
        """Those that no longer earn their place."""
        return tuple(one for one in self.findings if one.earns is False)


def make_review(
    name: str, records: Iterable[Record], scheme: Scheme | None = None, *, least: float = LEAST_DAYS
) -> Review:
    """What each of `records` earns, and what it covers of the needs of `scheme` if there is one.

    A camera earns its place when it alone covers measured risk that no other running one does, or
    when in the period people acted on an alert that it helped to raise. The most exposing are asked
    first, and what is listed counts as gone for those after it: all that is listed may go at once.
    One that measured for fewer than `least` healthy days is not judged. Raises InputError for a
    scheme that holds none.
    """
    covered = {} if scheme is None else _covered_by(scheme)
    times = Counter(need for needs in covered.values() for need in needs)
    found = []
    for one in sorted(records, key=lambda one: (-one.exposure, one.id)):
        mine = covered.get(one.id)
        only = [need for need in mine or [] if times[need] == 1]
        finding = _finding(one, mine, only, scheme, least)
        if finding.earns is False:
            times.subtract(mine or [])
        found.append(finding)
    order = {False: 0, None: 1, True: 2}
    return Review(name, tuple(sorted(found, key=lambda one: order[one.earns])))


def records_of(scheme: Scheme) -> list[Record]:
    """The records of the running candidates, as the file has them. Raises InputError."""
    problem = problem_of(scheme)
    return [
        Record(one.id, one.days, round(float(exposure), 1), one.alerts, one.acted_on)
        for one, exposure in zip(scheme.candidates, problem.exposure, strict=True)
        if one.running
    ]


def _covered_by(scheme: Scheme) -> dict[str, list[int]]:
    """By running camera: the needs with measured risk that it covers."""
    problem = problem_of(scheme)
    by_candidate = csr_array(problem.covers.T)
    found = {}
    for j in np.flatnonzero(problem.standing):
        mine = np.sort(by_candidate.indices[by_candidate.indptr[j] : by_candidate.indptr[j + 1]])
        found[scheme.candidates[j].id] = [int(i) for i in mine if problem.risk[i] > 0]
    return found


def _finding(
    record: Record, mine: list[int] | None, only: list[int], scheme: Scheme | None, least: float
) -> Finding:
    names = [] if scheme is None else [need.id for need in scheme.needs]
    shared = [need for need in mine or [] if need not in only]
    reasons = []
    earns: bool | None = False
    if only:
        earns = True
        reasons.append(f"it alone covers {len(only)} measured needs")
    elif shared:
        reasons.append(f"cameras that stay cover all {len(shared)} needs that it covers")
    elif mine is not None:
        reasons.append("it covers no measured need")
    if record.acted_on:
        earns = True
        reasons.append(f"people acted on {record.acted_on} of its alerts")
    elif record.acted_on is not None:
        reasons.append(f"nobody acted on an alert of it ({record.alerts or 0} were raised)")
    if earns is False and record.acted_on is None:
        earns = None
        reasons.append("nothing is known of its alerts")
    elif earns is False and (record.days is None or record.days < least):
        earns = None
        known = "an unknown time" if record.days is None else f"{record.days:,.0f} days"
        reasons.append(f"it measured in health for {known} of the {least:,.0f} days needed")
    reasons.append(f"it has {record.exposure:,.1f} person-hours a day in view")
    instead = {}
    if scheme is not None:
        instead = {names[i]: told for i in only if (told := alternatives(scheme.needs[i], scheme))}
    return Finding(
        record,
        earns,
        tuple(reasons),
        tuple(names[i] for i in only),
        tuple(names[i] for i in shared),
        instead,
    )
