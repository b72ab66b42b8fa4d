"""The log: bounded, rate-limited, readable, and never with a password in it."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from plainview.clock import ManualClock
from plainview.errors import InputError
from plainview.logs import BURST, WINDOW, RateLimit, _QuietFile, redact, start_logging


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "plainview.log").read_text().splitlines()]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://user:pass@cam/stream", "rtsp://***@cam/stream"),
        ("open rtsp://u:p@ss@cam/x failed", "open rtsp://***@cam/x failed"),
        ("http://cam/x?user=a&password=b&n=1", "http://cam/x?user=a&password=***&n=1"),
        ("http://cam/a@b", "http://cam/a@b"),
        ("two rtsp://a:b@c and https://d:e@f/", "two rtsp://***@c and https://***@f/"),
        ("rtsp:/user:pass@cam: no such file", "rtsp:/***@cam: no such file"),
        ("nothing to hide @ home", "nothing to hide @ home"),
    ],
)
def test_redact(text: str, shown: str) -> None:
    """Credentials go, everything else stays."""
    assert redact(text) == shown


def test_an_encrypted_connection_that_ends_is_no_warning(tmp_path: Path) -> None:
    """Python warns of each; of what else it warns there is kept."""
    start_logging(tmp_path)
    asyncio = logging.getLogger("asyncio")
    asyncio.warning("returning true from eof_received() has no effect when using ssl")
    asyncio.warning("socket.send() raised exception.")
    assert [line["event"] for line in _lines(tmp_path)] == ["socket.send() raised exception."]


def test_no_password_reaches_file_or_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever an address stands, nested, in an exception or in another library's line."""
    start_logging(tmp_path)
    log = structlog.get_logger("plainview.test")
    log.warning("lost", camera="a", source="rtsp://u:secret@cam", more={"x": ["rtsp://u:secret@c"]})
    logging.getLogger("other").warning("cannot open %s", "http://u:secret@cam/")
    log.error("failed", exc_info=OSError("rtsp://u:secret@cam is gone"))
    written = (tmp_path / "plainview.log").read_text()
    shown = capsys.readouterr().err
    assert len(_lines(tmp_path)) == 3
    assert "secret" not in written + shown
    assert "***@cam" in written
    assert "***@cam" in shown


def test_lines_are_json_with_utc_time_and_level(tmp_path: Path) -> None:
    """A machine can read the log: time, level, event and fields."""
    start_logging(tmp_path)
    structlog.get_logger("plainview.test").info("started", camera="north", port=8420)
    (line,) = _lines(tmp_path)
    assert line["event"] == "started"
    assert line["camera"] == "north"
    assert line["port"] == 8420
    assert line["level"] == "info"
    assert str(line["timestamp"]).endswith("Z")


def test_information_stays_off_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard error takes warnings and above; standard output is never written to."""
    start_logging(tmp_path)
    structlog.get_logger("plainview.test").info("quiet")
    structlog.get_logger("plainview.test").warning("loud")
    captured = capsys.readouterr()
    assert "quiet" not in captured.err
    assert "loud" in captured.err
    assert captured.out == ""


def test_a_flapping_camera_fills_no_disk(tmp_path: Path) -> None:
    """Beyond the burst, lines of one camera are counted; another camera's still pass."""
    clock = ManualClock()
    start_logging(tmp_path, clock=clock)
    log = structlog.get_logger("plainview.test")
    for _ in range(BURST + 30):
        log.info("reconnecting", camera="a")
    log.info("reconnecting", camera="b")
    assert len(_lines(tmp_path)) == BURST + 1
    clock.advance(WINDOW)
    log.info("reconnecting", camera="a")
    assert _lines(tmp_path)[-1]["not_logged"] == 30


def test_the_rate_limit_forgets_rather_than_grows() -> None:
    """Its own memory is bounded however many names there are."""
    limit = RateLimit(ManualClock())
    for k in range(25_000):
        limit(None, "info", {"event": str(k)})
    assert len(limit._seen) <= 10_001


def test_a_folder_that_takes_no_log_is_one_clear_line(tmp_path: Path) -> None:
    """A path below a file cannot hold a log: wrong input, with how to mend it."""
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="--state"):
        start_logging(tmp_path / "file")


def test_a_full_disk_does_not_stop_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines that cannot be written are counted; nothing is raised or printed."""
    start_logging(tmp_path)
    (handler,) = [h for h in logging.getLogger().handlers if isinstance(h, _QuietFile)]
    handler.close()
    handler.baseFilename = "/dev/full"
    structlog.get_logger("plainview.test").info("lost line")
    assert handler.lost == 1
    assert "Traceback" not in capsys.readouterr().err
    stream = handler.stream
    assert stream is not None
    with pytest.raises(OSError, match="No space"):
        stream.close()
    handler.stream = None
