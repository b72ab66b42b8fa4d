"""Plates on disk: what each camera learned of its empty scene, and what a person approved.

Under the state folder, `plates/CAMERA.learned` is the newest that a lens offered and
`plates/CAMERA.approved` the one that a person looked at and approved; a lens starts from the
approved one where there is one. Each is replaced as a whole, so that a crash leaves the older one.
"""

import datetime as dt
from pathlib import Path
from typing import NamedTuple

from plainview.app.output import replaced
from plainview.app.plate_folder import PlateFolder
from plainview.errors import InputError
from plainview.fleet.plates import plate_png
from plainview.vision.task import MAX_PLATE

LEARNED, APPROVED = "learned", "approved"


class PlateEntry(NamedTuple):
    """One camera's plate as it lies on disk."""

    camera: str
    state: str
    """learned or approved."""
    newer: bool
    """Whether the camera has learned another one since it was approved."""
    saved: dt.datetime
    """When it was saved, UTC."""


class Plates:
    """Owns the folder of plates. Other parts see bytes only."""

    def __init__(self, state: Path) -> None:
        """Keep plates under the state folder `state`."""
        self._folder = PlateFolder(state, MAX_PLATE)

    def read(self, camera: str, state: str | None = None) -> bytes | None:
        """The plate of `camera` in `state` (None: the approved one, else the learned one)."""
        for kind in (APPROVED, LEARNED) if state is None else (state,):
            data = self._folder.read(camera, kind)
            if data is not None and 0 < len(data) <= MAX_PLATE:
                return data
        return None

    def state(self, camera: str) -> str:
        """none, learned or approved."""
        for kind in (APPROVED, LEARNED):
            if self._folder.path(camera, kind).is_file():
                return kind
        return "none"

    def save(self, camera: str, data: bytes, state: str = LEARNED) -> None:
        """Keep `data`; durable when this returns. Raises PlainviewError on a full disk."""
        self._folder.save(camera, data, state)

    def approve(self, camera: str) -> None:
        """Make the learned plate the approved one. Raises InputError if there is none."""
        data = self.read(camera, LEARNED)
        if data is None:
            raise self.missing(camera)
        self.save(camera, data, APPROVED)

    def forget(self, camera: str) -> None:
        """Delete what is known of `camera`. Raises InputError if there is nothing."""
        if self.state(camera) == "none":
            raise self.missing(camera)
        for kind in (APPROVED, LEARNED):
            self._folder.delete(camera, kind)

    def entries(self) -> list[PlateEntry]:
        """Every camera's plate, by name."""
        return [self._entry(name) for name in self._folder.names((LEARNED, APPROVED))]

    def _entry(self, camera: str) -> PlateEntry:
        state = self.state(camera)
        saved = self._folder.path(camera, state).stat().st_mtime
        return PlateEntry(
            camera,
            state,
            state == APPROVED and self.read(camera, LEARNED) not in (None, self.read(camera)),
            dt.datetime.fromtimestamp(saved, tz=dt.UTC),
        )

    def draw(self, camera: str, out: Path) -> str:
        """Write the plate that `camera` starts from as a PNG to `out`; its state.

        Raises InputError if there is none, or if it is not a plate.
        """
        data = self.read(camera)
        if data is None:
            raise self.missing(camera)
        png = plate_png(data)
        with replaced(out) as part:
            part.write_bytes(png)
        return self.state(camera)

    def missing(self, camera: str) -> InputError:
        """The error that there is no plate of `camera`, naming those there are."""
        known = ", ".join(entry.camera for entry in self.entries()) or "none yet"
        return InputError(
            f"there is no plate of camera {camera!r}",
            where=str(self._folder.folder),
            mend=f"There are plates of: {known}",
        )
