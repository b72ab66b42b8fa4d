"""What each page of the portal shows: from a register and an address to HTML."""

import datetime as dt
import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from markupsafe import Markup

from plainview.civic.exposure.service import Exposures
from plainview.governance.register import STATES, Change, Contact, Register, RegisterAssessment
from plainview.governance.render.html import assessment_article
from plainview.governance.render.notice import has_notice
from plainview.governance.words import LANGUAGES, SOURCE, words
from plainview.web.portal.drawing import SiteMap, city_map, site_map
from plainview.web.portal.exposure import FIELDS as EXPOSURE_FIELDS
from plainview.web.portal.exposure import exposure
from plainview.web.portal.lookup import (
    LONGEST_SEARCH,
    Box,
    Group,
    Latest,
    Lookup,
    Search,
    Window,
    window,
)
from plainview.web.portal.recognition import FIELDS, recognition
from plainview.web.portal.rendering import Links, render
from plainview.web.portal.source import PortalSource
from plainview.web.portal.statistics import statistics

QUERY: Final = ("q", "state", "box", "page", *FIELDS, *EXPOSURE_FIELDS)
"""What an address may ask for."""
CAMERAS_PER_PAGE: Final = 50
CHANGES_PER_PAGE: Final = 50
ASSESSMENTS_PER_PAGE: Final = 20
MOST_CONTACTS: Final = 20
"""Bodies that the page of contacts lists; each camera's page has its own."""
_HISTORY: Final = 5
_KINDS: Final = ("readings", "minutes", "hours", "events", "footage", "access")

_Item = TypeVar("_Item")

FOLDER: Final = Path(__file__).parent
STYLE: Final = (FOLDER / "style.css").read_bytes()
STYLE_VERSION: Final = hashlib.sha256(STYLE).hexdigest()[:12]


class Asked(NamedTuple):
    """One request for a page, with nothing in it believed yet."""

    language: str
    parts: tuple[str, ...]
    """What stands in the address after the language."""
    query: Mapping[str, str]
    base: str
    """Address of this server as the reader wrote it, ending in `/`."""


class Page(NamedTuple):
    """An answer."""

    html: str
    status: int = 200
    kept: bool = True
    """Whether a cache on the way may keep it for a few seconds: not what a visitor typed."""


class Portal:
    """The pages over one source. Holds only the index of the last register."""

    def __init__(
        self, source: PortalSource, exposures: Exposures | None = None, program: str = ""
    ) -> None:
        """Pages of what `source` tells, and of walks over the footpaths of `exposures`.

        `program`: where everyone gets this program; empty where nobody said.
        """
        self._source = source
        self._program = program
        self._exposures = exposures or Exposures()
        self._latest = Latest()

    def lookup(self) -> Lookup:
        """The register as it is now, indexed. Raises LedgerError."""
        return self._latest.of(self._source.register())

    def page(self, asked: Asked) -> Page:
        """The page at an address; 404 in the reader's words where there is none.

        Raises LedgerError where the register cannot be read.
        """
        lookup = self.lookup()
        views: dict[str, Callable[[Asked, Lookup], Page | None]] = {
            "sites": self._site,
            "cameras": self._camera,
            "assessments": self._assessments,
            "changes": self._changes,
            "footage": self._footage,
            "ask": self._ask,
            "verify": self._verify,
            "never": self._never,
            "recognition": self._recognition,
            "exposure": self._exposure,
            "statistics": self._statistics,
        }
        if not asked.parts:
            return self._home(asked, lookup)
        view = views.get(asked.parts[0])
        page = view(asked, lookup) if view else None
        return page or self._show("error.html", asked, lookup, "", status=404, kind="missing")

    def _home(self, asked: Asked, lookup: Lookup) -> Page:
        search = read_search(asked.query)
        narrowed = search != Search()
        groups = lookup.found(search) if narrowed else tuple(lookup.groups)
        shown = window(groups, _number(asked.query.get("page", "")), CAMERAS_PER_PAGE)
        single = len(groups) == 1
        return self._show(
            "home.html",
            asked,
            lookup,
            "cameras",
            total=len(lookup.cameras),
            counts=lookup.counts,
            number=lookup.number,
            search=search,
            narrowed=narrowed,
            window=shown,
            city=None if single else city_map(groups),
            sitemap=_map_of(groups[0], lookup) if single else None,
        )

    def _site(self, asked: Asked, lookup: Lookup) -> Page | None:
        group = lookup.sites.get(asked.parts[1]) if len(asked.parts) == 2 else None
        if group is None:
            return None
        shown: Window = window((group,), _number(asked.query.get("page", "")), CAMERAS_PER_PAGE)
        return self._show(
            "site.html",
            asked,
            lookup,
            "cameras",
            group=group,
            number=lookup.number,
            window=shown,
            sitemap=_map_of(group, lookup),
            has_notice=has_notice(group.cameras),
        )

    def _camera(self, asked: Asked, lookup: Lookup) -> Page | None:
        camera = lookup.cameras.get(asked.parts[1]) if len(asked.parts) == 2 else None
        if camera is None:
            return None
        group = lookup.sites[camera.site]
        subject = f"camera:{camera.id}"
        history = [change for change in lookup.register.changes if change.subject == subject]
        return self._show(
            "camera.html",
            asked,
            lookup,
            "cameras",
            camera=camera,
            group=group,
            sitemap=_map_of(group, lookup, camera.id) if camera.longitude is not None else None,
            assessed=find_assessment(lookup.register, camera.assessment),
            history=history[:_HISTORY],
            retention=sorted(camera.retention.items(), key=_finest_first),
        )

    def _assessments(self, asked: Asked, lookup: Lookup) -> Page | None:
        if len(asked.parts) == 2:
            return self._assessment(asked, lookup, asked.parts[1])
        if len(asked.parts) > 2:
            return None
        everything = lookup.register.assessments
        shown, page, pages = _slice(everything, asked.query, ASSESSMENTS_PER_PAGE)
        return self._show(
            "assessments.html",
            asked,
            lookup,
            "assessments",
            shown=shown,
            page=page,
            pages=pages,
            covered=Counter(camera.assessment for camera in lookup.register.cameras),
            date=_date,
        )

    def _assessment(self, asked: Asked, lookup: Lookup, name: str) -> Page | None:
        found = find_assessment(lookup.register, name)
        if found is None:
            return None
        assessment = self._source.assessment(found.id, found.revision)
        # The renderer of assessments escapes what people wrote; its tests hold that, and ours too.
        document = Markup(assessment_article(assessment, asked.language))  # noqa: S704
        return self._show(
            "assessment.html", asked, lookup, "assessments", one=found, document=document
        )

    def _changes(self, asked: Asked, lookup: Lookup) -> Page | None:
        if len(asked.parts) > 1:
            return None
        shown, page, pages = _slice(lookup.register.changes, asked.query, CHANGES_PER_PAGE)
        return self._show(
            "changes.html", asked, lookup, "changes", shown=shown, page=page, pages=pages
        )

    def _footage(self, asked: Asked, lookup: Lookup) -> Page | None:
        if len(asked.parts) > 1:
            return None
        shown, page, pages = _slice(lookup.register.footage, asked.query, ASSESSMENTS_PER_PAGE)
        return self._show(
            "footage.html",
            asked,
            lookup,
            "footage",
            shown=shown,
            page=page,
            pages=pages,
            cameras=lookup.cameras,
        )

    def _ask(self, asked: Asked, lookup: Lookup) -> Page | None:
        if len(asked.parts) > 1:
            return None
        bodies = _contacts(lookup.register)
        return self._show(
            "ask.html",
            asked,
            lookup,
            "ask",
            contacts=bodies[:MOST_CONTACTS],
            more=max(len(bodies) - MOST_CONTACTS, 0),
        )

    def _verify(self, asked: Asked, lookup: Lookup) -> Page | None:
        if len(asked.parts) > 1:
            return None
        try:
            checkpoint = (self._source.ledger_folder / "checkpoint").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            checkpoint = ""
        return self._show(
            "verify.html",
            asked,
            lookup,
            "verify",
            vkey=self._source.ledger_vkey,
            ledger=asked.base,
            checkpoint=checkpoint,
            program=self._program,
        )

    def _never(self, asked: Asked, lookup: Lookup) -> Page | None:
        if len(asked.parts) > 1:
            return None
        return self._show("never.html", asked, lookup, "never")

    def _recognition(self, asked: Asked, lookup: Lookup) -> Page | None:
        if len(asked.parts) > 1:
            return None
        told = recognition(asked.query, words(asked.language))
        page = self._show("recognition.html", asked, lookup, "recognition", **told)
        return page._replace(kept=not told["typed"])

    def _exposure(self, asked: Asked, lookup: Lookup) -> Page | None:
        if len(asked.parts) > 1:
            return None
        told = exposure(asked.query, lookup, self._exposures)
        page = self._show("exposure.html", asked, lookup, "exposure", **told)
        return page._replace(kept=not told["typed"])

    def _statistics(self, asked: Asked, lookup: Lookup) -> Page | None:
        page = _number(asked.query.get("page", ""))
        told = statistics(self._source.statistics_folder, asked.parts, page)
        if told is None:
            return None
        return self._show("statistics.html", asked, lookup, "statistics", date=_date, **told)

    def _show(
        self,
        template: str,
        asked: Asked,
        lookup: Lookup,
        section: str,
        status: int = 200,
        **values: object,
    ) -> Page:
        register = lookup.register
        html = render(
            template,
            words(asked.language),
            **_frame(asked),
            register=register,
            place=register.name,
            simulated=register.simulated,
            zone=lookup.zone,
            section=section,
            iso=_iso,
            subject=functools.partial(_subject, lookup, Links(asked.language)),
            **values,
        )
        return Page(html, status)


def unreadable(asked: Asked) -> Page:
    """The page that says that the register cannot be read now."""
    html = render(
        "error.html",
        words(asked.language),
        **_frame(asked),
        register=None,
        place="",
        simulated=False,
        section="",
        kind="unreadable",
    )
    return Page(html, 503)


def read_search(query: Mapping[str, str]) -> Search:
    """What was asked for; what makes no sense is as if it had not been asked."""
    text = " ".join(query.get("q", "")[:LONGEST_SEARCH].split())
    state = query.get("state", "")
    return Search(text, state if state in STATES else "", _box(query.get("box", "")))


def find_assessment(register: Register, name: str) -> RegisterAssessment | None:
    """The assessment `ID@REVISION`, if the register has it."""
    return next((one for one in register.assessments if f"{one.id}@{one.revision}" == name), None)


def _frame(asked: Asked) -> dict[str, Any]:
    """What the frame around every page needs."""
    # An odd address is kept out of the links to the same page in other languages.
    known = {name: asked.query[name] for name in QUERY if name in asked.query}
    return {
        "style": STYLE_VERSION,
        "other": {language: Links(language)(*asked.parts, **known) for language in LANGUAGES},
        "query": {
            "parts": asked.parts,
            "asked": {name: value for name, value in known.items() if name != "page"},
        },
        "source_language": SOURCE,
    }


def _map_of(group: Group, lookup: Lookup, here: str = "") -> SiteMap | None:
    """The map of the whole site of `group`, numbered as its list is."""
    cameras = lookup.sites[group.site.id].cameras
    return site_map(cameras, [lookup.number[camera.id] for camera in cameras], here)


def _contacts(register: Register) -> list[tuple[Contact, int]]:
    """Whom to ask, each once, with the number of cameras; who answers for most comes first."""
    bodies: list[tuple[Contact, int]] = []
    counts: dict[int, int] = {}
    place: dict[tuple[Any, ...], int] = {}
    for camera in register.cameras:
        contact = camera.contact
        if contact == Contact():
            continue
        key = (
            contact.controller,
            contact.email,
            contact.address,
            contact.privacy_email,
            tuple(sorted(contact.complaints.items())),
            contact.complaints_to,
        )
        if key not in place:
            place[key] = len(bodies)
            bodies.append((contact, 0))
        counts[place[key]] = counts.get(place[key], 0) + 1
    told = [(contact, counts[i]) for i, (contact, _) in enumerate(bodies)]
    told.sort(key=lambda pair: -pair[1])
    if not told and register.contact != Contact():
        told = [(register.contact, 0)]
    return told


def _slice(
    items: Sequence[_Item], query: Mapping[str, str], size: int
) -> tuple[Sequence[_Item], int, int]:
    pages = max(-(-len(items) // size), 1)
    page = min(max(_number(query.get("page", "")), 1), pages)
    return items[(page - 1) * size : page * size], page, pages


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else 1


def _box(text: str) -> Box | None:
    parts = text.split(",")
    if len(text) > 100 or len(parts) != 4:
        return None
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError:
        return None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return None
    return (west, south, east, north)


class _Subject(NamedTuple):
    name: str
    address: str


def _subject(lookup: Lookup, link: Links, change: Change) -> _Subject | None:
    """The page about what `change` is about, if there is one."""
    kind, _, name = change.subject.partition(":")
    if kind == "camera" and name in lookup.cameras:
        return _Subject(lookup.cameras[name].name or name, link("cameras", name))
    if kind == "site" and name in lookup.sites:
        return _Subject(lookup.sites[name].site.name, link("sites", name))
    if kind in {"permit", "assessment"} and find_assessment(lookup.register, name):
        return _Subject(name, link("assessments", name))
    return None


def _finest_first(kept: tuple[str, float]) -> tuple[int, str]:
    """The order in which people ask how long something is kept; what is new comes last."""
    kind, _ = kept
    return (_KINDS.index(kind) if kind in _KINDS else len(_KINDS), kind)


def _iso(milliseconds: int) -> str:
    return dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC).isoformat(timespec="seconds")


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
