"""A benchmark's work as one job: what it was given wrongly is one line, as the program's own is."""

import sys
from collections.abc import Callable

from plainview.errors import PlainviewError


def run(work: Callable[[], None]) -> int:
    """Do `work`; the exit code."""
    try:
        work()
    except PlainviewError as error:
        print(error.line(), file=sys.stderr)
        return error.exit_code
    return 0
