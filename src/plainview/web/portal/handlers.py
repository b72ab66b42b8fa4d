"""Addresses of the portal and the ledger. No page knows of HTTP, and no handler of pages."""

import re
from typing import Final, NamedTuple

import structlog
from litestar import Response, get
from litestar.exceptions import NotFoundException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from plainview.civic.exposure.service import Exposures
from plainview.errors import InputError, PlainviewError
from plainview.governance.attest import NONCE
from plainview.governance.render.notice import NotPermitted
from plainview.governance.words import LANGUAGES, best
from plainview.web.portal.answers import (
    ASK_AGAIN,
    DAY,
    FOREVER,
    OPEN,
    SHORT,
    TEXT,
    Answer,
    Asking,
    answer,
    busy_answer,
    download,
    page_answer,
)
from plainview.web.portal.downloads import FILES, FORMS, PAPERS, Busy, Downloads
from plainview.web.portal.exposure_api import exposure_handlers
from plainview.web.portal.ledgerfiles import entry_number, read_file
from plainview.web.portal.pages import FOLDER, QUERY, STYLE, Asked, Portal, unreadable
from plainview.web.portal.rendering import Links
from plainview.web.portal.source import PortalSource
from plainview.web.portal.statistics_files import statistics_handlers

_log = structlog.get_logger(__name__)

_MARK: Final = (FOLDER / "mark.svg").read_bytes()
_NONCE: Final = re.compile(NONCE)


class _Parts(NamedTuple):
    """What the handlers share."""

    portal: Portal
    downloads: Downloads
    url: str

    def address(self, request: Asking) -> str:
        """Where the public finds these pages, without a slash at its end.

        As configured, since a printed notice must lead there; else as the reader wrote it, and the
        guard let only known names through.
        """
        return self.url or str(request.base_url).rstrip("/")


def portal_handlers(
    source: PortalSource,
    *,
    url: str = "",
    exposures: Exposures | None = None,
    program: str = "",
) -> list[HTTPRouteHandler]:
    """Handlers of `/portal/…`, `/ledger/…`, `/api/v1/attestation`, `/api/v1/exposure`. All public.

    `url` is the pages' public address without a path, as in `[access] url`; where it is empty,
    notices and exports name the address under which they were asked for. `program` is where
    everyone gets this program, with its source; empty where nobody said.
    """
    exposures = exposures or Exposures()
    parts = _Parts(Portal(source, exposures, program), Downloads(source), url.rstrip("/"))
    return [
        *_page_handlers(parts),
        *_notice_handlers(parts),
        *(_export_handler(file, parts) for file in FILES),
        *_look_handlers(),
        *_ledger_handlers(source),
        *exposure_handlers(parts.portal, exposures),
        *statistics_handlers(source.statistics_folder),
    ]


def _page_handlers(shared: _Parts) -> list[HTTPRouteHandler]:
    @get("/portal", include_in_schema=False, sync_to_thread=False)
    def choose(request: Asking) -> Answer:
        """To the portal in the reader's language."""
        return _to(Links(_preferred(request))())

    @get("/portal/{language:str}", include_in_schema=False, sync_to_thread=True)
    def home(request: Asking, language: FromPath[str]) -> Answer:
        """Every camera."""
        return _shown(request, shared, language, ())

    @get(
        "/portal/{language:str}/{rest:path}",
        include_in_schema=False,
        sync_to_thread=True,
    )
    def page(request: Asking, language: FromPath[str], rest: FromPath[str]) -> Answer:
        """One page, or one assessment as a PDF."""
        parts = tuple(part for part in rest.split("/") if part)
        return _shown(request, shared, language, parts)

    return [choose, home, page]


def _shown(request: Asking, shared: _Parts, language: str, parts: tuple[str, ...]) -> Answer:
    """What stands at `parts`: always an answer for people, whatever was asked."""
    unspoken = () if language in LANGUAGES else (language, *parts)
    if unspoken:
        language, parts = _preferred(request), unspoken
    query = {name: request.query_params.get(name, "")[:200] for name in QUERY}
    asked = Asked(
        language, parts, {k: v for k, v in query.items() if v}, f"{shared.address(request)}/"
    )
    try:
        if (
            not unspoken
            and len(parts) == 2
            and parts[0] == "assessments"
            and parts[1].endswith(".pdf")
        ):
            name = parts[1].removesuffix(".pdf")
            file = shared.downloads.assessment(shared.portal.lookup(), name, language)
            if file is not None:
                return download(request, file, SHORT)
        page = shared.portal.page(asked)
        if unspoken and page.status == 200:
            return _to(Links(language)(*parts))
        return page_answer(request, page)
    except Busy as busy:
        return busy_answer(busy)
    except PlainviewError as error:
        _log.error("portal.unreadable", why=error.line())
        return page_answer(request, unreadable(asked))


def _to(address: str) -> Answer:
    """To a page in the reader's language."""
    headers = {"location": address, "vary": "accept-language"}
    return Response(b"", status_code=303, headers=headers, media_type=TEXT)


def _export_handler(file: str, shared: _Parts) -> HTTPRouteHandler:
    @get(
        f"/portal/{file}",
        include_in_schema=False,
        sync_to_thread=True,
        name=f"portal.{file}",
    )
    def export(request: Asking) -> Answer:
        """The register as data."""
        register = shared.portal.lookup().register
        made = shared.downloads.register(file, register, shared.address(request))
        return download(request, made, SHORT, open_to_all=True)

    return export


def _notice_handlers(shared: _Parts) -> list[HTTPRouteHandler]:
    @get(
        "/portal/notices/{file:str}",
        include_in_schema=False,
        sync_to_thread=True,
    )
    def of_camera(request: Asking, file: FromPath[str]) -> Answer:
        """The notice of one camera, as PDF or SVG."""
        return _notice(request, shared, file, site=False)

    @get(
        "/portal/notices/sites/{file:str}",
        include_in_schema=False,
        sync_to_thread=True,
    )
    def of_site(request: Asking, file: FromPath[str]) -> Answer:
        """The notice of a whole site, as PDF or SVG."""
        return _notice(request, shared, file, site=True)

    return [of_camera, of_site]


def _notice(request: Asking, shared: _Parts, file: str, *, site: bool) -> Answer:
    asked = request.query_params.get("lang", "")
    languages = tuple(asked.split(",")) if asked else (_preferred(request),)
    name, _, form = file.rpartition(".")
    paper = PAPERS.get(request.query_params.get("paper", "a4"))
    if form not in FORMS or paper is None:
        raise NotFoundException(
            "Notices are there as CAMERA.pdf, CAMERA.svg, sites/SITE.pdf and sites/SITE.svg, "
            "with ?paper=a4 or a3"
        )
    lookup, url = shared.portal.lookup(), shared.address(request)
    try:
        if site:
            found = shared.downloads.zone_notice(lookup, name, form, languages, url, paper)
        else:
            found = shared.downloads.notice(lookup, name, form, languages, url, paper)
    except Busy as busy:
        return busy_answer(busy)
    except NotPermitted as error:
        raise NotFoundException(error.line()) from error
    if found is None:
        raise NotFoundException("The register has no such place: see /portal/register.json")
    return download(request, found, SHORT, vary="accept-language")


def _look_handlers() -> list[HTTPRouteHandler]:
    @get("/portal/style.css", include_in_schema=False, sync_to_thread=False)
    def style(request: Asking) -> Answer:
        """What the pages look like."""
        return answer(request, STYLE, "text/css", {"cache-control": DAY})

    @get("/portal/mark.svg", include_in_schema=False, sync_to_thread=False)
    def mark(request: Asking) -> Answer:
        """The mark."""
        return answer(request, _MARK, "image/svg+xml", {"cache-control": DAY})

    return [style, mark]


def _ledger_handlers(source: PortalSource) -> list[HTTPRouteHandler]:
    @get("/ledger/{path:path}", include_in_schema=False, sync_to_thread=True)
    def ledger(request: Asking, path: FromPath[str]) -> Answer:
        """A file of the log."""
        found = read_file(source.ledger_folder, path.removeprefix("/"))
        if found is None:
            raise NotFoundException("The ledger has no such file")
        caching = FOREVER if found.immutable else ASK_AGAIN
        return answer(request, found.data, found.media_type, {"cache-control": caching, **OPEN})

    @get(
        "/ledger/proof/{number:str}",
        include_in_schema=False,
        sync_to_thread=True,
    )
    def proof(request: Asking, number: FromPath[str]) -> Answer:
        """The proof that an entry is in the log, to be checked without this server."""
        try:
            data = source.proof(_place(number)).encode()
        except InputError as error:
            raise NotFoundException(error.what) from error
        return answer(request, data, TEXT, {"cache-control": SHORT, **OPEN})

    @get(
        "/ledger/entry/{number:str}",
        include_in_schema=False,
        sync_to_thread=True,
    )
    def entry(request: Asking, number: FromPath[str]) -> Answer:
        """One entry, byte for byte."""
        try:
            data = source.entry(_place(number))
        except InputError as error:
            raise NotFoundException(error.what) from error
        return answer(request, data, "application/json", {"cache-control": SHORT, **OPEN})

    @get("/api/v1/attestation", tags=["governance"], sync_to_thread=True)
    def attestation(request: Asking) -> Answer:
        """What runs now, as a signed note; `nonce` (up to 64 hexadecimal digits) is echoed."""
        nonce = request.query_params.get("nonce", "")
        if not _NONCE.match(nonce):
            raise ValidationException("nonce: up to 64 hexadecimal digits, small letters")
        data = source.attest(nonce).encode()
        return Response(data, media_type=TEXT, headers={"cache-control": "no-store", **OPEN})

    return [ledger, proof, entry, attestation]


def _place(number: str) -> int:
    index = entry_number(number)
    if index is None:
        raise InputError(f"{number[:40]!r} is no place in the ledger")
    return index


def _preferred(request: Asking) -> str:
    return best(request.headers.get("accept-language", ""))
