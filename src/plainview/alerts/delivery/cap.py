"""A notice as a message of the Common Alerting Protocol 1.2 (OASIS Standard, 1 July 2010).

Pure. The clauses are those of the standard, section 3.2; tests hold what comes out against the
schema that OASIS publishes.
"""

import datetime as dt
from typing import Final
from xml.etree import ElementTree as ET

from plainview.alerts.delivery.notice import ROUTE, Earlier, Notice, Purpose
from plainview.alerts.delivery.route import Route
from plainview.alerts.thresholds import Level
from plainview.record import EventKind

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE: Final = "application/cap+xml"
RADIUS: Final = 0.05
"""Kilometres around the place of an alert."""
_STATUS: Final = {
    Purpose.ACTUAL: "Actual",
    Purpose.EXERCISE: "Exercise",
    Purpose.TEST: "Test",
}
_CATEGORY: Final = {
    EventKind.FIRE: "Fire",
    EventKind.WEAPON: "Security",
    EventKind.LEFT_OBJECT: "Security",
    EventKind.ZONE_INTRUSION: "Security",
    EventKind.WRONG_WAY: "Transport",
    EventKind.PERSON_DOWN: "Rescue",
    ROUTE: "Infra",
}
"""By kind; crowds are Safety."""


def time(at: float) -> str:
    """UTC seconds as CAP writes a time: without fractions, and its zone never as Z (3.3.2)."""
    return f"{dt.datetime.fromtimestamp(at, tz=dt.UTC):%Y-%m-%dT%H:%M:%S}-00:00"


def plain(text: str) -> str:
    """`text` without signs that XML 1.0 cannot hold (production 2) or that steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def document(notice: Notice, route: Route) -> bytes:
    """The message about `notice` as `route` sends it: UTF-8, with its XML declaration."""
    root = message(notice, route)
    found: bytes = ET.tostring(
        root, encoding="UTF-8", xml_declaration=True, default_namespace=NAMESPACE
    )
    return found


def message(notice: Notice, route: Route) -> ET.Element:
    """The element `alert` of `notice`."""
    root = ET.Element(f"{{{NAMESPACE}}}alert")
    _add(root, "identifier", notice.key)
    _add(root, "sender", route.sender)
    _add(root, "sent", time(notice.updated_at))
    _add(root, "status", _STATUS[notice.purpose])
    _add(root, "msgType", _message_type(notice))
    public = route.public and notice.purpose is Purpose.ACTUAL
    _add(root, "scope", "Public" if public else "Restricted")
    if not public:
        _add(root, "restriction", route.restriction)
    if notice.earlier:
        known = (_reference(notice, one, route.sender) for one in notice.earlier)
        _add(root, "references", " ".join(known))
    _info(root, notice, route)
    return root


def _message_type(notice: Notice) -> str:
    if not notice.open:
        # What is told for the first time cannot be cancelled.
        return "Cancel" if notice.earlier else "Alert"
    return "Update" if notice.earlier else "Alert"


def _reference(notice: Notice, earlier: Earlier, sender: str) -> str:
    return f"{sender},{notice.id}-{earlier.revision},{time(earlier.at)}"


def _info(root: ET.Element, notice: Notice, route: Route) -> None:
    info = _add(root, "info")
    alarm = notice.level is Level.ALARM
    _add(info, "language", "en")
    _add(info, "category", _CATEGORY.get(notice.kind, "Safety"))
    _add(info, "event", plain(notice.kind.replace("-", " ")))
    _add(info, "responseType", ("Execute" if alarm else "Monitor") if notice.open else "AllClear")
    _add(info, "urgency", ("Immediate" if alarm else "Expected") if notice.open else "Past")
    _add(info, "severity", "Severe" if alarm else "Moderate")
    _add(info, "certainty", "Unknown" if notice.purpose is Purpose.TEST else "Likely")
    code = _add(info, "eventCode")
    _add(code, "valueName", "plainview")
    _add(code, "value", plain(notice.kind))
    _add(info, "senderName", plain(route.sender))
    _add(info, "headline", plain(notice.headline)[:160])
    _add(info, "description", plain(f"{notice.where}: {notice.headline}"))
    _add(info, "instruction", plain(". ".join(notice.check)))
    if notice.link:
        _add(info, "web", notice.link)
    for name, value in (
        ("about", notice.about),
        ("state", notice.state.value),
        ("level", notice.level.value),
        ("revision", str(notice.revision)),
    ):
        parameter = _add(info, "parameter")
        _add(parameter, "valueName", name)
        _add(parameter, "value", plain(value))
    area = _add(info, "area")
    _add(area, "areaDesc", plain(notice.where))
    if notice.position is not None:
        longitude, latitude = notice.position
        _add(area, "circle", f"{latitude:.6f},{longitude:.6f} {RADIUS:g}")


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child
