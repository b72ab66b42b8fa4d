"""Whether a camera's Readings may be watched for a kind of event: asked of what is in force now."""

from collections.abc import Callable

from plainview.app.cities import configured
from plainview.config import CityConfig
from plainview.errors import LedgerError, PermitRefused, PlainviewError
from plainview.governance.cameras import Seen, permit_for
from plainview.governance.capability import MEASURING
from plainview.governance.office import LivePermit, Office
from plainview.governance.switch import Switch
from plainview.record import EventKind

_FRESH = 1.0
"""Seconds for which live permits and the city's cameras are not read again."""


class Permission:
    """Owns a second's memory of what is permitted. For one thread."""

    def __init__(self, office: Office, switch: Switch, city: Callable[[], CityConfig]) -> None:
        """Of the `city` as it is configured now."""
        self._office, self._switch, self._city = office, switch, city
        self._read = float("-inf")
        self._live: list[LivePermit] = []
        self._cameras: dict[str, Seen] = {}

    def refusal(self, camera: str, kind: EventKind) -> str:
        """Why `camera` may not be watched for `kind` now; empty where it may.

        Any doubt is a refusal: a ledger or a permit that cannot be read.
        """
        try:
            self._refresh()
            seen = self._cameras.get(camera)
            if seen is None:
                return "the camera is no longer configured"
            needs = (*MEASURING, f"events:{kind.value}")
            stops = self._switch.stops()
            permit_for(self._office, camera, seen, needs, self._live, stops)
        except PermitRefused as error:
            return f"camera {camera}: {error.what}"
        except LedgerError as error:
            return f"what is permitted cannot be read: {error.what}"
        return ""

    def _refresh(self) -> None:
        now = self._office.clock.monotonic()
        if 0 <= now - self._read < _FRESH:
            return
        self._office.refresh()
        self._live = list(self._office.live_permits(self._office.now(), unsound=_skip))
        self._cameras = {name: one.seen for name, one in configured(self._city()).items()}
        self._read = now


def _skip(_: PlainviewError) -> None:
    """A permit that cannot be read grants nothing; the governor tells of it."""
