"""Recording, from a permit to a hold: one real run, and the commands on what it left."""

import time
from pathlib import Path

import pyrage
import pytest
from msgspec import structs
from tests.app.permitted import permit
from tests.governance.offices import OFFICER

from plainview.app.officers import enrol
from plainview.app.running import Running
from plainview.app.vault import Asked, checked, confirm_clock, end_hold, hold, sweep
from plainview.clock import SystemClock
from plainview.config import load_city
from plainview.errors import ConfigError, InputError
from plainview.governance.office import Office
from plainview.ledger.entry import EntryKind

TABLE = """
[recording]
operator = ["{}"]
commissioner = ["{}"]
disk = "1 GB"
folder = "vault"
"""


class Parties:
    """Two custodians, and their identities as files."""

    def __init__(self, folder: Path) -> None:
        """Make both in `folder`."""
        self.recipients: list[str] = []
        self.files: list[Path] = []
        for name in ("operator", "commissioner"):
            identity = pyrage.x25519.Identity.generate()
            self.recipients.append(str(identity.to_public()))
            self.files.append(folder / f"{name}.age")
            self.files[-1].write_text(f"# {name}\n{identity}\n", encoding="utf-8")


def test_what_is_permitted_is_recorded_checked_and_held(city: Path, tmp_path: Path) -> None:
    """By the running program, sealed to both; the commands prove it and hold it."""
    parties = Parties(tmp_path)
    with city.open("a", encoding="utf-8") as file:
        file.write(TABLE.format(*parties.recipients))
    state = tmp_path / "state"
    permit(city, state)
    config = structs.replace(load_city(city), port=0)
    with Running(config, state, SystemClock()) as running:
        running.start_cameras()
        late = time.monotonic() + 60
        while running._stats()["recording_bytes"] < 60_000:
            assert time.monotonic() < late, running._stats()
            time.sleep(0.1)
        assert running.governor.states()["yard"].capabilities[-1] == "record"
        assert running.intake.stats().stored, "it measures as well"
        assert checked(city, state, (None, None), as_json=False)[0]
    holds, lines = checked(city, state, parties.files, as_json=False)
    told = list(lines)
    assert holds, told
    assert told[-1] == "1 key, 1 recording, 1 opened"
    assert sweep(city, state) == "0 keys destroyed, 0 days gone as a whole"
    key = tmp_path / "ben.key"
    enrol(OFFICER.name, OFFICER.role, key, state)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    wish = Asked(
        case="case-7",
        cameras=["yard"],
        since=day,
        until=f"{day}T23:59",
        ends=time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 86_400)),
        why="court order",
        key=key,
        identities=parties.files,
    )
    assert hold(wish, city=city, state=state).startswith("1 recordings are held for case-7")
    assert checked(city, state, parties.files, as_json=False)[0]
    with Office(state, SystemClock()) as office:
        kinds = [entry.kind for _, entry in office.ledger.entries(0, office.standing().size)]
    assert EntryKind.FOOTAGE_HELD in kinds
    over = end_hold("case-7", "closed", key=key, identities=parties.files, city=city, state=state)
    assert over == "the hold case-7 is over: 1 recordings of it are destroyed"
    assert "UTC" in confirm_clock(city, state)
    with pytest.raises(InputError, match="one custodian alone"):
        checked(city, state, (parties.files[0], None), as_json=False)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("commissioner", "#"), "nobody could open the commissioner's share"),
        (("disk =", "#"), "need a bound on the disk"),
        (('"1 GB"', '"much"'), "need a bound on the disk"),
        (('["age1', '["age2'), "no age recipient"),
        (("folder = ", 'longest = "1 h"\nfolder = '), "no usable time to keep"),
    ],
)
def test_a_table_that_cannot_keep_its_promise_is_refused(
    city: Path, tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    """One line says what is wrong with it, and where."""
    table = TABLE.format(*Parties(tmp_path).recipients).replace(*change, 1)
    city.write_text(table + city.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ConfigError, match=says) as caught:
        load_city(city)
    assert "city.toml, line" in caught.value.line()


def test_one_key_for_both_parties_is_refused(city: Path, tmp_path: Path) -> None:
    """It would let one person alone open everything."""
    one = Parties(tmp_path).recipients[0]
    text = TABLE.format(one, one) + city.read_text(encoding="utf-8")
    city.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="one person alone"):
        load_city(city)
