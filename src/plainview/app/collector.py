"""Python's collector of cyclic garbage, made to look seldom: Readings are no cycles, but many."""

import gc

_YOUNG = 50_000
"""Objects that must be new before it looks at them; Python's own number is 700, and a city's intake
makes that many each millisecond."""
_OLD = 20


def calm() -> None:
    """Leave alone what is there by now, and look less often at what is new. For a whole process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLD, _OLD)
