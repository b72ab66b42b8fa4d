"""How a process ended, in words for an operator."""

import signal

from plainview.vision.task import Exit, networks_stopped


def how_it_ended(code: int) -> str:
    """A lens's exit in words; `code` as in `task.Exited`."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"was ended by {name}"
    if networks_stopped(code):
        return "has stopped a network of the site's"
    words = {
        Exit.TAP_GONE: "lost its tap",
        Exit.BAD_PIPE: "got something else than packets",
        Exit.PARENT_GONE: "had nobody to talk to",
        Exit.NO_MEMORY: "needed more memory than it may have",
        Exit.LATE_IMPORT: "wanted a part of the program that was not loaded before its seal",
        Exit.BUG: "met an error of its own",
    }
    return words.get(code, f"ended with code {code}")
