"""The log: JSON lines in a bounded file, readable lines on a terminal, never a password.

Parts log with `structlog.get_logger()`; `start_logging` decides where it goes. Nothing here may
stop the program: a log that cannot be written is counted, not raised.
"""

import logging
import logging.handlers
import re
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

from plainview.clock import Clock, SystemClock
from plainview.errors import InputError

FILE_BYTES = 5_000_000
FILES_KEPT = 3
BURST = 20
"""Lines of one event and camera that are written within `WINDOW` seconds; the rest are counted."""
WINDOW = 60.0

_CREDENTIALS = re.compile(r"(?<=:/)(/?)[^/?#\s@]*(?:@[^/?#\s@]*)*@")
"""One slash is enough: an address that was taken for a path has lost the other."""
_SECRET = re.compile(
    r"(?i)\b(password|passwd|pwd|token|secret|api_?key|auth)=([^&\s\"']+)",
)

EventDict = MutableMapping[str, Any]


def redact(text: str) -> str:
    """`text` without what stands before the `@` of an address, nor secrets in its query."""
    return _SECRET.sub(r"\1=***", _CREDENTIALS.sub(r"\1***@", text))


def _redacted(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    if isinstance(value, int | float | None):
        return value
    return redact(str(value))


def redact_all(_logger: object, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: `redact` over every value, nested ones too."""
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = _redacted(value)
    return event


class RateLimit:
    """A structlog processor. Owns counts per event and camera; a camera that flaps fills no disk.

    The first line that passes again carries `not_logged`, the number that did not.
    """

    def __init__(self, clock: Clock, *, burst: int = BURST, window: float = WINDOW) -> None:
        """Let `burst` lines through per `window` seconds of `clock`."""
        self._clock = clock
        self._burst = burst
        self._window = window
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        """Pass `event` or drop it (structlog.DropEvent)."""
        key = (str(event.get("event")), str(event.get("camera", "")))
        now = self._clock.monotonic()
        start, count = self._seen.get(key, (now, 0))
        if now - start >= self._window:
            if count > self._burst:
                event["not_logged"] = count - self._burst
            start, count = now, 0
        if len(self._seen) > 10_000:
            self._seen.clear()
        self._seen[key] = (start, count + 1)
        if count >= self._burst:
            raise structlog.DropEvent
        return event


class _QuietFile(logging.handlers.RotatingFileHandler):
    """A log file that never raises: on a full disk the work goes on and the lines are counted."""

    lost = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Count what could not be written."""
        del record
        self.lost += 1


def start_logging(
    folder: Path | None, *, level: int = logging.INFO, clock: Clock | None = None
) -> None:
    """Send the log to `folder`/plainview.log (if given) and to standard error.

    The file takes `level` and above; standard error takes warnings and above, readable. Raises
    InputError if the file cannot be opened.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_all,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            RateLimit(clock or SystemClock()),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handlers: list[logging.Handler] = [
        _handler(
            logging.StreamHandler(sys.stderr),
            logging.WARNING,
            shared,
            structlog.dev.ConsoleRenderer(colors=sys.stderr is not None and sys.stderr.isatty()),
        )
    ]
    if folder is not None:
        try:
            file = _QuietFile(folder / "plainview.log", maxBytes=FILE_BYTES, backupCount=FILES_KEPT)
        except OSError as error:
            raise InputError(
                f"the log cannot be written ({error.strerror or error})",
                where=str(folder),
                mend="Give a folder that you may write to with --state",
            ) from error
        handlers.append(_handler(file, level, shared, structlog.processors.JSONRenderer()))
    root = logging.getLogger()
    for old in root.handlers:
        if isinstance(getattr(old, "formatter", None), structlog.stdlib.ProcessorFormatter):
            root.removeHandler(old)
            if isinstance(old, logging.FileHandler):
                old.close()
    for handler in handlers:
        root.addHandler(handler)
    # Our own parts tell what happens; libraries only what is wrong.
    root.setLevel(logging.WARNING)
    logging.getLogger("asyncio").addFilter(_wrong)
    logging.getLogger("plainview").setLevel(level)


def _wrong(record: logging.LogRecord) -> bool:
    """Not what asyncio says whenever a broker ends an encrypted connection: nothing is wrong."""
    return "eof_received() has no effect when using ssl" not in str(record.msg)


def _handler(
    handler: logging.Handler,
    level: int,
    shared: list[structlog.typing.Processor],
    renderer: structlog.typing.Processor,
) -> logging.Handler:
    handler.setLevel(level)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    return handler
