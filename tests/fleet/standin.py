"""A zygote whose lenses measure nothing and misbehave on request, to see what their keepers do.

Run as a zygote is: `python standin.py FD`. What a lens does is told by its view's first zone: the
zone's `kind` is `DEED:MARKER`; the deed is done by the first lens that finds no file MARKER, at its
fifth frame, or by every lens when MARKER is empty.
"""

import ctypes
import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainview import redacted
from plainview.record import Health, Reading, encode
from plainview.redacted import Picture, ViewState
from plainview.vision import zygote
from plainview.vision.lens import Colour
from plainview.vision.spec import LensSpec, NetworkState

_AT_FRAME = 5


class StandIn:
    """Counts frames, and tells the count as people."""

    colour = False

    def __init__(
        self,
        spec: LensSpec,
        *,
        plate: bytes | None = None,
        admitted: bytes | None = None,
        looks: bytes | None = None,  # noqa: ARG002 - the interface
    ) -> None:
        """Read what is to be done. Not sealed yet: this may look for files."""
        self._plate, self._admitted = plate, admitted
        self._frames = 0
        self._total = 0
        self._deed = ""
        self._without = 0
        if spec.view.zones:
            deed, _, marker = spec.view.zones[0].kind.partition(":")
            if not marker or not Path(marker).exists():
                self._deed = deed
                if marker:
                    Path(marker).write_text("taken")

    def frame(
        self,
        luma: NDArray[np.uint8],  # noqa: ARG002 - the interface
        t: float,  # noqa: ARG002 - the interface
        *,
        key: bool,  # noqa: ARG002 - the interface
        chroma: Colour | None = None,  # noqa: ARG002 - the interface
    ) -> None:
        """Count it, or do the deed."""
        self._frames += 1
        self._total += 1
        if self._total == _AT_FRAME:
            self._do(self._deed)

    def _do(self, deed: str) -> None:
        if deed == "loop":
            while True:
                pass
        if deed == "crash":
            ctypes.string_at(0)
        if deed == "abort":
            os.abort()
        if deed == "leave":
            os._exit(0)
        if deed == "open":
            Path("/etc/passwd").read_bytes()
        if deed == "import":
            sys.modules.pop("colorsys", None)
            __import__("colorsys")
        if deed == "memory":
            bytearray(1 << 40)

    def interval(
        self, end_ms: int, span_ms: int, *, dropped: int, health: tuple[Health, ...]
    ) -> list[bytes]:
        """The Reading, or something that is none."""
        if self._deed == "garbage":
            return [b"\xc1 not a Reading"]
        if self._deed == "big":
            return [bytes(5000)]
        reading = Reading(
            t=end_ms,
            span=span_ms,
            frames=self._frames,
            dropped=dropped,
            count=self._total,
            low=self._total,
            high=self._total,
            noise=0,
            coarse=1,
            nx=1,
            cells=(),
            crossings=(),
            health=health,
            events=(),
        )
        self._frames = 0
        data = encode(reading)
        return [data] * (3000 if self._deed == "flood" else 1)

    def finish(self) -> list[bytes]:
        """Nothing waits."""
        return []

    def open_networks(self, without: int = 0) -> tuple[NetworkState, ...]:
        """None are supplied; the deed `stop` is done by one that has not stopped before."""
        self._without = without
        return (NetworkState.STOPPED,) if without else ()

    @property
    def stopped(self) -> int:
        """The first network, after some frames, where one is to stop."""
        return int(self._deed == "stop" and not self._without and self._total >= _AT_FRAME)

    def picture(self) -> bytes | None:
        """One in each interval, its JPEG as the deed wants it."""
        if self._deed == "tall-picture":
            return bytes(70_000)
        jpeg = b"\xff\xd8\xff" + (self._admitted or b"") + b"\xff\xd9"
        state = ViewState.NO_PLATE if self._admitted is None else ViewState.SHOWN
        return redacted.encode(Picture(1000, state, 0, 0, 0, (), (), jpeg))

    def plate(self) -> bytes | None:
        """What the deed asks for: none, one, or one each interval."""
        if self._deed == "plate" and self._plate is None:
            self._plate = b"p" * 100_000
            return self._plate
        return b"again" if self._deed == "plates" else None


if __name__ == "__main__":
    sys.exit(zygote.main(StandIn))
