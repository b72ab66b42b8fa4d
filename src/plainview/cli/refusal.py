"""What went wrong, as the one line of standard error that a person reads."""

import errno
import re
import sys
from collections.abc import Sequence

import typer

from plainview.errors import BoundaryError, InputError, PlainviewError

# ruff: noqa: PLC0415 - what only an error needs is imported with it: start-up time counts

_PLAIN = (
    (r": Value error, ", ": "),
    (r"Input should be a valid integer, unable to parse.*", "it is not a whole number"),
    (r"Input should be a valid number, unable to parse.*", "it is not a number"),
    (r"Input should be a finite number", "it is not a finite number"),
    (r"Input should be greater than or equal to ", "it must be at least "),
    (r"Input should be less than or equal to ", "it must be at most "),
)
"""What Typer's checks say of a value, and the same plainly."""


def refusal_of(
    app: typer.Typer,
    error: typer.TyperException | PlainviewError | UnicodeEncodeError,
    arguments: Sequence[str],
) -> PlainviewError:
    """What is told of `error`. Raises it again where no argument explains it."""
    if isinstance(error, PlainviewError):
        return error
    if isinstance(error, typer.TyperException):
        return _of_usage(app, error, arguments)
    found = _not_text(arguments)
    if found is None:
        raise error
    return found


def _of_usage(
    app: typer.Typer, error: typer.TyperException, arguments: Sequence[str]
) -> PlainviewError:
    """What the command line was given, in one line; a wish beyond the boundary by its name."""
    from plainview.document import beyond

    for word in arguments:
        if word.startswith("--") and repr(word.partition("=")[0])[1:-1] in str(error):
            asked = beyond(word.partition("=")[0])
        else:
            asked = f"No such command '{word}'" in str(error) and beyond(word)
        if asked:
            return BoundaryError(
                f"{word!r} is beyond the boundary (DESIGN.md section 1): Plainview has no such "
                "capability and none can be granted",
                where="command line",
                mend="Leave it out",
            )
    what, _, guess = _plainly(error.format_message().strip()).partition(". Did")
    guess = f"Did{guess} " if guess else ""
    return InputError(
        what.rstrip("."), where="command line", mend=f"{guess}See '{_named(app, arguments)} --help'"
    )


def _not_text(arguments: Sequence[str]) -> InputError | None:
    """What to say where one of `arguments` is no text: only a file's name need be none."""
    for word in arguments:
        try:
            word.encode()
        except UnicodeEncodeError:
            shown = word.encode(errors="replace").decode()
            return InputError(
                f"{shown[:80]!r} is not UTF-8 text", where="command line", mend="Type it anew"
            )
    return None


def _plainly(text: str) -> str:
    """`text` of an option's check in words for a person, who knows nothing of parsers."""
    for pattern, words in _PLAIN:
        text = re.sub(pattern, words, text)
    return text


def _named(app: typer.Typer, arguments: Sequence[str]) -> str:
    """The command that `arguments` begin with, as far as there is one: `plainview vault check`."""
    command: object = typer.main.get_command(app)
    words = ["plainview"]
    for word in arguments:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        words.append(word)
    return " ".join(words)


def say(line: str) -> None:
    """Print `line` on standard error, without secrets and with nothing that steers a terminal."""
    if ":/" in line:
        from plainview.logs import redact

        line = redact(line)
    # What a file's name or key holds must not steer the terminal.
    line = "".join(sign if sign.isprintable() else "?" for sign in line)
    if sys.stderr is not None:
        print(f"plainview: {line}", file=sys.stderr)  # noqa: T201 - the one line of an error


_MEND = {
    errno.EACCES: ". Look at whose it is, and whose the folders above it are, or name another",
    errno.EPERM: ". Look at whose it is, and whose the folders above it are, or name another",
    errno.EROFS: ". Name another place: nothing can be written there",
    errno.ENAMETOOLONG: ". Give a shorter name",
    errno.ELOOP: ". Follow its links: they lead in a circle",
}


def from_system(error: OSError) -> str:
    """One line for an error of the operating system that no part explained."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return "the disk is full. Free some space and run it again"
    name = f"{error.filename}: " if error.filename else ""
    mend = _MEND.get(error.errno or 0, "")
    return " ".join(f"{name}{error.strerror or error}{mend}".split())
