"""What a person sees of an error that nobody foresaw: one line, with the details in a file."""

import os
import sys
import tempfile
import threading
import traceback
from types import TracebackType

from plainview import __version__


def _details(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
    from plainview.logs import redact  # noqa: PLC0415 - 100 ms that only a defect need pay

    lines = traceback.format_exception(kind, error, trace)
    return f"plainview {__version__}, Python {sys.version}\n{redact(''.join(lines))}"


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write the details to a file of the user's own and say where, in one line."""
    try:
        number, name = tempfile.mkstemp(prefix="plainview-defect-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8", errors="replace") as file:
            file.write(_details(kind, error, trace))
        place = f"the details are in {name}; please report them"
    except OSError:
        place = "the details could not be written"
    if sys.stderr is not None:
        line = f"plainview: a defect in Plainview ({kind.__name__}): {place}"
        print(line, file=sys.stderr)  # noqa: T201 - the one line of an error


def _report_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None and arguments.exc_type is not SystemExit:
        _report(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)


def report_defects() -> None:
    """From now on an unforeseen error is one line; the exit code stays 1 (the interpreter's)."""
    sys.excepthook = _report
    threading.excepthook = _report_thread
