import math

import pytest

from plainview.alerts import names
from plainview.alerts.kinds import KINDS, AlertKind
from plainview.alerts.lifecycle import numberless, raised
from plainview.alerts.thresholds import Level, Quantity, threshold
from plainview.crowd.field import Estimate


def test_everything_that_calls_has_one_name() -> None:
    """A kind or quantity without one would fail only when it first calls somebody."""
    assert list(names.KINDS) == list(AlertKind) == list(KINDS)
    assert list(names.QUANTITIES) == list(Quantity)


@pytest.mark.parametrize("kind", [kind for kind in AlertKind if kind != AlertKind.ROUTE])
def test_what_is_sent_names_a_kind_as_the_pages_do(kind: AlertKind) -> None:
    """Who is told by mail finds it in the console under the same words."""
    one = numberless("a", "plaza", kind, 0.0, source="-", why="it is full")
    assert one.message.startswith(names.KINDS[kind])


@pytest.mark.parametrize("quantity", Quantity)
def test_what_is_sent_names_a_quantity_as_the_pages_do(quantity: Quantity) -> None:
    """Within a sentence, which it begins."""
    limit = threshold(quantity, Level.ALARM, 0.5, 3.0, "own")
    seen = Estimate(math.nan, math.nan, math.nan)
    one = raised(name="a", site="plaza", threshold=limit, now=0.0, seen=seen, at=None)
    assert one.message.lower().startswith(f"{names.QUANTITIES[quantity]} in the site is not known")
