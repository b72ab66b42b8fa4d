"""One grey picture of a video, for the person who calibrates: from a sealed process of its own.

Started by the fleet as `python -m plainview.vision.still VIDEO SECONDS`. It takes the compressed
packets around that time out of the file, seals itself as a lens does, decodes them, and writes one
PNG to standard output. What goes wrong is one line on standard error and exit code 1.
"""

import math
import os
import sys
from collections.abc import Iterator

import av.logging
import cv2
from av import VideoFrame

from plainview.errors import PlainviewError, SourceError
from plainview.vision import clip, seal, sources
from plainview.vision.decoder import Decoder, luma
from plainview.vision.packets import Packet, StreamStart
from plainview.vision.spec import TapSpec

ADDRESS_SPACE = 3_000_000_000
CPU_SECONDS = 60
_HELD = 64_000_000
"""Bytes of packets taken from the file, at most."""
_BEHIND = clip.LOOKAHEAD
"""Packets taken behind the wanted time: frames come out in another order than they go in."""


def packets_around(path: str, seconds: float) -> tuple[StreamStart, list[Packet]]:
    """The stream's start, and its packets from the key frame before `seconds` to a little after.

    Raises SourceError if the file is no video, and where it ends before `seconds`.
    """
    source = sources.resolve(TapSpec(source=path, live=False))
    if source.kind != "file":
        raise SourceError("a picture is taken from a file only", where=source.name)
    with sources.file(source) as descriptor, clip.opened(source, descriptor) as container:
        stream = clip.video(container, source)
        kept: list[Packet] = []
        behind = size = 0
        last = -1
        for message in clip.messages(container, stream, None):
            if not isinstance(message, Packet):
                continue
            late = message.t is not None and message.t / 1e6 >= seconds
            if message.key and not late:
                kept.clear()
                size = 0
            kept.append(message)
            size += len(message.data)
            behind += late
            last = max(last, -1 if message.t is None else message.t)
            if behind > _BEHIND or size > _HELD:
                break
        else:
            if not behind and last >= 0:
                raise SourceError(
                    f"its last picture is at {last / 1e6:.2f} s, and not at {seconds:g} s",
                    where=source.name,
                    mend="Give --at fewer seconds",
                )
        return clip.start(stream, source), kept


def decode(start: StreamStart, packets: list[Packet], seconds: float) -> VideoFrame:
    """The first frame at or after `seconds`, else the last that can be decoded.

    Raises SourceError for none.
    """
    decoder = Decoder(start, reference_only=False)
    last = None
    for frame in _frames(decoder, packets):
        last = frame
        if frame.pts is not None and frame.pts / 1e6 >= seconds:
            break
    if last is None:
        raise SourceError("holds no picture that can be decoded", mend="Convert it to H.264")
    return last


def _frames(decoder: Decoder, packets: list[Packet]) -> Iterator[VideoFrame]:
    for packet in packets:
        yield from decoder.decode(packet)
    yield from decoder.flush()


def main(arguments: list[str]) -> int:
    """Write the PNG of the picture of VIDEO at SECONDS; the exit code."""
    try:
        path, seconds = arguments[0], float(arguments[1])
        if not math.isfinite(seconds) or seconds < 0:
            raise SourceError(f"{seconds} s is no time in a video", mend="Give seconds")
        cv2.setNumThreads(1)
        av.logging.set_level(None)
        start, packets = packets_around(path, seconds)
        seal.close_all_but({0, 1, 2})
        seal.seal(address_space=ADDRESS_SPACE, cpu_seconds=CPU_SECONDS)
        # The luma plane, as all that a lens looks at: converting colours would start threads.
        picture = luma(decode(start, packets, seconds))
        ok, png = cv2.imencode(".png", picture)
        if not ok:
            raise SourceError("holds a picture that cannot be drawn")
        view = memoryview(png.tobytes())
        while view:
            view = view[os.write(1, view) :]
    except PlainviewError as error:
        os.write(2, f"{error.line()}\n".encode())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
