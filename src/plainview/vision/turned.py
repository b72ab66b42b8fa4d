"""Whether a film says that its pictures are to be turned or mirrored when they are shown.

A telephone held upright films sideways and says so in the file's head: MP4 and QuickTime by the
matrices of movie and track (ISO/IEC 14496-12, 8.2.2 and 8.3.2), Matroska by its projection.
Pictures are measured as they are stored, so that a projection that was marked in what a player
shows would be wrong in every point.

FFmpeg's demuxers understand each container's own way, but PyAV tells of it with a decoded picture
only, which the tap never has. So FFmpeg is asked to write the head of a QuickTime film with this
stream in it, in memory, and the matrix is read there.
"""

import contextlib
import io
import struct

import av

_MATRIX = struct.Struct(">9i")
_SILENT = frozenset(
    {"rtsp", "rtp", "sdp", "video4linux2,v4l2", "mpegts", "mjpeg", "mpjpeg", "h264", "hevc"}
)
"""FFmpeg's names of what cameras send, in none of which such a word can stand: nothing is asked."""
_AT = 44
"""Bytes from the word `tkhd` to the matrix, in a box of version 0, as a film without length has."""


def is_turned(stream: av.video.stream.VideoStream) -> bool:
    """Whether who plays `stream` is told to turn or mirror its pictures.

    What a QuickTime film cannot hold is taken for not turned.
    """
    if stream.container.format.name in _SILENT:
        return False
    head = io.BytesIO()
    with contextlib.suppress(av.FFmpegError, ValueError):
        # Never closed, which would end a film in which there is nothing.
        film = av.open(head, "w", format="mov", options={"movflags": "empty_moov"})
        film.add_stream_from_template(stream)
        film.start_encoding()
    data = head.getvalue()
    at = data.find(b"tkhd") + _AT
    if at < _AT or len(data) < at + _MATRIX.size:
        return False
    across, a, _, b, down, *_ = _MATRIX.unpack_from(data, at)
    return bool(a or b or across < 0 or down < 0)
