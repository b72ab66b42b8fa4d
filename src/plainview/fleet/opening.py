"""From a fleet's address to the fleet; what an adapter needs is imported with it, not before."""

from collections.abc import Sequence

from plainview.clock import Clock
from plainview.errors import ConfigError, not_installed
from plainview.fleet import Callbacks, Fleet, Placing
from plainview.fleet.local import LocalFleet
from plainview.fleet.placed import PlacedFleet
from plainview.fleet.recording import Recording
from plainview.fleet.zygote import COMMAND
from plainview.record import CameraStatus, Reading, Stamped
from plainview.vision.task import Trust


def opened(
    url: str,
    callbacks: Callbacks,
    *,
    trust: Trust,
    placing: Placing,
    clock: Clock | None,
    recording: Recording | None,
    command: Sequence[str] | None,
) -> Fleet:
    """As `open_fleet`, which says what is raised."""
    command = COMMAND if command is None else tuple(command)
    if url == "local":
        return _local(callbacks, trust, clock, recording, command)
    if not url.startswith("ray:"):
        raise ConfigError(
            "no fleet speaks this address",
            where="fleet",
            mend='Write "local", "ray:local", "ray:auto" or "ray://HOST:PORT"',
        )
    if recording is not None:
        raise ConfigError(
            "nodes of a Ray cluster do not record",
            where="fleet",
            mend='Write fleet = "local" where cameras are recorded, or leave [recording] out',
        )
    try:
        from plainview.fleet.ray import RayCluster  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise not_installed(error, use="a Ray fleet", where="fleet", extra="city") from error
    return PlacedFleet(
        RayCluster(url, trust, command=command),
        on_reading=callbacks.on_reading,
        on_status=callbacks.on_status,
        on_plate=callbacks.on_plate,
        on_picture=callbacks.on_picture,
        trust=trust,
        next_fence=placing.next_fence,
        near=placing.near,
        clock=clock,
    )


def _local(
    callbacks: Callbacks,
    trust: Trust,
    clock: Clock | None,
    recording: Recording | None,
    command: Sequence[str],
) -> LocalFleet:
    def on_reading(camera: str, reading: Reading) -> None:
        callbacks.on_reading(Stamped(camera, reading))

    def on_status(camera: str, status: CameraStatus) -> None:
        callbacks.on_status(camera, status, 0)

    return LocalFleet(
        on_reading=on_reading,
        on_status=on_status,
        on_plate=callbacks.on_plate,
        on_picture=callbacks.on_picture,
        trust=trust,
        clock=clock,
        command=command,
        recording=recording,
    )
