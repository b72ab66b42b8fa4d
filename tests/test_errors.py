"""What errors say."""

import pytest

from plainview.errors import ConfigError, not_installed


def test_a_missing_package_is_named_with_what_brings_it() -> None:
    """Which package, what for, and the command that installs it: wrong input, not a failure."""
    with pytest.raises(ModuleNotFoundError) as caught:
        __import__("plainview_has_no_such_package")
    told = not_installed(caught.value, use="this bus", where="bus", extra="city")
    assert isinstance(told, ConfigError)
    assert told.line() == (
        "bus: this bus needs the package plainview_has_no_such_package, which is not installed. "
        "Install plainview[city]: uv sync --extra city"
    )
