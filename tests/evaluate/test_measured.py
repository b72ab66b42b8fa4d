from pathlib import Path

import numpy as np
import pytest

from plainview.errors import InputError
from plainview.evaluate.measured import fields, parse_measured, read_measured

HEAD = (
    '{"plainview":"0.1","camera":"c","every":1.0,'
    '"grid":{"origin":[-2,3],"cell":0.5,"shape":[4,3]},"sealed":true}'
)
LINE = (
    '{"t":1.0,"count":2.5,"low":1,"high":4,"cells":[[3,1,1.5,0.25,-0.5,0.1]],'
    '"crossings":{"gate":[0.5,0]},"health":["dark"],"events":[]}'
)


def test_what_measure_writes_is_read(tmp_path: Path) -> None:
    """Header, cells, crossings and health come back as they were written."""
    path = tmp_path / "out.jsonl"
    path.write_text(f"{HEAD}\n{LINE}\n")
    measured = read_measured(path)
    assert measured.grid == ((-2.0, 3.0), 0.5, (4, 3))
    ((start, end, interval),) = measured.spans()
    assert (start, end, interval.count, interval.health) == (0.0, 1.0, 2.5, ("dark",))
    density, velocity = fields(measured.grid, interval)
    assert density.sum() == density[1, 3] == 1.5
    assert velocity[1, 3].tolist() == [0.25, -0.5]
    assert np.count_nonzero(np.isfinite(velocity)) == 2


def test_when_a_camera_is_not_to_be_believed() -> None:
    """Intervals with flags, one stretch where neighbours have the same; the others are none."""
    flags = ['"dark"', '"dark"', "", '"blind"', '"dark","blind"']
    lines = [
        f'{{"t":{t}.0,"count":0,"low":0,"high":0,"health":[{told}]}}'
        for t, told in enumerate(flags, start=1)
    ]
    assert parse_measured([HEAD, *lines]).doubted() == (
        (0.0, 2.0, ("dark",)),
        (3.0, 4.0, ("blind",)),
        (4.0, 5.0, ("dark", "blind")),
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "empty"),
        (["{}"], "line 1"),
        ([HEAD, "{"], "line 2"),
        ([HEAD, LINE, LINE], "line 3.*|time does not go on"),
        ([HEAD, LINE.replace("[3,1,", "[4,1,")], "outside the grid"),
        ([HEAD, LINE.replace("[3,1,", "[3,-1,")], "outside the grid"),
        ([HEAD, LINE.replace("2.5", '"two"')], "line 2"),
    ],
)
def test_what_is_no_measurement_is_refused(lines: list[str], said: str) -> None:
    """A broken line is named by its number."""
    with pytest.raises(InputError, match=said):
        parse_measured(lines)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A measurement that is not there is an InputError with its path."""
    with pytest.raises(InputError, match=r"none\.jsonl"):
        read_measured(tmp_path / "none.jsonl")
