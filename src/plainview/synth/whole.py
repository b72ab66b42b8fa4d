"""A clip's folder gets all of its files, or none."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from plainview.errors import InputError, PlainviewError

HALF = ".half-drawn"
"""Folder within a clip's, in which its files are made; a kill's leavings are cleared."""


@contextlib.contextmanager
def whole(folder: Path, last: str) -> Iterator[Path]:
    """A folder to write a clip's files into; they go into `folder` only once the block succeeds.

    Files of the same names are replaced, `last` after all others, so that where it is the clip is
    whole. Where the block fails `folder` is as it was, and not there if it
    was not. Raises InputError where no folder can be, PlainviewError where it cannot be written.
    """
    part = folder / HALF
    kind = PlainviewError
    try:
        made = [one for one in (folder, *folder.parents) if not one.exists()]
        try:
            shutil.rmtree(part, ignore_errors=True)
            try:
                part.mkdir(parents=True)
            except (NotADirectoryError, FileExistsError, PermissionError):
                kind = InputError
                raise
            yield part
            for file in sorted(part.iterdir(), key=lambda one: one.name == last):
                file.replace(folder / file.name)
            part.rmdir()
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            # From the innermost out; one that somebody else uses by now stays.
            with contextlib.suppress(OSError):
                for one in made:
                    one.rmdir()
            raise
    except OSError as error:
        raise kind(
            f"cannot be written ({error.strerror})", where=str(folder), mend="Name another folder"
        ) from error
