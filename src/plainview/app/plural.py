"""How many of what, in words that agree."""


def counted(number: int, one: str, several: str = "") -> str:
    """`1 camera`, `2 cameras`, `1,200 entries`: `several` where no s makes it so."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
