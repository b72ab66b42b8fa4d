import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.errors import InputError
from plainview.vision import sources
from plainview.vision.spec import TapSpec

SECRET = "s3cr3t-w0rd"  # noqa: S105 - no one's


def source(address: str, **fields: object) -> sources.Source:
    """An address resolved."""
    return sources.resolve(TapSpec(source=address, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "kind", "name"),
    [
        ("clip.mp4", "file", "clip.mp4"),
        ("/data/a b/clip.mp4", "file", "clip.mp4"),
        ("file:///data/clip.mp4", "file", "clip.mp4"),
        ("concat:/etc/passwd", "file", "passwd"),
        ("/dev/video0", "device", "/dev/video0"),
        ("rtsp://cam/stream", "rtsp", "rtsp://cam"),
        ("RTSP://cam:554/stream?user=a&pwd=b", "rtsp", "rtsp://cam:554"),
        ("rtsps://[fe80::1]:322/x", "rtsp", "rtsps://[fe80::1]:322"),
        ("https://u:p@cam/live.m3u8", "http", "https://cam"),
    ],
)
def test_each_kind_of_address_is_known(address: str, kind: str, name: str) -> None:
    """What is opened, and how people are told of it: no path, no query, no user."""
    found = source(address)
    assert (found.kind, found.name) == (kind, name)
    assert found.remote == (kind in {"rtsp", "http"})


@pytest.mark.parametrize(
    "address",
    [
        "gopher://x/y",
        "udp://239.0.0.1:5000",
        "rtmp://x/y",
        "rtsp://",
        "http://:80/",
        "rtsp://a:b:c/",
    ],
)
def test_other_addresses_are_refused_with_a_mend(address: str) -> None:
    """What Plainview does not take is wrong input, said with what it does take."""
    with pytest.raises(InputError) as caught:
        source(address)
    assert caught.value.mend
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "address", ["a.mp4", "/dev/video1", "rtsp://c/x", "rtsps://c/x", "http://c/x", "https://c/x"]
)
def test_no_source_lets_ffmpeg_open_a_decoder_or_a_file(address: str) -> None:
    """Every source bars all decoders, and none but a device lets FFmpeg open a path."""
    options = source(address).options
    assert options["codec_whitelist"] == "none"
    allowed = options.get("protocol_whitelist", "").split(",")
    assert not {"file", "concat", "subfile", "pipe", "data", "async", "cache"} & set(allowed)
    if not address.startswith("/dev/"):
        assert allowed != [""]


def test_what_is_encrypted_stays_so() -> None:
    """An https or rtsps address is checked against the machine's authorities.

    And cannot be led back to an unencrypted one.
    """
    for address in ("https://c/x", "rtsps://c/x"):
        options = source(address).options
        assert options["tls_verify"] == "1"
        assert "http" not in options["protocol_whitelist"].split(",")


@settings(deadline=None)
@given(
    user=st.text("abcXYZ09-_.~%!", min_size=1, max_size=12),
    scheme=st.sampled_from(["rtsp", "rtsps", "http", "https"]),
    where=st.sampled_from(["cam", "10.0.0.1:8554", "[::1]:554"]),
)
def test_credentials_are_never_shown(user: str, scheme: str, where: str) -> None:
    """Neither in a source's name, nor its repr, nor any failure's line."""
    address = f"{scheme}://{user}:{SECRET}@{where}/user=x_password={SECRET}?pwd={SECRET}"
    found = source(address)
    assert SECRET not in found.name
    assert SECRET not in repr(found)
    for error in (
        av.HTTPUnauthorizedError(1, "no", address),
        av.InvalidDataError(1, "bad", address),
        OSError(5, f"cannot open {scheme}://{user}:{SECRET}@{where}"),
        ConnectionRefusedError(111, "refused"),
        RuntimeError(address),
        EOFError(),
    ):
        failure = sources.failure(error, found)
        assert SECRET not in failure.line()
        assert failure.where == found.name


def test_redaction_keeps_the_rest() -> None:
    """Only the user part goes, in each address of a text."""
    text = f"from rtsp://a:{SECRET}@h/x to http://b:{SECRET}@k:80/y, mail me@home"
    assert sources.redact(text) == "from rtsp://h/x to http://k:80/y, mail me@home"
