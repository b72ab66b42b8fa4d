"""`plainview measure`: one video through tap and lens, as the lines of DESIGN.md section 5."""

import contextlib
import math
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import structs

from plainview import __version__
from plainview.app.out_of_sight import out_of_sight
from plainview.app.output import Sink, open_sink, replaced
from plainview.app.progress import Show, progress
from plainview.app.specs import clip_specs
from plainview.config import CameraConfig, load_camera
from plainview.document.given import read_given
from plainview.errors import InputError, LensError, PlainviewError, SourceError
from plainview.fleet.clip import ClipEnded, ClipStarted, measure_clip
from plainview.fleet.plates import check_plate
from plainview.geometry import View, cells_inside
from plainview.plural import counted
from plainview.record import Reading, interval_json
from plainview.vision.spec import NETWORK_FAULTS, LensSpec, NetworkState, TapSpec
from plainview.vision.task import MAX_PLATE

_NAMED = 5
"""Lines and zones out of sight that are named; of more only how many."""

_CUT = 0.1
"""Part of its length that a clip may lack: a last frame, or sound that goes on for longer."""


def measure(
    video: Path,
    camera_file: Path,
    *,
    every: float | None = None,
    out: Path | None = None,
    rate: float | None = None,
    plate: Path | None = None,
    save_plate: Path | None = None,
) -> None:
    """Measure `video` and write header and intervals to `out` (standard output when None).

    `every` and `rate` go before the camera's own. Raises InputError for what was given wrongly,
    SourceError, LensError or PlainviewError when measuring or writing fails; then no half-written
    file is left.
    """
    camera = load_camera(camera_file)
    every = _number("--every", camera.every if every is None else every)
    rate = _number("--rate", camera.rate if rate is None else rate)
    _check_video(video)
    for written in (out, save_plate):
        _check_apart(written, (video, camera_file, *((plate,) if plate else ())))
    if out is not None and save_plate is not None and out.resolve() == save_plate.resolve():
        raise InputError(
            "measurements and plate cannot go into one file",
            where=str(save_plate),
            mend="Give --out and --save-plate a file each",
        )
    learned = None if plate is None else read_plate_file(plate)
    camera = structs.replace(camera, every=every, rate=rate)
    tap, lens = clip_specs(camera, str(video.absolute()))
    with contextlib.ExitStack() as stack:
        kept = None if save_plate is None else stack.enter_context(replaced(save_plate))
        on_terminal = out is None and sys.stdout is not None and sys.stdout.isatty()
        with (
            open_sink(out, [line.name for line in camera.view.lines]) as sink,
            progress(video.name, lines_on_terminal=on_terminal) as show,
        ):
            ended = _measure(video, camera, sink, tap, lens, learned, show)
        if kept is not None:
            if ended.plate is None:
                raise PlainviewError(
                    "no plate was learned, so that none could be saved",
                    where=str(save_plate),
                    mend="The video is too short, or the scene is never seen empty",
                )
            kept.write_bytes(ended.plate)


def header_line(
    camera: str,
    view: View,
    every: float,
    *,
    sealed: bool,
    networks: Sequence[NetworkState] = (),
) -> dict[str, Any]:
    """The first line: whose measurements these are, on which grid, and whether it was sealed.

    Where the site supplies networks, which they are, what they look for and how they were found.
    """
    grid = view.grid()
    header: dict[str, Any] = {
        "plainview": __version__,
        "camera": camera,
        "every": every,
        "grid": {"origin": list(grid.origin), "cell": grid.cell, "shape": list(grid.shape)},
        "sealed": sealed,
    }
    if view.networks:
        header["detectors"] = [
            {
                "sha256": network.sha256,
                "classes": {one.name: one.kind for one in network.classes},
                "state": state.value,
            }
            for network, state in zip(view.networks, networks, strict=True)
        ]
    return header


def read_plate_file(path: Path) -> bytes:
    """The bytes of a saved plate. Raises InputError if it is none."""
    try:
        data = read_given(path, MAX_PLATE + 1)
    except OSError as error:
        raise InputError(
            f"the plate cannot be read ({error.strerror or error})",
            where=str(path),
            mend="Give a file that --save-plate wrote",
        ) from error
    try:
        check_plate(data)
    except InputError as error:
        raise InputError(
            "this is not a plate", where=str(path), mend="Give a file that --save-plate wrote"
        ) from error
    return data


def _measure(
    video: Path,
    camera: CameraConfig,
    sink: Sink,
    tap: TapSpec,
    lens: LensSpec,
    plate: bytes | None,
    show: Show | None,
) -> ClipEnded:
    view = lens.view
    grid = view.grid()
    inside = cells_inside(grid, view.polygon)
    lines = [line.name for line in view.lines]
    zones = [zone.name for zone in view.zones]
    frames = dropped = 0
    header: dict[str, Any] | None = None
    length: list[float] = []
    for item in _items(video, tap, lens, plate, length):
        if isinstance(item, ClipStarted):
            header = header_line(
                camera.id, view, lens.every, sealed=item.sealed, networks=item.networks
            )
            _tell_networks(view, item.networks)
            if not item.sealed:
                lacks = ", ".join(item.missing) or "a part of it"
                warn(f"the lens is not sealed: this kernel lacks {lacks}")
        elif isinstance(item, Reading):
            # Not before: a file that is no video gets no header.
            if header is not None:
                sink.header(header)
                header = None
            if item.frames and not frames:
                # Not before: what is wrong with the video is told alone.
                _tell_blind_spots(lens)
            frames += item.frames
            dropped += item.dropped
            if show is not None:
                show(item.t / 1000, length[-1] if length else None)
            sink.interval(interval_json(item, grid, lines, zones, inside=inside))
        else:
            ended = item
    if frames == 0:
        raise _nothing(video, ended, lens.every)
    _tell_losses(video, ended, dropped)
    _tell_cut(video, ended, lens.every)
    _tell_stopped(lens.view, ended.stopped)
    return ended


def _items(
    video: Path, tap: TapSpec, lens: LensSpec, plate: bytes | None, length: list[float]
) -> Iterator[ClipStarted | Reading | ClipEnded]:
    """What the clip tells; a clip that cannot be measured at all is wrong input.

    Its length in seconds, once known, is put into `length`. What the tap has read says little of
    what is measured: a whole clip may wait in the pipe.
    """

    def note(_done: float, total: float | None) -> None:
        if total is not None and not length:
            length.append(total)

    measured = False
    items = measure_clip(tap, lens, plate=plate, on_progress=note)
    with contextlib.closing(items):  # type: ignore[type-var]  # a generator, typed as an iterator
        try:
            for item in items:
                measured |= isinstance(item, Reading)
                yield item
        except SourceError as error:
            where = error.where or str(video)
            kind = SourceError if measured else InputError
            # The tap's note names the file already, without its folder.
            what = error.what.removeprefix(f"{video.name}: ")
            raise kind(what, where=where, mend=error.mend) from error


def _nothing(video: Path, ended: ClipEnded, every: float) -> PlainviewError:
    """Why not one frame was measured."""
    where = str(video)
    if ended.restarts:
        return LensError(
            f"the lens ended {ended.restarts} times and measured nothing",
            where=where,
            mend="The video holds something that its decoder does not survive",
        )
    length = ended.tap.duration or ended.tap.t
    if ended.tap.packets and length < every / 2:
        return InputError(
            f"lasts {length:.3g} s, less than half of one interval of {every:g} s",
            where=where,
            mend="Give a smaller --every, or check frame_rate",
        )
    return InputError(
        "holds no picture that can be decoded", where=where, mend="Convert it to H.264"
    )


def _tell_blind_spots(lens: LensSpec) -> None:
    """Warn of what will never be told of: a mistake in units or in options, most likely."""
    names = out_of_sight(lens.view)
    if names:
        more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
        warn(
            f"{', '.join(names[:_NAMED] + more)}: outside the picture or the area, so that nothing "
            "is told of it. Write it in ground metres, and see 'plainview camera check'"
        )
    if lens.every * lens.rate < 1 - 1e-9:
        warn(
            f"intervals of {lens.every:g} s, but {1 / lens.rate:g} s from one analysed frame to "
            "the next: those without a frame say 'lost'. Give a larger --rate or --every"
        )


def _tell_losses(video: Path, ended: ClipEnded, dropped: int) -> None:
    # What is broken as it comes is among the dropped; so is what leans on what was not decoded.
    left = max(ended.tap.broken, dropped)
    if left:
        warn(f"{video}: {counted(left, 'packet')} left out: broken, or built on what was lost")
    if ended.restarts:
        times = counted(ended.restarts, "time")
        warn(f"{video}: the lens was restarted {times}; those intervals say 'lost'")
    if ended.refused:
        warn(f"{video}: {ended.refused} messages of the lens were refused")


def _tell_cut(video: Path, ended: ClipEnded, every: float) -> None:
    """Warn where a file says that it lasts longer than it has pictures: it was cut, most likely."""
    length, pictured = ended.tap.duration, ended.tap.t
    if length is not None and length - pictured > max(every, _CUT * length):
        warn(
            f"{video}: has pictures for {pictured:.3g} s of the {length:.3g} s that it says it "
            "lasts: is it whole?"
        )


def _tell_networks(view: View, states: Sequence[NetworkState]) -> None:
    for network, state in zip(view.networks, states, strict=True):
        if state in NETWORK_FAULTS:
            what, mend = NETWORK_FAULTS[state]
            warn(f"{network.path}: {what}; it does not look for anything. {mend}")


def _tell_stopped(view: View, stopped: int) -> None:
    for k, network in enumerate(view.networks):
        if stopped >> k & 1:
            what, mend = NETWORK_FAULTS[NetworkState.STOPPED]
            warn(f"{network.path}: {what}; from there on it looked for nothing. {mend}")


def warn(line: str) -> None:
    """One line on standard error that is not the end."""
    if sys.stderr is not None:
        sys.stderr.write(f"plainview: warning: {line}\n")


def _number(option: str, value: float) -> float:
    if not math.isfinite(value):
        raise InputError(f"{value} is no number to measure with", where=option, mend="Give seconds")
    return value


def _check_apart(written: Path | None, read: tuple[Path, ...]) -> None:
    """Raise InputError if what is to be `written` is one of the files that are `read`."""
    for path in read:
        if written is not None and written.exists() and written.samefile(path):
            raise InputError(
                "this file is read and would be overwritten",
                where=str(written),
                mend="Write to another file",
            )


def _check_video(video: Path) -> None:
    """Raise InputError unless `video` is a file that can be opened and is not empty."""
    what, mend = "", "Give a video file"
    if re.match(r"(rtsps?|https?):/", str(video)):
        mend = "An address is measured by 'plainview run', with a CITY.toml"
    try:
        if not video.exists():
            what = "there is no such file"
        elif not video.is_file():
            what = "this is not a file"
        else:
            with video.open("rb") as file:
                what = "" if file.read(1) else "the file is empty"
    except (OSError, ValueError) as error:
        what = f"cannot be read ({getattr(error, 'strerror', None) or error})"
    if what:
        raise InputError(what, where=str(video), mend=mend)
