"""One process of a simulation, started as `python -m plainview.app.simulation.child TASK`.

It says that it is ready, hears the beginning on standard input unless its task tells it, and says
how far it is four times a second, until it is told to stop or nobody is there any more.
"""

import os
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack

import msgspec

from plainview.app.collector import calm
from plainview.app.simulation.lines import KEEPS, Line, Ready, Task
from plainview.app.simulation.speaking import Speaking, closing, sender_of
from plainview.bus import open_bus
from plainview.clock import SystemClock
from plainview.logs import start_logging
from plainview.store import open_store

_LINE = 0.25
_END = "stop"


def main() -> None:
    """Do the task, the only argument, as JSON."""
    task = msgspec.json.decode(sys.argv[1].encode(), type=Task)
    start_logging(None)
    with ExitStack() as stack:
        if task.role == "speak":
            _speak(task, stack)
        else:
            _store(task, stack)


def _speak(task: Task, stack: ExitStack) -> None:
    names = sender_of(task.city)
    bus = closing(stack, open_bus(task.bus, names))
    leaf = closing(stack, open_bus(task.leaf, names)) if task.leaf else None
    speaking = Speaking(task.city, bus, SystemClock(), leaf=leaf, encoded=True)
    calm()
    _say(Ready())
    speaking.begin(task.base or _base(), task.seconds)
    _report(speaking.line, speaking.stop)
    speaking.stop()
    speaking.join()


def _store(task: Task, stack: ExitStack) -> None:
    # The city's side does without: it is what costs most of a second to import.
    from plainview.app.simulation.keeping import Keeping  # noqa: PLC0415 - see above

    store = open_store(task.store, KEEPS)
    stack.callback(store.close)
    bus = closing(stack, open_bus(task.bus))
    keeping = Keeping(task.city, bus, store, SystemClock())
    stack.callback(keeping.close)
    calm()
    _say(Ready())
    keeping.begin(task.base or _base())
    _report(keeping.line)


def _base() -> int:
    line = sys.stdin.readline().strip()
    if not line.isdecimal():
        raise SystemExit(1)
    return int(line)


def _report(line: Callable[[], Line], on_first_stop: Callable[[], None] | None = None) -> None:
    """Say `line` until told to stop; twice, where the first stop means something else."""
    stop, end = threading.Event(), threading.Event()

    def hear() -> None:
        for said in sys.stdin:
            if said.strip() == _END and on_first_stop is not None and not stop.is_set():
                stop.set()
                on_first_stop()
            else:
                break
        end.set()

    threading.Thread(target=hear, daemon=True).start()
    while not end.wait(_LINE):
        _say(line())
    _say(line())


def _say(line: Line) -> None:
    try:
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Who runs the simulation is gone; nobody wants it any more.
        os._exit(1)


if __name__ == "__main__":
    main()
