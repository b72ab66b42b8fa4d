"""The demonstration site of `plainview run`: two cameras' videos that grow while they are played.

A child process simulates, renders and encodes one period of the plaza into two MPEG-TS files,
faster than real time; taps may play them from the first second on, as the child locks them while
they grow (see `vision/growing.py`). What was written is kept: finished files are used again while
the code that made them is the same, unfinished ones are gone on with. The caller never holds a
picture: it only starts the child and learns where the files are.
"""

import contextlib
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from plainview.durable import put
from plainview.errors import PlainviewError
from plainview.geometry import View
from plainview.synth import plaza

SITE = "Demonstration plaza"
FRAME_RATE = 7.5
"""Frames per second of the demonstration's videos."""
LEAD = 0.8
"""Seconds of video there are before the site counts as ready."""
_MARK = "written.json"


@dataclass(frozen=True)
class DemoCamera:
    """One camera of the demonstration."""

    camera_id: str
    source: Path
    """A video of one period; play it looped (`TapSpec.loop`). It may still grow."""
    view: View
    frame_rate: float


class Demonstration:
    """The demonstration site and, at first, the process that renders it, which this owns."""

    def __init__(self, folder: Path, *, on_progress: Callable[[float], None] | None = None) -> None:
        """Start rendering into `folder` unless it is there already. `ready` waits for the first.

        `on_progress` is told the share rendered, 0 to 1, from a thread of this object.
        Raises PlainviewError where `folder` cannot be used.
        """
        self.cameras = tuple(
            DemoCamera(
                f"plaza-{camera.name}", folder / f"{camera.name}.ts", plaza.view(camera), FRAME_RATE
            )
            for camera in plaza.CAMERAS
        )
        self._folder, self._on_progress = folder, on_progress
        self._ready = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._done = 0.0
        self.failure = ""
        """Why rendering ended early, empty while nothing is wrong. What there is stays usable."""
        if written(folder).share >= 1.0:
            self._done = 1.0
            self._ready.set()
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for camera in self.cameras:
                camera.source.touch()
        except OSError as error:
            raise PlainviewError(
                f"the demonstration cannot be written ({error.strerror})",
                where=str(folder),
                mend="Name a writable state folder",
            ) from error
        self._child = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", "plainview.synth.demo_render", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._follow, name="demo-render", daemon=True)
        self._reader.start()

    def scenes(self) -> dict[str, bytes]:
        """The empty scene of each camera, by its id, once it is `ready`."""
        found = {}
        for camera in plaza.CAMERAS:
            with contextlib.suppress(FileNotFoundError):
                found[f"plaza-{camera.name}"] = scene_of(self._folder, camera.name).read_bytes()
        return found

    @property
    def done(self) -> float:
        """Share rendered, 0 to 1."""
        return self._done

    def ready(self, timeout: float = 60.0) -> None:
        """Wait until every camera has `LEAD` seconds of video to play.

        Raises PlainviewError when rendering failed before, or took longer than `timeout` seconds.
        """
        arrived = self._ready.wait(timeout)
        if arrived and (self._done * plaza.PERIOD >= LEAD or self._done >= 1.0):
            return
        raise PlainviewError(
            f"the demonstration was not rendered: {self.failure or 'it took too long'}",
            where=str(self._folder),
            mend="Free the machine or the disk, or run with a CITY.toml",
        )

    def _follow(self) -> None:
        child = self._child
        if child is None or child.stdout is None or child.stderr is None:
            return
        # The child says one number a frame; its own end, for whatever reason, ends the loop.
        for line in child.stdout:
            self._done = float(line)
            if self._on_progress is not None:
                self._on_progress(self._done)
            if self._done * plaza.PERIOD >= LEAD:
                self._ready.set()
        said = child.stderr.read().strip().splitlines()
        if child.wait() != 0 and not self.failure:
            self.failure = said[-1] if said else f"its process ended with {child.returncode}"
        self._ready.set()

    def close(self) -> None:
        """End rendering if it still goes on. The next time goes on where this one ended."""
        child = self._child
        if child is None:
            return
        if child.poll() is None:
            self.failure = "closed"
            child.terminate()
        child.wait()
        if self._reader is not None:
            self._reader.join()
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()
        self._child = None

    def __enter__(self) -> Self:
        """The demonstration itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """`close`."""
        self.close()


def scene_of(folder: Path, camera: str) -> Path:
    """Where the empty scene of a camera is: the plate of its redacted view, encoded."""
    return folder / f"{camera}.scene"


def version() -> str:
    """What the demonstration's files depend on: a digest of the code that makes them."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in (*sorted(here.glob("*.py")), here.parent / "vision" / "encoder.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Written:
    """How much of the demonstration is in its files, and whole."""

    share: float = 0.0
    """0 to 1."""
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes of each file that belong to it; what lies beyond is cut off."""


def written(folder: Path) -> Written:
    """What `folder` holds of a demonstration made by this very code."""
    try:
        made = json.loads((folder / _MARK).read_text(encoding="utf-8"))
        found = Written(float(made["share"]), {str(k): int(v) for k, v in made["bytes"].items()})
        there = {name: (folder / name).stat().st_size for name in found.sizes}
        good = made["version"] == version() and 0 < found.share <= 1
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Written()
    whole = found.sizes.keys() == {f"{camera.name}.ts" for camera in plaza.CAMERAS}
    whole = whole and all(there[name] >= size for name, size in found.sizes.items())
    return found if good and whole else Written()


def mark(folder: Path, share: float) -> None:
    """Say that the files in `folder` are whole as they are, up to `share` of the period."""
    sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("*.ts"))}
    text = json.dumps({"version": version(), "share": share, "bytes": sizes})
    put(folder / _MARK, text.encode())
