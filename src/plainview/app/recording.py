"""Recording in a running Plainview: keys for each day, the recorder, and the sweeper beside it.

Nothing here may stop measuring: what fails is logged once, counted and shown, and tried again.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog

from plainview.clock import Clock
from plainview.config.recording import RecordingConfig
from plainview.errors import LedgerError, PermitRefused, PlainviewError, VaultError
from plainview.fleet.recording import Recording
from plainview.governance.capability import RECORD
from plainview.governance.office import Office
from plainview.ledger.entry import Entry, EntryKind
from plainview.sweep import EVERY, Sweeper
from plainview.vault.daykey import Task
from plainview.vault.expiry import Batch
from plainview.vault.lateness import Lateness
from plainview.vault.layout import DAY, Layout, day_of
from plainview.vault.watch import Watch

_MINT: Final = (sys.executable, "-P", "-m", "plainview.vault.daykey")
_MINT_SECONDS: Final = 60.0
_AHEAD: Final = DAY / 2
"""Seconds before its day from which a key is there."""
_LOOK: Final = 30.0
_log = structlog.get_logger(__name__)


def vault_folder(config: RecordingConfig, state: Path) -> Path:
    """Where the recordings of `config` are."""
    return (config.folder or state / "vault").absolute()


def entry_of(office: Office, batch: Batch) -> Entry:
    """The ledger's entry that tells of a batch's destruction."""
    return office.entry(
        EntryKind.RETENTION_EXECUTED,
        "city",
        what="footage",
        keys=batch.keys,
        cameras=batch.cameras,
        first=batch.first * 1000,
        last=batch.last * 1000,
        root=batch.root,
        ring=batch.ring,
    )


def make_ring(layout: Layout, config: RecordingConfig, name: str) -> None:
    """Have the keys `name` made, unless they are there, by another process. Raises VaultError."""
    if (layout.keys / name).exists():
        return
    task = Task(str(layout.keys / name), config.operator, config.commissioner)
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            _MINT,
            input=msgspec.json.encode(task),
            capture_output=True,
            timeout=_MINT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VaultError("the keys of a day cannot be made", where=name) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise VaultError(said[-1] if said else "the keys of a day cannot be made", where=name)


def terms_of(office: Office, longest: float) -> Mapping[str, float]:
    """Seconds that footage may be kept by camera, by the permits in force now: the shortest."""
    terms: dict[str, float] = {}
    for live in office.live_permits(office.now(), unsound=lambda _: None):
        term = live.permit.retention.get("footage", longest)
        for camera in live.permit.capabilities.get(RECORD, ()):
            terms[camera] = min(terms.get(camera, longest), term)
    return terms


class Recordings:
    """Owns the recorder, and the thread that makes keys and destroys what is due."""

    def __init__(self, config: RecordingConfig, state: Path, office: Office, clock: Clock) -> None:
        """Start both. What is wrong with the vault's folder is told, not raised."""
        self._config = config
        self._office = office
        self._clock = clock
        self.layout = Layout(vault_folder(config, state))
        self.trouble = ""
        """Why keys are not made or not destroyed as they must be; empty while all is well."""
        self.destroyed = self.failed = 0
        """Keys destroyed, and passes that did not go well, since the start."""
        self._sweeper: Sweeper | None = None
        self._closing = threading.Event()
        try:
            self.layout.make()  # once, before the recorder does
        except VaultError as error:
            self.trouble = error.line()
        self.recorder = Recording(
            self.layout.root, bound=config.disk, clock=clock, longest=config.longest
        )
        self._tell: Callable[[str], object] = lambda _: None
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)
        self._thread.start()
        # Another thread than the one that deletes: it must be able to tell of that one.
        self._looking = threading.Thread(target=self._look, name="late-deletion", daemon=True)
        self._looking.start()

    def close(self) -> None:
        """End the thread, then the recorder, which closes its recordings."""
        self._closing.set()
        self._thread.join()
        self._looking.join()
        self.recorder.close()

    def when_late(self, tell: Callable[[str], object]) -> None:
        """From now on `tell` hears each half minute why deletion is late; empty: it is not."""
        self._tell = tell

    def stats(self) -> dict[str, float]:
        """Numbers for whoever watches the machine."""
        reports = self.recorder.reports().values()
        return {
            "recording_cameras": float(sum(report.recording for report in reports)),
            "recording_stopped": float(sum(not report.recording for report in reports)),
            "recording_bytes": float(sum(report.bytes for report in reports)),
            "recording_dropped": float(sum(report.dropped for report in reports)),
            "recorder_restarts": float(self.recorder.restarts),
            "recording_keys_destroyed": float(self.destroyed),
            "recording_trouble": float(bool(self.trouble)),
        }

    def _look(self) -> None:
        late = Lateness(self.layout, self._clock)
        while not self._closing.wait(_LOOK):
            try:
                self._tell(late.why())
            except (PlainviewError, OSError) as error:
                _log.error("it cannot be told whether deletion is late", why=str(error))

    def _run(self) -> None:
        self._turn_safely()
        while not self._closing.wait(EVERY):
            self._turn_safely()

    def _turn_safely(self) -> None:
        """One turn; an error is logged once, counted and shown, and the next turn is tried."""
        try:
            line = self._turn()
        except PlainviewError as error:
            line = error.line()
        except Exception as error:  # noqa: BLE001 - see below; it is logged and told
            # Without this thread nothing would be destroyed, so it must outlive its errors.
            _log.exception("a turn of the vault failed")
            line = f"{type(error).__name__} in the vault's turn"
        if line:
            self.failed += 1
            if line != self.trouble:
                _log.error("recordings are not in order", why=line)
        self.trouble = line

    def _turn(self) -> str:
        if self._sweeper is None:
            self.layout.make()
            watch = Watch(self._clock, self.layout.root / "clock")
            self._sweeper = Sweeper(self.layout, watch, self._record, self._terms)
        done = self._sweeper.turn()
        if done.swept is not None:
            self.destroyed += done.swept.keys
        now = self._clock.utc()
        for moment in (now, now + _AHEAD):
            make_ring(self.layout, self._config, day_of(moment))
        return done.trouble

    def _record(self, batch: Batch) -> None:
        self._office.record(entry_of(self._office, batch))

    def _terms(self) -> Mapping[str, float]:
        try:
            return terms_of(self._office, self._config.longest)
        except (LedgerError, PermitRefused) as error:
            # Each key carries its own term, which holds all the same.
            _log.error("permits cannot be read", why=error.line())
            return {}
