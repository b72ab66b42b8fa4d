"""Who runs which tap and lens, and restarts them: one clip, or any number of live cameras.

`open_fleet(url)` runs cameras on this machine, or on the nodes of a Ray cluster. Nothing heavy is
imported here: images, and what reads them, live in the processes it starts.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from plainview.clock import Clock
from plainview.governance.permit import Grant
from plainview.record import CameraStatus, Stamped
from plainview.redacted import Picture
from plainview.vision.spec import LensSpec, TapSpec
from plainview.vision.task import Trust

if TYPE_CHECKING:
    from plainview.fleet.recording import Recording


class Callbacks(NamedTuple):
    """Where a fleet takes what its cameras tell: called on its thread, so they must be quick.

    They may call `start` but not `stop` or `close`. A PlainviewError that one raises is logged and
    counted. `fence` is the token of the placement; 0 on one machine.
    """

    on_reading: Callable[[Stamped], None]
    on_status: Callable[[str, CameraStatus, int], None]
    """Camera, status, fence."""
    on_plate: Callable[[str, bytes], None]
    on_picture: Callable[[str, Picture], None] | None = None


class Starting(Protocol):
    """What starts and ends live cameras: all that whoever decides on them needs of a fleet."""

    def start(
        self,
        camera_id: str,
        tap: TapSpec,
        lens: LensSpec,
        grant: Grant,
        plate: bytes | None = None,
        admitted: bytes | None = None,
        looks: bytes | None = None,
    ) -> None:
        """Run a camera, from `plate` where one is given. One of the same name is replaced.

        Its redacted view, where `lens` has one, is drawn over the `admitted` plate, and its next
        plate is learned from the `looks` that are there. Raises PermitRefused unless `grant`
        permits this camera, source and view now, and LensError from a fleet that is closed; then
        nothing is changed. It runs no longer than the grant holds.
        """
        ...

    def stop(self, camera_id: str) -> None:
        """End a camera's processes; when this returns they are gone, and no more Readings come."""
        ...

    def refused(self) -> dict[str, str]:
        """Cameras that were started and then refused or ended by their permit, and why.

        They do not run, nor will they, until they are stopped or started anew.
        """
        ...


class Fleet(Starting, Protocol):
    """Runs live cameras, and keeps each one's trouble its own. Safe to call from any thread."""

    def admit(self, camera_id: str, plate: bytes | None) -> None:
        """Draw the camera's view over `plate` from now on; nothing happens where it has none."""
        ...

    def processes(self) -> dict[str, list[int]]:
        """Process numbers by kind (zygote, lens, tap), for measuring; they may end any time."""
        ...

    def stats(self) -> dict[str, float]:
        """What the fleet counts of itself; `zygote_restarts`, `fleet_failed_callbacks` always."""
        ...

    def close(self) -> None:
        """End every camera. May be called again."""
        ...

    def __enter__(self) -> Self:
        """The fleet itself."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close."""
        ...


class Placing(NamedTuple):
    """What a fleet of many nodes needs to know besides."""

    next_fence: Callable[[str], int]
    """A token for a new placement of a camera: larger than all before it, and durable
    (`Store.next_fence`). May raise StoreError."""
    near: Callable[[str], tuple[str, ...]] = lambda _: ()
    """Labels (`key=value`) of nodes near a camera's data, the nearest first."""


def open_fleet(
    url: str,
    callbacks: Callbacks,
    *,
    trust: Trust,
    placing: Placing,
    clock: Clock | None = None,
    recording: "Recording | None" = None,
    command: Sequence[str] | None = None,
) -> Fleet:
    """The fleet at `url`: `local`, or `ray:local`, `ray:auto`, `ray://HOST:PORT`.

    `recording` is where taps that are told to record hand their packets to: on this machine only.
    `command` starts a zygote; None: ours. Raises ConfigError for an address that is none of these
    or a package that is missing, LensError where it cannot be started.
    """
    from plainview.fleet.opening import opened  # noqa: PLC0415 - adapters load late

    return opened(
        url,
        callbacks,
        trust=trust,
        placing=placing,
        clock=clock,
        recording=recording,
        command=command,
    )
