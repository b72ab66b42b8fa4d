"""What several exports say in the same way: addresses of pages, dates, English texts."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from plainview.governance.capability import RECORD, RELEASE
from plainview.governance.register import RegisterCamera
from plainview.governance.words import words

ENGLISH = words("en")


def camera_page(base: str, camera: str) -> str:
    """The portal's page of one camera."""
    return f"{base.rstrip('/')}/cameras/{camera}"


def assessment_page(base: str, name: str) -> str:
    """The portal's page of one assessment, `ID@REVISION`."""
    return f"{base.rstrip('/')}/assessments/{name}" if name else ""


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


def to_json(value: Any) -> bytes:  # noqa: ANN401 - any tree of dicts and lists
    """`value` as indented JSON with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
