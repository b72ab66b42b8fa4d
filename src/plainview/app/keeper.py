"""Saves the plates that lenses offer while they run, away from the thread that watches them."""

import threading

import structlog

from plainview.app.plates import APPROVED, Plates
from plainview.app.view_files import ViewPlates
from plainview.errors import PlainviewError
from plainview.redacted import LEARNED_TAG, LOOKS_TAG

_log = structlog.get_logger(__name__)


class PlateKeeper:
    """Owns a thread, and per camera at most one plate of each kind that waits: the newest."""

    def __init__(self, plates: Plates, views: ViewPlates) -> None:
        """Save into `plates`, and those that were learned for a redacted view into `views`."""
        self._plates = plates
        self._views = views
        self._waiting: dict[tuple[str, bytes], bytes] = {}
        self._states: dict[str, str] = {}
        self._change = threading.Condition()
        self._closing = False
        self.failed = 0
        """Plates that could not be saved; the next one is tried all the same."""
        self._thread = threading.Thread(target=self._run, name="plates", daemon=True)
        self._thread.start()

    def put(self, camera: str, plate: bytes) -> None:
        """Save `plate` soon. Returns at once."""
        with self._change:
            kind = next((tag for tag in (LEARNED_TAG, LOOKS_TAG) if plate.startswith(tag)), b"")
            self._waiting[camera, kind] = plate.removeprefix(kind)
            if not kind:
                self._states.pop(camera, None)
            self._change.notify()

    def state(self, camera: str) -> str:
        """What the operator is told: approved, or learned. Reads the disk once per plate."""
        with self._change:
            if camera not in self._states:
                approved = self._plates.state(camera) == APPROVED
                self._states[camera] = APPROVED if approved else "learned"
            return self._states[camera]

    def close(self) -> None:
        """Save what waits, then end the thread."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                (camera, kind), plate = self._waiting.popitem()
            try:
                if kind == LEARNED_TAG:
                    self._views.keep(camera, plate)
                elif kind == LOOKS_TAG:
                    self._views.keep_looks(camera, plate)
                else:
                    self._plates.save(camera, plate)
            except PlainviewError as error:
                self.failed += 1
                _log.warning("plate not saved", camera=camera, why=error.line())
