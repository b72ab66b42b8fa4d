"""The folder of plates below the state folder: a file for each camera and kind, replaced whole."""

import re
from collections.abc import Iterable
from pathlib import Path

from plainview.app.output import replaced
from plainview.errors import InputError, PlainviewError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class PlateFolder:
    """Owns `plates/CAMERA.KIND`. A crash leaves the older file."""

    def __init__(self, state: Path, most: int) -> None:
        """Below the state folder `state`; of a file no more than `most` + 1 bytes are read."""
        self.folder = state / "plates"
        self._most = most

    def path(self, camera: str, kind: str) -> Path:
        """Where the plate is. Raises InputError for what is no camera's id."""
        if not _ID.fullmatch(camera):
            raise InputError(
                f"{camera!r} is not a camera's id",
                where="camera",
                mend="Ids have letters, digits, '.', '_' and '-'",
            )
        return self.folder / f"{camera}.{kind}"

    def read(self, camera: str, kind: str) -> bytes | None:
        """What is there; None where nothing is. Raises InputError where it cannot be read."""
        path = self.path(camera, kind)
        try:
            with path.open("rb") as file:
                return file.read(self._most + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise InputError(
                f"the plate cannot be read ({error.strerror})",
                where=str(path),
                mend="Check its permissions, or forget it",
            ) from error

    def save(self, camera: str, data: bytes, kind: str) -> None:
        """Keep `data`; durable when this returns. Raises PlainviewError where it cannot be."""
        path = self.path(camera, kind)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PlainviewError(
                f"plates cannot be saved ({error.strerror})",
                where=str(self.folder),
                mend="Free some space, or check the state folder's permissions",
            ) from error
        with replaced(path) as part:
            part.write_bytes(data)

    def delete(self, camera: str, kind: str) -> bool:
        """Delete it; whether there was any."""
        path = self.path(camera, kind)
        existed = path.is_file()
        path.unlink(missing_ok=True)
        return existed

    def names(self, kinds: Iterable[str]) -> list[str]:
        """Cameras with a plate of any of `kinds`, sorted."""
        found = {
            path.name.removesuffix(f".{kind}")
            for kind in kinds
            for path in self.folder.glob(f"*.{kind}")
        }
        return sorted(name for name in found if _ID.fullmatch(name))
