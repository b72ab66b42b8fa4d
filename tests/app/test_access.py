"""`plainview login`, the [access] table, and what it becomes."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import structs

from plainview.app.access import end_all, local_link, open_access
from plainview.app.address import address, announce, announce_start
from plainview.app.state import DEFAULT, DEMO, held
from plainview.clock import ManualClock, SystemClock
from plainview.config import CityConfig
from plainview.config.access import AccessConfig, AccessTable, access_from
from plainview.document import convert, read_document
from plainview.errors import ConfigError, InputError
from plainview.governance.person import Person, Role

OIDC = """
[access]
url = "https://crowd.example"

[access.oidc]
issuer = "https://login.example/realms/city"
client_id = "plainview"
client_secret_file = "secret"
role_claim = "realm_access.roles"

[access.oidc.roles]
"b-commissioners" = "commissioner"
"a-operators" = "operator"
"""


def read(folder: Path, text: str) -> AccessConfig:
    """The `[access]` table of a file that holds `text`."""
    path = folder / "city.toml"
    path.write_text(text)
    document = read_document(path)
    table = convert(document, document.data["access"], AccessTable, ("access",), guide="guide")
    return access_from(document, table)


def test_a_link_is_for_one_person_and_one_running_plainview(tmp_path: Path) -> None:
    """Its address is the one that the running program announced; its token signs in once."""
    clock = ManualClock()
    announce(tmp_path, "http://127.0.0.1:9000/")
    link = local_link(tmp_path, role=Role.SUPERVISOR, name="Kim Lee", clock=clock)
    parts = urlsplit(link.url)
    assert (parts.hostname, parts.port, parts.path) == ("127.0.0.1", 9000, "/login/link")
    token = parse_qs(parts.query)["token"][0]
    access = open_access(AccessConfig(), tmp_path, clock)
    found = access.links.use(token)
    assert found is not None
    assert found.person == link.person == Person("Kim Lee", Role.SUPERVISOR)
    assert access.links.use(token) is None


def test_without_a_running_plainview_it_is_for_the_next(tmp_path: Path) -> None:
    """At the default address, for the user of this machine."""
    link = local_link(tmp_path / "new", role=Role.OPERATOR)
    assert link.url.startswith("http://127.0.0.1:8420/login/link?token=")
    assert link.person.name
    assert link.waits == str(tmp_path / "new")
    with held(tmp_path / "new"):
        assert local_link(tmp_path / "new", role=Role.OPERATOR).waits == ""


def test_the_address_is_known_while_the_program_starts(tmp_path: Path) -> None:
    """From the configuration; where that leaves the port open, the link says so."""
    city = CityConfig("City", (), address="0.0.0.0", port=8491)  # noqa: S104 - named, not bound
    with held(tmp_path):
        announce(tmp_path, "http://127.0.0.1:9000/")
        announce_start(tmp_path, city)
        link = local_link(tmp_path, role=Role.OPERATOR)
        assert link.url.startswith("http://127.0.0.1:8491/login/link?token=")
        assert not link.starting
        announce_start(tmp_path, structs.replace(city, address="fe80::1"))
        assert address(tmp_path) == "http://[fe80::1]:8491"
        for unknown in (structs.replace(city, port=0), structs.replace(city, address="bücher")):
            announce_start(tmp_path, unknown)
            link = local_link(tmp_path, role=Role.OPERATOR)
            assert link.url.startswith("http://127.0.0.1:8420/")
            assert link.starting
    assert not local_link(tmp_path, role=Role.OPERATOR).starting


def test_a_folder_on_which_a_plainview_runs_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before one that ran later: its start was in vain, or it has ended."""
    monkeypatch.chdir(tmp_path)
    announce(DEFAULT, "http://127.0.0.1:9001/")
    with held(DEMO):
        assert local_link(None, role=Role.OPERATOR).starting
        announce(DEMO, "http://127.0.0.1:9002/")
        announce(DEFAULT, "http://127.0.0.1:9001/")
        assert local_link(None, role=Role.OPERATOR).url.startswith("http://127.0.0.1:9002/")
    announce(DEMO, "http://127.0.0.1:9002/")
    os.utime(DEMO / "access" / "address", (1, 1))
    assert local_link(None, role=Role.OPERATOR).url.startswith("http://127.0.0.1:9001/")


def test_a_folder_of_nobody_s_is_taken_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a shell takes it: `~nosuch` is a folder of that name, and no defect."""
    monkeypatch.chdir(tmp_path)
    local_link(Path("~no-such-person"), role=Role.OPERATOR)
    assert (tmp_path / "~no-such-person").is_dir()


@pytest.mark.parametrize("name", ["x" * 201, "a\nb", " Kim", "\x1b[31mKim"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    """Too long, with line ends or terminal codes."""
    with pytest.raises(InputError) as caught:
        local_link(tmp_path, role=Role.OPERATOR, name=name)
    assert caught.value.where == "--name"


def test_the_command_prints_a_link_and_nothing_else(tmp_path: Path) -> None:
    """One line, so that a script can take it; ending all says so.

    That nothing runs there yet, so that the link leads nowhere, stands beside it.
    """
    command = [sys.executable, "-m", "plainview", "login", "--state", str(tmp_path / "s")]
    made = subprocess.run(
        [*command, "--role", "privacy-officer", "--name", "Kim"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(r"http://127\.0\.0\.1:8420/login/link\?token=[\w-]{43}\n", made.stdout)
    assert made.stderr.startswith(f"no Plainview runs on {tmp_path / 's'}: ")
    folder = tmp_path / "s" / "access" / "links"
    assert len(list(folder.iterdir())) == 1
    ended = subprocess.run([*command, "--end-all"], capture_output=True, text=True, check=True)
    assert "ended" in ended.stdout
    assert list(folder.iterdir()) == []
    wrong = subprocess.run(
        [*command, "--role", "king"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "operator" in wrong.stderr
    assert len(wrong.stderr.splitlines()) == 1


def test_ending_needs_a_state_folder(tmp_path: Path) -> None:
    """A misspelt folder is told, not made."""
    with pytest.raises(InputError):
        end_all(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_the_default_is_links_on_this_machine(tmp_path: Path) -> None:
    """An empty table is the same as none."""
    assert read(tmp_path, "[access]\n") == AccessConfig()
    access = open_access(AccessConfig(), tmp_path, SystemClock())
    assert access.oidc is None
    assert access.settings.links == "loopback"
    assert not access.settings.secure


def test_a_sign_in_service_is_read_whole(tmp_path: Path) -> None:
    """Roles keep the order of the file; one-time links are off beside it; the secret is read."""
    config = read(tmp_path, OIDC)
    assert config.links == "off"
    assert config.oidc is not None
    assert config.oidc.roles == (
        ("b-commissioners", Role.COMMISSIONER),
        ("a-operators", Role.OPERATOR),
    )
    secret = tmp_path / "secret"
    secret.write_text("top secret\n")
    secret.chmod(0o600)
    access = open_access(config, tmp_path, SystemClock())
    assert access.settings.secure
    assert access.settings.oidc is not None
    assert access.settings.oidc.client_secret == "top secret"  # noqa: S105 - the test's own
    assert access.settings.oidc.redirect_uri == "https://crowd.example/login/callback"


@pytest.mark.parametrize("content", ["", "\n", "two\nlines", "x" * 5000, "ü"])
def test_a_secret_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    """And never repeated."""
    config = read(tmp_path, OIDC)
    secret = tmp_path / "secret"
    secret.write_text(content)
    secret.chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        open_access(config, tmp_path, SystemClock())
    assert not content.strip() or content.strip() not in caught.value.line()


def test_a_secret_that_everyone_can_read_is_refused(tmp_path: Path) -> None:
    """With the command that mends it; a missing one is told too."""
    config = read(tmp_path, OIDC)
    with pytest.raises(ConfigError, match="cannot be read"):
        open_access(config, tmp_path, SystemClock())
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        open_access(config, tmp_path, SystemClock())


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('url = "https://crowd.example"', 'url = "http://crowd.example"', "access.url"),
        ('url = "https://crowd.example"', 'url = "https://crowd.example/city"', "access.url"),
        ('url = "https://crowd.example"', 'url = "https://u:p@crowd.example"', "access.url"),
        ('url = "https://crowd.example"', 'url = "https://crowd.example:0"', "access.url"),
        ('url = "https://crowd.example"', 'url = "crowd.example"', "access.url"),
        ('url = "https://crowd.example"', "", "access.oidc"),
        ('url = "https://crowd.example"', 'url = "https://a.example"\nlinks = "loopback"', "links"),
        ('url = "https://crowd.example"', 'url = "https://a.example"\nlinks = "all"', "links"),
        ('url = "https://crowd.example"', 'url = "https://a.example"\nproxies = ["x"]', "proxies"),
        ('url = "https://crowd.example"', 'url = "https://a.example"\npassword = "x"', "password"),
        ("https://login.example", "http://login.example", "access.oidc.issuer"),
        ('= "operator"', '= "oprator"', "roles"),
        ('= "operator"', '= "root"', "roles"),
        ("role_claim", 'scopes = ["profile"]\nrole_claim', "scopes"),
        ("client_id", "client", "client"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, old: str, new: str, where: str) -> None:
    """Each in one line that names the key."""
    assert old in OIDC
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, OIDC.replace(old, new))
    assert where in caught.value.where
    assert caught.value.mend
