from pathlib import Path

import pytest
from tests.config.test_alerts import city

from plainview.config import load_city
from plainview.config.telemetry import TelemetryConfig
from plainview.errors import ConfigError


def test_traces_are_off_unless_the_city_says_where_to(tmp_path: Path) -> None:
    """And then go there, with the secret that stands in a file of its own."""
    path = city(tmp_path)
    assert load_city(path).telemetry == TelemetryConfig()
    said = '[telemetry]\ntraces = "https://collector.example/v1/traces"\nsecret_file = "key"\n'
    path.write_text(said + path.read_text())
    found = load_city(path).telemetry
    assert found.traces == "https://collector.example/v1/traces"
    assert found.secret is not None
    assert found.secret.file == tmp_path / "key"


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ('traces = "http://collector.example/v1/traces"', "encrypted only"),
        ('traces = "https://me:word@collector.example/"', "more in this address"),
        ('traces = "ftp://collector.example/"', "no collector has this address"),
        ('traces = "https://[::1/"', "this is no address"),
        ('secret_file = "key"', "no address to send it to"),
    ],
)
def test_an_address_that_traces_may_not_go_to_is_refused(
    tmp_path: Path, written: str, wrong: str
) -> None:
    """In one line, with its place, and without repeating what may be a secret."""
    path = city(tmp_path)
    path.write_text(f"[telemetry]\n{written}\n{path.read_text()}")
    with pytest.raises(ConfigError, match=wrong) as caught:
        load_city(path)
    assert "telemetry" in caught.value.where
    assert "word" not in caught.value.line()
