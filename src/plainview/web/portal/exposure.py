"""The page about how much of a walk or a district is seen; no walk that was asked about is kept.

What a visitor types is in the address of the page that answers, and nowhere else: no log, no cache,
no count of it exists here.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import structlog

from plainview.civic.exposure.journey import Assumptions
from plainview.civic.exposure.plane import parse_place
from plainview.civic.exposure.service import Exposures, Occupied
from plainview.errors import InputError
from plainview.governance.places import LonLat
from plainview.web.portal.lookup import Lookup

FIELDS: Final = ("from", "to", "all", "district")
"""Names in the page's address."""
MOST_CAMERAS: Final = 50
_MOST_NAMES: Final = 500
_log = structlog.get_logger(__name__)


def exposure(query: Mapping[str, str], lookup: Lookup, exposures: Exposures) -> dict[str, Any]:
    """What `exposure.html` shows for what was asked, whatever is wrong in it."""
    start, end = query.get("from", "").strip(), query.get("to", "").strip()
    every = "yes" if query.get("all") == "yes" else "no"
    told: dict[str, Any] = {
        "typed": bool(start or end),
        "start": start,
        "end": end,
        "every": every == "yes",
        "wrong": {},
        "trouble": "",
        "busy": False,
        "walk": None,
        "districts": (),
        "chosen": query.get("district", ""),
        "district": None,
        "data": "/api/v1/exposure?" + urlencode({"from": start, "to": end, "all": every}),
        "names": _names(lookup),
        "example": _example(lookup),
        "called": {camera.id: camera.name for camera in lookup.register.cameras},
        "paths": exposures.files.network is not None,
        "rests": Assumptions(),
        "most": MOST_CAMERAS,
    }
    try:
        # What is wrong here is the city's, not the reader's.
        told["districts"] = exposures.districts(lookup.register)
        told["district"] = exposures.district(lookup.register, told["chosen"])
    except InputError as error:
        _log.error("portal.districts", why=error.line())
    except Occupied:
        told["busy"] = True
    if told["typed"]:
        _answer(told, lookup, exposures)
    return told


def _answer(told: dict[str, Any], lookup: Lookup, exposures: Exposures) -> None:
    places: list[LonLat] = []
    for name, text in (("from", told["start"]), ("to", told["end"])):
        try:
            places.append(find_place(text, lookup))
        except InputError as error:
            told["wrong"][name] = error.what
    if len(places) < 2:
        return
    try:
        told["walk"] = exposures.walk(lookup.register, (places[0], places[1]), every=told["every"])
    except InputError as error:
        told["trouble"] = error.what
    except Occupied:
        told["busy"] = True


def find_place(text: str, lookup: Lookup) -> LonLat:
    """The site or camera of that name, or latitude and longitude. Raises InputError."""
    wanted = text.casefold()
    for group in lookup.groups:
        site = group.site
        if wanted in {site.name.casefold(), site.id.casefold()} and site.longitude is not None:
            return site.longitude, site.latitude or 0.0
    for camera in lookup.register.cameras:
        named = wanted in {camera.name.casefold(), camera.id.casefold()}
        if named and camera.longitude is not None and camera.latitude is not None:
            return camera.longitude, camera.latitude
    return parse_place(text, "place")


def _example(lookup: Lookup) -> str:
    """Latitude and longitude of a camera of this register, to the metre, as they may be typed."""
    for camera in lookup.register.cameras:
        if camera.latitude is not None and camera.longitude is not None:
            # Without the sign of a zero.
            return ", ".join(
                f"{round(degrees, 5) + 0.0:.5f}" for degrees in (camera.latitude, camera.longitude)
            )
    return "0.0, 0.0"


def _names(lookup: Lookup) -> list[str]:
    """Names of places to choose from."""
    placed = [group.site.name for group in lookup.groups if group.site.longitude is not None]
    return sorted(set(placed))[:_MOST_NAMES]
