"""Who speaks for which camera, while the city's files change."""

from pathlib import Path

import pytest
from msgspec import structs

from plainview.app.speaking import Speakers
from plainview.bus import Sender
from plainview.config import load_city
from plainview.errors import ConfigError


def test_a_camera_is_its_sites_and_a_removed_one_is_nobodys(city: Path) -> None:
    """What a removed camera said last still goes out in its site's name; nobody may bring more."""
    now = load_city(city)
    speakers = Speakers(lambda: now)
    assert speakers.sender("yard") == Sender("yard-site", "yard-site")
    assert speakers.site("yard") == "yard-site"
    assert speakers.site("stranger") is None
    left = tuple(camera for camera in now.sites[0].cameras if camera.id != "yard")
    now = structs.replace(now, sites=(structs.replace(now.sites[0], cameras=left),))
    assert speakers.site("yard") is None
    assert speakers.sender("yard") == Sender("yard-site", "yard-site")


def test_a_site_whose_id_cannot_be_sent_is_told(city: Path) -> None:
    """At the start, not when its first Reading is lost."""
    now = load_city(city)
    dotted = structs.replace(now, sites=(structs.replace(now.sites[0], id="yard.north"),))
    with pytest.raises(ConfigError, match="without dots"):
        Speakers(lambda: dotted)
