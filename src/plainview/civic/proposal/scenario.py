"""A proposed scheme in numbers, checked: what every calculation starts from. Pure."""

from typing import Final, NamedTuple

from plainview.civic.proposal.formulas import Estimate, per_comparison, per_face, propagate

MOST_CAMERAS: Final = 1_000_000_000
MOST_FACES: Final = 10_000_000
"""Faces that one camera can see in a day: a hundred in every second."""
FEWEST_FACES: Final = 0.001
"""One in three years."""
MOST_LISTED: Final = 10_000_000_000
"""More than there are people."""


class Rates(NamedTuple):
    """How often one system errs. One of the first two is given."""

    per_comparison: Estimate | None = None
    """False-match rate: what can be carried to a list of any size."""
    per_face: Estimate | None = None
    """False positives per face at a list whose size nobody published: good for that list only."""
    true: Estimate | None = None
    """The share of listed people who pass that is noticed (TPIR); None: not known."""

    @property
    def none(self) -> bool:
        """Whether neither is given: only where every group has its own."""
        return self.per_comparison is None and self.per_face is None

    def at(self, list_size: int | None) -> Estimate:
        """False positives per face of somebody not listed, on a list of `list_size`."""
        if self.per_comparison is not None and list_size is not None:
            return propagate(lambda rate: per_face(rate, list_size), self.per_comparison)
        if self.per_face is None:
            raise ValueError("a rate per comparison needs a list size")
        return self.per_face


class Group(NamedTuple):
    """People for whom the system errs at rates of their own."""

    name: str
    share: float
    """Of all faces seen."""
    rates: Rates


class Limit(NamedTuple):
    """The harm that somebody would accept. One of the two is given."""

    wrong_stops_per_year: float | None = None
    false_alerts_per_day: float | None = None


class Scenario(NamedTuple):
    """One proposed scheme. None: nobody said, so what depends on it cannot be said either."""

    name: str
    cameras: int
    faces_per_camera: float
    """In a day."""
    groups: tuple[Group, ...]
    """At least one; one without a name where all people are taken alike."""
    list_size: int | None = None
    """None only where the rates are per face."""
    prevalence: float | None = None
    """The share of the faces seen that belong to somebody on the list."""
    stops_per_alert: float | None = None
    minutes_per_alert: float | None = None
    minutes_per_stop: float = 0.0
    days_per_year: int = 365
    limit: Limit | None = None
    preset: str = ""
    """The published figures that the rates are from, if any."""

    @property
    def faces(self) -> float:
        """Faces seen in a day by all cameras."""
        return self.cameras * self.faces_per_camera

    @property
    def named_groups(self) -> bool:
        """Whether people are told apart at all."""
        return bool(self.groups[0].name)


def carried(rate: Estimate, measured_at: int) -> Estimate:
    """The false-match rate behind a false positive rate measured at a list of `measured_at`."""
    return propagate(lambda value: per_comparison(value, measured_at), rate)
