"""How many of what, in words that agree."""


def counted(number: int, one: str) -> str:
    """`1 camera`, `2 cameras`, `1,200 cameras`."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"
