"""From a camera's configuration to what its tap and lens are told."""

from plainview.config import CameraConfig
from plainview.errors import InputError
from plainview.record import EventKind
from plainview.vision.spec import LensSpec, TapSpec


def live_specs(
    camera: CameraConfig, *, now: float, events: tuple[EventKind, ...] = ()
) -> tuple[TapSpec, LensSpec]:
    """Tap and lens of a camera that runs from `now` (monotonic seconds).

    `events` are the kinds that it is permitted to look for; it looks for no other, and not for
    those that its own file switches off.
    Raises InputError if it has no source.
    """
    if camera.source is None:
        raise InputError(f"camera {camera.id!r} has no source", mend="Add source to its file")
    tap = TapSpec(
        source=camera.source,
        live=True,
        loop=camera.loop,
        began=now if camera.loop else None,
        frame_rate=camera.frame_rate,
        transport=camera.transport,
    )
    kept = tuple(kind for kind in events if kind not in camera.events.off)
    return tap, _lens(camera, live=True, events=kept)


def clip_specs(camera: CameraConfig, source: str) -> tuple[TapSpec, LensSpec]:
    """Tap and lens of the file `source`, seen by `camera`, as fast as it goes."""
    tap = TapSpec(source=source, live=False, frame_rate=camera.frame_rate)
    kinds = tuple(kind for kind in EventKind if kind not in camera.events.off)
    return tap, _lens(camera, live=False, events=kinds)


def _lens(camera: CameraConfig, *, live: bool, events: tuple[EventKind, ...] = ()) -> LensSpec:
    return LensSpec(
        view=camera.view,
        every=camera.every,
        rate=camera.rate,
        decode=camera.decode,
        live=live,
        events=events,
    )
