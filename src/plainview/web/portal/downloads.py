"""What can be taken away from the portal: exports of the register, notices, assessments as PDF."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec
from msgspec import structs

from plainview.clock import Clock, SystemClock
from plainview.errors import PlainviewError
from plainview.governance.exports import EXPORTS
from plainview.governance.register import Register
from plainview.governance.render.notice import (
    Paper,
    notice_pdf,
    notice_svg,
    zone_notice_pdf,
    zone_notice_svg,
)
from plainview.governance.render.pdf import assessment_pdf
from plainview.web.portal.lookup import Lookup
from plainview.web.portal.pages import find_assessment
from plainview.web.portal.source import PortalSource

FILES: Final = {
    "register.json": "",
    "register.geojson": "geojson",
    "register.osm": "openstreetmap",
    "register.dtpr.json": "dtpr",
    "register.atrs.json": "atrs",
}
"""Name in the address -> name of the export; the register as it is for none."""
FORMS: Final = {"pdf": "application/pdf", "svg": "image/svg+xml"}
"""Forms of a notice, with their media types."""
PAPERS: Final[dict[str, Paper]] = {"a4": "a4", "a3": "a3"}
"""What may be asked for -> size of a notice's paper."""
_KEPT: Final = 64
_SHARE: Final = 0.05
_PATIENCE: Final = 10.0
"""Seconds that a reader waits while documents of others are set."""


class Download(NamedTuple):
    """One file."""

    data: bytes
    media_type: str
    name: str


class Busy(PlainviewError):
    """Too many documents are being set at once."""


class Press:
    """Sets documents one at a time and keeps the last ones. Thread-safe.

    Setting one takes a tenth of a second of a core; without a limit, whoever asks for many would
    take the cores from the measurement.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        """Nothing set yet; `kept` documents stay in memory."""
        self._kept = kept
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._done: OrderedDict[tuple[object, ...], bytes] = OrderedDict()

    def get(self, key: tuple[object, ...], make: Callable[[], bytes]) -> bytes:
        """What `make` gives, kept under `key`, which must say all that it depends on.

        Raises Busy where no turn comes.
        """
        found = self._find(key)
        if found is not None:
            return found
        if not self._turn.acquire(timeout=_PATIENCE):
            raise Busy("too many documents are being set", mend="Try again in a minute")
        try:
            found = self._find(key)
            if found is None:
                found = make()
                with self._lock:
                    self._done[key] = found
                    while len(self._done) > self._kept:
                        self._done.popitem(last=False)
            return found
        finally:
            self._turn.release()

    def _find(self, key: tuple[object, ...]) -> bytes | None:
        with self._lock:
            if key in self._done:
                self._done.move_to_end(key)
            return self._done.get(key)


class _Made(NamedTuple):
    """The last export of one form."""

    register: Register
    url: str
    data: bytes
    until: float
    """Monotonic seconds until which it is given again though there is a newer register."""


class Downloads:
    """Files made from one source. Holds the last export of each form, and what was set."""

    def __init__(self, source: PortalSource, clock: Clock | None = None) -> None:
        """Files of what `source` tells."""
        self._source = source
        self._clock = clock or SystemClock()
        self._press = Press()
        self._writing = {file: threading.Lock() for file in FILES}
        self._made: dict[str, _Made] = {}

    def register(self, file: str, register: Register, url: str) -> Download:
        """The register as `file`, one of FILES; `url` is this server's address.

        The register itself is always the newest. An export of many cameras takes seconds, so it is
        given again until it has cost no more than `_SHARE` of a core; it says when it was made.
        """
        export = EXPORTS[FILES[file]] if FILES[file] else None
        media_type = export.media_type if export else "application/json"
        with self._writing[file]:
            last = self._made.get(file)
            start = self._clock.monotonic()
            current = last is not None and last.register is register
            if last is None or last.url != url or not (current or start < last.until):
                data = export.write(register, url) if export else msgspec.json.encode(register)
                end = self._clock.monotonic()
                until = end + (end - start) / _SHARE if export else end
                last = self._made[file] = _Made(register, url, data, until)
        return Download(last.data, media_type, export.file if export else file)

    def assessment(self, lookup: Lookup, name: str, language: str) -> Download | None:
        """The assessment `ID@REVISION` as PDF; None where the register has none of that name."""
        one = find_assessment(lookup.register, name)
        if one is None:
            return None

        def make() -> bytes:
            assessment = self._source.assessment(one.id, one.revision)
            return assessment_pdf(assessment, language, t=one.approved)

        data = self._press.get(("assessment", one.digest, language), make)
        return Download(data, "application/pdf", f"{name}.pdf")

    def notice(
        self,
        lookup: Lookup,
        camera: str,
        form: str,
        languages: tuple[str, ...],
        base: str,
        paper: Paper = "a4",
    ) -> Download | None:
        """The notice of `camera` in `form`, one of FORMS; None where the register has no such one.

        Raises NotPermitted where nothing permits it now, and InputError where no font here has the
        letters of a language.
        """
        one = lookup.cameras.get(camera)
        if one is None:
            return None

        def make() -> bytes:
            if form == "svg":
                return notice_svg(lookup.register, camera, base, languages, paper=paper).encode()
            return notice_pdf(lookup.register, camera, base, languages, paper=paper)

        # Health changes with every Reading, and no notice says anything of it.
        lasting = structs.replace(one, connected=None, health=(), uptime_today=None, sealed=None)
        key = ("notice", form, paper, languages, base, msgspec.json.encode(lasting))
        return Download(self._press.get(key, make), FORMS[form], f"{camera}.{form}")

    def zone_notice(
        self,
        lookup: Lookup,
        site: str,
        form: str,
        languages: tuple[str, ...],
        base: str,
        paper: Paper = "a4",
    ) -> Download | None:
        """One notice for all cameras of `site`; None where the register has no such one.

        Raises InputError as `notice` does.
        """
        group = lookup.sites.get(site)
        if group is None:
            return None

        def make() -> bytes:
            if form == "svg":
                return zone_notice_svg(lookup.register, site, base, languages, paper=paper).encode()
            return zone_notice_pdf(lookup.register, site, base, languages, paper=paper)

        # What it says depends on every camera of the site, so it is kept for one register only.
        register = lookup.register
        key = ("zone", site, form, paper, languages, base, register.checkpoint, register.software)
        return Download(self._press.get(key, make), FORMS[form], f"{site}.{form}")
