from pathlib import Path

import numpy as np
import pytest

from plainview.errors import InputError
from plainview.evaluate.truth import Fault, read_faults, read_truth

HEAD = "frame,x_m,y_m,vx_mps,vy_mps,box_xc_px\n"


def test_rows_come_ordered_by_frame(tmp_path: Path) -> None:
    """Rows may stand in any order; columns that are not needed are left out."""
    path = tmp_path / "truth.csv"
    path.write_text(HEAD + "2,1,2,0.5,0,9\n0,3,4,0,0.5,9\n2,5,6,0,0,9\n")
    truth = read_truth(path, 7.0)
    assert truth.frame.tolist() == [0, 2, 2]
    assert truth.place.tolist() == [[3, 4], [1, 2], [5, 6]]
    assert truth.velocity.tolist() == [[0, 0.5], [0.5, 0], [0, 0]]


def test_a_mark_of_utf_8_at_the_start_is_no_part_of_a_name(tmp_path: Path) -> None:
    """Spreadsheets write a byte order mark and CRLF; a column is called the same."""
    path = tmp_path / "truth.csv"
    path.write_text("\ufeff" + HEAD + "0,3,4,0,0.5,9\n", encoding="utf-8", newline="\r\n")
    assert read_truth(path, 7.0).place.tolist() == [[3, 4]]


def test_an_interval_takes_its_own_frames(tmp_path: Path) -> None:
    """Every frame lies in exactly one of the intervals that follow each other."""
    path = tmp_path / "truth.csv"
    path.write_text(HEAD + "".join(f"{k},0,0,0,0,0\n" for k in range(70)))
    truth = read_truth(path, 7.0)
    parts = [truth.between(k, k + 1) for k in range(10)]
    assert [frames for _, frames in parts] == [7] * 10
    rows = np.concatenate([np.arange(70)[part] for part, _ in parts])
    assert rows.tolist() == list(range(70))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("frame,x_m\n1,2\n", "no column 'y_m'"),
        (HEAD + "0,1,nan,0,0,0\n", "line 2"),
        (HEAD + "0,1,2,0,0,0\n1,a,2,0,0,0\n", "line 3"),
        (HEAD + "0,1\n", "line 2"),
        (HEAD + "-1,1,2,0,0,0\n", "line 2"),
        (HEAD + "0.5,1,2,0,0,0\n", "line 2: 0.5 is no frame's number"),
        (HEAD + "1e300,1,2,0,0,0\n", "line 2: 1e.300 is no frame's number"),
        (HEAD + "0,1,1e308,0,0,0\n", "line 2: .* a number beyond"),
        (HEAD + f'0,1,2,0,0,"{"9" * 200_000}"\n', "line 2: the truth is not CSV"),
        ("", "no column 'frame'"),
    ],
)
def test_a_wrong_truth_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """What is wrong in a truth file is named with its line."""
    path = tmp_path / "truth.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_truth(path, 7.0)


def test_a_missing_truth_and_a_wrong_rate_are_refused(tmp_path: Path) -> None:
    """A file that is not there, bytes that are no text, and a rate of nothing: InputError."""
    with pytest.raises(InputError, match="cannot be read"):
        read_truth(tmp_path / "none.csv", 7.0)
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00\x9f")
    with pytest.raises(InputError, match=r"not UTF-8 text\. Save it as CSV in UTF-8"):
        read_truth(tmp_path / "bytes.csv", 7.0)
    with pytest.raises(InputError, match="frames/s"):
        read_truth(tmp_path / "bytes.csv", 0.0)


def test_faults_are_read_or_absent(tmp_path: Path) -> None:
    """No file means no fault; a row without its parts is refused."""
    path = tmp_path / "health.csv"
    assert read_faults(path) == ()
    path.write_text("start_s,end_s,flag\n1.5,4,blind\n")
    assert read_faults(path) == (Fault(1.5, 4.0, "blind"),)
    path.write_text("start_s,end_s\n1.5,4\n")
    with pytest.raises(InputError, match="start_s, end_s and flag"):
        read_faults(path)
