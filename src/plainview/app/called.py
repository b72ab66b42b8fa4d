"""How this program was called: a command that a hint prints runs as it stands."""

import shlex
import shutil
import sys
from pathlib import Path

_NAME = "plainview"


def called(*arguments: str | Path) -> str:
    """A command line of this program with `arguments`, as a shell reads it.

    By its bare name only where the shell would find this very program by it: in a fresh clone it
    stands in `.venv/bin` alone.
    """
    return shlex.join([*_program(), *map(str, arguments)])


def _program() -> list[str]:
    typed = Path(sys.argv[0])
    if typed.name == "__main__.py":
        return [sys.executable, "-m", _NAME]
    if typed.name != _NAME:  # Another program that uses this package: nobody called it by a path.
        return [_NAME]
    found = shutil.which(_NAME)
    return [_NAME] if found and Path(found).resolve() == typed.resolve() else [str(typed)]
