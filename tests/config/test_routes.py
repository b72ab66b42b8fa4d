"""[[routes]]: what is right is read, what is wrong is one line with its place."""

from pathlib import Path

import pytest

from plainview.alerts.delivery.route import Quiet, RouteKind, Secret, Wanted
from plainview.alerts.lifecycle import State
from plainview.alerts.thresholds import Level
from plainview.config.city import CityConfig, load_city
from plainview.errors import ConfigError

CAMERA = """\
id = "plaza-north"
source = "north.mp4"
[calibration]
image_size = [480, 360]
projection = [
  [16.288503236408854, -13.824256163102453, -2.5412711789517433, 219.91750790089145],
  [-1.5264807257596984, 0.19061266080179512, -21.29036760489315, 110.23023540636851],
  [0.022333645764138335, 0.015339661641563165, -0.007464170447424424, 1.0],
]
[area]
polygon = [[-8.0, 6.0], [-21.0, -9.0], [-16.5, -16.5], [9.5, -9.5], [10.0, -4.0], [2.0, 2.5]]
[[zones]]
name = "tramway"
kind = "zone-intrusion"
polygon = [[-10, -8], [-5, -8], [-5, -3]]
"""
SITE = """\
[[sites]]
id = "plaza"
location = [4.8, 45.7]
timezone = "Europe/Paris"
alerts = "actual"
[[sites.cameras]]
file = "north.toml"
"""
HOOK = '[[routes]]\nname = "hook"\nkind = "webhook"\n'
MAIL = '[[routes]]\nname = "mail"\nkind = "email"\naddress = "smtp://mail.city.example"\n'
MQTT = '[[routes]]\nname = "home"\nkind = "mqtt"\n'
FEED = '[[routes]]\nname = "feed"\nkind = "feed"\n'
KEYED = 'secret_env = "HOOK_KEY"\n'
URL = 'address = "https://control.example/alerts"\n'


def city(folder: Path, text: str) -> CityConfig:
    """CITY.toml with `text` before its site."""
    (folder / "north.toml").write_text(CAMERA)
    (folder / "north.mp4").touch()
    path = folder / "city.toml"
    path.write_text(text + SITE)
    return load_city(path)


def test_a_route_is_read_with_all_that_it_says(tmp_path: Path) -> None:
    """Filters, quiet hours, limit, and where the secret stands, relative to the file."""
    found = city(
        tmp_path,
        f"""{HOOK}{URL}secret_file = "hook.key"
sites = ["plaza"]
zones = ["tramway"]
kinds = ["zone-intrusion", "route"]
levels = ["alarm"]
states = ["raised", "escalated"]
quiet = ["22:00-06:00"]
most_per_minute = 10
{MAIL}from = "alerts@city.example"
to = ["control@city.example"]
user = "plainview"
{KEYED}""",
    )
    hook, mail = found.routes
    assert hook.secret == Secret(tmp_path / "hook.key")
    assert hook.wanted == Wanted(
        frozenset({"plaza"}),
        frozenset({"tramway"}),
        frozenset({"zone-intrusion", "route"}),
        frozenset({Level.ALARM}),
        frozenset({State.RAISED, State.ESCALATED}),
    )
    (quiet,) = hook.quiet
    assert isinstance(quiet, Quiet)
    assert (quiet.since.hour, quiet.until.hour, hook.most_per_minute) == (22, 6, 10)
    assert mail.kind is RouteKind.EMAIL
    assert mail.secret == Secret(env="HOOK_KEY")
    assert (found.sites[0].timezone, found.sites[0].actual) == ("Europe/Paris", True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            HOOK + URL + 'password = "x"\n',
            r"routes\[0\].password: a secret does not belong.*secret_file",
        ),
        (HOOK + URL, "a webhook has no secret.*secret_file"),
        (FEED + 'from = "a@b.example"\n', "a feed has no secret"),
        (FEED + KEYED + URL, "a feed is served by Plainview itself"),
        (HOOK + KEYED, "the key 'address' is missing.*https://NAME/PATH"),
        (HOOK + KEYED + 'address = "http://control.example/"\n', "encrypted only"),
        (HOOK + KEYED + 'address = "https://a:b@control.example/"\n', "user and password do not"),
        (HOOK + KEYED + 'address = "ftp://control.example/"\n', "no route by webhook speaks"),
        (HOOK + KEYED + 'address = "https://[control"\n', "this is no address"),
        (
            HOOK + KEYED + URL + 'to = ["a@b.example"]\n',
            "'to' means nothing for a route by webhook",
        ),
        (HOOK + KEYED + URL + 'secret_file = "k"\n', "two places for one secret"),
        (HOOK + KEYED + URL + 'sites = ["plazza"]\n', "no site 'plazza'.*Did you mean 'plaza'"),
        (HOOK + KEYED + URL + 'zones = ["x"]\n', "no zone 'x'.*There are tramway"),
        (HOOK + KEYED + URL + 'kinds = ["fires"]\n', "no kind 'fires'.*'fire'"),
        (FEED + KEYED + 'quiet = ["22:00-06:00"]\n', "wakes nobody"),
        (FEED + KEYED + "most_per_minute = 10\n", "wakes nobody"),
        (HOOK + KEYED + URL + 'quiet = ["22-6"]\n', r"quiet\[0\]: '22-6' is no time of day"),
        (HOOK + KEYED + URL + 'quiet = ["22:00-22:00"]\n', "no time of day"),
        (HOOK + KEYED + URL + 'levels = ["alarmed"]\n', "none of warning, alarm.*'alarm'"),
        (HOOK + KEYED + URL + HOOK + KEYED + URL, "route 'hook' is there twice"),
        (MAIL, "the key 'from' is missing"),
        (MAIL + 'from = "a@b.example"\n', "the e-mail is for nobody"),
        (MAIL + 'from = "a@b.example"\nto = ["c"]\n', "'c' is no e-mail address"),
        (
            MAIL + 'from = "a@b.example"\nto = ["c@d.example"]\nuser = "e"\n',
            "a user goes with a secret",
        ),
        (MQTT + 'address = "mqtt://broker.example"\n', "encrypted only.*mqtts://NAME"),
        (MQTT + 'address = "mqtts://broker.example/x"\n', "more in this address"),
        (
            MQTT + 'address = "mqtts://broker.example"\ntopic = "a/#"\n',
            "'a/#' cannot begin a topic",
        ),
        ('[[routes]]\nname = "x"\nkind = "pager"\n', "'pager' is none of cap, feed, mqtt"),
    ],
)
def test_a_wrong_route_is_refused_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    """What is wrong, where, and how to mend it; and never what may be a secret."""
    with pytest.raises(ConfigError, match=words) as error:
        city(tmp_path, text)
    assert "a:b" not in error.value.line()
    assert error.value.where.startswith(str(tmp_path / "city.toml"))
    assert error.value.mend


def test_a_time_zone_must_exist(tmp_path: Path) -> None:
    """Its name is that of the IANA database."""
    (tmp_path / "north.toml").write_text(CAMERA)
    (tmp_path / "north.mp4").touch()
    path = tmp_path / "city.toml"
    path.write_text(SITE.replace("Europe/Paris", "Paris"))
    with pytest.raises(ConfigError, match=r"no time zone 'Paris'.*Europe/Paris"):
        load_city(path)
