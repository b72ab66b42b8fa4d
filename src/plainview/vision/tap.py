"""The tap: the process that reaches a camera. It demuxes, keeps the clock, and never decodes.

One way: packets to its lens, its own state to its parent. Whatever a camera sends, the tap's answer
is a message or a status; it raises nothing.
"""

import os

import av.logging

from plainview.clock import SystemClock
from plainview.errors import PlainviewError, SourceError
from plainview.vision import clip, sources
from plainview.vision.branch import Branch
from plainview.vision.confine import confine
from plainview.vision.live import Live
from plainview.vision.outlet import BATCH, PIPE, Outlet
from plainview.vision.packets import Packet, StreamEnd
from plainview.vision.sources import Source
from plainview.vision.spec import TapSpec
from plainview.vision.status import BEAT, Status, note

FASTEST = 240
"""Frames/s beyond which a clip's clock is doubted aloud."""
LIVE_PIPE = 1 << 16
"""Bytes of the pipe when live: what waits in it is late already, and cannot be dropped."""


def run(spec: TapSpec, packets_fd: int, status_fd: int, recording_fd: int | None = None) -> None:
    """Be the tap of one camera until its source ends or its lens is gone.

    Wants a process of its own, which it confines for good (`confine`). Takes over the file
    descriptors and closes them; what is live goes to `recording_fd` too, where it is given.
    What a source causes is told in the status, never raised. A live network source ends only with
    its lens; when FFmpeg hangs beyond rescue the tap returns without `ended`, and wants to be
    started anew.
    """
    av.logging.set_level(None)  # FFmpeg's log repeats addresses
    status = Status(status_fd)
    try:
        outlet = Outlet(packets_fd, LIVE_PIPE if spec.live else PIPE)
        branch = None if recording_fd is None else Branch(recording_fd)
        source = sources.resolve(spec)
        if source.kind == "file":
            with sources.file(source) as descriptor:
                _pass_on(spec, source, outlet, status, descriptor, branch)
        else:
            _pass_on(spec, source, outlet, status, None, branch)
    except BrokenPipeError:
        return  # the lens is gone, and with it the reason to be here
    except PlainviewError as error:
        status.fail(error)
    finally:
        os.close(packets_fd)
        os.close(status_fd)
        if recording_fd is not None:
            os.close(recording_fd)


def _pass_on(
    spec: TapSpec,
    source: Source,
    outlet: Outlet,
    status: Status,
    descriptor: int | None,
    branch: Branch | None,
) -> None:
    authorities = source.options.get("ca_file")
    confine(source.kind, readable=(authorities,) if authorities else ())
    if spec.live:
        Live(spec, source, outlet, status, SystemClock(), branch).run(descriptor)
    elif source.kind in {"file", "http"}:
        _clip(spec, source, outlet, status, descriptor)
    else:
        raise SourceError(
            "has no end, so it cannot be measured as a clip",
            where=source.name,
            mend="Give a file, or run it as a live camera",
        )


def _clip(
    spec: TapSpec, source: Source, outlet: Outlet, status: Status, descriptor: int | None
) -> None:
    count = broken = latest = 0
    with clip.opened(source, descriptor) as container:
        stream = clip.video(container, source)
        outlet.add(clip.start(stream, source))
        duration = clip.length(container, stream, spec.frame_rate)
        status.set(connected=True, duration=duration, note=_doubt(spec, source, stream))
        try:
            for message in clip.messages(container, stream, spec.frame_rate):
                outlet.add(message)
                if isinstance(message, Packet):
                    count += 1
                    latest = max(latest, message.t or 0)
                else:
                    broken += message.dropped
                if outlet.pending >= BATCH or status.due():
                    status.count(packets=count, broken=broken, t=latest / 1_000_000)
                    _flush(outlet, status)
        except sources.READING as error:
            if not count:
                raise
            # The rest cannot be read; what came before it counts.
            broken += 1
            status.count(note=note(sources.failure(error, source)))
    if not count:
        raise SourceError("holds no pictures", where=source.name, mend="Give a video")
    outlet.add(StreamEnd(t=None if duration is None else round(duration * 1_000_000)))
    _flush(outlet, status)
    status.set(connected=False, ended=True, packets=count, broken=broken, t=latest / 1_000_000)


def _doubt(spec: TapSpec, source: Source, stream: clip.VideoStream) -> str:
    """What is odd about the clip's clock, for a person; "" where nothing is."""
    rate = stream.average_rate
    if spec.frame_rate is not None or rate is None or rate <= FASTEST:
        return ""
    return f"{source.name}: says {float(rate):.0f} frames/s. Set `frame_rate` if that is wrong"


def _flush(outlet: Outlet, status: Status) -> None:
    while not outlet.write(BEAT):
        status.tell()
    if status.due():
        status.tell()
