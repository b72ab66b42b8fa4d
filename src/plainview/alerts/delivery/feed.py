"""The notices of a route as an Atom feed (RFC 4287) whose entries are CAP messages."""

import datetime as dt
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from plainview.alerts.delivery import cap
from plainview.alerts.delivery.notice import Notice
from plainview.alerts.delivery.route import Route

NAMESPACE: Final = "http://www.w3.org/2005/Atom"
MEDIA_TYPE: Final = "application/atom+xml"
MOST_ENTRIES: Final = 100
# For people who read a feed as it is: a machine sees no difference.
ET.register_namespace("atom", NAMESPACE)
ET.register_namespace("cap", cap.NAMESPACE)


def document(notices: Sequence[Notice], route: Route, address: str, now: float) -> bytes:
    """The feed at `address` with `notices`, newest first, as of `now` (UTC seconds)."""
    root = ET.Element(f"{{{NAMESPACE}}}feed")
    updated = max((notice.updated_at for notice in notices), default=now)
    _add(root, "id", address)
    _add(root, "title", f"Plainview: {cap.plain(route.name)}")
    _add(root, "updated", _time(updated))
    _add(_add(root, "author"), "name", cap.plain(route.sender))
    _link(root, "self", address, MEDIA_TYPE)
    for notice in notices[:MOST_ENTRIES]:
        entry = _add(root, "entry")
        _add(entry, "id", f"{address}/{notice.key}")
        _add(entry, "title", cap.plain(f"{notice.where}: {notice.headline}"))
        _add(entry, "updated", _time(notice.updated_at))
        _add(entry, "published", _time(notice.raised_at))
        _link(entry, "alternate", f"{address}/{notice.key}", cap.MEDIA_TYPE)
        content = _add(entry, "content")
        content.set("type", cap.MEDIA_TYPE)
        content.append(cap.message(notice, route))
    found: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return found


def _time(at: float) -> str:
    return dt.datetime.fromtimestamp(at, tz=dt.UTC).isoformat(timespec="milliseconds")


def _link(parent: ET.Element, rel: str, href: str, kind: str) -> None:
    link = _add(parent, "link")
    link.set("rel", rel)
    link.set("type", kind)
    link.set("href", href)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child
