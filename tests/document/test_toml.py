"""A TOML file that would take for ever, told at once; what looks like it is read."""

from pathlib import Path

import pytest

from plainview.document import read_document
from plainview.errors import ConfigError


@pytest.mark.parametrize(
    "line", ["a." * 200_000 + "b = 1", "x = {" + '"a" . ' * 200_000 + "b = 1}", "[" + "a." * 101]
)
def test_a_key_without_end_is_refused(tmp_path: Path, line: str) -> None:
    """Its parts would be gone through once for each of them: minutes for a file of this size."""
    path = tmp_path / "file.toml"
    path.write_text(f"first = 1\n{line}\n")
    with pytest.raises(ConfigError, match="a key of more than 100 parts") as caught:
        read_document(path)
    assert caught.value.where == f"{path}, line 2"


@pytest.mark.parametrize(
    "value", [str([0.5] * 5000), '"' + "." * 5000 + '"', '"' + "Full stop. " * 200 + '"']
)
def test_many_dots_are_no_such_key(tmp_path: Path, value: str) -> None:
    """Numbers and text have them, too."""
    path = tmp_path / "file.toml"
    path.write_text(f"first = {value}\n")
    assert "first" in read_document(path).data
