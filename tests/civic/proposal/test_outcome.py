"""What a scheme would do: the issue's numbers, and what must hold between them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.civic.proposal.figures import preset_rates, usable
from plainview.civic.proposal.formulas import Estimate, counted
from plainview.civic.proposal.outcome import assess, growth
from plainview.civic.proposal.presets import presets, why_not
from plainview.civic.proposal.scenario import Group, Limit, Rates, Scenario

CITY = Scenario(
    name="City",
    cameras=60_000,
    faces_per_camera=5_000,
    groups=(Group("", 1.0, preset_rates(presets()["npl-2023-10000"])),),
    list_size=10_000,
)
MET = CITY._replace(groups=(Group("", 1.0, preset_rates(presets()["met-2025"])),), list_size=None)


def test_the_npl_point_gives_50_000_false_alerts_a_day() -> None:
    """60,000 cameras x 5,000 faces, one in 6,000; and a tenth of that with a tenth of the list."""
    assert assess(CITY).false_alerts.value == pytest.approx(50_000)
    short = CITY._replace(list_size=1_000)
    assert assess(short).false_alerts.value == pytest.approx(5_000, rel=1e-4)
    other = short._replace(groups=(Group("", 1.0, preset_rates(presets()["npl-2023-1000"])),))
    assert assess(other).false_alerts.value == pytest.approx(5_000)


def test_the_polices_counts_give_954_with_their_interval() -> None:
    """Over faces that were not listed: 954, 457 to 1,754; for a list of unknown size alone."""
    outcome = assess(MET)
    assert outcome.false_alerts == pytest.approx((953.78, 457.38, 1754.04), abs=0.01)
    assert outcome.per_comparison is None
    assert outcome.alerts is outcome.right is outcome.missed is outcome.hours is None
    assert growth(MET)[1] == ()


def test_what_was_counted_at_the_place_keeps_its_own_share() -> None:
    """South Wales: 173 of 2,470 right; the Metropolitan Police: all but 10 of 2,077."""
    south, met = presets()["south-wales-2017"].right, presets()["met-2025"].right
    assert south == counted(173, 2_470)
    assert met == counted(2_067, 2_077)


def test_what_lacks_its_faces_or_is_no_live_search_is_not_scaled() -> None:
    """Three sets can be used; each other says why not."""
    assert usable() == ("npl-2023-10000", "npl-2023-1000", "met-2025")
    assert "number of faces" in why_not("x", presets()["south-wales-2017"])
    assert "photographs" in why_not("x", presets()["pnd-2025"])
    with pytest.raises(ValueError, match="list size"):
        CITY.groups[0].rates.at(None)


def test_every_quantity_by_hand() -> None:
    """100 cameras, 1,000 faces, 1 in 1,000 listed, 1 in 100 wrong, 80 % noticed."""
    scheme = Scenario(
        name="By hand",
        cameras=100,
        faces_per_camera=1_000,
        groups=(Group("", 1.0, Rates(per_face=Estimate(0.01), true=Estimate(0.8))),),
        prevalence=0.001,
        stops_per_alert=0.5,
        minutes_per_alert=2,
        minutes_per_stop=8,
        days_per_year=100,
        limit=Limit(wrong_stops_per_year=4_995),
    )
    outcome = assess(scheme)
    assert outcome.true_alerts == pytest.approx((80, None, None))
    assert outcome.false_alerts.value == pytest.approx(999)
    assert outcome.alerts is not None
    assert outcome.alerts.value == pytest.approx(1_079)
    assert outcome.right is not None
    assert outcome.right.value == pytest.approx(80 / 1_079)
    assert outcome.wrong_stops is not None
    assert outcome.wrong_stops.value == pytest.approx(49_950)
    assert outcome.missed is not None
    assert outcome.missed.value == pytest.approx(20)
    assert outcome.hours is not None
    assert outcome.hours.value == pytest.approx(100 * 1_079 * 6 / 60)
    assert outcome.needed is not None
    assert outcome.needed.times == pytest.approx(10)
    assert outcome.needed.per_face == pytest.approx(0.001)


@settings(max_examples=30)
@given(
    shares=st.lists(st.floats(0.01, 1), min_size=1, max_size=5),
    rates=st.lists(st.floats(1e-9, 1e-3), min_size=5, max_size=5),
    prevalence=st.floats(0, 0.5),
    noticed=st.floats(0, 1),
)
def test_groups_add_up_to_all(
    shares: list[float], rates: list[float], prevalence: float, noticed: float
) -> None:
    """False alerts, stops and missed people of the groups are those of everybody."""
    whole = sum(shares)
    groups = tuple(
        Group(str(k), share / whole, Rates(Estimate(rate), true=Estimate(noticed)))
        for k, (share, rate) in enumerate(zip(shares, rates, strict=False))
    )
    scheme = CITY._replace(groups=groups, prevalence=prevalence, stops_per_alert=0.3)
    outcome = assess(scheme)
    assert outcome.missed is not None
    assert outcome.wrong_stops is not None
    told = outcome.groups
    assert sum(g.false_alerts.value for g in told) == pytest.approx(outcome.false_alerts.value)
    assert sum(g.missed.value for g in told if g.missed) == pytest.approx(outcome.missed.value)
    stops = sum(g.wrong_stops.value for g in told if g.wrong_stops)
    assert stops == pytest.approx(outcome.wrong_stops.value)
    assert outcome.alerts is not None
    assert outcome.alerts.value >= outcome.false_alerts.value


def test_it_grows_in_proportion_to_cameras_and_errs_more_with_the_list() -> None:
    """Twice the cameras, twice the harm, the same chance to be right; a longer list lowers that."""
    scheme = CITY._replace(prevalence=1e-5, stops_per_alert=0.6)
    cameras, lists = growth(scheme)
    now = assess(scheme)
    for step in cameras:
        by = step.cameras / scheme.cameras
        assert step.outcome.false_alerts.value == pytest.approx(now.false_alerts.value * by)
        assert step.outcome.right == pytest.approx(now.right)
    chances = [step.outcome.right.value for step in lists if step.outcome.right]
    assert chances == sorted(chances, reverse=True)
    assert len(chances) == len(lists) == 4


def test_nothing_seen_is_not_nothing_there() -> None:
    """No false alert in 1,000 faces: none expected, but up to 368 of 100,000 cannot be excluded."""
    groups = (Group("", 1.0, Rates(per_face=counted(0, 1_000), true=Estimate(0.9))),)
    scheme = Scenario("None", 100, 1_000, groups, prevalence=0.0)
    outcome = assess(scheme)
    assert outcome.false_alerts == pytest.approx((0, 0, 368.2), abs=0.1)
    assert outcome.right is None
