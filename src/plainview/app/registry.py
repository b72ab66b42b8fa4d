"""The public register of a running Plainview, and what its portal reads."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from plainview.app.governor import Governor
from plainview.app.register import build, in_force
from plainview.app.scorecards import Scorecards, public_cards
from plainview.app.uptime import uptimes
from plainview.civic.statistics.tables import FOLDER as STATISTICS
from plainview.config import CityConfig
from plainview.errors import InputError, StoreError
from plainview.governance.assessment import Assessment
from plainview.governance.office import Office
from plainview.governance.permit import Permit
from plainview.governance.register import Observed, Register
from plainview.governance.standing import Standing
from plainview.governance.switch import Switch
from plainview.ledger.entry import encode_entry
from plainview.record import CameraStatus
from plainview.store import Store

_FRESH = 1.0
"""Seconds for which one register serves all pages, unless the ledger grew."""
_UPTIME_FRESH = 60.0
_DAY = 86_400_000
_log = structlog.get_logger(__name__)


class Registry:
    """Owns the cached register. Thread-safe."""

    def __init__(
        self,
        office: Office,
        switch: Switch,
        governor: Governor,
        store: Store,
        city: Callable[[], CityConfig],
        cards: Scorecards | None = None,
        statuses: Callable[[], Mapping[str, CameraStatus]] = dict,
    ) -> None:
        """Of what `governor` runs and `city` configures now, with the `cards` that it names.

        `statuses` tells how the pipelines on this machine are: a site stores nothing.
        """
        self._statuses = statuses
        self._cards = cards or Scorecards(city)
        self._office = office
        self._switch = switch
        self._governor = governor
        self._store = store
        self._city = city
        self._lock = threading.Lock()
        self._read: dict[str, Assessment | Permit] = {}
        self._made: tuple[float, int, Register] | None = None
        self._uptime: tuple[float, dict[str, float]] = (-_UPTIME_FRESH, {})

    @property
    def ledger_folder(self) -> Path:
        """The public files of the log."""
        return self._office.ledger.folder

    @property
    def ledger_vkey(self) -> str:
        """The log's verifier key."""
        return self._office.ledger.vkey

    @property
    def statistics_folder(self) -> Path:
        """What `plainview publish` puts out."""
        return self._office.ledger.state / STATISTICS

    def register(self) -> Register:
        """The register now. Raises LedgerError."""
        with self._lock:
            self._office.refresh()
            standing = in_force(self._office, self._switch)
            now = self._office.clock.monotonic()
            made = self._made
            if made and made[1] == standing.size and now - made[0] < _FRESH:
                return made[2]
            city = self._city()
            seen = self._observed(city, standing)
            register = build(self._office, standing, city, seen, self._read)
            self._made = (now, standing.size, register)
            return register

    def assessment(self, name: str, revision: int) -> Assessment:
        """An assessment that was granted. Raises InputError where there is none of that name."""
        record = self._office.standing().permits.get(f"{name}@{revision}")
        if record is None:
            raise InputError(f"there is no assessment {name}@{revision}", where="register")
        return self._office.assessment(record.assessment)

    def attest(self, nonce: str) -> str:
        """Signed note of what runs now."""
        return self._governor.attest(nonce)

    def proof(self, index: int) -> str:
        """tlog-proof of an entry. Raises InputError where there is none."""
        self._check(index)
        return self._office.ledger.proof(index)

    def entry(self, index: int) -> bytes:
        """An entry as it stands in the ledger. Raises InputError where there is none."""
        self._check(index)
        ((_, entry),) = self._office.ledger.entries(index, index + 1)
        return encode_entry(entry)

    def _check(self, index: int) -> None:
        if not 0 <= index < self._office.ledger.size:
            raise InputError(f"there is no entry {index}", where="ledger")

    def _observed(self, city: CityConfig, standing: Standing) -> dict[str, Observed]:
        """What the store knows of each camera now. A store that fails leaves it unknown."""
        try:
            names = [camera.id for camera in city.cameras()]
            statuses = {**self._store.statuses(), **self._statuses()}
            latest = self._store.latest(names)
            uptime = self._uptime_today(city, standing)
        except StoreError as error:
            _log.warning("the register shows no health: the store fails", why=error.line())
            return {}
        seen = {}
        for camera in city.cameras():
            name = camera.id
            runs = name in standing.running
            status = statuses.get(name) if runs else None
            reading = latest.get(name) if runs else None
            seen[name] = Observed(
                sealed=status.sealed if status else None,
                connected=status.connected if status else None,
                health=tuple(flag.value for flag in reading.health) if reading else (),
                uptime_today=uptime.get(name),
                scorecards=tuple(public_cards(self._cards, camera)),
            )
        return seen

    def _uptime_today(self, city: CityConfig, standing: Standing) -> dict[str, float]:
        """Share of the UTC day, since the camera is there, in which it measured in health."""
        now = self._office.clock.monotonic()
        if now - self._uptime[0] < _UPTIME_FRESH:
            return self._uptime[1]
        end = self._office.now()
        begins = {}
        for camera in city.cameras():
            known = standing.cameras.get(camera.id)
            begins[camera.id] = max(end // _DAY * _DAY, known.since if known else 0)
        every = {camera.id: camera.every for camera in city.cameras()}
        shares = uptimes(self._store, begins, every, end)
        self._uptime = (now, shares)
        return shares
