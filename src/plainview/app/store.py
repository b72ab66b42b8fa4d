"""Moving a store from one database into another."""

from collections.abc import Callable

from plainview.store.moving import Moved, move


def migrate(source: str, target: str, say: Callable[[str], None]) -> Moved:
    """Move the store at `source` into `target`, telling `say` how far it is.

    Raises ConfigError and StoreError: see `plainview.store.moving.move`.
    """
    last = ""

    def told(what: str, many: int) -> None:
        nonlocal last
        if what != last or many % 1_000_000 == 0:
            say(f"{what}: {many:,}")
        last = what

    return move(source, target, told)
