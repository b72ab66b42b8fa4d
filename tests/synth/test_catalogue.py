"""The catalogue and its reference page name the same scenes."""

import re
from pathlib import Path

from plainview.synth.catalogue import SCENES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "scenes.md"


def test_the_reference_page_lists_every_scene() -> None:
    """Each scene has its row with what it is, and no row is of a scene that is not there."""
    page = PAGE.read_text("utf-8").partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", page, re.MULTILINE))
    assert rows == {name: scene.about for name, scene in SCENES.items()}
