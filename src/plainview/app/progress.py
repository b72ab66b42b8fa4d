"""A progress bar on a terminal's standard error: times real time, and the time left."""

import contextlib
import sys
from collections.abc import Callable, Iterator

Show = Callable[[float, float | None], None]
"""Called with the seconds done, and how many there are in all where known."""


@contextlib.contextmanager
def progress(
    what: str, *, lines_on_terminal: bool = False, real_time: bool = True
) -> Iterator[Show | None]:
    """A bar named `what`, or None where nobody would see it.

    That is: standard error is no terminal, or `lines_on_terminal` come on the same one. What is
    done is seconds of a video (`real_time`: its pace is shown) or any other measure.
    """
    if sys.stderr is None or not sys.stderr.isatty() or lines_on_terminal:
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - 60 ms that only a terminal need pay
    from rich.progress import (  # noqa: PLC0415 - as above
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[pace]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        console=Console(stderr=True),
        refresh_per_second=4,
        # The measurements go to standard output as they are, whatever it is.
        redirect_stdout=False,
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=None, pace="")

        def show(done: float, total: float | None) -> None:
            elapsed = bar.tasks[task].elapsed or 0.0
            pace = f"{done / elapsed:.1f} x real time" if real_time and elapsed > 0.5 else ""
            bar.update(task, completed=done, total=total, pace=pace)

        yield show
