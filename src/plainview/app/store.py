"""Moving a store from one database into another."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from plainview.errors import not_installed

if TYPE_CHECKING:
    from plainview.store.moving import Moved


def migrate(source: str, target: str, say: Callable[[str], None]) -> "Moved":
    """Move the store at `source` into `target`, telling `say` how far it is.

    Raises ConfigError, also where the extra `city` is not installed, and StoreError: see
    `plainview.store.moving.move`.
    """
    try:
        from plainview.store.moving import move  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError as error:
        raise not_installed(error, use="PostgreSQL", where="store", extra="city") from error
    last = ""

    def told(what: str, many: int) -> None:
        nonlocal last
        if what != last or many % 1_000_000 == 0:
            say(f"{what}: {many:,}")
        last = what

    return move(source, target, told)
