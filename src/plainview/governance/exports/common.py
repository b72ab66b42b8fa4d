"""What several exports say in the same way: addresses of pages, dates, English texts."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from plainview.governance.capability import RECORD, RELEASE
from plainview.governance.register import RegisterCamera
from plainview.governance.words import words

ENGLISH = words("en")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def camera_page(base: str, camera: str, language: str = "en") -> str:
    """The portal's page of one camera."""
    return f"{base.rstrip('/')}/portal/{language}/cameras/{quote(camera, safe='')}"


def assessment_page(base: str, name: str, language: str = "en") -> str:
    """The portal's page of one assessment, `ID@REVISION`."""
    page = f"{base.rstrip('/')}/portal/{language}/assessments/"
    return f"{page}{quote(name, safe='@')}" if name else ""


def day(milliseconds: int | None) -> str | None:
    """ISO date of UTC milliseconds."""
    if milliseconds is None:
        return None
    return dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC).date().isoformat()


def moment(milliseconds: int) -> str:
    """ISO 8601 of UTC milliseconds, to the second."""
    return f"{dt.datetime.fromtimestamp(milliseconds // 1000, tz=dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def english(texts: Mapping[str, str]) -> str:
    """The English of `texts`, or whatever else there is."""
    return ENGLISH.said(texts).text


def keeps_personal_data(camera: RegisterCamera) -> bool:
    """Whether pictures of people are kept or opened: measurements alone name nobody."""
    return any(
        one.name in {RECORD, RELEASE} and (one.permitted or one.running)
        for one in camera.capabilities
    )


def legal_ground(camera: RegisterCamera) -> str:
    """Basis and law in one line."""
    basis = ENGLISH.text(f"basis.{camera.legal_basis}") if camera.legal_basis else ""
    return ": ".join(part for part in (basis, camera.law) if part)


def xml_text(text: str) -> str:
    """`text` without the characters that XML 1.0 cannot hold in any form; not escaped."""
    return _NOT_XML.sub("", text)


def to_json(value: Any) -> bytes:  # noqa: ANN401 - any tree of dicts and lists
    """`value` as indented JSON with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
