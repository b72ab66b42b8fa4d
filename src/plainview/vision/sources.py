"""What a source's address means to FFmpeg, what the tap may reach for it, and how it is told of.

An address may hold credentials, in its user part, its query or even its path. Only `Source.name` is
ever shown: a file's name, or scheme, host and port.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import av

# PyAV imports these when it first meets such a stream; a confined tap could not any more.
import av.audio.codeccontext
import av.audio.stream
import av.subtitles.codeccontext
import av.subtitles.stream
from av.container import InputContainer

from plainview.errors import InputError, SourceError
from plainview.vision.growing import GrowingFile
from plainview.vision.spec import TapSpec

Kind = Literal["file", "device", "rtsp", "http"]

_KINDS: dict[str, Kind] = {"rtsp": "rtsp", "rtsps": "rtsp", "http": "http", "https": "http"}
_PROTOCOLS = {
    ("rtsp", "tcp"): "rtsp,rtp,tcp",
    ("rtsp", "udp"): "rtsp,rtp,udp,tcp",
    ("rtsps", "tcp"): "rtsp,rtp,tls,tcp",
    ("rtsps", "udp"): "rtsp,rtp,srtp,udp,tls,tcp",
    ("http", "tcp"): "http,https,tls,tcp,crypto",
    ("https", "tcp"): "https,tls,tcp,crypto",
}
_ACCEPTED = "Give a file's path, an rtsp://, rtsps://, http:// or https:// address, or /dev/videoN"
_AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
FAILURES = (av.FFmpegError, OSError, ValueError, RuntimeError, MemoryError, EOFError)
"""What PyAV raises for a source that misbehaves."""
READING = (av.FFmpegError, EOFError)
"""What it raises while reading; the lens's broken pipe is none of these."""
_USER = re.compile(r"(?<=://)[^/\s]*@")
ANALYSE = 1_500_000
"""Microseconds of a live stream that FFmpeg may look at before it says what it is."""
PROBE = 2_000_000
"""Bytes that it may look at."""


@dataclass(frozen=True, slots=True)
class Source:
    """An address taken apart. Its `repr` shows no address."""

    kind: Kind
    name: str
    """How people are told of it; no credentials."""
    address: str = field(repr=False)
    """What FFmpeg opens; a file's path for a file."""
    format: str | None = None
    """FFmpeg's demuxer where it must be named."""
    options: dict[str, str] = field(default_factory=dict)
    """FFmpeg's options; for files and devices the tap adds what it opened."""

    @property
    def remote(self) -> bool:
        """Whether the network is needed."""
        return self.kind in {"rtsp", "http"}


def resolve(spec: TapSpec) -> Source:
    """What `spec.source` is. Opens and looks up nothing.

    Raises InputError for an address of a kind that Plainview does not take.
    """
    address = spec.source
    scheme, separator, _ = address.partition("://")
    if not separator:
        return _local(address)
    scheme = scheme.lower()
    if scheme == "file":
        return _local(address.partition("://")[2])
    if scheme not in _KINDS:
        raise InputError(
            f"{scheme[:16]}:// is not a kind of source that Plainview takes", mend=_ACCEPTED
        )
    return _remote(scheme, address, spec)


def _local(path: str) -> Source:
    options = {"codec_whitelist": "none"}
    if path.startswith("/dev/video"):
        return Source(kind="device", name=path, address=path, format="v4l2", options=options)
    options |= {"protocol_whitelist": "fd"}
    return Source(kind="file", name=Path(path).name or path, address=path, options=options)


def _remote(scheme: str, address: str, spec: TapSpec) -> Source:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise InputError("the source's address names no host", mend=f"Write {scheme}://host/path")
    kind = _KINDS[scheme]
    shown = f"[{host}]" if ":" in host else host
    wait = str(int(spec.stall * 1_000_000))
    options = {
        # No decoder can be opened, not even by FFmpeg's own look at the stream (pixels exist only
        # in the lens): sizes then come from the container or from FFmpeg's parsers.
        "codec_whitelist": "none",
        "analyzeduration": str(ANALYSE),
        "probesize": str(PROBE),
        "fpsprobesize": "0",
        "timeout": wait,
    }
    if scheme.endswith("s"):
        options |= {"tls_verify": "1"} | _authorities()
    if kind == "rtsp":
        options["protocol_whitelist"] = _PROTOCOLS[scheme, spec.transport]
        options |= {"rtsp_transport": spec.transport, "allowed_media_types": "video"}
        # RTSP says what it sends before it sends it: one packet is look enough.
        options["probesize"] = "32"
    else:
        options["protocol_whitelist"] = _PROTOCOLS[scheme, "tcp"]
        options |= {"rw_timeout": wait, "user_agent": "plainview", "icy": "0"}
    return Source(
        kind=kind,
        name=f"{scheme}://{shown}" + (f":{port}" if port else ""),
        address=address,
        format="rtsp" if kind == "rtsp" else None,
        options=options,
    )


def _authorities() -> dict[str, str]:
    """The certificates to trust: the machine's, or those of SSL_CERT_FILE as OpenSSL has it."""
    named = os.environ.get("SSL_CERT_FILE")
    paths = (named, *_AUTHORITIES) if named else _AUTHORITIES
    found = next((path for path in paths if Path(path).is_file()), None)
    return {"ca_file": found} if found else {}


@contextmanager
def connect(
    address: str | GrowingFile,
    source: Source,
    options: dict[str, str],
    timeout: tuple[float, float],
) -> Iterator[InputContainer]:
    """FFmpeg's demuxer on `address`; `timeout` is seconds (to open, to read).

    Raises SourceError, whose text holds no address, instead of all that PyAV raises within.
    """
    try:
        # Nothing of FFmpeg decodes here: see `codec_whitelist` in `resolve`.
        container = av.open(
            address,
            mode="r",
            format=source.format,
            options=options,
            timeout=timeout,
            metadata_errors="ignore",  # titles in whatever alphabet; nobody reads them
        )
    except FAILURES as error:
        raise failure(error, source) from None
    try:
        with container:
            yield container
    except READING as error:
        raise failure(error, source) from None


@contextmanager
def file(source: Source) -> Iterator[int]:
    """The open file of a source that is one. Raises SourceError where it cannot hold a video."""
    try:
        descriptor = os.open(source.address, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise missing(error, source) from None
    try:
        check(os.fstat(descriptor), source)
        yield descriptor
    finally:
        os.close(descriptor)


def missing(error: OSError | ValueError, source: Source) -> SourceError:
    """What it means that a local file or device cannot be opened."""
    what, mend = "cannot be opened", "Check the path"
    if isinstance(error, FileNotFoundError):
        what = "there is no such file"
    elif isinstance(error, PermissionError):
        what, mend = "may not be read", "Give this user the right to read it"
    return SourceError(what, where=source.name, mend=mend)


def check(found: os.stat_result, source: Source) -> None:
    """Raise SourceError unless a file was `found` that may hold a video."""
    if stat.S_ISDIR(found.st_mode):
        raise SourceError("is a folder", where=source.name, mend="Name a video file in it")
    if not stat.S_ISREG(found.st_mode):
        raise SourceError("is not a file", where=source.name, mend=_ACCEPTED)
    if found.st_size == 0:
        raise SourceError("is empty", where=source.name, mend="Give a video")


def redact(text: str) -> str:
    """`text` without the user part of any address in it."""
    return _USER.sub("", text)


_OF_FILES: tuple[tuple[type[BaseException], str, str], ...] = (
    (av.InvalidDataError, "cannot be read as video", "Check that it is a whole video file"),
    (av.ExitError, "takes too long to read", "Check the disk"),
    (EOFError, "holds no pictures", "Give a video"),
)
_REASONS: tuple[tuple[type[BaseException], str, str], ...] = (
    (
        av.HTTPUnauthorizedError,
        "refuses the user name or password",
        "Correct them in the camera's `source`",
    ),
    (av.HTTPForbiddenError, "refuses access", "Check the user's rights on the camera"),
    (av.HTTPNotFoundError, "has no such stream", "Correct the path in the camera's `source`"),
    (av.HTTPError, "answers with an error", "Check the server"),
    (av.ProtocolNotFoundError, "leads to a kind of address that is not allowed", _ACCEPTED),
    (av.InvalidDataError, "sends nothing that can be read as video", "Check what it serves"),
    (FileNotFoundError, "is not there", "Check that it is plugged in, and its name"),
    (PermissionError, "may not be read", "Give this user the right to read it"),
    (ConnectionRefusedError, "refuses the connection", "Check that it runs, and the port"),
    (ConnectionResetError, "closed the connection", "Check that it runs"),
    (av.ExitError, "does not answer in time", "Check the network and the camera"),
    (TimeoutError, "does not answer in time", "Check the network and the camera"),
    (BrokenPipeError, "closed the connection", "Check that it runs"),
    (EOFError, "ended the stream", "Check that it runs"),
    (MemoryError, "asks for more memory than a tap may have", "Check what it serves"),
)


def failure(error: BaseException, source: Source) -> SourceError:
    """What `error` means for `source`, in words that hold nothing secret."""
    if "tls_verify" in source.options and type(error) is av.OSError:
        return SourceError(  # FFmpeg says "input/output error" of a certificate
            "cannot be reached safely",
            where=source.name,
            mend="Its certificate must be signed by an authority that this machine knows",
        )
    for kind, what, mend in (*_OF_FILES, *_REASONS) if source.kind == "file" else _REASONS:
        if isinstance(error, kind):
            return SourceError(what, where=source.name, mend=mend)
    text = getattr(error, "strerror", None) or type(error).__name__
    return SourceError(f"cannot be read: {redact(str(text))}", where=source.name, mend="Check it")
