"""Redacted views in a running Plainview: the newest picture of each camera, passed on and not kept.

Pictures are held in memory, one for each camera, and never written.
"""

import threading
from collections.abc import Callable

from plainview.app.view_files import ViewPlates, Wish, admit_plate, withdraw_plate
from plainview.clock import Clock
from plainview.governance.capability import VIEW
from plainview.governance.office import Office
from plainview.governance.person import Person
from plainview.redacted import Masks, Picture, digest
from plainview.web.view import Plates, Stands

LOOK = 2.0
"""Seconds between two looks for what another process admitted or withdrew."""


class RunningViews:
    """Owns the newest picture of each camera. The implementation of `web.view.Views`."""

    def __init__(
        self,
        office: Office,
        plates: ViewPlates,
        clock: Clock,
        *,
        states: Callable[[], dict[str, tuple[str, str, tuple[str, ...]]]],
        show: Callable[[str, bytes | None], None],
    ) -> None:
        """`states` tells each camera's state, why, and capabilities.

        `show` gives a lens the plate that its view is drawn over.
        """
        self._office, self._plates, self._clock = office, plates, clock
        self._states, self._show = states, show
        self._pictures: dict[str, tuple[Picture, float]] = {}
        self._stamps = plates.stamps()
        self._looked = clock.monotonic()
        self._lock = threading.Lock()
        self.taken = 0
        """Pictures since the start."""
        self.bytes = 0
        """Of them, encoded."""

    def put(self, camera: str, picture: Picture) -> None:
        """Take a picture that a lens drew. Quick: called on the fleet's thread."""
        with self._lock:
            self._pictures[camera] = (picture, self._clock.monotonic())
            self.taken += 1
            self.bytes += len(picture.jpeg)

    def stands(self, camera: str) -> Stands:
        """Whether `camera` may show a view, and runs."""
        state, why, capabilities = self._states().get(camera, ("waiting", "", ()))
        return Stands(VIEW in capabilities, state == "running", why, state == "elsewhere")

    def latest(self, camera: str) -> tuple[Picture, float] | None:
        """The newest picture of `camera` and its age in seconds."""
        with self._lock:
            found = self._pictures.get(camera)
        return None if found is None else (found[0], self._clock.monotonic() - found[1])

    def plates(self, camera: str) -> Plates:
        """The plates of `camera`."""
        return self._plates.facts(camera)

    def learned_png(self, camera: str) -> tuple[str, bytes] | None:
        """The digest of the learned plate of `camera`, and its picture."""
        learned = self._plates.learned(camera)
        return None if learned is None else (digest(learned[0]), learned[1].png)

    def admit(self, person: Person, camera: str, digest: str, masks: Masks) -> None:
        """Admit the learned plate `digest` with `masks`, and have it shown."""
        wish = Wish(camera, digest, masks)
        self._given(camera, admit_plate(self._office, self._plates, person, wish))

    def withdraw(self, person: Person, camera: str, why: str) -> None:
        """Show no view of `camera` any more."""
        try:
            withdraw_plate(self._office, self._plates, person, camera, why)
        finally:
            # What cannot be recorded must end all the same.
            self._given(camera, self._plates.admitted(camera))

    def look(self) -> None:
        """Show what was admitted or withdrawn by another process; delete looks that are too old.

        To be called now and then.
        """
        now = self._clock.monotonic()
        if 0 <= now - self._looked < LOOK:
            return
        self._looked = now
        self._plates.drop_old_looks(self._clock.utc())
        stamps = self._plates.stamps()
        changed = [
            name for name in stamps | self._stamps if stamps.get(name) != self._stamps.get(name)
        ]
        self._stamps = stamps
        for camera in changed:
            self._show(camera, self._plates.admitted(camera))
            self._forget(camera)

    def _given(self, camera: str, plate: bytes | None) -> None:
        self._stamps = self._plates.stamps()
        self._show(camera, plate)
        self._forget(camera)

    def _forget(self, camera: str) -> None:
        with self._lock:
            self._pictures.pop(camera, None)

    def stats(self) -> dict[str, float]:
        """Numbers for whoever watches the machine."""
        return {"view_pictures": float(self.taken), "view_bytes": float(self.bytes)}
