"""Asks a sealed process of its own for one picture of a video, for the person who calibrates."""

import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from plainview.errors import InputError

_KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "HOME")
_SINGLE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_WAIT = 120.0
_MOST = 200_000_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Still(NamedTuple):
    """One picture."""

    png: bytes
    size: tuple[int, int]
    """(width, height) in pixels."""


def still(video: Path, *, at: float = 0.0) -> Still:
    """The picture of `video` at `at` seconds from its start.

    Raises InputError if the video gives none, as beyond its end.
    """
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= dict.fromkeys(_SINGLE, "1")
    command = [sys.executable, "-P", "-m", "plainview.vision.still", str(video.absolute()), str(at)]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            timeout=_WAIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"no picture within {_WAIT:g} s", where=str(video), mend="Give a shorter video"
        ) from error
    png = done.stdout
    if done.returncode != 0 or not png.startswith(_SIGNATURE) or not 24 < len(png) <= _MOST:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        told = said[-1].removeprefix(f"{video.name}: ") if said and done.returncode == 1 else ""
        raise InputError(told or "gives no picture", where=str(video))
    width, height = struct.unpack(">II", png[16:24])
    return Still(png, (width, height))
