"""Times as people write them in a file: a number and its unit."""

import re
from typing import Final

_FORM = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|min|h|d)\s*$")
_SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


def seconds(text: str, *, days: bool = True) -> float | None:
    """Seconds of "10 s", "2 min", "24 h" or, with `days`, "30 d"; None for anything else."""
    found = _FORM.match(text)
    if found is None or (found[2] == "d" and not days):
        return None
    return float(found[1]) * _SECONDS[found[2]]
