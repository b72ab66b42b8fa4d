"""Which minutes Readings came in, for either store: noted as dirty, and which of them go first."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row

from plainview.readings import Ints
from plainview.store import schema
from plainview.store.dialects import INSERTS
from plainview.store.rollup import MINUTE


def note(connection: Connection, minutes: Ints) -> None:
    """In the transaction that stores them: Readings of `minutes` came, one start for each."""
    if not len(minutes):
        return
    state = schema.minute_state
    fresh = INSERTS[connection.dialect.name](state)
    statement = fresh.on_conflict_do_update(
        index_elements=[state.c.start],
        set_={"rows": state.c.rows + fresh.excluded.rows, "dirty": 1},
    )
    starts, rows = np.unique(minutes, return_counts=True)
    said = zip(starts.tolist(), rows.tolist(), strict=True)
    connection.execute(statement, [{"start": start, "rows": n, "dirty": 1} for start, n in said])


def oldest(minutes: Sequence[Row[Any]], wanted: float) -> int:
    """End of the first of `minutes`, rows of the table by start, with `wanted` Readings; 0: none.

    The newest is never among them.
    """
    until = 0
    for row in minutes[:-1]:
        if wanted <= 0:
            break
        wanted -= row.rows
        until = row.start + MINUTE
    return until
